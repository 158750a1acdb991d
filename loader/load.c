// SPDX-License-Identifier: BSD-2-Clause

// `weir load`: a router that needs no process goes into the driver.

#include <cmd.h>
#include <ctl.h>
#include <errno.h>
#include <getopt.h>
#include <session.h>
#include <stdio.h>
#include <stdlib.h>
#include <xsk.h>

static const char usage[] =
	"usage: weir load [options] FILE [NAME=VALUE ...]\n"
	"Puts the router that FILE describes into the driver, where it needs no process, and "
	"ends.\n"
	"\n"
	"  -n, --name NAME   under which `weir status' and `weir unload' find it (that of FILE)\n"
	"      --gone pass|drop  permits ways to userspace: what takes one is the host's, or lost\n"
	"      --no-compile  let each element in the driver be a program of its own\n"
	"  -L, --elements DIR  take the elements in DIR too\n"
	"  NAME=VALUE        gives the variable $NAME of the configuration a value\n";

int cmd_gone(const char *text, struct session_front *front)
{
	front->gone = true;
	front->opt.gone_drop = !strcmp(text, "drop");
	if (front->opt.gone_drop || !strcmp(text, "pass"))
		return 0;
	fprintf(stderr, "weir: --gone is drop or pass\n");
	return -EINVAL;
}

// 0, 1 (there is nothing more to do) or -errno after a message.
static int parse_options(struct session_options *o, int argc, char **argv)
{
	enum { GONE = 256, NO_COMPILE };
	static const struct option longs[] = {
		{"name", required_argument, NULL, 'n'},
		{"gone", required_argument, NULL, GONE},
		{"elements", required_argument, NULL, 'L'},
		{"no-compile", no_argument, NULL, NO_COMPILE},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	int c, rc = 0;

	o->front = (struct session_front){.on = true, .keep = true, .alone = true};
	while (!rc && (c = getopt_long(argc, argv, "n:L:h", longs, NULL)) != -1) {
		if (c == 'n')
			o->name = optarg;
		else if (c == 'L')
			rc = cmd_list_add(&o->folders, optarg);
		else if (c == GONE)
			rc = cmd_gone(optarg, &o->front);
		else if (c == NO_COMPILE)
			o->front.opt.no_compile = true;
		else if (c == 'h')
			return fputs(usage, stdout) < 0 ? -EIO : 1;
		else
			rc = -EINVAL;
	}
	rc = rc ?: cmd_file(o, argc - optind + 1, argv + optind - 1);
	if (rc)
		fputs(usage, stderr);
	return rc;
}

static int load(struct session *s, const struct session_options *o)
{
	struct weir_err err = {};
	int rc = ctl_refuse_running(o->name, &err) ?: session_check(s, o, &err)
							    ?: session_load(s, o, &err);

	if (err.text)
		fputs(err.text, stderr);
	if (!rc) {
		fputs(weir_xsk_report(s->xsk), stdout);
		printf("weir: loaded %s as %s, %u elements\n", o->file, o->name, s->plan.n_driver);
	}
	weir_err_free(&err);
	return rc;
}

int cmd_load(int argc, char **argv)
{
	struct session_options o = {};
	struct session s = {};
	char *name = NULL;
	int rc = parse_options(&o, argc, argv), status = rc < 0 ? 2 : 0;

	if (!rc) {
		o.name = name = ctl_name(o.name, o.file);
		status = !name || load(&s, &o);
		session_close(&s);
	}
	free(name);
	cmd_file_free(&o);
	return status;
}
