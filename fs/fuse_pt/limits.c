// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of all connections, as module parameters.
 */
#define pr_fmt(fmt) "fusept: " fmt

#include "compat/compat.h"

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "limits.h"

/*
 * Asynchronous calls of a server without CAP_SYS_ADMIN may take this share of
 * memory, at that many bytes for each.
 */
#define LIMIT_SHARE_SHIFT	13
#define LIMIT_CALL_BYTES	512

/**
 * struct limit - a parameter
 * @value: as set
 * @least: smallest value
 */
struct limit {
	unsigned int	value;
	unsigned int	least;
};

static struct limit limit_pages = { .value = 256, .least = 1 };
static struct limit limit_backing = { .value = 4096, .least = 1 };
static struct limit limit_background;
static struct limit limit_congestion;
static struct limit limit_default_timeout;
static struct limit limit_max_timeout;

static int limit_set(const char *text, const struct kernel_param *kp)
{
	struct limit *limit = kp->arg;
	unsigned int value;
	int err;

	err = kstrtouint(text, 0, &value);
	if (!err && (value < limit->least || value > FPT_LIMIT_MOST))
		err = -ERANGE;
	if (err) {
		pr_err("parameter %s=%.*s: a number within %u and %u is needed\n",
		       kp->name, (int)strcspn(text, "\n"), text, limit->least,
		       FPT_LIMIT_MOST);
		return err;
	}
	WRITE_ONCE(limit->value, value);
	return 0;
}

static int limit_get(char *text, const struct kernel_param *kp)
{
	const struct limit *limit = kp->arg;

	return sysfs_emit(text, "%u\n", READ_ONCE(limit->value));
}

static const struct kernel_param_ops limit_ops = {
	.set	= limit_set,
	.get	= limit_get,
};

module_param_cb(max_pages_limit, &limit_ops, &limit_pages, 0644);
__MODULE_PARM_TYPE(max_pages_limit, "uint");
MODULE_PARM_DESC(max_pages_limit,
		 "most pages of one request, 1 to 65535 (256)");

module_param_cb(max_user_backing, &limit_ops, &limit_backing, 0644);
__MODULE_PARM_TYPE(max_user_backing, "uint");
MODULE_PARM_DESC(max_user_backing,
		 "most backing files of one user of group backing_gid, 1 to 65535 (4096)");

module_param_cb(max_user_bgreq, &limit_ops, &limit_background, 0644);
__MODULE_PARM_TYPE(max_user_bgreq, "uint");
MODULE_PARM_DESC(max_user_bgreq,
		 "most asynchronous requests of a server without CAP_SYS_ADMIN; 0: by memory (0)");

module_param_cb(max_user_congthresh, &limit_ops, &limit_congestion, 0644);
__MODULE_PARM_TYPE(max_user_congthresh, "uint");
MODULE_PARM_DESC(max_user_congthresh,
		 "highest congestion threshold of such a server; 0: by memory (0)");

module_param_cb(default_request_timeout, &limit_ops, &limit_default_timeout,
		0644);
__MODULE_PARM_TYPE(default_request_timeout, "uint");
MODULE_PARM_DESC(default_request_timeout,
		 "seconds after which a server that names no time and does not answer is disconnected; 0: never (0)");

module_param_cb(max_request_timeout, &limit_ops, &limit_max_timeout, 0644);
__MODULE_PARM_TYPE(max_request_timeout, "uint");
MODULE_PARM_DESC(max_request_timeout,
		 "longest such time, whatever a server names; 0: any (0)");

unsigned int fpt_limit_pages(void)
{
	return READ_ONCE(limit_pages.value);
}

static unsigned int limit_by_memory(const struct limit *limit)
{
	unsigned int value = READ_ONCE(limit->value);
	u64 most;

	if (value)
		return value;
	most = ((u64)totalram_pages() << PAGE_SHIFT) >> LIMIT_SHARE_SHIFT;
	most = div_u64(most, LIMIT_CALL_BYTES);
	return clamp_t(u64, most, 1, FPT_LIMIT_MOST);
}

unsigned int fpt_limit_timeout(unsigned int asked)
{
	if (!asked)
		asked = READ_ONCE(limit_default_timeout.value);
	return min_not_zero(asked, READ_ONCE(limit_max_timeout.value));
}

unsigned int fpt_limit_backing(void)
{
	return READ_ONCE(limit_backing.value);
}

unsigned int fpt_limit_background(void)
{
	return limit_by_memory(&limit_background);
}

unsigned int fpt_limit_congestion(void)
{
	return limit_by_memory(&limit_congestion);
}
