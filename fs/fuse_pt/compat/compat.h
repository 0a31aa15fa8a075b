/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Brings older kernels up to the API of the newest. Every source of the module
 * includes this first; what it includes knows about kernels and nothing else
 * does.
 */
#ifndef _FPT_COMPAT_H
#define _FPT_COMPAT_H

#include "probed.h"

#endif /* _FPT_COMPAT_H */
