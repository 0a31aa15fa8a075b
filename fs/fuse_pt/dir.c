// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lookup: from a name to a node, and for how long the answer holds.
 *
 * A dentry, positive or negative, is used without asking until its time is
 * over. Then a positive one is looked up again and stays if the server still
 * names the same node; a negative one is dropped.
 */
#include "compat/compat.h"

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/namei.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include "dir.h"
#include "node.h"
#include "request.h"
#include "submount.h"

/*
 * A dentry has two words for its file system: d_time holds until when it may be
 * trusted, d_fsdata the connection's names_epoch that it was learned in. Where
 * a word does not hold a time in jiffies64, d_fsdata has its next byte, too, and
 * d_lock keeps both together. Where it does, d_fsdata's upper half is 0, or the
 * lower half of an attr_epoch: see fpt_entry_moves().
 */
#define ENTRY_TIME_BITS		(BITS_PER_LONG == 64 ? 64 : 40)
#define ENTRY_TIME_MORE		(ENTRY_TIME_BITS - BITS_PER_LONG)
#define ENTRY_MORE_MASK		((1UL << ENTRY_TIME_MORE) - 1)
#define ENTRY_FOREVER		(FPT_FOREVER >> (64 - ENTRY_TIME_BITS))

static unsigned long entry_epoch(u32 epoch)
{
	return ((unsigned long)epoch << ENTRY_TIME_MORE) >> ENTRY_TIME_MORE;
}

static void entry_set(struct dentry *dentry, u64 until, u32 epoch)
{
	if (BITS_PER_LONG == 64) {
		WRITE_ONCE(dentry->d_fsdata, (void *)entry_epoch(epoch));
		WRITE_ONCE(dentry->d_time, until);
		return;
	}
	spin_lock(&dentry->d_lock);
	dentry->d_time = lower_32_bits(until);
	dentry->d_fsdata = (void *)(entry_epoch(epoch) << ENTRY_TIME_MORE |
				    (upper_32_bits(until) & ENTRY_MORE_MASK));
	spin_unlock(&dentry->d_lock);
}

/*
 * It was not learned in @names, by what d_fsdata says: but is that because it
 * came here by a rename, and was nothing said of names in @dir since?
 */
static bool entry_moved_here(const struct inode *dir, u64 fsdata,
			     unsigned long names)
{
	u64 now = fpt_attr_now(fpt_inode_conn(dir));
	u32 moved = upper_32_bits(fsdata);

	if (!moved || lower_32_bits(fsdata) != names)
		return false;
	now -= lower_32_bits(now) - moved;
	return now > atomic64_read(&fpt_node(dir)->names_told);
}

/* Part of every walk: no call. */
static __always_inline bool entry_expired(const struct inode *dir,
					  struct dentry *dentry)
{
	struct fpt_conn *conn = dentry->d_sb->s_fs_info;
	unsigned long epoch, names, more;
	u64 until;

	if (BITS_PER_LONG == 64) {
		epoch = (unsigned long)READ_ONCE(dentry->d_fsdata);
		until = READ_ONCE(dentry->d_time);
	} else {
		spin_lock(&dentry->d_lock);
		more = (unsigned long)dentry->d_fsdata;
		until = dentry->d_time;
		spin_unlock(&dentry->d_lock);
		epoch = more >> ENTRY_TIME_MORE;
		until |= (u64)(more & ENTRY_MORE_MASK) << 32;
		if (until == ENTRY_FOREVER)
			until = FPT_FOREVER;
	}
	names = entry_epoch(atomic_read(&conn->names_epoch));
	return fpt_past(until) ||
	       (epoch != names && !entry_moved_here(dir, epoch, names));
}

bool fpt_entry_expired(const struct inode *dir, struct dentry *dentry)
{
	return entry_expired(dir, dentry);
}

void fpt_entry_expire(struct dentry *dentry)
{
	entry_set(dentry, 0, 0);
}

void fpt_entry_gone(struct dentry *dentry)
{
	fpt_entry_expire(dentry);
	spin_lock(&dentry->d_lock);
	dentry->d_flags |= DCACHE_DONTCACHE;
	spin_unlock(&dentry->d_lock);
}

void fpt_entry_moves(struct dentry *dentry, u64 epoch)
{
	u64 fsdata;

	if (BITS_PER_LONG != 64) {
		fpt_entry_expire(dentry);
		return;
	}
	fsdata = lower_32_bits((unsigned long)READ_ONCE(dentry->d_fsdata));
	/* 0 has a meaning of its own; earlier is on the safe side. */
	fsdata |= (u64)(lower_32_bits(epoch) ?: U32_MAX) << 32;
	WRITE_ONCE(dentry->d_fsdata, (void *)(unsigned long)fsdata);
}

void fpt_entry_trust(struct inode *dir, struct dentry *dentry, u64 life,
		     u64 epoch)
{
	struct fpt_conn *conn = fpt_inode_conn(dir);
	u32 names = atomic_read(&conn->names_epoch);

	/* In use again, if it was gone. */
	if (unlikely(READ_ONCE(dentry->d_flags) & DCACHE_DONTCACHE)) {
		spin_lock(&dentry->d_lock);
		dentry->d_flags &= ~DCACHE_DONTCACHE;
		spin_unlock(&dentry->d_lock);
	}
	/* Who raises both starts with the other one. */
	smp_rmb();
	if (epoch <= atomic64_read(&conn->names_told))
		life = 0;
	entry_set(dentry, fpt_until(life), names);

	/*
	 * Who takes back what was said raises the mark and then looks for the
	 * dentry: one of the two sees what the other did.
	 */
	smp_mb();
	if (epoch <= atomic64_read(&fpt_node(dir)->names_told))
		fpt_entry_expire(dentry);
}

void fpt_entry_taken_back(struct inode *dir)
{
	fpt_attr_note(fpt_inode_conn(dir), &fpt_node(dir)->names_told);
}

void fpt_entry_all_taken_back(struct fpt_conn *conn)
{
	fpt_attr_note(conn, &conn->names_told);
	atomic_inc(&conn->names_epoch);
}

static u64 entry_life(const struct fuse_entry_out *entry)
{
	return fpt_life(entry->entry_valid, entry->entry_valid_nsec);
}

void fpt_dir_changed(struct inode *dir)
{
	fpt_attr_stale(dir, FPT_STAT_NAMES);
	fpt_dircache_drop(dir);
}

int fpt_dir_serialise(struct inode *dir)
{
	if (fpt_has(fpt_inode_conn(dir), FPT_F_PARALLEL_DIROPS))
		return 0;
	/* Who holds it waits for the server: for as long as that takes. */
	return wait_on_bit_lock(&fpt_node(dir)->bits, FPT_N_READING,
				FPT_KILLABLE) ? -EINTR : 1;
}

void fpt_dir_serialise_end(struct inode *dir, int locked)
{
	if (locked)
		clear_and_wake_up_bit(FPT_N_READING, &fpt_node(dir)->bits);
}

void fpt_entry_give_back(struct fpt_conn *conn, u64 id)
{
	struct fpt_forget *forget;

	/* Neither of them was ever counted. */
	if (!id || id == FUSE_ROOT_ID)
		return;
	/* May be in the server's own context: not through file systems. */
	forget = fpt_forget_alloc(GFP_NOFS | __GFP_NOFAIL);
	fpt_forget_queue(conn, forget, id, 1);
}

void fpt_late_entry(struct fpt_conn *conn, u32 op, u64 node, u64 other,
		    const void *reply, size_t len)
{
	const struct fuse_entry_out *entry = reply;

	if (len >= fpt_entry_out_len(conn))
		fpt_entry_give_back(conn, entry->nodeid);
}

struct inode *fpt_entry_inode(struct super_block *sb,
			      const struct fuse_entry_out *entry, u64 epoch)
{
	if (!fpt_entry_sane(entry)) {
		fpt_entry_give_back(sb->s_fs_info, entry->nodeid);
		return ERR_PTR(-EIO);
	}
	return fpt_node_find(sb, entry->nodeid, entry->generation, &entry->attr,
			     fpt_life(entry->attr_valid,
				      entry->attr_valid_nsec), epoch);
}

bool fpt_entry_confirms(struct inode *inode, const struct fuse_entry_out *entry,
			u64 epoch)
{
	struct fpt_node *node = fpt_node(inode);

	if (!fpt_entry_sane(entry) || entry->nodeid != node->id ||
	    inode->i_generation != (u32)entry->generation ||
	    !fpt_attr_same_type(inode, &entry->attr) || fpt_inode_stale(inode) ||
	    !!IS_AUTOMOUNT(inode) !=
	    fpt_marks_submount(fpt_inode_conn(inode), &entry->attr))
		return false;

	spin_lock(&node->lock);
	++*fpt_forget_owed(node->forget);
	spin_unlock(&node->lock);
	fpt_attr_apply(inode, &entry->attr,
		       fpt_life(entry->attr_valid, entry->attr_valid_nsec),
		       epoch);
	return true;
}

/* Is the directory @inode one of those that lead to @dentry? */
static bool leads_to(const struct inode *inode, struct dentry *dentry)
{
	struct dentry *up;
	bool found = false;

	rcu_read_lock();
	for (up = READ_ONCE(dentry->d_parent); !found && !IS_ROOT(up);
	     up = READ_ONCE(up->d_parent))
		found = d_inode_rcu(up) == inode;
	rcu_read_unlock();
	return found;
}

struct dentry *fpt_entry_splice(struct inode *dir, struct inode *inode,
				struct dentry *dentry, u64 life, u64 epoch)
{
	struct dentry *alias;

	/* The VFS would refuse it too, with a line in the log each time. */
	if (!IS_ERR_OR_NULL(inode) && S_ISDIR(inode->i_mode) &&
	    (inode == d_inode(dentry->d_sb->s_root) || leads_to(inode, dentry))) {
		iput(inode);
		return ERR_PTR(-ELOOP);
	}

	/* Before it can be found, and when it can. */
	fpt_entry_trust(dir, dentry, life, epoch);
	alias = d_splice_alias(inode, dentry);
	if (!IS_ERR(alias))
		fpt_entry_trust(dir, alias ? alias : dentry, life, epoch);
	return alias;
}

void fpt_entry_made(struct inode *dir, struct inode *inode,
		    struct dentry *dentry, u64 life, u64 epoch)
{
	fpt_entry_trust(dir, dentry, life, epoch);
	if (!d_unhashed(dentry)) {
		d_instantiate(dentry, inode);
		return;
	}
	d_add(dentry, inode);
	fpt_entry_trust(dir, dentry, life, epoch);
}

int fpt_ask_entry(struct fpt_conn *conn, u64 id, const struct qstr *name,
		  struct fuse_entry_out *entry, u64 *epoch)
{
	struct fpt_call call = {
		.op = FUSE_LOOKUP,
		.node = id,
		.late = fpt_late_entry,
	};

	fpt_call_in(&call, name->name, name->len);
	fpt_call_in(&call, "", 1);
	memset(entry, 0, sizeof(*entry));
	fpt_call_out(&call, entry, fpt_entry_out_len(conn));
	*epoch = fpt_attr_epoch(conn);
	return fpt_call(conn, &call);
}

static int ask_entry(struct inode *dir, const struct qstr *name,
		     struct fuse_entry_out *entry, u64 *epoch)
{
	int locked, err;

	locked = fpt_dir_serialise(dir);
	if (locked < 0)
		return locked;
	err = fpt_ask_entry(fpt_inode_conn(dir), fpt_inode_id(dir), name, entry,
			    epoch);
	fpt_dir_serialise_end(dir, locked);
	return err;
}

/*
 * Is the name to be made, by a server that says itself whether it is free? Who
 * may not make any learns here that it is not, as from other file systems; and
 * whoever asks for one that most have no room for, that it is too long.
 */
static bool made_unseen(struct inode *dir, const struct dentry *dentry,
			unsigned int flags)
{
	const unsigned int makes = LOOKUP_CREATE | LOOKUP_EXCL;

	return (flags & (makes | LOOKUP_RENAME_TARGET)) == makes &&
	       fpt_dir_excl(dir) && dentry->d_name.len <= NAME_MAX &&
	       !inode_permission(&nop_mnt_idmap, dir, MAY_WRITE | MAY_EXEC);
}

struct dentry *fpt_lookup(struct inode *dir, struct dentry *dentry,
			  unsigned int flags)
{
	struct fuse_entry_out entry;
	struct inode *inode = NULL;
	u64 epoch, life = 0;
	int err;

	if (fpt_inode_stale(dir))
		return ERR_PTR(-EIO);
	if (dentry->d_name.len > fpt_inode_conn(dir)->name_max)
		return ERR_PTR(-ENAMETOOLONG);
	/* Not hashed: nobody else is to take it for free. */
	if (made_unseen(dir, dentry, flags))
		return NULL;

	err = ask_entry(dir, &dentry->d_name, &entry, &epoch);
	if (err && err != -ENOENT)
		return ERR_PTR(err);

	if (!err) {
		/* Without a node: that there is none, and how long. */
		life = entry_life(&entry);
		if (entry.nodeid)
			inode = fpt_entry_inode(dir->i_sb, &entry, epoch);
		if (IS_ERR(inode))
			return ERR_CAST(inode);
	}
	if (inode)
		set_bit(FPT_N_RDPLUS, &fpt_node(dir)->bits);
	return fpt_entry_splice(dir, inode, dentry, life, epoch);
}

/* A name is in use: what came with READDIRPLUS was worth it. */
static void note_use(struct inode *dir, struct inode *inode)
{
	if (test_bit(FPT_N_PLANTED, &fpt_node(inode)->bits) &&
	    test_and_clear_bit(FPT_N_PLANTED, &fpt_node(inode)->bits))
		set_bit(FPT_N_RDPLUS, &fpt_node(dir)->bits);
}

/* Apart, for what it needs of the stack is zeroed at each entry. */
static noinline int revalidate_ask(struct inode *dir, const struct qstr *name,
				   struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct fuse_entry_out entry;
	u64 epoch;
	int err;

	/* Not in its turn: only names that are not known wait, as in Linux. */
	err = fpt_ask_entry(fpt_inode_conn(dir), fpt_inode_id(dir), name,
			    &entry, &epoch);
	switch (err) {
	case 0:
		break;
	case -ENOMEM:
	case -EINTR:
	case -ENOTCONN:
	case -ECONNABORTED:
		/* Says nothing about the name. */
		return err;
	default:
		return 0;
	}

	if (!fpt_entry_confirms(inode, &entry, epoch)) {
		fpt_entry_give_back(fpt_inode_conn(inode), entry.nodeid);
		return 0;
	}
	fpt_entry_trust(dir, dentry, entry_life(&entry), epoch);
	return 1;
}

static int fpt_d_revalidate(struct inode *dir, const struct qstr *name,
			    struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = d_inode_rcu(dentry);

	if (inode && fpt_inode_stale(inode))
		return 0;
	/* What is about to be made or replaced has to be known for sure. */
	if (!entry_expired(dir, dentry) &&
	    !(flags & (LOOKUP_EXCL | LOOKUP_REVAL | LOOKUP_RENAME_TARGET))) {
		if (inode)
			note_use(dir, inode);
		return 1;
	}
	if (!inode)
		return 0;
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	return revalidate_ask(dir, name, dentry);
}

FPT_D_REVALIDATE_SHIM(fpt_d_revalidate)

const struct dentry_operations fpt_dentry_ops = {
	.d_revalidate	= FPT_D_REVALIDATE_OP(fpt_d_revalidate),
	.d_automount	= fpt_automount,
};

/* The root has no name that could be looked up. */
const struct dentry_operations fpt_root_dentry_ops = {
};
