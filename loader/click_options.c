// SPDX-License-Identifier: BSD-2-Clause

// The command line of Click's userlevel driver.

#include <click.h>
#include <cmd.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <handlers.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
	"Usage: weir click [OPTION]... [VAR=VALUE]... [ROUTERFILE]\n"
	"Runs a router as Click's userlevel driver does.\n"
	"\n"
	"  -f, --file FILE               Read the configuration from FILE (-: standard input).\n"
	"  -e, --expression EXPR         Use EXPR as configuration.\n"
	"  -j, --threads N               Accepted; there is one worker.\n"
	"  -a, --affinity                Pin the worker to a CPU.\n"
	"  -p, --port PORT               Serve handlers on a TCP port (PORT+: or a later one).\n"
	"  -u, --unix-socket FILE        Serve handlers on a socket file.\n"
	"      --socket FD               Serve handlers on a listening descriptor.\n"
	"  -R, --allow-reconfigure       Provide a writable `hotconfig' handler.\n"
	"  -h, --handler ELEMENT.H       Print handler H of ELEMENT at the end.\n"
	"  -x, --exit-handler ELEMENT.H  Exit with the value of that handler.\n"
	"  -o, --output FILE             Write the flat configuration to FILE.\n"
	"  -q, --quit                    Do not run the router.\n"
	"  -t, --time                    Print how long it ran.\n"
	"  -w, --no-warnings             Do not print warnings.\n"
	"      --simtime[=TIME]          Run in simulated time, which begins at TIME.\n"
	"  -b, --burst N                 Packets per batch, 1 to 256 (1; weir only).\n"
	"  -C, --clickpath PATH          Where to look for libraries.\n"
	"  -L, --elements DIR            Take the elements in DIR too (weir only).\n"
	"      --help                    Print this and exit.\n"
	"  -v, --version                 Print the version and exit.\n";

enum {
	HELP = 256,
	SOCKET,
	SIMTIME,
	WARNINGS,
	NO_RECONFIGURE,
};

static const struct option longs[] = {
	{"allow-reconfigure", no_argument, NULL, 'R'},
	{"no-allow-reconfigure", no_argument, NULL, NO_RECONFIGURE},
	{"clickpath", required_argument, NULL, 'C'},
	{"elements", required_argument, NULL, 'L'},
	{"expression", required_argument, NULL, 'e'},
	{"file", required_argument, NULL, 'f'},
	{"handler", required_argument, NULL, 'h'},
	{"help", no_argument, NULL, HELP},
	{"output", required_argument, NULL, 'o'},
	{"socket", required_argument, NULL, SOCKET},
	{"port", required_argument, NULL, 'p'},
	{"quit", no_argument, NULL, 'q'},
	{"simtime", optional_argument, NULL, SIMTIME},
	{"simulation-time", optional_argument, NULL, SIMTIME},
	{"threads", required_argument, NULL, 'j'},
	{"affinity", no_argument, NULL, 'a'},
	{"time", no_argument, NULL, 't'},
	{"unix-socket", required_argument, NULL, 'u'},
	{"version", no_argument, NULL, 'v'},
	{"warnings", no_argument, NULL, WARNINGS},
	{"no-warnings", no_argument, NULL, 'w'},
	{"exit-handler", required_argument, NULL, 'x'},
	{"burst", required_argument, NULL, 'b'},
	{},
};

static int wrong(const char *what)
{
	fprintf(stderr, "click: %s\nTry 'weir click --help' for more information.\n", what);
	return -EINVAL;
}

static int set_configuration(struct click *c, const char *file, const char *text)
{
	if (c->session.file || c->session.text)
		return wrong("router configuration specified twice");
	c->session.file = file;
	c->session.text = text;
	return 0;
}

static void add_listener(struct click *c, enum listener_kind kind, const char *where)
{
	c->listeners[c->n_listeners++] = (struct listener){.kind = kind, .where = where};
}

static int set_burst(struct click *c, const char *text)
{
	uint32_t n;

	if (weir_parse(NULL, WEIR_T_U32, text, NULL, &n, NULL) < 0 || !n || n > WEIR_BATCH_MAX)
		return wrong("--burst is a number from 1 to 256");
	c->session.engine.burst = n;
	return 0;
}

static int check_threads(const char *text)
{
	uint32_t n;

	if (weir_parse(NULL, WEIR_T_U32, text, NULL, &n, NULL) < 0)
		return wrong("--threads is a number");
	return 0;
}

static int set_simtime(struct click *c, const char *text)
{
	c->session.engine.simtime = true;
	c->session.engine.simstart = 1000000000ull * 1000000000ull;
	if (text && weir_parse(NULL, WEIR_T_SECONDS, text, NULL, &c->session.engine.simstart, NULL))
		return wrong("--simtime takes a time in seconds");
	return 0;
}

// An argument that is no option: VAR=VALUE or the file.
static int take_argument(struct click *c, char *arg)
{
	char *s = arg;

	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	if (*s != '=' || s == arg)
		return set_configuration(c, arg, NULL);
	*s = '\0';
	for (unsigned i = 0; i < c->session.n_defines; i++)
		if (c->defines[i].name && strcmp(c->defines[i].name, arg) == 0)
			return wrong("a parameter is defined twice");
	c->defines[c->session.n_defines++] = (struct lang_define){arg, s + 1};
	return 0;
}

static int take_option(struct click *c, int opt)
{
	switch (opt) {
	case 'f':
		return set_configuration(c, optarg, NULL);
	case 'e':
		return set_configuration(c, NULL, optarg);
	case 1:
		return take_argument(c, optarg);
	case 'h':
		c->handlers[c->n_handlers++] = optarg;
		return 0;
	case 'x':
		if (c->exit_handler)
			return wrong("--exit-handler specified twice");
		c->exit_handler = optarg;
		return 0;
	case 'o':
		if (c->output)
			return wrong("output file specified twice");
		c->output = optarg;
		return 0;
	case 'p':
		add_listener(c, PORT, optarg);
		return 0;
	case 'u':
		add_listener(c, FILENAME, optarg);
		return 0;
	case SOCKET:
		add_listener(c, DESCRIPTOR, optarg);
		return 0;
	case 'R':
	case NO_RECONFIGURE:
		c->reconfigure = opt == 'R';
		return 0;
	case 'q':
		c->quit = true;
		return 0;
	case 't':
		c->time = true;
		return 0;
	case 'w':
	case WARNINGS:
		c->no_warnings = opt == 'w';
		return 0;
	case 'a':
		c->session.pin = true;
		return 0;
	case 'j':
		return check_threads(optarg);
	case 'b':
		return set_burst(c, optarg);
	case SIMTIME:
		return set_simtime(c, optarg);
	case 'L':
		return cmd_list_add(&c->session.folders, optarg);
	case 'C':
		return setenv("CLICKPATH", optarg, 1);
	default:
		fprintf(stderr, "Try 'weir click --help' for more information.\n");
		return -EINVAL;
	}
}

static int show_and_end(int opt)
{
	if (opt == HELP)
		fputs(help, stdout);
	else
		printf("click (weir) %s\n", weir_version);
	return 1;
}

int click_options(struct click *c, int argc, char **argv)
{
	int opt;

	c->session.engine = (struct weir_engine_options){.n_workers = 1, .burst = 1};
	c->session.lenient_pins = true;
	c->defines = calloc((size_t)argc, sizeof(*c->defines));
	c->handlers = calloc((size_t)argc, sizeof(*c->handlers));
	c->listeners = calloc((size_t)argc, sizeof(*c->listeners));
	if (!c->defines || !c->handlers || !c->listeners)
		return -ENOMEM;
	c->session.defines = c->defines;
	// in order: an argument comes as option 1
	while ((opt = getopt_long(argc, argv, "-f:e:j:ap:u:Rh:x:o:qtwb:C:L:v", longs, NULL)) !=
	       -1) {
		if (opt == HELP || opt == 'v')
			return show_and_end(opt);
		if (take_option(c, opt) < 0)
			return -EINVAL;
	}
	for (; optind < argc; optind++) // behind "--"
		if (take_argument(c, argv[optind]) < 0)
			return -EINVAL;
	if (!c->session.file && !c->session.text)
		c->session.file = "-";
	return 0;
}
