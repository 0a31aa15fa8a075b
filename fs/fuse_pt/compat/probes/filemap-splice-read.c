// SPDX-License-Identifier: GPL-2.0-only
/* 6.5: filemap_splice_read() took the place of generic_file_splice_read(). */
#include <linux/fs.h>

static inline ssize_t probe(struct file *in, loff_t *pos,
			    struct pipe_inode_info *pipe, size_t len)
{
	return filemap_splice_read(in, pos, pipe, len, 0);
}
