// SPDX-License-Identifier: BSD-2-Clause

// `weir check`: reads a configuration and says what is wrong with it. Touches nothing.

#include <cmd.h>
#include <device.h>
#include <errno.h>
#include <getopt.h>
#include <session.h>
#include <stdio.h>
#include <stdlib.h>
#include <xsk.h>

static const char usage[] = "usage: weir check [options] FILE [NAME=VALUE...]\n"
			    "Checks a configuration.\n"
			    "\n"
			    "  -q, --quiet         say nothing if it is right\n"
			    "  -j, --workers N     check its pins for so many workers too\n"
			    "      --cpus LIST     the CPUs that they are pinned to\n"
			    "  -L, --elements DIR  take the elements in DIR too\n";

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
	free((void *)opt->folders);
	free((void *)opt->front.driver);
	free((void *)opt->front.userspace);
	opt->defines = NULL;
	opt->folders = opt->front.driver = opt->front.userspace = NULL;
}

int cmd_place(struct session_options *opt, int c, const char *value)
{
	switch (c) {
	case CMD_DRIVER:
		return cmd_list_add(&opt->front.driver, value);
	case CMD_USERSPACE:
		return cmd_list_add(&opt->front.userspace, value);
	case 'L':
		return cmd_list_add(&opt->folders, value);
	default:
		return -EINVAL;
	}
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

// 0, 1 (there is nothing more to do) or -errno.
static int parse_options(struct session_options *opt, bool *quiet, int argc, char **argv)
{
	static const struct option longs[] = {
		{"quiet", no_argument, NULL, 'q'},
		{"workers", required_argument, NULL, 'j'},
		{"cpus", required_argument, NULL, CMD_CPUS},
		{"elements", required_argument, NULL, 'L'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	int c, rc = 0;

	while (!rc && (c = getopt_long(argc, argv, "+qj:L:h", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 1;
		}
		if (c == 'q')
			*quiet = true;
		else if (c == 'j' || c == CMD_CPUS)
			rc = cmd_workers(opt, c, optarg);
		else
			rc = c == 'L' ? cmd_list_add(&opt->folders, optarg) : -EINVAL;
	}
	opt->pin = true;
	if (opt->cpus)
		cmd_workers_default(opt);
	return rc ?: cmd_file(opt, argc - optind + 1, argv + optind - 1);
}

// What the interfaces of this machine do about what the configuration looks at.
static void print_tags(const struct weir_device *d)
{
	const struct weir_element *reader = d->receiver ? weir_tags_reader(d->receiver) : NULL;
	struct weir_tag_offload o;
	struct weir_buf text = {};

	if (!reader || !weir_xsk_tags(d, &o))
		return;
	weir_tags_print(&o, reader, &text);
	if (text.len)
		printf("%s: VLAN tags: %s\n", d->name, text.text);
	weir_buf_free(&text);
}

int cmd_check(int argc, char **argv)
{
	struct session_options opt = {};
	struct session s = {};
	struct weir_err err = {};
	bool quiet = false;
	int rc = parse_options(&opt, &quiet, argc, argv);

	if (rc) {
		if (rc < 0)
			fputs(usage, stderr);
		cmd_file_free(&opt);
		return rc < 0 ? 2 : 0;
	}
	rc = session_check(&s, &opt, &err);
	if (!rc && opt.engine.n_workers)
		rc = session_threads(&s, &opt, &err);
	if (err.text)
		fputs(err.text, stderr);
	if (!rc && !quiet)
		printf("%s: %u elements, %u connections, no errors\n", opt.file,
		       s.router->n_elements, s.router->n_connections);
	for (struct weir_device *d = rc || quiet ? NULL : weir_router_devices(s.router); d;
	     d = d->next)
		print_tags(d);
	session_close(&s);
	weir_err_free(&err);
	cmd_file_free(&opt);
	return rc ? 1 : 0;
}
