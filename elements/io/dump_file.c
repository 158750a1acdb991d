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

// Runs program with fd as its input; gives the reading end of its output, or -errno.
static int uncompress(const char *program, int fd, pid_t *child)
{
	char *const argv[] = {(char *)program, NULL};
	posix_spawn_file_actions_t actions;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	r = posix_spawnp(child, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (r) {
		*child = 0;
		close(ends[0]);
		return -r;
	}
	return ends[0];
}

FILE *dump_open(const char *filename, pid_t *child, char *why, size_t size)
{
	bool is_stdin = !strcmp(filename, "-");
	int fd = is_stdin ? dup(STDIN_FILENO) : open(filename, O_RDONLY | O_CLOEXEC);
	const char *program = NULL;
	uint8_t magic[4] = {};
	FILE *f;

	*child = 0;
	if (fd >= 0 && !is_stdin && pread(fd, magic, sizeof(magic), 0) == sizeof(magic))
		program = uncompressor(magic);
	if (program) {
		int out = uncompress(program, fd, child);

		close(fd);
		if (out < 0) {
			snprintf(why, size, "%s: %s", program, strerror(-out));
			return NULL;
		}
		fd = out;
	}
	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (!f) {
		snprintf(why, size, "%s", strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	return f;
}

void dump_close(pid_t *child)
{
	if (*child)
		waitpid(*child, NULL, 0);
	*child = 0;
}
