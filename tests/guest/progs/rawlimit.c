// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of a server's wishes in INIT is granted.
 *
 *	rawlimit DIR humble|proud	prints facts as NAME=VALUE: the limits in
 *					the control fs of a server without or
 *					with CAP_SYS_ADMIN that asks for 12 and
 *					9, and the largest WRITE of one that
 *					asks for 512 pages
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "rawfile.h"

#define MIB	(1 << 20)

static unsigned char buf[2 * MIB];

static void print_limit(const char *name)
{
	char path[128], line[32] = "";
	struct stat st;
	FILE *f;

	if (stat(rig_path, &st))
		raw_die(rig_path);
	snprintf(path, sizeof(path), "/sys/fs/fusept/connections/%u/%s", minor(st.st_dev), name);
	f = fopen(path, "r");
	if (!f || !fgets(line, sizeof(line), f))
		raw_die(path);
	printf("%s=%s", name, line);
	fclose(f);
}

static void client(void)
{
	int fd = open(rig_path, O_RDWR);

	if (fd < 0)
		raw_die(rig_path);
	print_limit("max_background");
	print_limit("congestion_threshold");
	if (pwrite(fd, buf, sizeof(buf), 0) != sizeof(buf))
		raw_die("write");
	printf("largest=%u\n", rig->last[FUSE_WRITE].largest);
	close(fd);
	rig_settle();
	rig_came(FUSE_RELEASE, 1);
}

int main(int argc, char **argv)
{
	if (argc != 3 || (strcmp(argv[2], "humble") && strcmp(argv[2], "proud"))) {
		fprintf(stderr, "usage: rawlimit DIR humble|proud\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	rig = mmap(NULL, sizeof(*rig), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (rig == MAP_FAILED)
		raw_die("mmap");
	rig->max_write = 2 * MIB;
	rig->max_pages = 512;
	rig->attr_valid = 1000;
	rig->humble = !strcmp(argv[2], "humble");
	return rig_run(argv[1], NULL, client) ? 1 : 0;
}
