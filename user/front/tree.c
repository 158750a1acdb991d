// SPDX-License-Identifier: BSD-2-Clause
#include "tree.h"

#include <bpf/bpf.h>

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH = 32 }; // folders within folders: compounds within compounds

static void swap(char *to, size_t size, const char *from, char this, char that)
{
	snprintf(to, size, "%s", from);
	for (; *to; to++)
		if (*to == this)
			*to = that;
}

void tree_quote(char *quoted, size_t size, const char *name)
{
	swap(quoted, size, name, '.', ',');
}

void tree_unquote(char *name, size_t size, const char *quoted)
{
	swap(name, size, quoted, ',', '.');
}

void tree_element(char *folder, size_t size, const char *name)
{
	static const char *const TAKEN[] = {"interfaces", "sockets", "steering", "beat", "front"};
	const size_t first = strcspn(name, "/");
	bool taken = false;

	for (size_t i = 0; i < sizeof(TAKEN) / sizeof(*TAKEN); i++)
		taken |= strlen(TAKEN[i]) == first && !strncmp(TAKEN[i], name, first);
	snprintf(folder, size, "%.*s%s%s", (int)first, name, taken ? "~" : "", name + first);
}

// A path that does not fit is none.
#define MAKE_PATH(path, fmt)                                      \
	do {                                                      \
		va_list ap_;                                      \
		int n_;                                           \
		va_start(ap_, fmt);                               \
		n_ = vsnprintf((path), sizeof(path), (fmt), ap_); \
		va_end(ap_);                                      \
		if (n_ < 0 || (size_t)n_ >= sizeof(path))         \
			(path)[0] = '\0';                         \
	} while (0)

bool tree_has(const char *fmt, ...)
{
	char path[TREE_PATH];

	MAKE_PATH(path, fmt);
	return !access(path, F_OK);
}

int tree_get(const char *fmt, ...)
{
	char path[TREE_PATH];
	int fd;

	MAKE_PATH(path, fmt);
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

void tree_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

int tree_pin(int fd, const char *fmt, ...)
{
	char path[TREE_PATH];

	MAKE_PATH(path, fmt);
	if (!path[0])
		return -ENAMETOOLONG;
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int e;

		*slash = '\0';
		e = mkdir(path, 0755) && errno != EEXIST ? -errno : 0;
		*slash = '/';
		if (e)
			return e;
	}
	unlink(path);
	return bpf_obj_pin(fd, path) ? -errno : 0;
}

void tree_unlink(const char *fmt, ...)
{
	char path[TREE_PATH];

	MAKE_PATH(path, fmt);
	unlink(path);
}

struct walk {
	void (*file)(void *arg, const char *path, const char *name);
	void (*folder)(const char *path);
	void *arg;
};

// Files first, then their folder.
static void walk(const struct walk *w, const char *path, unsigned depth)
{
	DIR *d = depth < DEPTH ? opendir(path) : NULL;
	const struct dirent *e;
	char below[TREE_PATH];

	while (d && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    snprintf(below, sizeof(below), "%s/%s", path, e->d_name) >= (int)sizeof(below))
			continue;
		if (e->d_type == DT_DIR)
			walk(w, below, depth + 1);
		else
			w->file(w->arg, below, e->d_name);
	}
	if (d)
		closedir(d);
	if (w->folder)
		w->folder(path);
}

static void remove_file(void *, const char *path, const char *)
{
	unlink(path);
}

static void remove_folder(const char *path)
{
	rmdir(path);
}

void tree_remove(const char *path)
{
	walk(&(struct walk){.file = remove_file, .folder = remove_folder}, path, 0);
}

struct count {
	const char *name;
	unsigned n;
};

static void count_file(void *arg, const char *, const char *name)
{
	struct count *c = arg;

	c->n += !strcmp(name, c->name);
}

unsigned tree_count(const char *path, const char *name)
{
	struct count c = {.name = name};

	walk(&(struct walk){.file = count_file, .arg = &c}, path, 0);
	return c.n;
}

void tree_each(void (*fn)(void *arg, const char *name), void *arg, const char *fmt, ...)
{
	char path[TREE_PATH];
	const struct dirent *e;
	DIR *d;

	MAKE_PATH(path, fmt);
	d = opendir(path);
	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			fn(arg, e->d_name);
	if (d)
		closedir(d);
}
