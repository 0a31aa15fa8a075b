// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writers of a file: opens that can carry a WRITE, all for whose sake size and
 * times are this side's to say, and who has to wait before it makes pages dirty.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include "conn.h"
#include "file.h"
#include "node.h"
#include "writeback.h"

void fpt_wb_add_handle(struct inode *inode, struct fpt_file *ff)
{
	struct fpt_node *fn = fpt_node(inode);

	spin_lock(&fn->lock);
	if (hlist_unhashed(&ff->write_link))
		hlist_add_head(&ff->write_link, &fn->wb.handles);
	spin_unlock(&fn->lock);
}

void fpt_wb_del_handle(struct inode *inode, struct fpt_file *ff)
{
	struct fpt_node *fn = fpt_node(inode);

	spin_lock(&fn->lock);
	hlist_del_init(&ff->write_link);
	spin_unlock(&fn->lock);
}

struct fpt_file *fpt_wb_handle(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_file *ff, *found = NULL;

	spin_lock(&fn->lock);
	hlist_for_each_entry(ff, &fn->wb.handles, write_link) {
		found = ff;
		if (ff->anywhere)
			break;
	}
	if (found)
		fpt_file_get(found);
	spin_unlock(&fn->lock);
	return found;
}

bool fpt_wb_has_owner(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_file *ff;
	bool owns = false;

	spin_lock(&fn->lock);
	hlist_for_each_entry(ff, &fn->wb.handles, write_link)
		owns |= ff->owns;
	spin_unlock(&fn->lock);
	return owns;
}

void fpt_wb_own(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);

	spin_lock(&fn->lock);
	WRITE_ONCE(fn->wb.owners, fn->wb.owners + 1);
	spin_unlock(&fn->lock);
}

void fpt_wb_disown(struct inode *inode)
{
	const struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fpt_node *fn = fpt_node(inode);

	spin_lock(&fn->lock);
	WRITE_ONCE(fn->wb.owners, fn->wb.owners - 1);
	if (!fn->wb.owners && fpt_has(conn, FPT_F_WRITEBACK)) {
		/* What was asked for until now says nothing of it. */
		fn->stale_mask |= FPT_STAT_DATA;
		fn->attr_epoch = fpt_attr_now(conn);
	}
	spin_unlock(&fn->lock);
}

u32 fpt_wb_begin(struct inode *inode, struct fpt_file *ff)
{
	fpt_wb_own(inode);
	return fpt_flight_begin(&ff->conn->writes);
}

void fpt_wb_end(struct inode *inode, struct fpt_file *ff, u32 round)
{
	fpt_wb_disown(inode);
	fpt_flight_end(&ff->conn->writes, round);
	fpt_file_put(ff);
}

unsigned int fpt_wb_max_pages(const struct fpt_conn *conn)
{
	return clamp(conn->max_write >> PAGE_SHIFT, 1u, conn->max_pages);
}

bool fpt_wb_owes(const struct fpt_conn *conn, u64 times)
{
	u64 most = times * READ_ONCE(conn->max_background) *
		   fpt_wb_max_pages(conn);

	return atomic_read(&conn->copy_pages) > most && !fpt_conn_dead(conn);
}

/* Twice of what is copied unforced: then there are pages of others in it. */
static bool wb_flooded(const struct fpt_conn *conn)
{
	return fpt_wb_owes(conn, 2);
}

int fpt_wb_admit(struct inode *inode)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);

	if (likely(!wb_flooded(conn)))
		return 0;
	/* None could end its wait. */
	if ((current->flags & PF_EXITING) && fpt_task_killed())
		return 0;
	return wait_event_state(conn->copy_wait, !wb_flooded(conn),
				FPT_KILLABLE) ? -EINTR : 0;
}
