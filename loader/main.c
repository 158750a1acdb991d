// SPDX-License-Identifier: BSD-2-Clause
#include <cmd.h>
#include <errno.h>
#include <handlers.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *help;
	int (*fn)(int argc, char **argv);
} commands[] = {
	{"run", "run a router", cmd_run},
	{"init", "write a configuration that routes by the kernel's routes", cmd_init},
	{"load", "put a router that needs no process into the driver", cmd_load},
	{"unload", "take away what a router left in the driver", cmd_unload},
	{"status", "show which routers there are", cmd_status},
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

static void list_commands(FILE *f)
{
	fprintf(f, "usage: weir COMMAND ...\n\n");
	for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(f, "  %-8s %s\n", commands[i].name, commands[i].help);
}

static int run(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *word = argc > 1 ? argv[1] : "";
	static char name[32];

	if (!strcmp(slash ? slash + 1 : argv[0], "click"))
		return cmd_click(argc, argv);
	if (!strcmp(word, "--version")) {
		printf("weir %s\n", weir_version);
		return 0;
	}
	if (!strcmp(word, "--help") || !strcmp(word, "-h") ||
	    (!strcmp(word, "help") && argc == 2)) {
		list_commands(stdout);
		return 0;
	}
	for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(word, commands[i].name) != 0)
			continue;
		snprintf(name, sizeof(name), "weir %s", word);
		argv[1] = name; // as getopt calls it
		return commands[i].fn(argc - 1, argv + 1);
	}
	list_commands(stderr);
	return 2;
}

// What was printed has arrived, or the command has failed.
int main(int argc, char **argv)
{
	int status;

	// where whoever started us ignores it, there would be nothing to wait for
	signal(SIGCHLD, SIG_DFL);
	status = run(argc, argv);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "weir: standard output: %s\n", strerror(errno));
		status = status ? status : 1;
	}
	return status;
}
