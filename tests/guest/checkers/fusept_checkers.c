// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the checkers of a debug kernel must report: a read behind an allocation, a
 * read of freed memory, and memory that nobody has a pointer to. A run in which
 * they say nothing about this says nothing at all.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#define SIZE	100	/* bytes, of a cache of 128 */
#define LOST	8	/* of one, a copy of its address may lie about */

static int __init checkers_init(void)
{
	volatile char seen;
	char *p;
	int i;

	p = kmalloc(SIZE, GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	/* Not of a slab: it has addresses left in what it keeps at hand. */
	for (i = 0; i < LOST; i++)
		if (!vmalloc(SIZE))
			break;
	OPTIMIZER_HIDE_VAR(p);
	seen = p[SIZE + 10];
	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	seen = p[10];
	(void)seen;
	return 0;
}

static void __exit checkers_exit(void)
{
}

module_init(checkers_init);
module_exit(checkers_exit);
MODULE_DESCRIPTION("Faults that a debug kernel's checkers must find");
MODULE_LICENSE("GPL");
