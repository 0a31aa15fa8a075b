// SPDX-License-Identifier: GPL-2.0-only
/* 6.17: struct fileattr became struct file_kattr. */
#include <linux/fs.h>
#include <linux/fileattr.h>

const size_t probe_size = sizeof(struct file_kattr);
