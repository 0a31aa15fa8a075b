/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The superblock, the control file system and module-wide set-up.
 */
#ifndef FPT_SUPER_H
#define FPT_SUPER_H

struct fpt_conn;

#define FPT_NAME	"fusept"

int fpt_super_init(void);	/* register the file system type */
void fpt_super_exit(void);
int fpt_dev_init(void);		/* dev.c: the misc device */
void fpt_dev_exit(void);

/* ctl.c: fuseptctl under /sys/fs/fusept/connections */
int fpt_ctl_init(void);
void fpt_ctl_exit(void);
int fpt_ctl_add(struct fpt_conn *conn);
void fpt_ctl_remove(struct fpt_conn *conn);

#endif
