// SPDX-License-Identifier: BSD-2-Clause

// `weir list`: classes, or what is in a running router. And -L, of the commands that look at
// classes.

#include <cmd.h>
#include <getopt.h>
#include <graph.h>
#include <stdio.h>
#include <stdlib.h>

struct list_options {
	const char *name;
	const char *const *folders;
};

static int list_classes(const struct list_options *o)
{
	const struct weir_class *const *v;
	unsigned n;

	if (cmd_load_folders(o->folders))
		return 1;
	n = weir_classes(&v);
	for (unsigned i = 0; i < n; i++)
		printf("%-20s %s\n", v[i]->name, v[i]->purpose ? v[i]->purpose : "");
	return 0;
}

static const char usage[] = "usage: weir list [options] [classes | elements | handlers [ELEMENT]]\n"
			    "Lists element classes, or what is in a running router.\n"
			    "\n"
			    "  -n, --name NAME     which router, if several run\n"
			    "  -L, --elements DIR  take the classes in DIR too\n";

static int list_handlers(const struct list_options *o, const char *element)
{
	char *handler;
	int rc;

	if (asprintf(&handler, "%s%shandlers", element, *element ? "." : "") < 0)
		return 1;
	rc = cmd_print_handler(o->name, handler, "");
	free(handler);
	return rc;
}

static int list(const struct list_options *o, int argc, char **argv)
{
	const char *what = argc ? argv[0] : "classes";

	if (!strcmp(what, "classes") && argc < 2)
		return list_classes(o);
	if (!strcmp(what, "elements") && argc < 2)
		return cmd_print_handler(o->name, "list", "");
	if (!strcmp(what, "handlers") && argc < 3)
		return list_handlers(o, argc > 1 ? argv[1] : "");
	fputs(usage, stderr);
	return 2;
}

int cmd_list(int argc, char **argv)
{
	static const struct option longs[] = {
		{"name", required_argument, NULL, 'n'},
		{"elements", required_argument, NULL, 'L'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	struct list_options o = {};
	int c, status = -1;

	while (status < 0 && (c = getopt_long(argc, argv, "+n:L:h", longs, NULL)) != -1) {
		if (c == 'n') {
			o.name = optarg;
		} else if (c != 'L' || cmd_list_add(&o.folders, optarg)) {
			fputs(usage, c == 'h' ? stdout : stderr);
			status = c == 'h' ? 0 : 2;
		}
	}
	if (status < 0)
		status = list(&o, argc - optind, argv + optind);
	free((void *)o.folders);
	return status;
}
