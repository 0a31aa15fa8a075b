// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: what is set up at load, and taken down at unload.
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
#include "super.h"

/* /sys/fs/fusept */
static struct kobject *module_kobj;

static int module_sysfs_init(void)
{
	int err;

	module_kobj = kobject_create_and_add(FPT_NAME, fs_kobj);
	if (!module_kobj)
		return -ENOMEM;
	err = sysfs_create_mount_point(module_kobj, FPT_CTL_DIR);
	if (err)
		kobject_put(module_kobj);
	return err;
}

static void module_sysfs_exit(void)
{
	sysfs_remove_mount_point(module_kobj, FPT_CTL_DIR);
	kobject_put(module_kobj);
}

/*
 * In this order, and taken down in reverse: what can be reached from outside
 * comes last, what everything allocates from comes first.
 */
static const struct {
	const char	*what;
	int		(*init)(void);
	void		(*exit)(void);
} module_parts[] = {
	{ "node cache",		fpt_node_cache_init,	fpt_node_cache_exit },
	{ "file cache",		fpt_file_cache_init,	fpt_file_cache_exit },
	{ "request cache",	fpt_request_init,	fpt_request_exit },
	{ "stacked I/O",	fpt_stack_init,		fpt_stack_exit },
	/* What RCU has yet to free goes back to the caches above. */
	{ "RCU callbacks",	NULL,			rcu_barrier },
	{ "/sys/fs directory",	module_sysfs_init,	module_sysfs_exit },
	{ "control file system", fpt_ctl_init,		fpt_ctl_exit },
	{ "device",		fpt_dev_init,		fpt_dev_exit },
	{ "file system",	fpt_super_init,		fpt_super_exit },
};

static void module_take_down(int nr)
{
	while (nr-- > 0)
		module_parts[nr].exit();
}

static int __init module_set_up(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(module_parts); i++) {
		err = module_parts[i].init ? module_parts[i].init() : 0;
		if (err) {
			pr_err("%s: error %d\n", module_parts[i].what, err);
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
