// SPDX-License-Identifier: GPL-2.0-only
/*
 * Grants: who may register backing files without CAP_SYS_ADMIN, and how many.
 */
#define pr_fmt(fmt) "fusept: " fmt

#include "compat/compat.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include "grant.h"
#include "limits.h"

#define GRANT_NOBODY	(-1LL)
#define GRANT_HASH_BITS	6

/**
 * struct fpt_grant - what a user has registered by the group's right
 * @link: in grant_users
 * @uid: the user
 * @files: backing files; freed when they fall to 0
 */
struct fpt_grant {
	struct hlist_node	link;
	kuid_t			uid;
	unsigned int		files;
};

/* Guards the table and what hangs in it. */
static DEFINE_SPINLOCK(grant_lock);
static DEFINE_HASHTABLE(grant_users, GRANT_HASH_BITS);

/* A group of the initial user namespace, or GRANT_NOBODY. */
static s64 grant_gid = GRANT_NOBODY;

static int grant_set(const char *text, const struct kernel_param *kp)
{
	s64 gid;
	int err;

	err = kstrtoll(text, 0, &gid);
	/* (gid_t)-1 is no group */
	if (!err && (gid < GRANT_NOBODY || gid >= (gid_t)-1))
		err = -ERANGE;
	if (err) {
		pr_err("parameter %s=%.*s: a group id, or -1 for none, is needed\n",
		       kp->name, (int)strcspn(text, "\n"), text);
		return err;
	}
	WRITE_ONCE(grant_gid, gid);
	return 0;
}

static int grant_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%lld\n", READ_ONCE(grant_gid));
}

static const struct kernel_param_ops grant_ops = {
	.set	= grant_set,
	.get	= grant_get,
};

module_param_cb(backing_gid, &grant_ops, NULL, 0644);
__MODULE_PARM_TYPE(backing_gid, "long");
MODULE_PARM_DESC(backing_gid,
		 "group that may register backing files without CAP_SYS_ADMIN, with no more access than their descriptors have; -1: none (-1)");

static bool grant_is_member(void)
{
	s64 gid = READ_ONCE(grant_gid);

	return gid != GRANT_NOBODY && in_group_p(KGIDT_INIT(gid));
}

bool fpt_grant_may(void)
{
	return grant_is_member() || capable(CAP_SYS_ADMIN);
}

static kuid_t grant_user(void)
{
	const struct cred *cred = current_cred();
	const struct user_namespace *ns;
	kuid_t uid = cred->uid;

	for (ns = cred->user_ns; ns != &init_user_ns; ns = ns->parent)
		uid = ns->owner;
	return uid;
}

static struct fpt_grant *grant_find(kuid_t uid)
{
	struct fpt_grant *grant;

	lockdep_assert_held(&grant_lock);
	hash_for_each_possible(grant_users, grant, link, __kuid_val(uid))
		if (uid_eq(grant->uid, uid))
			return grant;
	return NULL;
}

int fpt_grant_take(struct fpt_grant **grant)
{
	struct fpt_grant *found, *spare;
	int err = 0;

	*grant = NULL;
	if (capable(CAP_SYS_ADMIN))
		return 0;
	if (!grant_is_member())
		return -EPERM;

	spare = kzalloc_obj(*spare, GFP_KERNEL_ACCOUNT);
	if (!spare)
		return -ENOMEM;
	spare->uid = grant_user();

	spin_lock(&grant_lock);
	found = grant_find(spare->uid);
	if (!found) {
		found = spare;
		spare = NULL;
		hash_add(grant_users, &found->link, __kuid_val(found->uid));
	}
	/* The limit may have been lowered; it is 1 at least. */
	if (found->files >= fpt_limit_backing())
		err = -EMFILE;
	else
		found->files++;
	spin_unlock(&grant_lock);

	kfree(spare);
	if (!err)
		*grant = found;
	return err;
}

void fpt_grant_put(struct fpt_grant *grant)
{
	if (!grant)
		return;

	spin_lock(&grant_lock);
	if (--grant->files)
		grant = NULL;
	else
		hash_del(&grant->link);
	spin_unlock(&grant_lock);
	kfree(grant);
}
