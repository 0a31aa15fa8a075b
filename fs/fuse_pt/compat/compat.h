/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Brings older kernels up to the API of the newest. Every source of the module
 * includes this first; what it includes knows about kernels, and nothing else
 * does.
 *
 * Where the newest kernel has a function, these headers define one of the same
 * name for kernels that lack it. Where no name can hide a difference, the name
 * begins with fpt_compat_ or FPT_ and is explained where it is defined:
 *
 *	acl.h		FPT_ACL_OPS, fpt_compat_acl_handler()
 *	alloc.h		kmalloc_obj() and friends, WQ_PERCPU
 *	dentry.h	FPT_LOOKUP_WQ(), fpt_compat_alloc_parallel()
 *	file.h		FPT_FOP_ASYNC, fpt_compat_async_like(),
 *			fpt_compat_open_backing(), fpt_compat_mmap_allowed()
 *	idmap.h		struct mnt_idmap
 *	inode.h		timestamps, inode_state_read_once()
 *	inode_ops.h	FPT_CREATE_SHIM() and friends
 *	iov_iter.h	iov_iter_extract_pages()
 *	lock.h		FPT_LOCK()
 *	page_cache.h	folios
 *	super.h		fpt_compat_set_xattr(), fpt_compat_param_uid()
 *	writeback.h	fpt_compat_write_folios()
 */
#ifndef _FPT_COMPAT_H
#define _FPT_COMPAT_H

#include "probed.h"

#include "acl.h"
#include "alloc.h"
#include "dentry.h"
#include "file.h"
#include "idmap.h"
#include "inode.h"
#include "inode_ops.h"
#include "iov_iter.h"
#include "lock.h"
#include "page_cache.h"
#include "super.h"
#include "writeback.h"

#endif /* _FPT_COMPAT_H */
