// SPDX-License-Identifier: GPL-2.0-only
/* 6.3: locks and leases have a header of their own. */
#include <linux/filelock.h>
