// SPDX-License-Identifier: GPL-2.0-only
/* 6.8: backing files have a header of their own. */
#include <linux/backing-file.h>
