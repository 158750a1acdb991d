// SPDX-License-Identifier: BSD-2-Clause
#include "route_lines.h"

#include <errno.h>
#include <stdlib.h>

static int strip_command(char **line, int what, struct weir_err *err)
{
	static const char *const names[] = {
		[ROUTE_ADD] = "add", [ROUTE_SET] = "set", [ROUTE_REMOVE] = "remove"};
	size_t len;

	*line += strspn(*line, " \t\r");
	if (what != ROUTE_CTRL)
		return what;
	len = strcspn(*line, " \t\r");
	for (int c = ROUTE_ADD; c <= ROUTE_REMOVE; c++) {
		if (strlen(names[c]) == len && !memcmp(*line, names[c], len)) {
			*line += len;
			return c;
		}
	}
	return weir_error(err, NULL, "bad command '%.*s'", (int)len, *line);
}

int route_lines_run(struct weir_element *e, const struct route_lines *lines, int what,
		    const char *value, struct weir_err *err)
{
	char *text = strdup(value), *next = text;
	size_t n = 0, n_lines = 1;
	uint8_t *undo = NULL;
	int rc = 0;

	for (const char *s = value; *s; s++)
		n_lines += *s == '\n';
	undo = calloc(n_lines, lines->undo_size);
	if (!text || !undo)
		rc = -ENOMEM;
	while (!rc && next) {
		char *line = strsep(&next, "\n");
		int c;

		if (!line[strspn(line, " \t\r")] && n_lines > 1)
			continue;
		c = strip_command(&line, what, err);
		rc = c < 0 ? c
			   : lines->run(e, (enum route_command)c, line, undo + n * lines->undo_size,
					err);
		n += !rc;
	}
	while (rc && n--)
		lines->roll_back(e, undo + n * lines->undo_size);
	free(undo);
	free(text);
	return rc;
}
