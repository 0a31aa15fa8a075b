// SPDX-License-Identifier: GPL-2.0-only
/* Pinned entries, on kernels that left them to each file system. */
#include <linux/namei.h>
#include "compat.h"

#ifndef FPT_HAVE_SIMPLE_START_CREATING
/**
 * simple_start_creating() - lock a directory and look up a name to create
 * @parent: directory
 * @name: NUL-terminated
 *
 * Return: a negative dentry, with @parent locked until simple_done_creating();
 * -EEXIST if the name is taken, or another ERR_PTR, and nothing is locked
 */
struct dentry *simple_start_creating(struct dentry *parent, const char *name)
{
	struct inode *dir = d_inode(parent);
	struct dentry *child;

	inode_lock_nested(dir, I_MUTEX_PARENT);
	if (IS_DEADDIR(dir))
		child = ERR_PTR(-ENOENT);
	else
		child = lookup_one_len(name, parent, strlen(name));
	if (!IS_ERR(child) && d_is_positive(child)) {
		dput(child);
		child = ERR_PTR(-EEXIST);
	}
	if (IS_ERR(child))
		inode_unlock(dir);
	return child;
}

/**
 * simple_done_creating() - end what simple_start_creating() began
 * @child: what it returned, made positive or not
 */
void simple_done_creating(struct dentry *child)
{
	inode_unlock(d_inode(child->d_parent));
	dput(child);
}
#endif

#ifndef FPT_HAVE_SIMPLE_REMOVE_BY_NAME
/**
 * simple_remove_by_name() - remove an entry and all below it
 * @parent: directory
 * @name: NUL-terminated; nothing happens if there is none of that name
 * @callback: called for each entry that goes, or NULL
 */
void simple_remove_by_name(struct dentry *parent, const char *name,
			   void (*callback)(struct dentry *))
{
	struct qstr q = QSTR(name);
	struct dentry *child = d_hash_and_lookup(parent, &q);

	if (IS_ERR_OR_NULL(child))
		return;
	if (d_is_positive(child))
		simple_recursive_removal(child, callback);
	dput(child);
}
#endif
