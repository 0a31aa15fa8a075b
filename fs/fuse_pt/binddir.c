// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bound directories: opening, closing and fsync(2) are done without the server.
 * It hears of an open when it is asked for the names.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include "backing.h"
#include "bind.h"
#include "file.h"
#include "lower.h"
#include "node.h"

int fpt_bind_opendir(struct inode *dir, struct file *file)
{
	struct fpt_file *ff;
	int err;

	if (!fpt_dir_bound(dir))
		return -ENODATA;
	err = fpt_bind_admit(dir, file);
	if (err)
		return err;
	ff = fpt_file_new(fpt_inode_conn(dir));
	if (!ff)
		return -ENOMEM;
	ff->node = fpt_inode_id(dir);
	ff->bound = true;
	ff->no_release = true;
	file->private_data = ff;
	return 0;
}

int fpt_bind_fsyncdir(struct inode *dir, int datasync)
{
	struct fpt_backing *fb = fpt_bind_backing(dir, NULL);
	int err;

	if (!fb)
		return -ENODATA;
	err = fpt_lower_fsync_dir(fb->file, fb->cred, datasync);
	fpt_backing_put(fb);
	return err;
}
