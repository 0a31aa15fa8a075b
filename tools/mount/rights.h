/* SPDX-License-Identifier: GPL-2.0-only */
/* The rights of this process, to be given up. */
#ifndef FUSEPT_RIGHTS_H
#define FUSEPT_RIGHTS_H

/*
 * Before the user is changed: nothing that is executed from here on gets a right,
 * root's programs and those that are set-user-ID or setcap included. Returns 0, or
 * -1 with errno, as where CAP_SETPCAP is missing.
 */
int rights_bar(void);
/* After it: what is left goes. Returns 0, or -1 with errno. */
int rights_drop(void);

#endif
