# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What the scripts of Go's suites share. Compiled here: an emulated processor takes
# many minutes for one.
export PATH=/usr/lib/go-1.24/bin:$PATH GO111MODULE=off GOPATH=/usr/src/go:/usr/share/gocode CGO_ENABLED=0 GOCACHE=/tmp/go

# go_suite DIR PACKAGE ...: what go_suite of tests/guest/suite.sh runs.
go_suite() {
	local package
	cd "$1" || return
	shift
	for package; do
		(cd "$package" && go test -vet=off -c -o suite.test)
	done
}
