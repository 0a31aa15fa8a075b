// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device, /dev/fusept: opening and closing it, giving it a connection, and
 * the table of requests that its server has and did not answer yet. /dev/fuse
 * is the same device where the kernel's own fuse is replaced.
 */
#include "compat/compat.h"

#include <linux/compat.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fuse_pt.h>
#include <linux/fuse_pt_protocol.h>
#include <linux/kdev_t.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/wait_bit.h>
#include "backing.h"
#include "bind.h"
#include "conn.h"
#include "dev.h"
#include "devcopy.h"
#include "queue.h"
#include "super.h"

static const struct file_operations fpt_dev_fops;

/* -------- the table -------- */

static struct hlist_head *dev_bucket(struct fpt_dev *dev, u64 unique)
{
	return &dev->table[(unique >> 1) & (ARRAY_SIZE(dev->table) - 1)];
}

static struct fpt_req *dev_find(struct fpt_dev *dev, u64 unique)
	__must_hold(&dev->lock)
{
	struct fpt_req *req;

	hlist_for_each_entry(req, dev_bucket(dev, unique), node)
		if (req->in.unique == unique)
			return req;
	return NULL;
}

/*
 * A killed caller may have waited for the end of TAKEN. It cannot go before it
 * got the lock that is held here.
 */
static void dev_untake(struct fpt_req *req, enum fpt_req_state state)
{
	/* Pairs with the acquire of a caller that waits for the end of TAKEN. */
	smp_store_release(&req->state, state);
	if (unlikely(req->leaving) && req->call)
		wake_up_process(req->waiter);
}

int fpt_dev_sent(struct fpt_dev *dev, struct fpt_req *req)
{
	struct fpt_conn *conn = dev->conn;

	if (unlikely(req->call->flags & FPT_CALL_NOREPLY)) {
		fpt_req_finish(conn, req, 0);
		return 0;
	}

	spin_lock(&dev->lock);
	/* An abort looks into the table after it made the connection dead. */
	if (unlikely(fpt_conn_dead(conn))) {
		spin_unlock(&dev->lock);
		fpt_req_finish(conn, req, -ECONNABORTED);
		return fpt_conn_gone(conn);
	}
	hlist_add_head(&req->node, dev_bucket(dev, req->in.unique));
	dev_untake(req, FPT_REQ_SENT);
	if (unlikely(req->interrupted))
		fpt_queue_interrupt(&conn->queue, req);
	spin_unlock(&dev->lock);
	return 0;
}

bool fpt_dev_takes_pages(struct fpt_dev *dev, u64 unique)
{
	const struct fpt_req *req;
	bool takes;

	spin_lock(&dev->lock);
	req = dev_find(dev, unique);
	takes = req && req->call && (req->call->flags & FPT_CALL_OUT_MOVE);
	spin_unlock(&dev->lock);
	return takes;
}

struct fpt_req *fpt_dev_claim(struct fpt_dev *dev, u64 unique)
{
	struct fpt_req *req;

	spin_lock(&dev->lock);
	req = dev_find(dev, unique);
	if (likely(req)) {
		hlist_del(&req->node);
		WRITE_ONCE(req->state, FPT_REQ_TAKEN);
	}
	spin_unlock(&dev->lock);
	return req;
}

bool fpt_dev_park(struct fpt_dev *dev, struct fpt_req *req,
		  struct fpt_park *park)
{
	bool alive;

	spin_lock(&dev->lock);
	alive = !fpt_conn_dead(dev->conn);
	if (alive) {
		park->req = req;
		req->park = park;
		list_add(&park->link, &dev->parked);
		dev_untake(req, FPT_REQ_PARKED);
	}
	spin_unlock(&dev->lock);
	return alive;
}

bool fpt_dev_unpark(struct fpt_dev *dev, struct fpt_park *park)
{
	bool ours;

	spin_lock(&dev->lock);
	ours = park->req;
	if (ours) {
		list_del(&park->link);
		WRITE_ONCE(park->req->state, FPT_REQ_TAKEN);
	}
	spin_unlock(&dev->lock);
	return ours;
}

/*
 * The device that has a request, to be looked at again under its lock. NULL for
 * one that is DONE, that an abort took off the queue, or that is QUEUED to be
 * sent once more. A device is not freed as long as it has requests, and then by
 * RCU.
 */
static struct fpt_dev *req_dev(struct fpt_req *req)
{
	/* Pairs with the release in fpt_req_finish(). */
	if (smp_load_acquire(&req->state) == FPT_REQ_DONE)
		return NULL;
	return READ_ONCE(req->dev);
}

/* No device has it: why? Somebody may take it off the queue at any moment. */
static int req_nowhere(struct fpt_conn *conn, struct fpt_req *req)
{
	return READ_ONCE(req->state) == FPT_REQ_DONE || fpt_conn_dead(conn) ?
		-EBUSY : -EAGAIN;
}

/* The second node that @call names, or 0. */
static u64 call_other(const struct fpt_call *call)
{
	return call->flags & (FPT_CALL_IN_PAGES | FPT_CALL_OUT_PAGES) ?
		0 : call->other;
}

/* Under the lock of @dev, which has it. */
static int req_detach(struct fpt_dev *dev, struct fpt_req *req)
{
	switch (READ_ONCE(req->state)) {
	case FPT_REQ_SENT:
	case FPT_REQ_PARKED:
		req->lost = false;
		/* The caller's inodes go with it, and the server has their ids. */
		fpt_queue_name(&dev->conn->queue, req, call_other(req->call));
		req->late = req->call->late;
		req->orphan = req->call->orphan;
		if (req->orphan)
			req->call->flags |= FPT_CALL_LEFT;
		req->call->orphan = NULL;
		req->call = NULL;
		return 0;
	default:
		req->leaving = true;
		return -EBUSY;
	}
}

int fpt_dev_leave(struct fpt_conn *conn, struct fpt_req *req)
{
	struct fpt_dev *dev;
	int err = -EAGAIN;

	rcu_read_lock();
	dev = req_dev(req);
	if (dev) {
		spin_lock(&dev->lock);
		if (likely(req->dev == dev))
			err = req_detach(dev, req);
		spin_unlock(&dev->lock);
	} else {
		err = req_nowhere(conn, req);
	}
	rcu_read_unlock();
	return err;
}

bool fpt_dev_interrupt(struct fpt_conn *conn, struct fpt_req *req)
{
	struct fpt_dev *dev;
	int err = 0;

	rcu_read_lock();
	dev = req_dev(req);
	if (dev) {
		spin_lock(&dev->lock);
		if (unlikely(req->dev != dev)) {
			err = -EAGAIN;
		} else {
			INIT_LIST_HEAD(&req->intr_link);
			req->interrupted = true;
			/* TAKEN for reading: fpt_dev_sent() sees the mark. */
			if (READ_ONCE(req->state) == FPT_REQ_SENT)
				fpt_queue_interrupt(&conn->queue, req);
		}
		spin_unlock(&dev->lock);
	} else {
		err = req_nowhere(conn, req);
	}
	rcu_read_unlock();
	return err != -EAGAIN;
}

int fpt_dev_interrupt_reply(struct fpt_dev *dev, u64 unique, int error)
{
	struct fpt_queue *q = &dev->conn->queue;
	struct fpt_req *req;
	int err = 0;

	spin_lock(&dev->lock);
	req = dev_find(dev, unique);
	if (!req)
		err = -ENOENT;
	else if (!req->interrupted)
		err = -EINVAL;
	else if (error == -ENOSYS)
		WRITE_ONCE(q->no_interrupt, true);
	else if (error == -EAGAIN)
		fpt_queue_interrupt(q, req);
	spin_unlock(&dev->lock);
	return err;
}

/*
 * Whoever collects ends it, some time later. An abort does not keep the device
 * until then, so nobody is to look for the request there.
 */
static void dev_take_back(struct fpt_dev *dev, struct fpt_req *req,
			  struct list_head *ended)
{
	WRITE_ONCE(req->state, FPT_REQ_TAKEN);
	if (fpt_conn_dead(dev->conn))
		WRITE_ONCE(req->dev, NULL);
	list_add_tail(&req->link, ended);
}

static void dev_collect(struct fpt_dev *dev, struct list_head *ended)
{
	struct fpt_park *park, *next_park;
	struct hlist_node *next;
	struct fpt_req *req;
	unsigned int i;

	spin_lock(&dev->lock);
	for (i = 0; i < ARRAY_SIZE(dev->table); i++) {
		hlist_for_each_entry_safe(req, next, &dev->table[i], node) {
			hlist_del(&req->node);
			dev_take_back(dev, req, ended);
		}
	}
	list_for_each_entry_safe(park, next_park, &dev->parked, link) {
		req = park->req;
		/* One that keeps nobody waiting is for its owner to end. */
		if (!req->call && !req->orphan)
			continue;
		list_del(&park->link);
		park->req = NULL;
		dev_take_back(dev, req, ended);
	}
	spin_unlock(&dev->lock);
}

/* What waits for orphans that a server lost. */
struct dev_lost {
	struct fpt_orphan	*orphans;
	struct fpt_forget	*forgets;
};

static void dev_lose(struct fpt_dev *dev, struct fpt_req *req,
		     struct dev_lost *lost)
{
	req->lost = true;
	lost->forgets = fpt_queue_unname(&dev->conn->queue, req, lost->forgets);
	if (req->orphan) {
		req->orphan->next = lost->orphans;
		lost->orphans = req->orphan;
		req->orphan = NULL;
	}
}

static void dev_lost_end(struct fpt_conn *conn, struct dev_lost *lost)
{
	struct fpt_orphan *orphan, *next;

	for (orphan = lost->orphans; orphan; orphan = next) {
		next = orphan->next;
		fpt_orphan_end(conn, orphan, -EINTR);
	}
	fpt_queue_forget_all(conn, lost->forgets);
}

/*
 * An orphan has nothing left that could be sent. A server that did not lose it
 * still answers it, and gets back what it handed out, but for locks; but nobody
 * waits for that any more.
 */
static void dev_unsend(struct fpt_dev *dev, struct list_head *again,
		       struct dev_lost *lost)
{
	struct hlist_node *next;
	struct fpt_req *req;
	unsigned int i;

	spin_lock(&dev->lock);
	for (i = 0; i < ARRAY_SIZE(dev->table); i++) {
		hlist_for_each_entry_safe(req, next, &dev->table[i], node) {
			if (!req->call) {
				dev_lose(dev, req, lost);
				continue;
			}
			hlist_del(&req->node);
			fpt_queue_unsend(&dev->conn->queue, req, again);
		}
	}
	spin_unlock(&dev->lock);
}

void fpt_dev_resend(struct fpt_conn *conn)
{
	struct dev_lost lost = {};
	struct fpt_dev *dev;
	LIST_HEAD(again);

	mutex_lock(&conn->dev_lock);
	list_for_each_entry(dev, &conn->devs, conn_link)
		dev_unsend(dev, &again, &lost);
	mutex_unlock(&conn->dev_lock);
	fpt_queue_again(conn, &again);
	dev_lost_end(conn, &lost);
}

void fpt_dev_collect_all(struct fpt_conn *conn, struct list_head *ended)
{
	struct fpt_dev *dev;

	mutex_lock(&conn->dev_lock);
	list_for_each_entry(dev, &conn->devs, conn_link)
		dev_collect(dev, ended);
	mutex_unlock(&conn->dev_lock);
}

/* Did a server that said RESEND not have to answer it any more? */
static bool dev_lost_it(const struct fpt_req *req)
{
	return !req->call && req->lost;
}

static bool dev_overdue(struct fpt_dev *dev, u32 since)
{
	const struct fpt_park *park;
	const struct fpt_req *req;
	bool overdue = false;
	unsigned int i;

	spin_lock(&dev->lock);
	for (i = 0; i < ARRAY_SIZE(dev->table); i++)
		hlist_for_each_entry(req, &dev->table[i], node)
			overdue |= !fpt_req_in_time(req, since) &&
				!dev_lost_it(req);
	list_for_each_entry(park, &dev->parked, link)
		overdue |= !fpt_req_in_time(park->req, since);
	spin_unlock(&dev->lock);
	return overdue;
}

bool fpt_dev_overdue(struct fpt_conn *conn, u32 since)
{
	bool overdue = false;
	struct fpt_dev *dev;

	mutex_lock(&conn->dev_lock);
	list_for_each_entry(dev, &conn->devs, conn_link)
		overdue |= dev_overdue(dev, since);
	mutex_unlock(&conn->dev_lock);
	return overdue;
}

/* -------- open, attach, close -------- */

struct fpt_dev *fpt_dev_from_file(struct file *file)
{
	return file->f_op == &fpt_dev_fops ? file->private_data : NULL;
}

struct fpt_conn *fpt_dev_conn(const struct fpt_dev *dev)
{
	/* Pairs with the cmpxchg() of who attached it. */
	return smp_load_acquire(&dev->conn);
}

bool fpt_dev_sync_init(const struct fpt_dev *dev)
{
	return READ_ONCE(dev->sync_init);
}

struct fpt_conn *fpt_dev_served(struct fpt_dev *dev)
{
	struct fpt_conn *conn = fpt_dev_conn(dev);

	if (likely(conn))
		return conn;
	if (!fpt_dev_sync_init(dev))
		return ERR_PTR(-EPERM);
	if (wait_var_event_interruptible(&dev->conn, fpt_dev_conn(dev)))
		return ERR_PTR(-ERESTARTSYS);
	return fpt_dev_conn(dev);
}

static int fpt_dev_open(struct inode *inode, struct file *file)
{
	struct fpt_dev *dev = kzalloc_obj(struct fpt_dev);

	if (!dev)
		return -ENOMEM;
	spin_lock_init(&dev->lock);
	INIT_LIST_HEAD(&dev->parked);
	file->private_data = dev;
	return 0;
}

int fpt_dev_attach(struct file *file, struct fpt_conn *conn)
{
	struct fpt_dev *dev = fpt_dev_from_file(file);
	int err = -EINVAL;

	if (!dev)
		return err;

	mutex_lock(&conn->dev_lock);
	/* Another mount or clone may try at the same time. */
	if (!cmpxchg(&dev->conn, NULL, conn)) {
		fpt_conn_get(conn);
		list_add_tail(&dev->conn_link, &conn->devs);
		conn->nr_devs++;
		err = 0;
	}
	mutex_unlock(&conn->dev_lock);
	if (!err)
		wake_up_var(&dev->conn);
	return err;
}

static int fpt_dev_release(struct inode *inode, struct file *file)
{
	struct fpt_dev *dev = file->private_data;
	struct fpt_conn *conn = fpt_dev_conn(dev);
	LIST_HEAD(ended);
	bool last;

	if (conn) {
		mutex_lock(&conn->dev_lock);
		list_del(&dev->conn_link);
		last = !--conn->nr_devs;
		mutex_unlock(&conn->dev_lock);

		dev_collect(dev, &ended);
		fpt_req_finish_all(conn, &ended, -ECONNABORTED);
		if (last)
			fpt_conn_abort(conn);
		fpt_conn_put(conn);
	}
	kfree_rcu(dev, rcu);
	return 0;
}

/* -------- read, write, poll -------- */

size_t fpt_dev_min_read(const struct fpt_conn *conn)
{
	return max_t(size_t, FUSE_MIN_READ_BUFFER,
		     sizeof(struct fuse_in_header) +
		     sizeof(struct fuse_write_in) + READ_ONCE(conn->max_write));
}

static ssize_t fpt_dev_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;
	struct fpt_dev *dev = file->private_data;
	struct fpt_conn *conn = fpt_dev_served(dev);
	struct fpt_room room = {
		.bytes = iov_iter_count(to),
		.nonblock = (file->f_flags & O_NONBLOCK) ||
			    (iocb->ki_flags & IOCB_NOWAIT),
	};
	struct fpt_next next;
	ssize_t ret;

	if (IS_ERR(conn))
		return PTR_ERR(conn);
	/* What is copied with page faults off must be a server's memory. */
	if (!user_backed_iter(to) || room.bytes < fpt_dev_min_read(conn))
		return -EINVAL;

	do {
		ret = fpt_queue_next(conn, dev, &room, &next);
		if (ret)
			return ret;
		if (unlikely(!next.req))
			return fpt_send_message(conn, &next, to);
		ret = fpt_send_request(dev, next.req, to);
	} while (unlikely(!ret));
	return ret;
}

static ssize_t fpt_dev_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct fpt_dev *dev = iocb->ki_filp->private_data;
	struct fpt_conn *conn = fpt_dev_served(dev);

	if (IS_ERR(conn))
		return PTR_ERR(conn);
	if (!user_backed_iter(from))
		return -EINVAL;
	return fpt_receive(dev, from, NULL, 0);
}

static __poll_t fpt_dev_poll(struct file *file, poll_table *wait)
{
	struct fpt_dev *dev = file->private_data;
	struct fpt_conn *conn = fpt_dev_served(dev);
	__poll_t mask = EPOLLOUT | EPOLLWRNORM;

	if (IS_ERR(conn))
		return EPOLLERR;
	poll_wait(file, &conn->queue.wait, wait);
	if (fpt_queue_readable(&conn->queue))
		mask |= EPOLLIN | EPOLLRDNORM;
	/* After the queue's lock: whoever made it dead held it. */
	return fpt_conn_dead(conn) ? EPOLLERR : mask;
}

static int fpt_dev_fasync(int fd, struct file *file, int on)
{
	struct fpt_dev *dev = file->private_data;
	struct fpt_conn *conn;

	/* At the last close there is nobody to wait, nor to wait for. */
	conn = on ? fpt_dev_served(dev) : fpt_dev_conn(dev);
	if (!conn)
		return 0;
	if (IS_ERR(conn))
		return PTR_ERR(conn);
	return fasync_helper(fd, file, on, &conn->queue.fasync);
}

/* -------- ioctl -------- */

/*
 * FUSE_DEV_IOC_CLONE: a second device for the same connection, so that a
 * server's threads have a table each.
 */
static long dev_ioctl_clone(struct file *file, const u32 __user *arg)
{
	struct fpt_dev *from;
	struct fpt_conn *conn;
	struct file *other;
	long err = -EINVAL;
	u32 fd;

	if (get_user(fd, arg))
		return -EFAULT;
	other = fget(fd);
	if (!other)
		return -EINVAL;

	from = fpt_dev_from_file(other);
	if (from) {
		conn = fpt_dev_served(from);
		err = IS_ERR(conn) ? PTR_ERR(conn) : fpt_dev_attach(file, conn);
	}
	fput(other);
	return err;
}

/* FUSE_DEV_IOC_SYNC_INIT: before the mount, or it would say nothing. */
static long dev_ioctl_sync_init(struct fpt_dev *dev)
{
	if (fpt_dev_conn(dev))
		return -EINVAL;
	WRITE_ONCE(dev->sync_init, true);
	return 0;
}

static long fpt_dev_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	void __user *argp = (void __user *)arg;
	struct fuse_backing_map map;
	struct fuse_pt_bind bind;
	struct fpt_conn *conn;
	u64 node;
	u32 id;

	switch (cmd) {
	case FUSE_DEV_IOC_CLONE:
		return dev_ioctl_clone(file, argp);
	case FUSE_DEV_IOC_SYNC_INIT:
		return dev_ioctl_sync_init(file->private_data);
	case FUSE_DEV_IOC_BACKING_OPEN:
		conn = fpt_dev_served(file->private_data);
		if (IS_ERR(conn))
			return PTR_ERR(conn);
		if (copy_from_user(&map, argp, sizeof(map)))
			return -EFAULT;
		return fpt_backing_open(conn, &map);
	case FUSE_DEV_IOC_BACKING_CLOSE:
		conn = fpt_dev_served(file->private_data);
		if (IS_ERR(conn))
			return PTR_ERR(conn);
		if (get_user(id, (u32 __user *)argp))
			return -EFAULT;
		return fpt_backing_close(conn, id);
	case FUSE_PT_DEV_IOC_BIND:
		conn = fpt_dev_served(file->private_data);
		if (IS_ERR(conn))
			return PTR_ERR(conn);
		if (copy_from_user(&bind, argp, sizeof(bind)))
			return -EFAULT;
		return fpt_bind(conn, &bind);
	case FUSE_PT_DEV_IOC_UNBIND:
		conn = fpt_dev_served(file->private_data);
		if (IS_ERR(conn))
			return PTR_ERR(conn);
		if (get_user(node, (u64 __user *)argp))
			return -EFAULT;
		return fpt_unbind(conn, node);
	default:
		return -ENOTTY;
	}
}

static void fpt_dev_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct fpt_conn *conn = fpt_dev_conn(file->private_data);

	if (!conn)
		return;
	/* The name of the connection's directory in the control fs. */
	seq_printf(m, "fuse_connection:\t%u\n", fpt_conn_number(conn));
	fpt_backings_fdinfo(m, &conn->backings);
}

static const struct file_operations fpt_dev_fops = {
	.owner		= THIS_MODULE,
	.open		= fpt_dev_open,
	.release	= fpt_dev_release,
	.read_iter	= fpt_dev_read_iter,
	.write_iter	= fpt_dev_write_iter,
	.splice_read	= fpt_dev_splice_read,
	.splice_write	= fpt_dev_splice_write,
	.poll		= fpt_dev_poll,
	.fasync		= fpt_dev_fasync,
	.unlocked_ioctl	= fpt_dev_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.show_fdinfo	= fpt_dev_show_fdinfo,
};

static struct miscdevice fpt_miscdev = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= FPT_NAME,
	.fops	= &fpt_dev_fops,
	.mode	= 0666,
};

static struct miscdevice dev_fuse = {
	.minor	= FUSE_MINOR,
	.name	= FPT_FUSE,
	.fops	= &fpt_dev_fops,
	.mode	= 0666,
};

int fpt_dev_init(void)
{
	return misc_register(&fpt_miscdev);
}

void fpt_dev_exit(void)
{
	misc_deregister(&fpt_miscdev);
}

int fpt_dev_replace(void)
{
	return misc_register(&dev_fuse);
}

void fpt_dev_unreplace(void)
{
	misc_deregister(&dev_fuse);
}
