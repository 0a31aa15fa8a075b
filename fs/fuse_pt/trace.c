// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracepoints: the definitions of what trace.h declares.
 */
#include "compat/compat.h"

#include "conn.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
