// SPDX-License-Identifier: GPL-2.0-only
/* by 6.12.117: workqueues are made WQ_PERCPU or WQ_UNBOUND. */
#include <linux/workqueue.h>

static inline struct workqueue_struct *probe(void)
{
	return alloc_workqueue("probe", WQ_PERCPU, 0);
}
