// SPDX-License-Identifier: BSD-2-Clause

// -L: elements from folders, for commands that have no other option.

#include <cmd.h>
#include <errno.h>
#include <getopt.h>
#include <packages.h>
#include <stdio.h>

int cmd_folders(const char *const **folders, int argc, char **argv, const char *usage)
{
	static const struct option longs[] = {
		{"elements", required_argument, NULL, 'L'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	int c, rc = 0;

	while (!rc && (c = getopt_long(argc, argv, "+L:h", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		rc = c == 'L' ? cmd_list_add(folders, optarg) : -EINVAL;
	}
	if (rc)
		fputs(usage, stderr);
	return rc ?: optind;
}

int cmd_load_folders(const char *const *folders)
{
	struct weir_err err = {};
	int rc = weir_packages_load(folders, &err);

	if (err.text)
		fputs(err.text, stderr);
	weir_err_free(&err);
	return rc;
}
