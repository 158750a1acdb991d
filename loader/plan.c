// SPDX-License-Identifier: BSD-2-Clause

// `weir plan`: which elements would run in the driver, and why the others would not. Touches
// nothing.

#include <cmd.h>
#include <errno.h>
#include <front.h>
#include <getopt.h>
#include <session.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
	"usage: weir plan [options] FILE [NAME=VALUE ...]\n"
	"Says which elements run in the driver, and why the others do not.\n"
	"\n"
	"      --json            for programs\n"
	"      --dot             as a graph for dot(1)\n"
	"      --driver NAME     an element or compound that is to run in the driver\n"
	"      --userspace NAME  one that is to stay in userspace\n"
	"  -j, --workers N       as if so many threads forwarded packets (one per CPU)\n"
	"      --cpus LIST       the CPUs that they are pinned to, such as 0-3,6\n"
	"      --balance         as if flows were moved between workers\n"
	"      --no-pin          as if the kernel moved them between CPUs\n"
	"      --zero-copy DEV   as if an RX queue of the interface were bound in zero-copy mode\n"
	"  -L, --elements DIR    take the elements in DIR too\n";

struct plan_options {
	void (*print)(const struct weir_plan *plan, struct weir_buf *out);
	struct session_options session;
	const char *const *zero_copy;
};

static bool zero_copy(void *arg, const struct weir_device *d)
{
	const struct plan_options *o = arg;

	for (const char *const *name = o->zero_copy; name && *name; name++)
		if (!strcmp(*name, weir_device_name(d)))
			return true;
	return false;
}

static void options_free(struct plan_options *o)
{
	free((void *)o->zero_copy);
	cmd_file_free(&o->session);
}

static int parse_options(struct plan_options *o, int argc, char **argv)
{
	enum { JSON = 256, DOT, ZERO_COPY, NO_PIN };
	static const struct option longs[] = {
		{"json", no_argument, NULL, JSON},
		{"dot", no_argument, NULL, DOT},
		{"zero-copy", required_argument, NULL, ZERO_COPY},
		{"no-pin", no_argument, NULL, NO_PIN},
		CMD_PLACE_OPTIONS,
		CMD_WORKER_OPTIONS,
		{"help", no_argument, NULL, 'h'},
		{},
	};
	int c, rc = 0;

	o->print = weir_plan_text;
	o->session.pin = true;
	while (!rc && (c = getopt_long(argc, argv, "j:L:h", longs, NULL)) != -1) {
		switch (c) {
		case JSON:
			o->print = weir_plan_json;
			break;
		case DOT:
			o->print = weir_plan_dot;
			break;
		case ZERO_COPY:
			rc = cmd_list_add(&o->zero_copy, optarg);
			break;
		case NO_PIN:
			o->session.pin = false;
			break;
		case 'j':
		case CMD_CPUS:
		case CMD_BALANCE:
			rc = cmd_workers(&o->session, c, optarg);
			break;
		case 'h':
			return 1;
		default:
			rc = cmd_place(&o->session, c, optarg);
		}
	}
	cmd_workers_default(&o->session);
	return rc ?: cmd_file(&o->session, argc - optind + 1, argv + optind - 1);
}

static int make_plan(struct plan_options *o, struct session *s, struct weir_err *err)
{
	struct weir_place_options place = {
		.arg = o,
		.object = weir_front_object,
		.zero_copy = zero_copy,
		.driver = o->session.front.driver,
		.userspace = o->session.front.userspace,
	};
	struct weir_plan plan;
	struct weir_buf out = {};
	int rc = session_threads(s, &o->session, err) ?: weir_place(&plan, s->router, &place, err);

	if (rc)
		return rc;
	plan.threads = &s->threads;
	o->print(&plan, &out);
	if (out.failed)
		rc = -ENOMEM;
	else
		fwrite(out.text, 1, out.len, stdout);
	weir_buf_free(&out);
	weir_plan_free(&plan);
	return rc;
}

int cmd_plan(int argc, char **argv)
{
	struct plan_options o = {};
	struct session s = {};
	struct weir_err err = {};
	int rc = parse_options(&o, argc, argv);

	if (rc) {
		fputs(usage, rc > 0 ? stdout : stderr);
		options_free(&o);
		return rc > 0 ? 0 : 2;
	}
	rc = session_check(&s, &o.session, &err);
	if (!rc)
		rc = make_plan(&o, &s, &err);
	if (err.text)
		fputs(err.text, stderr);
	else if (rc)
		fprintf(stderr, "weir plan: %s\n", strerror(-rc));
	session_close(&s);
	weir_err_free(&err);
	options_free(&o);
	return rc ? 1 : 0;
}
