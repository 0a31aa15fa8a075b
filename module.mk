# SPDX-License-Identifier: GPL-2.0-only
#
# The module's targets. Included by Makefile, and usable alone by
# `make -f module.mk`.
#
#   modules         build fuse_pt.ko
#   modules_clean   remove what `modules` made
#   objects         compile OBJECTS only, such as fs/fuse_pt/dev.o
#   probes          ask the kernel for its features and print the answers
#
#   KDIR=DIR        headers to build for (default: those of the running kernel)
#   W=1 C=1 V=1     more warnings, sparse, full command lines, as in the kernel

KDIR ?= /lib/modules/$(shell uname -r)/build

# 7.x asks a script about sparse that not every headers package has; answer for
# it where sparse knows the words of these kernels.
fpt_checks = $(if $(C),$(if $(shell echo 'static __typeof_unqual__(0) x;' | \
	sparse - 2>&1),,KBUILD_CHECKSRC=$(C)))

fpt_kbuild = $(MAKE) -C $(KDIR) M=$(CURDIR) $(fpt_checks)

.PHONY: modules modules_clean objects probes fpt_kdir

modules: fpt_kdir
	$(fpt_kbuild) modules

modules_clean: fpt_kdir
	$(fpt_kbuild) clean

objects: fpt_kdir
	@test -n "$(OBJECTS)" || { echo >&2 "objects: no OBJECTS= given"; exit 1; }
	$(fpt_kbuild) $(OBJECTS)

probes: fpt_kdir
	$(fpt_kbuild) FPT_PROBES_ONLY=1 modules
	@cat fs/fuse_pt/compat/probed.h

fpt_kdir:
	@test -f $(KDIR)/Makefile || { \
		echo >&2 "KDIR=$(KDIR): no kernel headers there; install the headers" \
			"of your kernel or name another directory"; exit 1; }
