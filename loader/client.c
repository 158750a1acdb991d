// SPDX-License-Identifier: BSD-2-Clause

// `weir read`, `weir write` and `weir stats`: handlers of a router that runs.

#include <cmd.h>
#include <ctl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

// -n NAME, common to all. Index of the first argument; or -1 after a message, when the command ends
// with *status.
static int parse_name(int argc, char **argv, const char *usage, int least, int most,
		      const char **name, int *status)
{
	static const struct option longs[] = {
		{"name", required_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	int c;

	*name = NULL;
	*status = 2;
	while ((c = getopt_long(argc, argv, "+n:h", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			*status = 0;
			return -1;
		}
		if (c != 'n')
			goto wrong;
		*name = optarg;
	}
	if (argc - optind >= least && argc - optind <= most)
		return optind;
wrong:
	fputs(usage, stderr);
	return -1;
}

static int finish(int rc, struct weir_err *err)
{
	if (err->text)
		fputs(err->text, stderr);
	weir_err_free(err);
	return rc < 0 ? 1 : 0;
}

// The arguments from v on, with a blank between them; malloc'd.
static char *join(char **v, int n)
{
	struct weir_buf b = {};

	weir_append(&b, "", 0);
	for (int i = 0; i < n; i++)
		weir_printf(&b, "%s%s", i ? " " : "", v[i]);
	return b.text;
}

int cmd_print_handler(const char *name, const char *handler, const char *param)
{
	struct weir_buf value = {};
	struct weir_err err = {};
	bool kept = name && ctl_pid(name) <= 0 && weir_pins_known(name);
	int rc = kept ? session_read_kept(name, handler, param, &value, &err)
		      : ctl_read(name, handler, param, &value, &err);

	if (!rc && value.len) {
		fwrite(value.text, 1, value.len, stdout);
		if (value.text[value.len - 1] != '\n')
			putchar('\n');
	}
	weir_buf_free(&value);
	return finish(rc, &err);
}

int cmd_read(int argc, char **argv)
{
	static const char usage[] = "usage: weir read [-n NAME] ELEMENT.HANDLER [ARGUMENT...]\n"
				    "Prints a handler of a running router.\n";
	const char *name;
	int status, i = parse_name(argc, argv, usage, 1, 1000, &name, &status), rc;
	char *param;

	if (i < 0)
		return status;
	param = join(argv + i + 1, argc - i - 1);
	rc = param ? cmd_print_handler(name, argv[i], param) : 1;
	free(param);
	return rc;
}

int cmd_write(int argc, char **argv)
{
	static const char usage[] = "usage: weir write [-n NAME] ELEMENT.HANDLER [VALUE...]\n"
				    "Writes a handler of a running router.\n";
	struct weir_err err = {};
	const char *name;
	int status, i = parse_name(argc, argv, usage, 1, 1000, &name, &status), rc;
	char *value;

	if (i < 0)
		return status;
	value = join(argv + i + 1, argc - i - 1);
	rc = value ? ctl_write(name, argv[i], value, &err) : -1;
	free(value);
	return finish(rc, &err);
}

int cmd_stats(int argc, char **argv)
{
	static const char usage[] = "usage: weir stats [-n NAME]\n"
				    "Prints what every element of a router saw, with a "
				    "process or without.\n";
	const char *name;
	int status;

	if (parse_name(argc, argv, usage, 0, 0, &name, &status) < 0)
		return status;
	return cmd_print_handler(name, "stats", "");
}
