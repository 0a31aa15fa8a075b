/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device, /dev/fusept: a server's end of a connection.
 */
#ifndef FPT_DEV_H
#define FPT_DEV_H

struct file;
struct fpt_conn;
struct fpt_dev;

/* The device behind an open file, or NULL if it is none of ours. */
struct fpt_dev *fpt_dev_from_file(struct file *file);

/*
 * The connection that a device was attached to, or NULL; valid as long as the
 * device is open.
 */
struct fpt_conn *fpt_dev_conn(const struct fpt_dev *dev);

/* Does its server answer INIT while mount(2) waits: FUSE_DEV_IOC_SYNC_INIT? */
bool fpt_dev_sync_init(const struct fpt_dev *dev);

/**
 * fpt_dev_attach() - give a mount to the server that holds @file
 * @file: an open /dev/fusept (mount option fd=)
 * @conn: connection; the device takes a reference until it is closed
 *
 * The connection ends (fpt_conn_abort()) with the last of its devices.
 * Return: 0; -EINVAL if @file is not /dev/fusept or has a connection already.
 */
int fpt_dev_attach(struct file *file, struct fpt_conn *conn);

/**
 * fpt_dev_resend() - have all that is SENT read once more
 * For a server that lost what it was asked. Their ids get FUSE_UNIQUE_RESEND.
 */
void fpt_dev_resend(struct fpt_conn *conn);

int fpt_dev_init(void);
void fpt_dev_exit(void);

/* /dev/fuse too, with the minor that it has everywhere; -EBUSY if it is taken. */
int fpt_dev_replace(void);
void fpt_dev_unreplace(void);

#endif
