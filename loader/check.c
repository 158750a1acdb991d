// SPDX-License-Identifier: BSD-2-Clause

// `weir check`: reads a configuration and says what is wrong with it. Touches nothing.

#include <cmd.h>
#include <session.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] = "usage: weir check [-q] FILE [NAME=VALUE...]\n"
			    "Checks a configuration; -q: says nothing if it is right.\n";

int cmd_check(int argc, char **argv)
{
	struct session_options opt = {};
	struct lang_define *defines;
	struct session s = {};
	struct weir_err err = {};
	bool quiet = argc > 1 && strcmp(argv[1], "-q") == 0;
	int i = 1 + quiet, rc = -1;

	if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
		fputs(usage, stdout);
		return 0;
	}
	defines = calloc((size_t)argc, sizeof(*defines));
	if (!defines || i >= argc)
		goto wrong;
	opt.file = argv[i++];
	opt.defines = defines;
	for (; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value || value == argv[i])
			goto wrong;
		*value = '\0';
		defines[opt.n_defines++] =
			(struct lang_define){argv[i] + (*argv[i] == '$'), value + 1};
	}
	rc = session_check(&s, &opt, &err);
	if (err.text)
		fputs(err.text, stderr);
	if (!rc && !quiet)
		printf("%s: %u elements, %u connections, no errors\n", opt.file,
		       s.router->n_elements, s.router->n_connections);
	session_close(&s);
	weir_err_free(&err);
	free(defines);
	return rc ? 1 : 0;
wrong:
	free(defines);
	fputs(usage, stderr);
	return 2;
}
