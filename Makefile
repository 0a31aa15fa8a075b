# SPDX-License-Identifier: GPL-2.0-only
# fuse_pt: run `make help` for the targets.

# `make` explains itself; `make KDIR=DIR` builds for the headers in DIR.
.DEFAULT_GOAL := $(if $(filter command line,$(origin KDIR)),modules,help)

include module.mk

# Of the lab and its tests
KERNEL ?= 6.1
KERNELS ?= $(shell tests/lab/lab kernels)
TESTS ?=

.PHONY: help deb demo throughput throughput-passthrough test test-servers test-suites test-debug bench-apps check clean

help:
	@echo 'make deb                 build the .deb packages into build/'
	@echo 'make demo [KERNEL=6.1]   boot a stock kernel in QEMU and print the A/B table'
	@echo 'make throughput [KERNEL=6.1]'
	@echo '                         the same for the throughput of 1, 2 and 4 jobs, into docs/throughput.md; idle machine'
	@echo 'make throughput-passthrough [KERNEL=6.1]'
	@echo '                         of passthrough against the file system below, into the same (an hour); idle machine'
	@echo 'make test [KERNELS="6.1 7.3"] [TESTS="name*"]'
	@echo '                         all tests, on every kernel of the lab: $(KERNELS)'
	@echo 'make test-servers        servers of others on fusept, into docs/servers.md (an hour)'
	@echo 'make test-suites         the long test suites of others, into docs/suites.md (hours)'
	@echo 'make bench-apps          applications on every set-up, into docs/benchmarks.md (an hour)'
	@echo 'make test-debug [DEBUG=7.3 TESTS="name*"]'
	@echo '                         the tests on a kernel with KASAN, lockdep and kmemleak, into docs/debug.md (hours)'
	@echo 'make check [KERNELS=]    style and static checks, warning-free builds'
	@echo 'make modules [KDIR=DIR]  build fuse_pt.ko for the running kernel, or for the headers in DIR; make KDIR=DIR does too'
	@echo 'make clean               remove what was built here; the lab keeps its cache: tests/lab/lab clean'
	@echo
	@echo 'To install on this machine, as root: make deb && apt install ./build/*.deb'

deb:
	packaging/deb/build build

demo:
	tests/lab/demo $(KERNEL)

throughput:
	tests/lab/throughput $(KERNEL)

throughput-passthrough:
	tests/lab/throughput -p $(KERNEL)

test:
	KERNELS='$(KERNELS)' TESTS='$(TESTS)' tests/run

# page CMD,NAME: what CMD prints is page NAME of docs/, or stays in build/ where
# TESTS left something out. Exits with $$s.
page = $1 >build/$2 && $(if $(TESTS),:,mv build/$2 docs/$2) && exit $$s

# Servers of others, from the distribution: minutes for each, on each kernel.
# One kernel whose fuse is a module, and one where it is built in.
test-servers: KERNELS := $(if $(filter file,$(origin KERNELS)),6.1 6.12,$(KERNELS))
test-servers:
	WHERE=servers KERNELS='$(KERNELS)' TESTS='$(TESTS)' tests/run; s=$$?; \
		$(call page,tests/servers/table,servers.md)

# Whole suites: much longer than make test, their results go into docs/.
test-suites:
	WHERE=suites KERNELS='$(KERNELS)' TESTS='$(TESTS)' tests/run; s=$$?; \
		$(call page,tests/table 'Test suites of others',suites.md)

bench-apps:
	tests/lab/applications

# On a kernel with checkers, built from the distribution's source first.
DEBUG ?= 7.3
test-debug:
	KERNELS='$(DEBUG:=-debug)' TESTS='$(or $(TESTS),*)' tests/run; s=$$?; \
		$(call page,tests/table 'Tests on a debug kernel',debug.md)

check:
	KERNELS='$(KERNELS)' tests/check/run

clean:
	rm -rf build
	$(MAKE) -s -C tools clean
	find fs -name '*.o' -delete -o -name '.*.cmd' -delete
	rm -f *.o .*.o fuse_pt.ko fuse_pt.mod fuse_pt.mod.c .*.cmd Module.symvers modules.order \
		fs/fuse_pt/compat/probed.h fs/fuse_pt/compat/probes/*.answer fs/fuse_pt/compat/probes/*.answer.log
