// SPDX-License-Identifier: GPL-2.0-only
/* 6.8: splice_copy_file_range() took the place of generic_copy_file_range(). */
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/splice.h>

static inline ssize_t probe(struct file *in, struct file *out)
{
	return splice_copy_file_range(in, 0, out, 0, 1);
}
