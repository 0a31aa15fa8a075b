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
/* The same of the kernel's own fuse: taken over with replace_fuse=1. */
#define FPT_FUSE	"fuse"
#define FPT_FUSE_CTL	"fusectl"

/*
 * Register the file system types, and those of the kernel's own fuse; -EBUSY
 * where a name is taken.
 */
int fpt_super_init(void);
void fpt_super_exit(void);
int fpt_super_replace(void);
void fpt_super_unreplace(void);

/* ctl.c: the same for the control file system */
int fpt_ctl_init(void);
void fpt_ctl_exit(void);
int fpt_ctl_replace(void);
void fpt_ctl_unreplace(void);

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
