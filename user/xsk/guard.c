// SPDX-License-Identifier: BSD-2-Clause
#include "guard.h"

#include "iface.h"
#include "restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 256 };
static const char DIR_PATH[] = "/run/weir", NAME[] = "restore.";

static void close_between(int after, int before)
{
	if (after + 1 < before)
		close_range((unsigned)after + 1, (unsigned)before - 1, 0);
}

// Keeps two fds where they are: there may be no number left to move them to.
static void close_all_but(int a, int b)
{
	int low = a < b ? a : b, high = a < b ? b : a, null;

	close_between(2, low);
	close_between(low > 2 ? low : 2, high);
	close_range(high > 2 ? (unsigned)high + 1 : 3, ~0U, 0);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3; fd++)
		if (fd != a && fd != b && fd != null)
			dup2(null, fd);
}

static void guard_and_exit(const struct xsk_guard *g, int in)
{
	char c;

	// Ctrl-C, hang-up and the like go to the whole terminal, and are meant for the router.
	setsid();
	prctl(PR_SET_NAME, "weir-guard");
	close_all_but(in, g->journal);
	while (read(in, &c, 1) < 0 && errno == EINTR)
		;
	if (xsk_restore(g->journal) && g->path[0])
		unlink(g->path);
	_exit(0);
}

// Two locks say who is there: flock's belongs to the router and its child, the other one to the
// router alone, so it goes when that dies.
static bool lock_journal(int fd)
{
	struct flock alive = {.l_type = F_WRLCK};

	return flock(fd, LOCK_EX | LOCK_NB) == 0 && fcntl(fd, F_SETLK, &alive) == 0;
}

// The file gets its name when it is locked and has its first line: another router's start, which
// looks for journals that nobody holds, must not find it before.
static int make_journal(struct xsk_guard *g)
{
	char unnamed[sizeof(g->path)];
	int fd;

	mkdir(DIR_PATH, 0755);
	snprintf(unnamed, sizeof(unnamed), "%s/new.XXXXXX", DIR_PATH);
	fd = mkostemp(unnamed, O_CLOEXEC | O_APPEND);
	if (fd < 0)
		return -1;
	snprintf(g->path, sizeof(g->path), "%s/%s%s", DIR_PATH, NAME, strrchr(unnamed, '.') + 1);
	if (!lock_journal(fd) || dprintf(fd, "%llu\n", xsk_netns()) < 0 || link(unnamed, g->path)) {
		g->path[0] = '\0';
		close(fd);
		fd = -1;
	}
	unlink(unnamed);
	return fd;
}

static int open_journal(struct xsk_guard *g)
{
	g->journal = make_journal(g);
	if (g->journal >= 0)
		return 0;
	// the child can still do its work; only the next start could not
	g->journal = memfd_create("weir-restore", MFD_CLOEXEC);
	if (g->journal < 0 || dprintf(g->journal, "%llu\n", xsk_netns()) < 0)
		return -errno;
	return 0;
}

static int start(struct xsk_guard *g)
{
	sigset_t all, old;
	int ends[2], e;

	if (g->child > 0)
		return 0;
	*g = (struct xsk_guard){.journal = -1, .pipe = -1};
	e = open_journal(g);
	if (e)
		return e;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	// The child blocks every signal from its first instruction on.
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	g->child = fork();
	if (g->child == 0) {
		close(ends[1]);
		guard_and_exit(g, ends[0]);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	close(ends[0]);
	g->pipe = ends[1];
	return g->child < 0 ? -errno : 0;
}

int xsk_guard_sysfs(struct xsk_guard *g, const char *path, const char *value)
{
	char old[LINE];
	int e = start(g);

	if (e)
		return e;
	e = xsk_sysfs_read(path, old, sizeof(old));
	if (e || !strcmp(old, value))
		return e;
	if (dprintf(g->journal, "sysfs %s %s\n", path, old) < 0)
		return -errno;
	return xsk_sysfs_write(path, value);
}

// Writes down what the indirection table is, if there is one.
static int note_table(const struct xsk_guard *g, const char *ifname)
{
	struct xsk_rss rss;
	FILE *f;
	char *text;
	size_t size;
	int e = xsk_rss_read(ifname, &rss);

	if (e)
		return e;
	f = rss.n ? open_memstream(&text, &size) : NULL;
	if (f) {
		fprintf(f, "table %s", ifname);
		for (unsigned i = 0; i < rss.n; i++)
			fprintf(f, " %u", rss.table[i]);
		e = fclose(f) || dprintf(g->journal, "%s\n", text) < 0 ? -errno : 0;
		free(text);
	} else if (rss.n) {
		e = -ENOMEM;
	}
	xsk_rss_free(&rss);
	return e;
}

int xsk_guard_channels(struct xsk_guard *g, const char *ifname, unsigned n, bool may_reset)
{
	struct xsk_channels old, new;
	int e = start(g);

	if (!e)
		e = xsk_iface_channels(ifname, &old);
	if (!e)
		e = note_table(g, ifname);
	if (e)
		return e;
	new = old;
	if (old.combined) {
		new.combined = n;
		new.rx = new.tx = 0;
	} else {
		new.rx = new.tx = n;
	}
	if (dprintf(g->journal, "channels %s %u %u %u\n", ifname, old.rx, old.tx, old.combined) < 0)
		return -errno;
	e = xsk_iface_set_channels(ifname, &new);
	if (e == -EINVAL && may_reset && !xsk_rss_reset(ifname))
		e = xsk_iface_set_channels(ifname, &new);
	return e;
}

int xsk_guard_spread(struct xsk_guard *g, const char *ifname, unsigned n_queues)
{
	struct xsk_rss rss;
	int e = xsk_rss_read(ifname, &rss);

	if (e)
		return e;
	if (!rss.n)
		e = -EOPNOTSUPP;
	// an even one stays as it is, and the driver's own
	if (!e && !xsk_rss_is_even(&rss, n_queues)) {
		for (unsigned i = 0; i < rss.n; i++)
			rss.table[i] = i % n_queues;
		e = start(g) ?: note_table(g, ifname) ?: xsk_rss_set(ifname, rss.table, rss.n);
	}
	xsk_rss_free(&rss);
	return e;
}

int xsk_guard_hash_ports(struct xsk_guard *g, const char *ifname, enum xsk_flow flow)
{
	struct xsk_rss rss;
	uint64_t fields;
	int e = xsk_rss_read(ifname, &rss);

	if (e)
		return e;
	fields = rss.fields[flow];
	if (!fields)
		e = -EOPNOTSUPP;
	if (e || xsk_rss_has_ports(&rss, flow))
		goto out;
	e = start(g);
	if (!e &&
	    dprintf(g->journal, "hash %s %u %llu\n", ifname, flow, (unsigned long long)fields) < 0)
		e = -errno;
	if (!e)
		e = xsk_rss_set_fields(ifname, flow, xsk_rss_with_ports(fields));
out:
	xsk_rss_free(&rss);
	return e;
}

int xsk_guard_feature_off(struct xsk_guard *g, const char *ifname, enum xsk_feature feature)
{
	struct xsk_features now;
	int e = xsk_features_read(ifname, &now);

	if (e || !now.is_on[feature])
		return e;
	if (now.is_fixed[feature])
		return -EOPNOTSUPP;
	e = start(g);
	if (!e && dprintf(g->journal, "feature %s %s\n", ifname, xsk_feature_name(feature)) < 0)
		e = -errno;
	return e ?: xsk_feature_set(ifname, feature, false);
}

void xsk_guard_close(struct xsk_guard *g)
{
	if (g->journal >= 0 && xsk_restore(g->journal)) {
		if (g->path[0])
			unlink(g->path);
		if (ftruncate(g->journal, 0)) // the child finds nothing left to do
			g->path[0] = '\0';
	}
	if (g->pipe >= 0)
		close(g->pipe);
	if (g->child > 0)
		waitpid(g->child, NULL, 0);
	if (g->journal >= 0)
		close(g->journal);
	*g = (struct xsk_guard){.journal = -1, .pipe = -1};
}

// A journal that can be locked has nobody left to undo it. While the child of a router that is gone
// does that, this waits: what it puts back must not be taken for what was there before.
static bool is_left(int fd)
{
	for (unsigned ms = 0; ms < XSK_RETRY_FOR_MS; ms += XSK_RETRY_MS) {
		struct flock alive = {.l_type = F_WRLCK};

		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		if (fcntl(fd, F_GETLK, &alive) || alive.l_type != F_UNLCK)
			return false;
		nanosleep(&(struct timespec){.tv_nsec = XSK_RETRY_MS * 1000000L}, NULL);
	}
	return false;
}

static void repair(int dir, const char *name, struct weir_err *err)
{
	int fd = openat(dir, name, O_RDWR | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (is_left(fd) && fstat(fd, &st) == 0 && st.st_nlink && xsk_restore(fd)) {
		weir_warn(err, NULL,
			  "an earlier run was killed; what it had changed on interfaces "
			  "was put back now");
		unlinkat(dir, name, 0);
	}
	close(fd);
}

void xsk_guard_repair(struct weir_err *err)
{
	DIR *dir = opendir(DIR_PATH);
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (!strncmp(d->d_name, NAME, strlen(NAME)))
			repair(dirfd(dir), d->d_name, err);
	if (dir)
		closedir(dir);
}
