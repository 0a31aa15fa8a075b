# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Sourced by what makes a page of results, whose files are the positional
# parameters: without any, those of the last run are meant. Sets $run, for what the
# page says of itself.

if [ $# -gt 0 ]; then
	run="several runs, put together at"
else
	# shellcheck disable=SC2034 # for who sources it
	run="a run of"
	set -- "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../build/test/results"
fi
for results; do
	[ -s "$results" ] || { echo "tests/${0##*tests/}: no results in $results" >&2; exit 1; }
done
