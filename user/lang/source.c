// SPDX-License-Identifier: BSD-2-Clause
// Reads files.

#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool lang_source_readable(const char *file)
{
	struct stat st;

	return !stat(file, &st) && S_ISREG(st.st_mode);
}

static ssize_t read_some(int fd, char *to, size_t size)
{
	ssize_t n;

	do
		n = read(fd, to, size);
	while (n < 0 && errno == EINTR);
	return n;
}

// Everything up to the end of fd, but not much more than is allowed, in memory of its own; NULL and
// errno on failure.
static char *read_all(int fd, size_t *len)
{
	size_t size = 64 << 10;
	char *text = malloc(size), *grown = text;
	ssize_t n = 1;

	for (*len = 0; grown && n > 0 && *len <= LANG_SOURCE_MAX; *len += n > 0 ? (size_t)n : 0) {
		if (*len == size) {
			grown = realloc(text, size *= 2);
			text = grown ? grown : text;
		}
		n = grown ? read_some(fd, text + *len, size - *len) : -1;
	}
	if (n >= 0)
		return text;
	free(text);
	return NULL;
}

char *lang_source_read(struct lang_run *run, const char *file, bool library,
		       const struct weir_loc *loc, size_t *len)
{
	bool standard = !library && strcmp(file, "-") == 0;
	int fd = standard ? STDIN_FILENO : -1, err;
	char *text = NULL, *kept;

	errno = EINVAL;
	if (!standard && (!library || lang_source_readable(file)))
		fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		text = read_all(fd, len);
	err = errno;
	if (fd >= 0 && !standard)
		close(fd);
	if (!text) {
		lang_error(run, loc, "cannot read '%s': %s", file,
			   library && fd < 0
				   ? "there is no such file beside this one or in CLICKPATH"
				   : strerror(err));
		errno = err;
		return NULL;
	}
	run->pending = text;
	if (*len > LANG_SOURCE_MAX)
		lang_fatal(run, loc, "'%s' is too big: more than %d bytes", file, LANG_SOURCE_MAX);
	kept = lang_strndup(run, run->keep, text, *len);
	free(text);
	run->pending = NULL;
	return kept;
}
