// SPDX-License-Identifier: BSD-2-Clause

// `weir graph`: a configuration as a picture, in the language of Graphviz. Pull connections are
// dashed; ports that have a name, or are not the only ones, are written at their ends.

#include <cmd.h>
#include <errno.h>
#include <session.h>
#include <stdio.h>

static const char usage[] = "usage: weir graph FILE [NAME=VALUE...]\n"
			    "Prints a configuration as a graph for dot(1).\n";

// A quoted string of dot.
static void print_quoted(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		if (*s == '\n')
			fputs("\\n", stdout);
		else
			putchar(*s);
	}
	putchar('"');
}

static void print_element(const struct weir_element *e)
{
	struct weir_buf label = {};
	const char *name = strrchr(e->name, '/');

	name = name ? name + 1 : e->name;
	// the name that Click makes up says nothing new
	if (strchr(name, '@'))
		weir_printf(&label, "%s", e->class->name);
	else
		weir_printf(&label, "%s\n%s", name, e->class->name);
	printf("\t");
	print_quoted(e->name);
	printf(" [label=");
	print_quoted(label.text ? label.text : "");
	if (*e->config) {
		printf(", tooltip=");
		print_quoted(e->config);
	}
	printf("];\n");
	weir_buf_free(&label);
}

// Elements of one compound stand in a box of its name.
static void print_elements(const struct weir_router *r)
{
	for (unsigned i = 0; i < r->n_elements; i++) {
		const struct weir_element *e = r->elements[i];
		const char *slash = strrchr(e->name, '/');

		if (!slash) {
			print_element(e);
			continue;
		}
		printf("\tsubgraph \"cluster_%.*s\" { label=\"%.*s\";\n", (int)(slash - e->name),
		       e->name, (int)(slash - e->name), e->name);
		print_element(e);
		printf("\t}\n");
	}
}

static void print_port(const struct weir_element *e, bool output, unsigned port, unsigned n)
{
	char name[64];

	weir_port_name(e, output, port, name, sizeof(name));
	if (n < 2 && *name >= '0' && *name <= '9')
		return;
	printf(output ? " taillabel=" : " headlabel=");
	print_quoted(name);
}

static void print_connections(const struct weir_router *r)
{
	for (unsigned i = 0; i < r->n_connections; i++) {
		const struct weir_connection *c = &r->connections[i];

		printf("\t");
		print_quoted(c->from->name);
		printf(" -> ");
		print_quoted(c->to->name);
		printf(" [");
		print_port(c->from, true, c->from_port, weir_wiring(c->from)->n_out);
		print_port(c->to, false, c->to_port, weir_wiring(c->to)->n_in);
		printf("%s];\n", weir_out_is_pull(c->from, c->from_port) ? " style=dashed" : "");
	}
}

int cmd_graph(int argc, char **argv)
{
	struct session_options opt = {};
	struct session s = {};
	struct weir_err err = {};
	int rc = cmd_file(&opt, argc, argv);

	if (rc < 0) {
		fputs(usage, stderr);
		return 2;
	}
	rc = session_check(&s, &opt, &err);
	if (err.text)
		fputs(err.text, stderr);
	if (!rc) {
		printf("digraph router {\n\tnode [shape=box, fontname=\"sans-serif\"];\n");
		print_elements(s.router);
		print_connections(s.router);
		printf("}\n");
	}
	session_close(&s);
	weir_err_free(&err);
	cmd_file_free(&opt);
	return rc ? 1 : 0;
}
