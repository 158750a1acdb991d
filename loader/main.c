// SPDX-License-Identifier: BSD-2-Clause
#include <cmd.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *help;
	int (*fn)(int argc, char **argv);
} commands[] = {
	{"run", "run a router", cmd_run},
	{"check", "check a configuration", cmd_check},
	{"stats", "show what the elements of a running router saw", cmd_stats},
	{"read", "print a handler of a running router", cmd_read},
	{"write", "write a handler of a running router", cmd_write},
	{"list", "list classes, or what is in a running router", cmd_list},
	{"help", "describe an element class", cmd_help},
	{"graph", "draw a configuration", cmd_graph},
	{"plan", "show what runs in the driver, and why", cmd_plan},
	{"click", "run a configuration as Click's driver does", cmd_click},
};

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	if (!strcmp(slash ? slash + 1 : argv[0], "click"))
		return cmd_click(argc, argv);
	for (unsigned i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].fn(argc - 1, argv + 1);
	fprintf(stderr, "usage: weir COMMAND ...\n\n");
	for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(stderr, "  %-8s %s\n", commands[i].name, commands[i].help);
	return 2;
}
