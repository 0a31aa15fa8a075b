/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names: directories, their entries, extended attributes.
 */
#ifndef FPT_DIR_H
#define FPT_DIR_H

#include <linux/fs.h>
#include <linux/xattr.h>
#include <linux/fuse_pt_protocol.h>

struct fpt_conn;

/* readdir.c */
extern const struct file_operations fpt_dir_fops;

/* What dir_emit() is told of an entry, beside its name and number. */
static inline unsigned int fpt_dirent_type(const struct fuse_dirent *d)
{
	return (d->type <= DT_WHT ? d->type : DT_UNKNOWN) |
	       FILLDIR_FLAG_NOINTR;
}

/**
 * fpt_entry_trust() - what the server just said of a name holds for a while
 * @dir: its directory
 * @dentry: the name
 * @life: jiffies from fpt_life(); 0 means ask at every use
 * @epoch: fpt_attr_epoch() from before the request; if the server took back
 *	what it said of names since, it is asked at every use, too
 */
void fpt_entry_trust(struct inode *dir, struct dentry *dentry, u64 life,
		     u64 epoch);

/* Does the name have to be asked for before it is used? RCU will do. */
bool fpt_entry_expired(const struct inode *dir, struct dentry *dentry);

/* The server has to be asked at the next use. */
void fpt_entry_expire(struct dentry *dentry);

/* The name leads nowhere any more: it is not kept for a next use. */
void fpt_entry_gone(struct dentry *dentry);

/**
 * fpt_entry_moves() - what is known of a name is about to go with a rename
 * @dentry: the name, or another one that it is exchanged with
 * @epoch: fpt_attr_epoch() from before the request
 *
 * The VFS moves it after ->rename(): what the server takes back meanwhile does
 * not find it in its new place. So it is only trusted there as long as nothing
 * has been taken back in the directory since @epoch.
 */
void fpt_entry_moves(struct dentry *dentry, u64 epoch);

/**
 * fpt_entry_taken_back() - what the server said of a name does not hold
 * @dir: its directory
 *
 * For notifications, which take no lock of the directory: first this, then
 * they look for the dentry. Replies in flight that tell of a name in @dir are
 * trusted for one use only, whether or not their dentry is there yet.
 */
void fpt_entry_taken_back(struct inode *dir);

/* The same for all names of all directories: FUSE_NOTIFY_INC_EPOCH. */
void fpt_entry_all_taken_back(struct fpt_conn *conn);

/**
 * fpt_entry_splice() - d_splice_alias() of what an entry names
 * @inode: taken over; NULL for a name that leads nowhere, or an ERR_PTR
 * @dir, @dentry, @life, @epoch: as for fpt_entry_trust()
 * Return: as d_splice_alias(); -ELOOP for a directory that is above @dentry.
 */
struct dentry *fpt_entry_splice(struct inode *dir, struct inode *inode,
				struct dentry *dentry, u64 life, u64 epoch);

/**
 * fpt_entry_made() - d_instantiate() of a name that leads to @inode now
 * @dentry: negative; unhashed if it was not looked up, and hashed then
 * @dir, @life, @epoch: as for fpt_entry_trust()
 */
void fpt_entry_made(struct inode *dir, struct inode *inode,
		    struct dentry *dentry, u64 life, u64 epoch);

/* The parent's attributes and listing changed by an operation of ours. */
void fpt_dir_changed(struct inode *dir);

/**
 * fpt_dir_serialise() - one LOOKUP or READDIR at a time, where the server
 * did not agree to FUSE_PARALLEL_DIROPS
 *
 * Not for the LOOKUP that asks whether a known name still holds.
 *
 * Only around the request: whoever waits for a dentry in lookup must not hold
 * it. Return: -EINTR, or what to give to fpt_dir_serialise_end().
 */
int fpt_dir_serialise(struct inode *dir);
void fpt_dir_serialise_end(struct inode *dir, int locked);

/**
 * fpt_ask_entry() - LOOKUP
 * @id: of the directory
 * @name: need not be NUL-terminated
 * @entry: the reply, with one lookup count to take over or give back
 * @epoch: set to fpt_attr_epoch() from before the request
 */
int fpt_ask_entry(struct fpt_conn *conn, u64 id, const struct qstr *name,
		  struct fuse_entry_out *entry, u64 *epoch);

/* dir.c: the inode that a reply's entry names; takes over its lookup count. */
struct inode *fpt_entry_inode(struct super_block *sb,
			      const struct fuse_entry_out *entry, u64 epoch);

/**
 * fpt_entry_confirms() - does the reply name what @inode is already?
 *
 * If so, the inode takes over the lookup count and the attributes. Else the
 * count is still the caller's to give back.
 */
bool fpt_entry_confirms(struct inode *inode, const struct fuse_entry_out *entry,
			u64 epoch);

/* Give one lookup count back that no inode took over. */
void fpt_entry_give_back(struct fpt_conn *conn, u64 id);

/* dir.c: a late answer that introduced a node: give the lookup back. */
void fpt_late_entry(struct fpt_conn *conn, u32 op, u64 node, u64 other,
		    const void *reply, size_t len);

/* dir.c: i_op->lookup of directories */
struct dentry *fpt_lookup(struct inode *dir, struct dentry *dentry,
			  unsigned int flags);

/* xattr.c */
extern const struct xattr_handler *const fpt_xattr_handlers[];
ssize_t fpt_listxattr(struct dentry *dentry, char *list, size_t size);

#endif
