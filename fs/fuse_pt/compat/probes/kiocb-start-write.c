// SPDX-License-Identifier: GPL-2.0-only
/* 6.5: kiocb_start_write() and kiocb_end_write(). */
#include <linux/fs.h>

static inline void probe(struct kiocb *iocb)
{
	kiocb_start_write(iocb);
	kiocb_end_write(iocb);
}
