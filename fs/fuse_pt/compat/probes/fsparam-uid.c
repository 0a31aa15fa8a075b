// SPDX-License-Identifier: GPL-2.0-only
/* 6.12: mount parameters of type uid and gid. */
#include <linux/fs_parser.h>

const struct fs_parameter_spec probe_specs[] = {
	fsparam_uid("uid", 0),
	{}
};
