/* SPDX-License-Identifier: GPL-2.0-only */
/* Inodes: state, timestamps, life. */
#ifndef _FPT_COMPAT_INODE_H
#define _FPT_COMPAT_INODE_H

#include <linux/fs.h>

#ifndef FPT_HAVE_INODE_STATE_READ
static inline unsigned long inode_state_read_once(struct inode *inode)
{
	return READ_ONCE(inode->i_state);
}
#endif

#ifndef FPT_HAVE_INODE_JUST_DROP
#define inode_just_drop	generic_delete_inode
#endif

#ifndef FPT_HAVE_INODE_CTIME
static inline struct timespec64 inode_get_ctime(const struct inode *inode)
{
	return inode->i_ctime;
}

static inline struct timespec64 inode_set_ctime_to_ts(struct inode *inode,
						      struct timespec64 ts)
{
	return inode->i_ctime = ts;
}

static inline struct timespec64 inode_set_ctime_current(struct inode *inode)
{
	return inode_set_ctime_to_ts(inode, current_time(inode));
}
#endif

#ifndef FPT_HAVE_INODE_MTIME
static inline struct timespec64 inode_get_atime(const struct inode *inode)
{
	return inode->i_atime;
}

static inline struct timespec64 inode_set_atime_to_ts(struct inode *inode,
						      struct timespec64 ts)
{
	return inode->i_atime = ts;
}

static inline struct timespec64 inode_get_mtime(const struct inode *inode)
{
	return inode->i_mtime;
}

static inline struct timespec64 inode_set_mtime_to_ts(struct inode *inode,
						      struct timespec64 ts)
{
	return inode->i_mtime = ts;
}
#endif

#endif /* _FPT_COMPAT_INODE_H */
