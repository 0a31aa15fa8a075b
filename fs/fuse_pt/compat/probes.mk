# SPDX-License-Identifier: GPL-2.0-only
#
# Asks the kernel that is built for which of the changes it has that compat/
# has to know of, and writes the answers to probed.h.
#
# probes/NAME.c compiles, with the kernel's own flags, where the kernel has the
# change that its first line names: FPT_HAVE_NAME. A compiler does not see what
# is exported; probes/exports lists the symbols to find in Module.symvers.
# The answers are kept until a probe, a flag, the compiler or the kernel changes.
#
# probes/control-pass.c must compile and probes/control-fail-*.c must not: where
# they do otherwise, the probes say nothing about the kernel and the build stops.

fpt-probe-src := $(src)/fs/fuse_pt/compat/probes
fpt-probe-obj := $(obj)/fs/fuse_pt/compat/probes
fpt-probes := $(patsubst $(fpt-probe-src)/%.c,%,$(sort \
	$(wildcard $(fpt-probe-src)/*.c)))
fpt-answers := $(addprefix $(fpt-probe-obj)/,$(addsuffix .answer,$(fpt-probes)))

# A wrong type is the answer that most probes are after: compilers before
# gcc 14 only warn of it. Other warnings are none of a probe's business.
fpt-probe-flags := -Wno-error -Werror=implicit-function-declaration \
	-Werror=incompatible-pointer-types -Werror=int-conversion \
	-Werror=discarded-qualifiers -fsyntax-only

quiet_cmd_fpt_probe = PROBE   $*
      cmd_fpt_probe = if $(CC) $(c_flags) $(fpt-probe-flags) $< 2>$@.log; \
		then echo yes; else echo no; fi >$@; : $(KERNELRELEASE)

$(fpt-answers): $(fpt-probe-obj)/%.answer: $(fpt-probe-src)/%.c \
		$(objtree)/include/generated/autoconf.h FORCE
	$(call if_changed,fpt_probe)

filechk_fpt_probed = $(CONFIG_SHELL) $(fpt-probe-src)/collect.sh \
	$(fpt-probe-obj) $(objtree)/Module.symvers $(fpt-probe-src)/exports

$(obj)/fs/fuse_pt/compat/probed.h: $(fpt-answers) $(fpt-probe-src)/collect.sh \
		$(fpt-probe-src)/exports FORCE
	$(call filechk,fpt_probed)

targets += $(patsubst $(obj)/%,%,$(fpt-answers)) fs/fuse_pt/compat/probed.h
clean-files += fs/fuse_pt/compat/probed.h $(patsubst $(obj)/%,%,$(fpt-answers) \
	$(addsuffix .log,$(fpt-answers)))
