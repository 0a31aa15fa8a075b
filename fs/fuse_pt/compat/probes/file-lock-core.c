// SPDX-License-Identifier: GPL-2.0-only
/* 6.9: what all locks have in common is a struct of its own. */
#include <linux/filelock.h>

static unsigned char probe(const struct file_lock *fl)
{
	return fl->c.flc_type;
}

unsigned char (*probe_type)(const struct file_lock *fl) = probe;
