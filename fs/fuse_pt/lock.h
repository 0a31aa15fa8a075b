/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Locks: of fcntl(2) and flock(2), kept by the server where it agreed to, else
 * here. A directory's are always kept here.
 */
#ifndef FPT_LOCK_H
#define FPT_LOCK_H

struct file;
struct file_lock;

/* f_op->lock: POSIX locks, and those of an open file (OFD). */
int fpt_lock(struct file *file, int cmd, struct file_lock *fl);
/* f_op->flock */
int fpt_flock(struct file *file, int cmd, struct file_lock *fl);

/**
 * fpt_lock_close() - an open file ends: what it owns at the server goes with it
 * @file: about to be given to fpt_file_put(); its RELEASE is told of a flock
 *
 * POSIX locks belong to processes: FLUSH names the owner that is to lose them.
 */
void fpt_lock_close(struct file *file);

#endif
