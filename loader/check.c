// SPDX-License-Identifier: BSD-2-Clause

// `weir check`: reads a configuration and says what is wrong with it. Touches nothing.

#include <cmd.h>
#include <errno.h>
#include <session.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] = "usage: weir check [-q] FILE [NAME=VALUE...]\n"
			    "Checks a configuration; -q: says nothing if it is right.\n";

int cmd_file(struct session_options *opt, int argc, char **argv)
{
	struct lang_define *defines = calloc((size_t)argc + 1, sizeof(*defines));

	if (!defines)
		return -ENOMEM;
	opt->defines = defines;
	if (argc < 2 || (argv[1][0] == '-' && argv[1][1]))
		goto wrong;
	opt->file = argv[1];
	for (int i = 2; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value || value == argv[i])
			goto wrong;
		*value = '\0';
		defines[opt->n_defines++] =
			(struct lang_define){argv[i] + (*argv[i] == '$'), value + 1};
	}
	return 0;
wrong:
	cmd_file_free(opt);
	return -EINVAL;
}

void cmd_file_free(struct session_options *opt)
{
	free((void *)opt->defines);
	opt->defines = NULL;
}

int cmd_list_add(const char *const **list, const char *word)
{
	const char **v;
	size_t n = 0;

	while (*list && (*list)[n])
		n++;
	v = reallocarray((void *)*list, n + 2, sizeof(*v));
	if (!v)
		return -ENOMEM;
	v[n] = word;
	v[n + 1] = NULL;
	*list = v;
	return 0;
}

int cmd_check(int argc, char **argv)
{
	bool quiet = argc > 1 && strcmp(argv[1], "-q") == 0;
	struct session_options opt = {};
	struct session s = {};
	struct weir_err err = {};
	int rc = cmd_file(&opt, argc - quiet, argv + quiet);

	if (rc < 0) {
		fputs(usage, stderr);
		return 2;
	}
	rc = session_check(&s, &opt, &err);
	if (err.text)
		fputs(err.text, stderr);
	if (!rc && !quiet)
		printf("%s: %u elements, %u connections, no errors\n", opt.file,
		       s.router->n_elements, s.router->n_connections);
	session_close(&s);
	weir_err_free(&err);
	cmd_file_free(&opt);
	return rc ? 1 : 0;
}
