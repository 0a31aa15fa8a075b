#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The programs behind passthrough-*.sh, bound.sh and iomode.sh, which say what they
# prove and how they fail, over every file system below.
# where: suites
# timeout: 7200
. "$FUSEPT_TESTS/lib.sh"

modprobe -q overlay
# shellcheck disable=SC2154 # all_kinds and PREFIX are lib.sh's
for kind in "${all_kinds[@]}"; do
	cases_over "$kind" "ptio ptaio ptmap ptregister ptrules ptevents pthooks ptlets pturing ptpaths"
	# Some of their cases are named as others; what a test runs as one has one prefix.
	for programs in "ptbind ptunbind" ptbindset ptgrant "ptmodes ptparallel"; do
		PREFIX=${programs%% *}-
		if [ "$kind$PREFIX" = nfsptgrant- ]; then
			skip ptgrant-nfs "its server asks whether who registered a file may open it, and these are root's"
			continue
		fi
		cases_over "$kind" "$programs"
	done
	PREFIX=
done
finish
