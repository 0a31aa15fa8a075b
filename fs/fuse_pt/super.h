/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The superblock, the control file system and module-wide set-up.
 */
#ifndef FPT_SUPER_H
#define FPT_SUPER_H

struct fpt_conn;

/* File system type, device, directory in /sys/fs. */
#define FPT_NAME	"fusept"
/* Control file system, mounted in /sys/fs/fusept/connections. */
#define FPT_NAME_CTL	"fuseptctl"
#define FPT_CTL_DIR	"connections"

int fpt_super_init(void);	/* register the file system type */
void fpt_super_exit(void);

int fpt_ctl_init(void);		/* ctl.c: register the control file system */
void fpt_ctl_exit(void);

/**
 * fpt_ctl_add() - show a connection in the control file system
 * @conn: connection whose @dev, @owner_uid and @owner_gid are set
 */
void fpt_ctl_add(struct fpt_conn *conn);

/**
 * fpt_ctl_remove() - take a connection out of the control file system
 * @conn: connection; nothing happens if it is not shown
 * May sleep. Files of it that are open stay usable on the dead connection.
 */
void fpt_ctl_remove(struct fpt_conn *conn);

#endif
