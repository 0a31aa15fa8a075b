// SPDX-License-Identifier: GPL-2.0-only
/*
 * exec(3) and posix_spawn(3), for fusermount: set-user-ID root, it would mount
 * the kernel's own fuse, without this library. And for environments that were
 * cleaned: what is run goes on with the library.
 */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>

#include "redirect.h"

typedef int (*execve_fn)(const char *file, char *const argv[],
			 char *const envp[]);
typedef int (*spawn_fn)(pid_t *pid, const char *file,
			const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attr, char *const argv[],
			char *const envp[]);

int run_execve(const char *file, char *const argv[], char *const envp[])
	STANDS_BEFORE(execve);
int run_execvpe(const char *file, char *const argv[], char *const envp[])
	STANDS_BEFORE(execvpe);
int run_execv(const char *file, char *const argv[]) STANDS_BEFORE(execv);
int run_execvp(const char *file, char *const argv[]) STANDS_BEFORE(execvp);
int run_execl(const char *file, const char *arg, ...) STANDS_BEFORE(execl);
int run_execlp(const char *file, const char *arg, ...) STANDS_BEFORE(execlp);
int run_execle(const char *file, const char *arg, ...) STANDS_BEFORE(execle);
int run_spawn(pid_t *pid, const char *file,
	      const posix_spawn_file_actions_t *actions,
	      const posix_spawnattr_t *attr, char *const argv[],
	      char *const envp[]) STANDS_BEFORE(posix_spawn);
int run_spawnp(pid_t *pid, const char *file,
	       const posix_spawn_file_actions_t *actions,
	       const posix_spawnattr_t *attr, char *const argv[],
	       char *const envp[]) STANDS_BEFORE(posix_spawnp);

int run_execve(const char *file, char *const argv[], char *const envp[])
{
	char *room[redirect_room(envp)];

	return NEXT(execve_fn, execve)(redirect_program(file), argv,
				       redirect_environment(room, envp));
}

int run_execvpe(const char *file, char *const argv[], char *const envp[])
{
	char *room[redirect_room(envp)];

	return NEXT(execve_fn, execvpe)(redirect_program(file), argv,
					redirect_environment(room, envp));
}

int run_execv(const char *file, char *const argv[])
{
	return run_execve(file, argv, environ);
}

int run_execvp(const char *file, char *const argv[])
{
	return run_execvpe(file, argv, environ);
}

/*
 * The arguments @first and what follows, up to NULL, as an array in the
 * caller's frame; and, of execle, the environment behind them. On the stack,
 * because the caller may be the child of a vfork(2).
 */
#define TAKE_ARGUMENTS(argv, envp, first, has_envp)		\
	size_t n = 1;						\
	va_list ap;						\
								\
	va_start(ap, first);					\
	while (first && va_arg(ap, char *))			\
		n++;						\
	va_end(ap);						\
	char *argv[n + 1];					\
	argv[0] = (char *)first;				\
	argv[1] = NULL;						\
	va_start(ap, first);					\
	for (size_t i = 1; first && i <= n; i++)		\
		argv[i] = va_arg(ap, char *);			\
	char *const *envp = has_envp ? va_arg(ap, char *const *) : environ; \
	va_end(ap)

int run_execl(const char *file, const char *arg, ...)
{
	TAKE_ARGUMENTS(argv, envp, arg, false);

	return run_execve(file, argv, envp);
}

int run_execlp(const char *file, const char *arg, ...)
{
	TAKE_ARGUMENTS(argv, envp, arg, false);

	return run_execvpe(file, argv, envp);
}

int run_execle(const char *file, const char *arg, ...)
{
	TAKE_ARGUMENTS(argv, envp, arg, true);

	return run_execve(file, argv, envp);
}

int run_spawn(pid_t *pid, const char *file,
	      const posix_spawn_file_actions_t *actions,
	      const posix_spawnattr_t *attr, char *const argv[],
	      char *const envp[])
{
	char *room[redirect_room(envp)];

	return NEXT(spawn_fn, posix_spawn)(pid, redirect_program(file), actions,
					   attr, argv,
					   redirect_environment(room, envp));
}

int run_spawnp(pid_t *pid, const char *file,
	       const posix_spawn_file_actions_t *actions,
	       const posix_spawnattr_t *attr, char *const argv[],
	       char *const envp[])
{
	char *room[redirect_room(envp)];

	return NEXT(spawn_fn, posix_spawnp)(pid, redirect_program(file),
					    actions, attr, argv,
					    redirect_environment(room, envp));
}
