// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: what is set up at load, and taken down at unload.
 *
 * With replace_fuse=1 it also takes the names of the kernel's own fuse, so that
 * programs that know only those are served by this module: the file system
 * types, /dev/fuse, and the directory in /sys/fs. It loads with all of them or
 * not at all. The types come before anything that can be reached: whoever got
 * them is alone, for fuse.ko registers nothing without them.
 */
#define pr_fmt(fmt) "fusept: " fmt

#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sysfs.h>
#include <linux/fuse_pt_protocol.h>
#include "dev.h"
#include "file.h"
#include "node.h"
#include "request.h"
#include "stack.h"
#include "submount.h"
#include "super.h"

static bool replace_fuse;
module_param(replace_fuse, bool, 0444);
MODULE_PARM_DESC(replace_fuse,
		 "take the place of the kernel's own fuse, which must not be loaded");

/* /sys/fs/fusept and /sys/fs/fuse */
static struct kobject *module_kobj, *module_kobj_fuse;

static int sysfs_add(struct kobject **kobj, const char *name)
{
	int err;

	*kobj = kobject_create_and_add(name, fs_kobj);
	if (!*kobj)
		return -ENOMEM;
	err = sysfs_create_mount_point(*kobj, FPT_CTL_DIR);
	if (err)
		kobject_put(*kobj);
	return err;
}

static void sysfs_remove(struct kobject *kobj)
{
	sysfs_remove_mount_point(kobj, FPT_CTL_DIR);
	kobject_put(kobj);
}

static int module_sysfs_init(void)
{
	return sysfs_add(&module_kobj, FPT_NAME);
}

static void module_sysfs_exit(void)
{
	sysfs_remove(module_kobj);
}

static int module_sysfs_replace(void)
{
	return sysfs_add(&module_kobj_fuse, FPT_FUSE);
}

static void module_sysfs_unreplace(void)
{
	sysfs_remove(module_kobj_fuse);
}

/*
 * In this order, and taken down in reverse: what can be reached from outside
 * comes last, what everything allocates from comes first.
 */
static const struct {
	const char		*what;
	int			(*init)(void);
	void			(*exit)(void);
	struct file_system_type	*type;		/* registered, instead of @init */
	bool			replaces;	/* only with replace_fuse=1 */
} module_parts[] = {
#define MODULE_TYPE(t, ...)	{ .what = "file system type", .type = (t), ##__VA_ARGS__ }
	{ "node cache",		fpt_node_cache_init,	fpt_node_cache_exit },
	{ "file cache",		fpt_file_cache_init,	fpt_file_cache_exit },
	{ "request cache",	fpt_request_init,	fpt_request_exit },
	{ "stacked I/O",	fpt_stack_init,		fpt_stack_exit },
	/* What RCU has yet to free goes back to the caches above. */
	{ "RCU callbacks",	NULL,			rcu_barrier },
	{ "submounts",		fpt_submount_init,	fpt_submount_exit },
	MODULE_TYPE(&fpt_type_fuse, .replaces = true),
	MODULE_TYPE(&fpt_type_fuseblk, .replaces = true),
	MODULE_TYPE(&fpt_ctl_types[FPT_CTL_FUSE], .replaces = true),
	{ "device " FPT_FUSE,	fpt_dev_replace,	fpt_dev_unreplace,
		.replaces = true },
	{ "directory /sys/fs/" FPT_FUSE, module_sysfs_replace,
		module_sysfs_unreplace, .replaces = true },
	{ "directory in /sys/fs", module_sysfs_init,	module_sysfs_exit },
	MODULE_TYPE(&fpt_ctl_types[FPT_CTL_OWN]),
	{ "device",		fpt_dev_init,		fpt_dev_exit },
	MODULE_TYPE(&fpt_type_blk),
	MODULE_TYPE(&fpt_type),
#undef MODULE_TYPE
};

static bool module_has_part(int nr)
{
	return replace_fuse || !module_parts[nr].replaces;
}

static void module_take_down(int nr)
{
	while (nr-- > 0) {
		if (!module_has_part(nr))
			continue;
		if (module_parts[nr].type)
			unregister_filesystem(module_parts[nr].type);
		else
			module_parts[nr].exit();
	}
}

static int module_set_up_part(int nr)
{
	if (!module_has_part(nr))
		return 0;
	if (module_parts[nr].type)
		return register_filesystem(module_parts[nr].type);
	return module_parts[nr].init ? module_parts[nr].init() : 0;
}

static void module_say_failed(int nr, int err)
{
	const char *what = module_parts[nr].what, *name = "", *space = "";

	if (module_parts[nr].type) {
		space = " ";
		name = module_parts[nr].type->name;
	}
	if (err == -EBUSY && module_parts[nr].replaces)
		pr_err("replace_fuse=1: %s%s%s is taken: the kernel's own fuse must neither be built in nor loaded\n",
		       what, space, name);
	else
		pr_err("%s%s%s: error %d\n", what, space, name, err);
}

static int __init module_set_up(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(module_parts); i++) {
		err = module_set_up_part(i);
		if (err) {
			module_say_failed(i, err);
			module_take_down(i);
			return err;
		}
	}
	return 0;
}

static void __exit module_unload(void)
{
	module_take_down(ARRAY_SIZE(module_parts));
}

module_init(module_set_up);
module_exit(module_unload);

MODULE_DESCRIPTION("FUSE client with passthrough to the backing file system");
MODULE_VERSION(FPT_VERSION);
MODULE_LICENSE("GPL v2");
