// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "rights.h"
#include "say.h"
#include "server.h"

/* As login(1) gives it to root, and what is installed from source first. */
#define SERVER_PATH	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

void server_environment(void)
{
	struct passwd *pw = getpwuid(geteuid());

	if (setenv("PATH", SERVER_PATH, 0) ||
	    setenv("HOME", pw ? pw->pw_dir : "/root", 0))
		die(EX_SYSTEM, "out of memory");
}

static struct passwd *find_user(const char *name)
{
	struct passwd *pw;
	unsigned long id;
	char *end;

	pw = getpwnam(name);
	if (!pw) {
		id = strtoul(name, &end, 10);
		if (*name && !*end && id < (uid_t)-1)
			pw = getpwuid(id);
	}
	if (!pw)
		die(EX_USAGE_, "setuid=%s: no such user", name);
	return pw;
}

/* Id option @name as the kernel reads it. */
static unsigned long id_of(const struct mount_options *o, const char *name)
{
	return strtoul(options_kernel(o, name), NULL, 0);
}

void server_user(struct mount_options *o)
{
	char number[24];
	uid_t uid = geteuid();
	gid_t gid = getegid();
	bool lent;

	if (o->setuid) {
		struct passwd *pw = find_user(o->setuid);

		uid = pw->pw_uid;
		gid = pw->pw_gid;
	}
	if (!options_kernel(o, "user_id")) {
		snprintf(number, sizeof(number), "%u", uid);
		options_set_kernel(o, "user_id", number);
	}
	if (!options_kernel(o, "group_id")) {
		snprintf(number, sizeof(number), "%u", gid);
		options_set_kernel(o, "group_id", number);
	}
	/* Who owns the mount without being its server would have that one's rights. */
	lent = id_of(o, "user_id") != uid;
	if (lent && !o->server_permissions)
		options_set_kernel(o, "default_permissions", NULL);
	/* Neither a server without root's rights nor such an owner makes set-user-ID files. */
	if (uid != 0 || geteuid() != 0 || o->drop_privileges || lent)
		o->flags |= (MS_NOSUID | MS_NODEV) & ~o->given;
}

static void become(const char *user)
{
	struct passwd *pw = find_user(user);

	if (initgroups(pw->pw_name, pw->pw_gid) || setgid(pw->pw_gid) ||
	    setuid(pw->pw_uid))
		die(EX_SYSTEM, "setuid=%s: %s", user, strerror(errno));
	setenv("HOME", pw->pw_dir, 1);
	setenv("USER", pw->pw_name, 1);
	setenv("LOGNAME", pw->pw_name, 1);
}

/* What a daemon does for itself. */
static void leave_terminal(const struct relay *relay)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	if (fd >= 0) {
		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
	}
	relay_use(relay);
}

/* In the child: become the server; returns the error of exec. */
static int run(struct server *s, const char *source, int dev_fd,
	       const struct mount_options *o)
{
	const char *program = s->program;
	const char *argv[8];
	char mountpoint[32];
	int n = 0;

	snprintf(mountpoint, sizeof(mountpoint), "/dev/fd/%d", dev_fd);
	argv[n++] = program;
	if (source && *source)
		argv[n++] = source;
	argv[n++] = mountpoint;
	if (o->mode == SERVER_FOREGROUND)
		argv[n++] = "-f";
	if (o->server) {
		argv[n++] = "-o";
		argv[n++] = o->server;
	}
	argv[n] = NULL;
	if (say_verbose) {
		fprintf(stderr, "%s: running", program_invocation_short_name);
		for (n = 0; argv[n]; n++)
			fprintf(stderr, " %s", argv[n]);
		fputc('\n', stderr);
	}
	if (o->mode == SERVER_BACKGROUND)
		leave_terminal(&s->relay);
	if (o->drop_privileges && rights_bar())
		die(EX_SYSTEM, "drop_privileges: %s", strerror(errno));
	if (o->setuid)
		become(o->setuid);
	if (o->drop_privileges && rights_drop())
		die(EX_SYSTEM, "drop_privileges: %s", strerror(errno));
	execvp(program, (char **)argv);
	return errno;
}

/* Say why @program does not run. Return: the exit code for it. */
static int refuse(const char *program, int err)
{
	say("server %s: %s%s", program, strerror(err),
	    err == ENOENT && !strchr(program, '/') ? " in PATH" : "");
	return err == ENOENT || err == EACCES ? EX_USAGE_ : EX_SYSTEM;
}

/* Return: 0 when exec(2) would take @path, or an errno. */
static int runnable(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno;
	if (!S_ISREG(st.st_mode))
		return EACCES;
	return eaccess(path, X_OK) ? errno : 0;
}

void server_check(const char *program)
{
	const char *dirs = getenv("PATH"), *end;
	int err, worst = ENOENT;
	char *path;

	if (strchr(program, '/')) {
		err = runnable(program);
		if (err)
			exit(refuse(program, err));
		return;
	}
	for (;; dirs = end + 1) {
		end = strchrnul(dirs, ':');
		if (asprintf(&path, "%.*s%s%s", (int)(end - dirs), dirs,
			     end > dirs ? "/" : "", program) < 0)
			die(EX_SYSTEM, "out of memory");
		err = runnable(path);
		free(path);
		if (!err)
			return;
		if (err == EACCES)
			worst = err;
		if (!*end)
			exit(refuse(program, worst));
	}
}

int server_start(struct server *s, const char *program, const char *source,
		 int dev_fd, const struct mount_options *o)
{
	int report[2], err = 0;

	memset(s, 0, sizeof(*s));
	s->program = program;
	if (o->mode == SERVER_BACKGROUND)
		relay_start(&s->relay, program);
	/* Closed by exec; else it brings why exec failed. */
	if (pipe2(report, O_CLOEXEC))
		die(EX_SYSTEM, "pipe: %s", strerror(errno));
	/*
	 * The daemon becomes our child when its parent ends: so we learn its pid.
	 * Of other servers we would inherit what we never wait for.
	 */
	if (o->mode == SERVER_DAEMON)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	s->child = fork();
	if (s->child < 0)
		die(EX_SYSTEM, "cannot start server %s: %s", program,
		    strerror(errno));
	if (!s->child) {
		err = run(s, source, dev_fd, o);
		if (write(report[1], &err, sizeof(err)) != sizeof(err))
			_exit(EX_INTERNAL);
		_exit(EX_SYSTEM);
	}
	close(report[1]);
	if (s->relay.pid)
		relay_running(&s->relay);
	if (read(report[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(report[0]);
	/* From here on the device is open in the server only: its death ends it. */
	close(dev_fd);
	return err ? refuse(program, err) : EX_OK;
}

/* The exit code for wait status @status, and a message unless it is success. */
static int judge(const struct server *s, int status)
{
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return EX_OK;
	if (WIFSIGNALED(status))
		say("server %s was ended by signal %d (%s)", s->program,
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		say("server %s failed with exit status %d", s->program,
		    WEXITSTATUS(status));
	return EX_MOUNT;
}

static int reap(struct server *s)
{
	while (waitpid(s->child, &s->status, 0) < 0) {
		if (errno != EINTR)
			die(EX_INTERNAL, "wait for server %s: %s", s->program,
			    strerror(errno));
	}
	s->child = 0;
	return judge(s, s->status);
}

#define NAME_ROOM	15	/* bytes of a program's name that the kernel keeps */

typedef bool (*is_daemon)(pid_t pid, const struct server *s);

static bool is_any(pid_t pid, const struct server *s)
{
	return true;
}

/* By the name that the kernel keeps, which a script has as well. */
static bool is_named(pid_t pid, const struct server *s)
{
	const char *slash = strrchr(s->program, '/');
	char path[32], name[NAME_ROOM + 2] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		name[0] = '\0';
	fclose(f);
	name[strcspn(name, "\n")] = '\0';
	return !strncmp(name, slash ? slash + 1 : s->program, NAME_ROOM);
}

/* By its links: what it has open may be on a file system that does not answer. */
static bool is_with_device(pid_t pid, const struct server *s)
{
	char path[32], file[sizeof(FUSEPT_DEVICE) + 1];
	bool found = false;
	struct dirent *d;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && !found && (d = readdir(dir))) {
		n = readlinkat(dirfd(dir), d->d_name, file, sizeof(file));
		found = n == sizeof(FUSEPT_DEVICE) - 1 &&
			!memcmp(file, FUSEPT_DEVICE, n);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* The one child that @is says yes to; 0 when there is none, or several. */
static pid_t only_child(is_daemon is, const struct server *s)
{
	pid_t pid, found = 0;
	char path[64];
	int count = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fscanf(f, "%d", &pid) == 1) {
		if (is(pid, s)) {
			found = pid;
			count++;
		}
	}
	fclose(f);
	return count == 1 ? found : 0;
}

/*
 * The daemon is our child, as its parent has gone; so is what the server started
 * in the same way and left behind, as sshfs does with ssh.
 */
static pid_t find_daemon(const struct server *s)
{
	static const is_daemon marks[] = { is_any, is_named, is_with_device };
	pid_t pid = 0;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	for (size_t i = 0; !pid && i < sizeof(marks) / sizeof(marks[0]); i++)
		pid = only_child(marks[i], s);
	return pid;
}

/*
 * What the kernel says when the server is gone; EIO is what one says that did not
 * understand INIT's answer.
 */
static bool is_gone(int err)
{
	return err == ENOTCONN || err == ECONNABORTED || err == ECONNREFUSED ||
	       err == EIO;
}

/*
 * Any answer of the server will do; the kernel holds this request back until
 * INIT is done, and ends it when the device is closed.
 */
static int probe(int mount_fd)
{
	struct statfs fs;
	struct statx stx;
	int err;

	if (!statx(mount_fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC,
		   STATX_BASIC_STATS, &stx))
		return 0;
	err = errno;
	/* Or it is the answer of a server that has trouble with this very file. */
	return is_gone(err) && fstatfs(mount_fd, &fs) && is_gone(errno) ? err : 0;
}

static bool is_user(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	return !getresuid(&r, &e, &s) && !getresgid(&rg, &eg, &sg) &&
	       r == uid && e == uid && s == uid && rg == gid && eg == gid &&
	       sg == gid;
}

/* Only the owner of a mount without allow_other gets through to its server. */
static int probe_as_owner(int mount_fd, const struct mount_options *o)
{
	uid_t uid = id_of(o, "user_id");
	gid_t gid = id_of(o, "group_id");
	int status;
	pid_t pid;

	if (is_user(uid, gid))
		return probe(mount_fd);
	pid = fork();
	if (pid < 0)
		return errno;
	if (!pid) {
		if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
		    setresuid(uid, uid, uid))
			_exit(errno);
		_exit(probe(mount_fd));
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

int server_ready(struct server *s, int mount_fd, const struct mount_options *o)
{
	int err, code;

	if (o->mode == SERVER_DAEMON) {
		code = reap(s);
		if (code)
			return code;
	}
	err = probe_as_owner(mount_fd, o);
	if (!err) {
		/* Once it answers, those that led to it are gone. */
		s->daemon = s->child ? s->child : find_daemon(s);
		return EX_OK;
	}
	if (s->child && waitpid(s->child, &s->status, WNOHANG) == s->child) {
		s->child = 0;
		code = judge(s, s->status);
		if (code)
			return code;
	}
	say("server %s went away before it served the mount: %s", s->program,
	    strerror(err));
	return EX_MOUNT;
}

void server_leave(struct server *s, bool ok)
{
	if (!ok && s->child)
		kill(s->child, SIGTERM);
	if (s->relay.pid && ok)
		relay_leave(&s->relay);
	else if (s->relay.pid)
		relay_finish(&s->relay);
}

static volatile sig_atomic_t forward_to;

static void forward(int sig)
{
	if (forward_to)
		kill(forward_to, sig);
}

int server_wait(struct server *s)
{
	struct sigaction sa = { .sa_handler = forward };
	siginfo_t info;

	/* SIGINT comes from a terminal, so the server has it already. */
	forward_to = s->child;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	signal(SIGINT, SIG_IGN);
	while (waitid(P_PID, s->child, &info, WEXITED | WNOWAIT) && errno == EINTR)
		;
	/* Once it is reaped, its number may be another's. */
	forward_to = 0;
	return reap(s);
}
