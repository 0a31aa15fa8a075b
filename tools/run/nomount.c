// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nomount.h"

#define SELF	"/proc/self/exe"

/* What the kernel calls the kind of processor that this program is for. */
static unsigned int own_arch(enum exit_code code)
{
	int fd = open(SELF, O_RDONLY | O_CLOEXEC);
	unsigned int arch;
	ElfW(Ehdr) eh;

	if (fd < 0 || pread(fd, &eh, sizeof(eh), 0) != sizeof(eh))
		die(code, SELF ": %s", strerror(errno));
	close(fd);
	arch = eh.e_machine;
	if (eh.e_ident[EI_CLASS] == ELFCLASS64)
		arch |= __AUDIT_ARCH_64BIT;
	if (eh.e_ident[EI_DATA] == ELFDATA2LSB)
		arch |= __AUDIT_ARCH_LE;
	return arch;
}

void nomount_enter(enum exit_code code)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own_arch(code), 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mount, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {
		.len = sizeof(rules) / sizeof(rules[0]),
		.filter = rules,
	};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		die(code, "mount(2) cannot be barred: %s", strerror(errno));
}
