// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cached listings: the entries of READDIR one behind the other as they came,
 * but that none goes beyond its page; what is left of a page is zero.
 *
 * Who reads has no lock: it takes size and version together, and bytes below
 * that size are never written again. A listing that was dropped leaves its pages
 * to whoever reads them; a page is begun only after what is in its place was
 * taken out of the cache. So a page that was found while the version is still the
 * same is the listing's. Memory that is short takes pages away at any time: a
 * listing of which one is gone is dropped as well.
 *
 * The directory's mtime, as fresh as attributes have to be, and the epoch of all
 * names tell at the beginning of each reading whether the listing is still the
 * server's.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/string.h>
#include <linux/time64.h>
#include "conn.h"
#include "dir.h"
#include "dircache.h"
#include "file.h"
#include "node.h"

static struct fpt_dircache *cache_of(const struct inode *dir)
{
	return &fpt_node(dir)->listing;
}

void fpt_dircache_init(struct fpt_dircache *cache)
{
	mutex_init(&cache->fill);
	/* Not that of a file's position, which begins with 0. */
	cache->version = 1;
	cache->size = 0;
	cache->next = 0;
	cache->mtime = (struct timespec64){};
	cache->epoch = 0;
	cache->complete = false;
}

void fpt_dircache_destroy(struct fpt_dircache *cache)
{
	mutex_destroy(&cache->fill);
}

static bool has_any(const struct fpt_dircache *cache)
{
	return cache->size || cache->complete;
}

/* Node's lock held. */
static void drop_locked(struct fpt_dircache *cache)
{
	cache->version++;
	cache->size = 0;
	cache->next = 0;
	cache->complete = false;
}

void fpt_dircache_drop(struct inode *dir)
{
	struct fpt_node *node = fpt_node(dir);

	spin_lock(&node->lock);
	drop_locked(&node->listing);
	spin_unlock(&node->lock);
	/* Memory back; whoever has one of the pages keeps it. */
	if (dir->i_mapping->nrpages)
		invalidate_mapping_pages(dir->i_mapping, 0, -1);
}

/* -------- reading -------- */

/* At the beginning: is it still the directory that was listed? */
static int check_listing(struct inode *dir)
{
	struct fpt_node *node = fpt_node(dir);
	struct fpt_dircache *cache = cache_of(dir);
	struct timespec64 mtime;
	int err, epoch;

	err = fpt_attr_refresh(dir, NULL, STATX_MTIME);
	if (err)
		return err;

	spin_lock(&node->lock);
	mtime = inode_get_mtime(dir);
	epoch = atomic_read(&fpt_inode_conn(dir)->names_epoch);
	/* Also for a reply under way, which may be from before the change. */
	if (!timespec64_equal(&mtime, &cache->mtime) || epoch != cache->epoch) {
		drop_locked(cache);
		cache->mtime = mtime;
		cache->epoch = epoch;
	}
	spin_unlock(&node->lock);
	return 0;
}

/* The entry at @at of the page at @page, or %NULL if none is left in it. */
static const struct fuse_dirent *entry_at(const void *page, size_t at)
{
	const struct fuse_dirent *d = page + at;

	if (at + FUSE_NAME_OFFSET > PAGE_SIZE || !d->namelen ||
	    at + FUSE_DIRENT_SIZE(d) > PAGE_SIZE)
		return NULL;
	return d;
}

/**
 * struct walk - a way through a listing
 * @dir: directory
 * @at: byte that it has come to
 * @size: bytes of the listing
 * @version: of the listing
 * @folio: that @at is in, or %NULL
 */
struct walk {
	struct inode	*dir;
	u64		at;
	u64		size;
	u64		version;
	struct folio	*folio;
};

static void walk_end(struct walk *walk)
{
	if (walk->folio)
		folio_put(walk->folio);
	walk->folio = NULL;
}

/* The page that it is at; false if that is gone, or another listing's. */
static bool walk_page(struct walk *walk)
{
	struct fpt_node *node = fpt_node(walk->dir);
	struct folio *folio;
	bool same;

	folio = filemap_get_folio(walk->dir->i_mapping, walk->at >> PAGE_SHIFT);
	if (IS_ERR(folio))
		return false;
	walk->folio = folio;
	spin_lock(&node->lock);
	same = node->listing.version == walk->version;
	spin_unlock(&node->lock);
	return same && folio_test_uptodate(folio);
}

/* The entry that it is at: %NULL at the end, an error if a page is gone. */
static const struct fuse_dirent *walk_entry(struct walk *walk)
{
	const struct fuse_dirent *d;

	while (walk->at < walk->size) {
		if (!walk->folio && !walk_page(walk)) {
			walk_end(walk);
			return ERR_PTR(-ENODATA);
		}
		d = entry_at(folio_address(walk->folio),
			     offset_in_page(walk->at));
		if (d)
			return d;
		walk->at = round_down(walk->at, PAGE_SIZE) + PAGE_SIZE;
		walk_end(walk);
	}
	return NULL;
}

static void walk_past(struct walk *walk, const struct fuse_dirent *d)
{
	u64 page = walk->at >> PAGE_SHIFT;

	walk->at += FUSE_DIRENT_SIZE(d);
	if (walk->at >> PAGE_SHIFT != page)
		walk_end(walk);
}

/* Go on behind the entry that says @pos; false if none does. */
static bool walk_behind(struct walk *walk, loff_t pos)
{
	const struct fuse_dirent *d;
	bool found;

	while ((d = walk_entry(walk)) && !IS_ERR(d)) {
		found = d->off == pos;
		walk_past(walk, d);
		if (found)
			return true;
	}
	return false;
}

/* Go to directory offset @pos; false if that is not in the listing. */
static bool walk_to(struct walk *walk, const struct fpt_dirpos *last, loff_t pos)
{
	if (!pos)
		return true;
	/* Mostly it is there, or in what was added since. */
	if (last->version == walk->version) {
		walk->at = last->at;
		if (last->pos == pos || walk_behind(walk, pos))
			return true;
		walk_end(walk);
		walk->at = 0;
	}
	return walk_behind(walk, pos);
}

/* Hand out what there is: 1 if the caller has enough, 0 at the end. */
static int list(struct walk *walk, struct dir_context *ctx)
{
	const struct fuse_dirent *d;

	while ((d = walk_entry(walk))) {
		if (IS_ERR(d))
			return PTR_ERR(d);
		if (!dir_emit(ctx, d->name, d->namelen, d->ino,
			      fpt_dirent_type(d)))
			return 1;
		ctx->pos = d->off;
		walk_past(walk, d);
	}
	return 0;
}

/* Only if nobody else did since; tells which one comes after it. */
static u64 drop_version(struct inode *dir, u64 version)
{
	struct fpt_node *node = fpt_node(dir);

	spin_lock(&node->lock);
	if (node->listing.version == version)
		drop_locked(&node->listing);
	version = node->listing.version;
	spin_unlock(&node->lock);
	return version;
}

int fpt_dircache_read(struct file *file, struct dir_context *ctx, u64 *version)
{
	struct inode *dir = file_inode(file);
	struct fpt_node *node = fpt_node(dir);
	struct fpt_dircache *cache = cache_of(dir);
	struct fpt_file *ff = fpt_file(file);
	struct walk walk = { .dir = dir };
	bool any, complete;
	int done;

	if (!ctx->pos) {
		done = check_listing(dir);
		if (done)
			return done;
	}

	spin_lock(&node->lock);
	*version = cache->version;
	walk.size = cache->size;
	walk.version = *version;
	complete = cache->complete;
	any = has_any(cache);
	spin_unlock(&node->lock);

	if (!any || !walk_to(&walk, &ff->dirpos, ctx->pos)) {
		walk_end(&walk);
		return 0;
	}
	done = list(&walk, ctx);
	walk_end(&walk);
	if (done < 0) {
		*version = drop_version(dir, *version);
		return 0;
	}
	ff->dirpos = (struct fpt_dirpos){
		.version = *version, .pos = ctx->pos, .at = walk.at,
	};
	return done || complete;
}

/* -------- appending -------- */

bool fpt_dircache_begin(struct fpt_dirfill *fill, struct inode *dir,
			u64 version, loff_t pos)
{
	struct fpt_node *node = fpt_node(dir);
	struct fpt_dircache *cache = cache_of(dir);
	bool behind;

	mutex_lock(&cache->fill);
	spin_lock(&node->lock);
	behind = cache->version == version && cache->next == pos &&
		 !cache->complete;
	*fill = (struct fpt_dirfill){
		.dir = dir,
		.version = version,
		.at = cache->size,
		.next = pos,
	};
	spin_unlock(&node->lock);
	if (!behind)
		mutex_unlock(&cache->fill);
	return behind;
}

static void fill_release(struct fpt_dirfill *fill)
{
	if (!fill->folio)
		return;
	folio_unlock(fill->folio);
	folio_put(fill->folio);
	fill->folio = NULL;
}

/* A new page, in the place of whatever an older listing left there. */
static bool begin_page(struct fpt_dirfill *fill)
{
	struct address_space *mapping = fill->dir->i_mapping;
	pgoff_t index = fill->at >> PAGE_SHIFT;
	struct folio *folio;

	truncate_inode_pages_range(mapping, fill->at, fill->at + PAGE_SIZE - 1);
	folio = filemap_grab_folio(mapping, index);
	if (IS_ERR(folio))
		return false;
	memset(folio_address(folio), 0, PAGE_SIZE);
	folio_mark_uptodate(folio);
	fill->folio = folio;
	return true;
}

/* The page that the listing ends in. */
static bool find_page(struct fpt_dirfill *fill)
{
	struct folio *folio;

	folio = filemap_lock_folio(fill->dir->i_mapping,
				   fill->at >> PAGE_SHIFT);
	if (IS_ERR(folio))
		return false;
	fill->folio = folio;
	return true;
}

bool fpt_dircache_add(struct fpt_dirfill *fill, const struct fuse_dirent *d,
		      u32 namelen)
{
	size_t len = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + namelen);
	struct fuse_dirent *kept;

	/* None with so long a name is kept: it takes more than a page. */
	if (len > PAGE_SIZE)
		return false;
	if (offset_in_page(fill->at) + len > PAGE_SIZE) {
		fill_release(fill);
		fill->at = round_up(fill->at, PAGE_SIZE);
	}
	if (!fill->folio) {
		if (offset_in_page(fill->at) ? !find_page(fill) :
					       !begin_page(fill))
			return false;
	}
	/* What pads it may not have come with the last of a reply. */
	kept = folio_address(fill->folio) + offset_in_page(fill->at);
	memcpy(kept, d, FUSE_NAME_OFFSET + namelen);
	kept->namelen = namelen;
	fill->at += len;
	fill->next = d->off;
	if (!offset_in_page(fill->at))
		fill_release(fill);
	return true;
}

void fpt_dircache_end(struct fpt_dirfill *fill, bool complete)
{
	struct fpt_node *node = fpt_node(fill->dir);
	struct fpt_dircache *cache = cache_of(fill->dir);

	fill_release(fill);
	spin_lock(&node->lock);
	if (cache->version == fill->version) {
		cache->size = fill->at;
		cache->next = fill->next;
		cache->complete = complete;
	}
	spin_unlock(&node->lock);
	mutex_unlock(&cache->fill);
}
