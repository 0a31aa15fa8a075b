// SPDX-License-Identifier: GPL-2.0-only
/* 6.12: struct fd is opaque: fd_file() and fd_empty(). */
#include <linux/file.h>

static inline struct file *probe(struct fd f)
{
	return fd_empty(f) ? NULL : fd_file(f);
}
