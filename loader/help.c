// SPDX-License-Identifier: BSD-2-Clause

// `weir help CLASS`: what a class says of itself.

#include <cmd.h>
#include <graph.h>
#include <handlers.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *type_name(enum weir_type type)
{
	static const char *const names[] = {
		[WEIR_T_BOOL] = "true or false",
		[WEIR_T_U8] = "number",
		[WEIR_T_U16] = "number",
		[WEIR_T_U32] = "number",
		[WEIR_T_U64] = "number",
		[WEIR_T_I32] = "number, may be negative",
		[WEIR_T_I64] = "number, may be negative",
		[WEIR_T_DOUBLE] = "real number",
		[WEIR_T_STRING] = "text",
		[WEIR_T_WORD] = "word",
		[WEIR_T_FILE] = "file",
		[WEIR_T_DATA] = "text or \\<hex>",
		[WEIR_T_IP4] = "IP address",
		[WEIR_T_IP4_PREFIX] = "IP prefix",
		[WEIR_T_ETHER] = "Ethernet address",
		[WEIR_T_TCP_PORT] = "TCP port",
		[WEIR_T_UDP_PORT] = "UDP port",
		[WEIR_T_IP_PROTO] = "IP protocol",
		[WEIR_T_SECONDS] = "time",
		[WEIR_T_BANDWIDTH] = "bandwidth",
		[WEIR_T_RATE] = "packets per second",
		[WEIR_T_ANNO] = "annotation",
		[WEIR_T_ELEMENT] = "element",
		[WEIR_T_HANDLER] = "handler",
		[WEIR_T_ENUM] = "one of",
		[WEIR_T_ARG] = "text",
	};

	return type < sizeof(names) / sizeof(*names) && names[type] ? names[type] : "";
}

static void show_arg(const struct weir_arg *a)
{
	if (a->flags & WEIR_DEPRECATED) {
		printf("  %-18s accepted and ignored\n", a->name);
		return;
	}
	printf("  %-18s %s (%s", a->name, a->help ? a->help : "", type_name(a->type));
	for (unsigned i = 0; a->type == WEIR_T_ENUM && a->names && a->names[i]; i++)
		printf("%s%s", i ? ", " : " ", a->names[i]);
	if (a->type < WEIR_T_DOUBLE && (a->min || a->max))
		printf(", %" PRId64 " to %" PRId64, a->min, a->max);
	printf("%s", a->flags & WEIR_POSITIONAL ? "" : ", by keyword");
	if (a->flags & WEIR_MANDATORY)
		printf(", required");
	else if (a->def)
		printf(", default %s", a->def);
	printf(")\n");
}

static void show_rest(const struct weir_class *c)
{
	enum { WIDTH = 18 };

	if (!c->rest)
		return;
	printf("  %-*s", WIDTH, c->rest);
	if (strlen(c->rest) > WIDTH) // the text below it, in its column
		printf("\n  %-*s", WIDTH, "");
	printf(" %s\n", c->rest_help);
}

static void show_names(const char *title, const char *const *names, unsigned max)
{
	if (!names[0])
		return;
	printf("\n%s:", title);
	for (unsigned i = 0; i < max && names[i]; i++)
		printf(" %s", names[i]);
	printf("\n");
}

static void show_handler(const struct weir_handler *h)
{
	const char *how = h->flags & WEIR_H_WRITE ? h->flags & WEIR_H_READ ? "rw" : "w" : "r";

	if (!(h->flags & WEIR_H_PRIVATE))
		printf("  %-18s %-3s %s\n", h->name, how, h->help ? h->help : "");
}

static void show_class(const struct weir_class *c)
{
	const struct weir_arg *a = c->args;

	printf("%s: %s\n\nports %s, processing %s, flow %s\n", c->name,
	       c->purpose ? c->purpose : "", weir_ports_code(c), weir_processing_code(c),
	       weir_flow_code(c));
	if (c->driver_only)
		printf("\nruns in the driver only\n");
	show_names("inputs", c->in, sizeof(c->in) / sizeof(*c->in));
	show_names("outputs", c->out, sizeof(c->out) / sizeof(*c->out));
	show_names("drops", c->drops, sizeof(c->drops) / sizeof(*c->drops));
	if (c->rest || (a && a->name))
		printf("\narguments:\n");
	show_rest(c);
	for (; a && a->name; a++)
		show_arg(a);
	printf("\nhandlers:\n");
	for (const struct weir_handler *h = c->handlers; h && h->name; h++)
		show_handler(h);
	for (const struct weir_handler *h = weir_common_handlers; h->name; h++)
		show_handler(h);
}

static int show(const char *name)
{
	const struct weir_class *c = weir_class_find(name);
	const char *near;

	if (!c) {
		near = weir_class_nearest(name);
		fprintf(stderr, "there is no class `%s'%s%s%s\n", name,
			near ? ", did you mean `" : "; see `weir list classes'", near ? near : "",
			near ? "'?" : "");
		return 1;
	}
	show_class(c);
	return 0;
}

int cmd_help(int argc, char **argv)
{
	static const char usage[] = "usage: weir help [-L DIR] CLASS\n"
				    "Says what a class does, takes and tells.\n"
				    "\n"
				    "  -L, --elements DIR  take the elements in DIR too\n";
	const char *const *folders = NULL;
	int i = cmd_folders(&folders, argc, argv, usage), status = i ? 2 : 0;

	if (i > 0 && i + 1 == argc)
		status = cmd_load_folders(folders) ? 1 : show(argv[i]);
	else if (i > 0)
		fputs(usage, stderr);
	free((void *)folders);
	return status;
}
