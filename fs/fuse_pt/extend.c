// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extensions of requests: built in one piece, at the end of the request. The
 * protocol wants the security contexts first, and every part a multiple of 8
 * bytes.
 */
#include "compat/compat.h"
#include "compat/security.h"

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "conn.h"
#include "extend.h"
#include "node.h"

/**
 * struct extension - what there is to say
 * @ctx: the LSM's label, empty if it has none
 * @name: attribute that the label is kept in
 * @group: of the directory, if @has_group
 * @has_ctx: the server wants to hear of labels
 * @has_group: the server needs the group
 */
struct extension {
	struct lsm_context	ctx;
	const char		*name;
	u32			group;
	bool			has_ctx;
	bool			has_group;
};

static size_t padded(size_t len)
{
	return ALIGN(len, sizeof(u64));
}

static size_t label_len(const struct extension *ext)
{
	if (!ext->ctx.len)
		return 0;
	return padded(sizeof(struct fuse_secctx) + strlen(ext->name) + 1 +
		      ext->ctx.len);
}

static size_t group_len(void)
{
	return padded(sizeof(struct fuse_ext_header) +
		      struct_size_t(struct fuse_supp_groups, groups, 1));
}

/* No label is no error: not every LSM has them, or for every object. */
static int ask_label(struct extension *ext, struct dentry *dentry, umode_t mode)
{
	int err;

	err = security_dentry_init_security(dentry, mode, &dentry->d_name,
					    &ext->name, &ext->ctx);
	if (err)
		return err == -EOPNOTSUPP ? 0 : err;
	if (ext->ctx.len && (!ext->name || ext->ctx.len > XATTR_SIZE_MAX))
		return -EIO;
	return 0;
}

static void ask_group(struct extension *ext, struct mnt_idmap *idmap,
		      const struct inode *dir)
{
	struct user_namespace *user_ns = fpt_inode_conn(dir)->user_ns;
	vfsgid_t group = i_gid_into_vfsgid(idmap, dir);

	ext->group = from_kgid(user_ns, dir->i_gid);
	ext->has_group = ext->group != (gid_t)-1 &&
			 !vfsgid_eq_kgid(group, current_fsgid()) &&
			 vfsgid_in_group_p(group);
}

static void put_label(const struct extension *ext, void *at)
{
	struct fuse_secctx_header *head = at;
	struct fuse_secctx *label = at + sizeof(*head);
	size_t name = ext->ctx.len ? strlen(ext->name) + 1 : 0;

	head->size = sizeof(*head) + label_len(ext);
	head->nr_secctx = ext->ctx.len ? 1 : 0;
	if (!ext->ctx.len)
		return;
	label->size = ext->ctx.len;
	memcpy(label + 1, ext->name, name);
	memcpy((void *)(label + 1) + name, ext->ctx.context, ext->ctx.len);
}

static void put_group(const struct extension *ext, void *at)
{
	struct fuse_ext_header *head = at;
	struct fuse_supp_groups *groups = at + sizeof(*head);

	head->size = group_len();
	head->type = FUSE_EXT_GROUPS;
	groups->nr_groups = 1;
	groups->groups[0] = ext->group;
}

static int append(struct fpt_call *call, const struct extension *ext)
{
	size_t labels = 0, len;
	void *data;

	if (ext->has_ctx)
		labels = sizeof(struct fuse_secctx_header) + label_len(ext);
	len = labels + (ext->has_group ? group_len() : 0);
	if (!len)
		return 0;
	/* In words of 8 bytes, that is how long the header can say it is. */
	if (len / sizeof(u64) > U16_MAX)
		return -E2BIG;

	data = kzalloc(len, GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	if (ext->has_ctx)
		put_label(ext, data);
	if (ext->has_group)
		put_group(ext, data + labels);
	fpt_call_in(call, data, len);
	call->ext_len = len;
	return 0;
}

int fpt_extend(struct fpt_call *call, struct mnt_idmap *idmap,
	       const struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct fpt_conn *conn = fpt_inode_conn(dir);
	struct extension ext = {};
	int err = 0;

	fpt_conn_settle(conn);
	ext.has_ctx = fpt_has(conn, FPT_F_SECURITY_CTX);
	if (ext.has_ctx)
		err = ask_label(&ext, dentry, mode);
	if (!err && fpt_has(conn, FPT_F_CREATE_SUPP_GROUP))
		ask_group(&ext, idmap, dir);
	if (!err)
		err = append(call, &ext);
	if (ext.ctx.len)
		security_release_secctx(&ext.ctx);
	return err;
}

void fpt_extend_end(struct fpt_call *call)
{
	if (!call->ext_len)
		return;
	/* It was appended, and nothing behind it. */
	kfree(call->in[call->nr_in - 1].cdata);
	call->nr_in--;
	call->ext_len = 0;
}
