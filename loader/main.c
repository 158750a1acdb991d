// SPDX-License-Identifier: BSD-2-Clause
#include <cmd.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *help;
	int (*fn)(int argc, char **argv);
} commands[] = {
	{"run", "run a router", cmd_run},
};

int main(int argc, char **argv)
{
	for (unsigned i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].fn(argc - 1, argv + 1);
	fprintf(stderr, "usage: weir COMMAND ...\n\n");
	for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(stderr, "  %-8s %s\n", commands[i].name, commands[i].help);
	return 2;
}
