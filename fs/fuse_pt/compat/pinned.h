/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * File systems whose entries are made by the kernel and stay pinned until it
 * removes them, such as a control file system.
 */
#ifndef _FPT_COMPAT_PINNED_H
#define _FPT_COMPAT_PINNED_H

#include <linux/dcache.h>
#include <linux/fs.h>

#ifndef FPT_HAVE_SIMPLE_START_CREATING
struct dentry *simple_start_creating(struct dentry *parent, const char *name);
void simple_done_creating(struct dentry *child);
#endif

#ifndef FPT_HAVE_D_MAKE_PERSISTENT
static inline struct dentry *d_make_persistent(struct dentry *dentry,
					       struct inode *inode)
{
	d_instantiate(dentry, inode);
	return dget(dentry);
}
#endif

#ifndef FPT_HAVE_SIMPLE_REMOVE_BY_NAME
void simple_remove_by_name(struct dentry *parent, const char *name,
			   void (*callback)(struct dentry *));
#endif

/* Ends the superblock, pinned entries included. */
static inline void fpt_compat_kill_pinned(struct super_block *sb)
{
#ifdef FPT_HAVE_D_MAKE_PERSISTENT
	kill_anon_super(sb);
#else
	kill_litter_super(sb);
#endif
}

#endif /* _FPT_COMPAT_PINNED_H */
