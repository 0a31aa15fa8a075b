/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests of I/O modes: two files, all opens of which are released at the end. */
#ifndef PTMODES_H
#define PTMODES_H

#include "ptrig.h"

#define LEN	65536

static inline struct rig begin(const char *lower, const char *mnt, uint64_t more)
{
	struct rig rig = rig_new(lower, mnt);

	rig.said->init_flags |= more;
	rig_start(&rig);
	rig_make(&rig, "f", LEN, 1);
	rig_make(&rig, "g", LEN, 2);
	return rig;
}

/* Every open was released, failed ones too; then unmount. */
static inline void end(struct rig *rig)
{
	SOON(SAID(rig, asked[FUSE_RELEASE]) ==
	     SAID(rig, asked[FUSE_OPEN]) + SAID(rig, asked[FUSE_CREATE]));
	rig_stop(rig);
}

#endif
