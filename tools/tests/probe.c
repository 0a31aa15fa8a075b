// SPDX-License-Identifier: GPL-2.0-only
/*
 * What libfusept makes of the kernel's answers to its question. They are given
 * here, as one that has no memory, or a user with all that a grant gives, cannot
 * be had on every machine. Exits with the number of wrong conclusions.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "../libfusept/device.h"
#include "../libfusept/internal.h"

#define KNOWN	FUSEPT_KERNEL_FSYNC

static int answer;

/* In place of the C library's. */
int ioctl(int fd, unsigned long request, ...)
{
	const struct fusept_backing_map *map;
	va_list ap;

	va_start(ap, request);
	map = va_arg(ap, const struct fusept_backing_map *);
	va_end(ap);
	errno = map->flags & ~KNOWN ? EINVAL : answer;
	return -1;
}

static int asked(struct fusept *fp, const char *name, int err,
		 enum fusept_state state, uint32_t bits)
{
	enum fusept_state got;
	uint32_t got_bits;

	answer = err;
	got = fusept_state(fp);
	got_bits = fusept_kernel_bits(fp, FUSEPT_KERNEL_ALL);
	if (got == state && got_bits == bits)
		return 0;
	printf("%s: expected state %d and bits %#x, got %d and %#x: %s\n", name,
	       state, bits, got, got_bits, fusept_reason(fp));
	return 1;
}

static int all(const char *name, int err, enum fusept_state state, uint32_t bits)
{
	struct fusept fp = { .offered = true };

	return asked(&fp, name, err, state, bits);
}

int main(void)
{
	struct fusept fp = { .offered = true };
	int wrong = 0;

	wrong += all("EBADF", EBADF, FUSEPT_ON, KNOWN);
	wrong += all("EPERM", EPERM, FUSEPT_REFUSED, 0);
	wrong += all("ENOTTY", ENOTTY, FUSEPT_REFUSED, 0);
	wrong += all("EMFILE", EMFILE, FUSEPT_ON, KNOWN);
	wrong += asked(&fp, "ENOMEM", ENOMEM, FUSEPT_PENDING, 0);
	wrong += asked(&fp, "ENOMEM and EBADF", EBADF, FUSEPT_ON, KNOWN);
	wrong += asked(&fp, "ENOMEM later", ENOMEM, FUSEPT_ON, KNOWN);
	return wrong;
}
