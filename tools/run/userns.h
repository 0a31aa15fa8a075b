/* SPDX-License-Identifier: GPL-2.0-only */
/* The right to mount, for who has it not: in a user namespace of one's own. */
#ifndef FUSEPT_USERNS_H
#define FUSEPT_USERNS_H

#include <stdbool.h>

#include "../mount/say.h"

/* May this process mount (CAP_SYS_ADMIN)? */
bool userns_may_mount(void);
/*
 * New user and mount namespaces in which this process, and what it executes,
 * is the same user and may mount. Exits with @code where there are none.
 */
void userns_enter(enum exit_code code);

#endif
