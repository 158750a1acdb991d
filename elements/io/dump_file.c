// SPDX-License-Identifier: BSD-2-Clause
#include "dump_file.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// The program that uncompresses a file that begins like this; NULL: it is not compressed.
static const char *uncompressor(const uint8_t magic[4])
{
	if (magic[0] == 0x1f && magic[1] == 0x8b)
		return "zcat";
	if (!memcmp(magic, "BZh", 3))
		return "bzcat";
	if (!memcmp(magic,
		    "\xfd"
		    "7zX",
		    4))
		return "xzcat";
	if (!memcmp(magic, "\x28\xb5\x2f\xfd", 4))
		return "zstdcat";
	return NULL;
}

// The program that compresses a file of this name; NULL: none.
static const char *compressor(const char *filename)
{
	static const char *const programs[][2] = {
		{".gz", "gzip"}, {".bz2", "bzip2"}, {".xz", "xz"}, {".zst", "zstd"}};
	const char *dot = strrchr(filename, '.');

	for (size_t i = 0; dot && i < sizeof(programs) / sizeof(*programs); i++)
		if (!strcmp(dot, programs[i][0]))
			return programs[i][1];
	return NULL;
}

// Runs program between the file fd, which is its input (or, if it writes, its output) and is closed
// here, and a pipe; gives our end of that, or -errno.
static int run(const char *program, int fd, bool writes, pid_t *child)
{
	char *const argv[] = {(char *)program, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int ends[2], r; // to read from, to write to

	if (pipe2(ends, O_CLOEXEC) < 0) {
		r = errno;
		close(fd);
		return -r;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, writes ? ends[0] : fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, writes ? fd : ends[1], STDOUT_FILENO);
	// a group of its own: Ctrl-C is for the router, which then closes the file
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	r = posix_spawnp(child, program, &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	close(fd);
	close(ends[!writes]);
	if (r) {
		*child = 0;
		close(ends[writes]);
		return -r;
	}
	return ends[writes];
}

static FILE *give(int fd, bool writes, char *why, size_t size)
{
	FILE *f = fd < 0 ? NULL : fdopen(fd, writes ? "w" : "r");

	if (f)
		return f;
	snprintf(why, size, "%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return NULL;
}

// The file fd by way of a program.
static FILE *pass(const char *program, int fd, bool writes, pid_t *child, char *why, size_t size)
{
	int end = run(program, fd, writes, child);

	if (end >= 0)
		return give(end, writes, why, size);
	snprintf(why, size, "%s: %s", program, strerror(-end));
	return NULL;
}

FILE *dump_open(const char *filename, pid_t *child, char *why, size_t size)
{
	bool is_stdin = !strcmp(filename, "-");
	int fd = is_stdin ? dup(STDIN_FILENO) : open(filename, O_RDONLY | O_CLOEXEC);
	const char *program = NULL;
	uint8_t magic[4] = {};

	*child = 0;
	if (fd >= 0 && !is_stdin && pread(fd, magic, sizeof(magic), 0) == sizeof(magic))
		program = uncompressor(magic);
	return program ? pass(program, fd, false, child, why, size) : give(fd, false, why, size);
}

FILE *dump_create(const char *filename, pid_t *child, char *why, size_t size)
{
	const char *program = compressor(filename);
	int fd = strcmp(filename, "-")
			 ? open(filename, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)
			 : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);

	*child = 0;
	return program && fd >= 0 ? pass(program, fd, true, child, why, size)
				  : give(fd, true, why, size);
}

void dump_close(pid_t *child)
{
	if (*child)
		waitpid(*child, NULL, 0);
	*child = 0;
}
