// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../mount/say.h"
#include "program.h"

#define SELF		"/proc/self/exe"
#define SCRIPTS		5	/* interpreters of interpreters, as execve(2) */
#define MAX_SEGMENT	65536	/* bytes of a segment that are looked at */

/* The note that the Go linker puts into each program. */
#define GO_NOTE_NAME	"Go"
#define GO_NOTE_BUILDID	4

/* What the headers of a program say. */
struct image {
	bool elf;	/* of our class and machine */
	bool foreign;	/* of another */
	bool go;
	char interp[PATH_MAX];	/* dynamic loader or #! interpreter, or "" */
	bool script;
};

char *program_find(const char *name)
{
	const char *dir = getenv("PATH"), *end;
	int err = ENOENT;
	struct stat st;
	char *path;

	if (strchr(name, '/')) {
		if (access(name, X_OK))
			return NULL;
		return must_dup(name);
	}
	if (!dir)
		dir = PROGRAM_PATH;
	for (;; dir = end + 1) {
		end = strchrnul(dir, ':');
		if (asprintf(&path, "%.*s%s%s", (int)(end - dir), dir,
			     end == dir ? "" : "/", name) < 0)
			die(EX_SYSTEM, "out of memory");
		if (!stat(path, &st) && S_ISREG(st.st_mode)) {
			if (!access(path, X_OK))
				return path;
			err = errno;
		}
		free(path);
		if (!*end)
			break;
	}
	errno = err;
	return NULL;
}

/* A segment's bytes with a NUL behind them, NULL when they are not there. */
static char *read_segment(int fd, const ElfW(Phdr) *ph)
{
	size_t size = ph->p_filesz < MAX_SEGMENT ? ph->p_filesz : MAX_SEGMENT;
	char *bytes = must_alloc(size + 1);

	if (pread(fd, bytes, size, ph->p_offset) != (ssize_t)size) {
		free(bytes);
		return NULL;
	}
	bytes[size] = '\0';
	return bytes;
}

static bool has_go_note(const char *bytes, size_t size)
{
	ElfW(Nhdr) note;
	size_t at = 0, name, desc;

	while (size - at >= sizeof(note)) {
		memcpy(&note, bytes + at, sizeof(note));
		at += sizeof(note);
		name = ((size_t)note.n_namesz + 3) & ~(size_t)3;
		desc = ((size_t)note.n_descsz + 3) & ~(size_t)3;
		if (name > size - at)
			return false;
		if (note.n_type == GO_NOTE_BUILDID &&
		    note.n_namesz >= sizeof(GO_NOTE_NAME) &&
		    !memcmp(bytes + at, GO_NOTE_NAME, sizeof(GO_NOTE_NAME)))
			return true;
		at += name;
		if (desc > size - at)
			return false;
		at += desc;
	}
	return false;
}

static void read_segments(int fd, const ElfW(Ehdr) *eh, struct image *im)
{
	ElfW(Phdr) ph;
	char *bytes;

	for (unsigned int i = 0; i < eh->e_phnum; i++) {
		if (pread(fd, &ph, sizeof(ph), eh->e_phoff +
			  (off_t)i * eh->e_phentsize) != sizeof(ph))
			return;
		if (ph.p_type != PT_INTERP && ph.p_type != PT_NOTE)
			continue;
		bytes = read_segment(fd, &ph);
		if (!bytes)
			continue;
		if (ph.p_type == PT_INTERP)
			snprintf(im->interp, sizeof(im->interp), "%s", bytes);
		else if (ph.p_filesz <= MAX_SEGMENT)
			im->go |= has_go_note(bytes, ph.p_filesz);
		free(bytes);
	}
}

/* False when the file cannot be read, which its being run does not need. */
static bool look(const char *path, struct image *im)
{
	char head[PATH_MAX + 64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ElfW(Ehdr) eh, own;
	char *word;
	ssize_t n;

	memset(im, 0, sizeof(*im));
	if (fd < 0)
		return false;
	n = pread(fd, head, sizeof(head) - 1, 0);
	if (n > 2 && !memcmp(head, "#!", 2)) {
		im->script = true;
		head[strcspn(head, "\n")] = '\0';
		word = head + 2 + strspn(head + 2, " \t");
		word[strcspn(word, " \t")] = '\0';
		snprintf(im->interp, sizeof(im->interp), "%s", word);
	} else if (n >= (ssize_t)sizeof(eh) && !memcmp(head, ELFMAG, SELFMAG)) {
		int self = open(SELF, O_RDONLY | O_CLOEXEC);

		if (self < 0 || pread(self, &own, sizeof(own), 0) != sizeof(own))
			die(EX_SYSTEM, SELF ": %s", strerror(errno));
		close(self);
		memcpy(&eh, head, sizeof(eh));
		im->elf = eh.e_ident[EI_CLASS] == own.e_ident[EI_CLASS] &&
			  eh.e_ident[EI_DATA] == own.e_ident[EI_DATA] &&
			  eh.e_machine == own.e_machine;
		im->foreign = !im->elf;
		if (im->elf)
			read_segments(fd, &eh, im);
	}
	close(fd);
	return true;
}

/* Does the kernel give the program rights that its caller has not? */
static const char *privilege(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return NULL;
	if (st.st_mode & S_ISUID && st.st_uid != getuid())
		return "set-user-ID";
	if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
	    st.st_gid != getgid())
		return "set-group-ID";
	if (getuid() && getxattr(path, "security.capability", NULL, 0) > 0)
		return "capable (by setcap)";
	return NULL;
}

static char *because(const char *path, const char *fmt, const char *arg)
{
	char *reason, *all;

	if (asprintf(&reason, fmt, arg) < 0 ||
	    asprintf(&all, "%s: %s", path, reason) < 0)
		die(EX_SYSTEM, "out of memory");
	free(reason);
	return all;
}

char *program_unfit(const char *path, bool *past_libc)
{
	struct image im, self;
	const char *right;
	char *file = must_dup(path), *why = NULL;

	*past_libc = false;
	for (int depth = 0; depth < SCRIPTS; depth++) {
		right = privilege(file);
		if (right) {
			why = because(file, "it is %s, so the dynamic loader preloads nothing into it", right);
			break;
		}
		if (!look(file, &im))
			break;
		if (im.script) {
			free(file);
			file = must_dup(im.interp);
			continue;
		}
		if (im.foreign)
			why = because(file, "it is built for another processor or word size than fusept-run%s", "");
		else if (im.go)
			*past_libc = true;
		else if (im.elf && !im.interp[0])
			why = because(file, "it is linked statically, so nothing can be preloaded into it%s", "");
		else if (im.elf && look(SELF, &self) && strcmp(self.interp, im.interp))
			why = because(file, "it is for another C library than fusept-run: its loader is %s", im.interp);
		break;
	}
	free(file);
	return why;
}
