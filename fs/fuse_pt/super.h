/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The superblock, the control file system and module-wide set-up.
 */
#ifndef FPT_SUPER_H
#define FPT_SUPER_H

#include <linux/fs.h>

struct export_operations;
struct fpt_conn;

/* File system type, device, directory in /sys/fs. */
#define FPT_NAME	"fusept"
/* File system type for servers of block devices. */
#define FPT_NAME_BLK	"fuseptblk"
/* Control file system, mounted in /sys/fs/fusept/connections. */
#define FPT_NAME_CTL	"fuseptctl"
#define FPT_CTL_DIR	"connections"
/* The same of the kernel's own fuse: taken over with replace_fuse=1. */
#define FPT_FUSE	"fuse"
#define FPT_FUSE_BLK	"fuseblk"
#define FPT_FUSE_CTL	"fusectl"

/* super.c: the types to register, and those that differ only by their names. */
extern struct file_system_type fpt_type, fpt_type_blk;
extern struct file_system_type fpt_type_fuse, fpt_type_fuseblk;

/* super.c: what every superblock of ours is, and the root of one */
void fpt_super_set_identity(struct super_block *sb);
int fpt_super_set_root(struct super_block *sb, struct inode *root);

/* super.c: can @sb yet become stacked, as INIT has not said that it is not? */
bool fpt_super_may_stack(const struct super_block *sb);

/* export.c: handles that can be opened, and where a server has none of them */
extern const struct export_operations fpt_export_ops;
extern const struct export_operations fpt_export_names_only;

/* ctl.c: the types of the control file system */
enum { FPT_CTL_OWN, FPT_CTL_FUSE, FPT_CTL_NR };
extern struct file_system_type fpt_ctl_types[FPT_CTL_NR];

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
