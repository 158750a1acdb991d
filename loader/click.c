// SPDX-License-Identifier: BSD-2-Clause

// `weir click`: takes the options of Click's userlevel driver and does the same with them, so that
// weir can stand where Click stood. Packets go one by one, in Click's order.

#include <weir/control.h>

#include <cmd.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <handlers.h>
#include <session.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

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
	"      --help                    Print this and exit.\n"
	"  -v, --version                 Print the version and exit.\n";

enum listener_kind { PORT, FILENAME, DESCRIPTOR };

struct listener {
	enum listener_kind kind;
	const char *where;
	int fd; // 0: not open
	struct weir_control *control;
};

struct click {
	struct session_options session;
	struct lang_define *defines;
	const char **handlers, *exit_handler, *output;
	unsigned n_handlers;
	struct listener *listeners;
	unsigned n_listeners;
	bool quit, time, no_warnings, reconfigure;

	struct session s;
	char *hotconfig; // text to swap to; malloc'd
};

// The one that runs: for the signal handler, and for `hotconfig`.
static struct click *current;
static volatile sig_atomic_t is_running;

static void show_messages(const struct click *c, struct weir_err *err)
{
	if (err->text && (err->n_errors || !c->no_warnings))
		fputs(err->text, stderr);
	weir_err_free(err);
}

// --- options ----------------------------------------------------------------------------------

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
		if (strcmp(c->defines[i].name, arg) == 0)
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
		c->session.engine.pin = true;
		return 0;
	case 'j':
		return 0;
	case 'b':
		return set_burst(c, optarg);
	case SIMTIME:
		return set_simtime(c, optarg);
	case 'C':
		return setenv("CLICKPATH", optarg, 1);
	default:
		fprintf(stderr, "Try 'weir click --help' for more information.\n");
		return -EINVAL;
	}
}

// 0, 1 (all is done) or -errno.
static int parse_options(struct click *c, int argc, char **argv)
{
	int opt;

	c->session.engine = (struct weir_engine_options){.n_workers = 1, .burst = 1};
	c->defines = calloc((size_t)argc, sizeof(*c->defines));
	c->handlers = calloc((size_t)argc, sizeof(*c->handlers));
	c->listeners = calloc((size_t)argc, sizeof(*c->listeners));
	if (!c->defines || !c->handlers || !c->listeners)
		return -ENOMEM;
	c->session.defines = c->defines;
	// in order: an argument comes as option 1
	while ((opt = getopt_long(argc, argv, "-f:e:j:ap:u:Rh:x:o:qtwb:C:v", longs, NULL)) != -1) {
		if (opt == HELP || opt == 'v') {
			if (opt == HELP)
				fputs(help, stdout);
			else
				printf("click (weir) %s\n", weir_version);
			return 1;
		}
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

// --- handlers ---------------------------------------------------------------------------------

// Prints the value of a handler, with its name above and an empty line below if there are several.
static int print_handler(struct click *c, const char *name, bool with_name, struct weir_err *err)
{
	const struct weir_handler *h = weir_handler_find(c->s.router, name, NULL);
	struct weir_buf value = {};
	int r;

	if (!h || h->flags & WEIR_H_PRIVATE)
		return weir_error(err, NULL, "no `%s' handler", name);
	if (!(h->flags & WEIR_H_READ))
		return weir_error(err, NULL, "`%s' is a write handler", name);
	r = weir_handler_read(c->s.router, name, "", &value, err);
	if (with_name)
		printf("%s:\n", name);
	if (r >= 0 && value.len)
		fwrite(value.text, 1, value.len, stdout);
	if (r >= 0 && !(h->flags & WEIR_H_RAW) && value.len && value.text[value.len - 1] != '\n')
		putchar('\n');
	if (with_name)
		putchar('\n');
	weir_buf_free(&value);
	return r;
}

// All elements that a pattern matches, or of that class, which have such a handler.
static int print_matching(struct click *c, const char *pattern, const char *handler,
			  struct weir_err *err)
{
	const bool is_pattern = strpbrk(pattern, "?*[") != NULL;
	bool any = false;

	for (unsigned i = 0; i < c->s.router->n_elements; i++) {
		const struct weir_element *e = c->s.router->elements[i];
		const struct weir_handler *h;
		char *name;

		if (is_pattern ? fnmatch(pattern, e->name, 0) : strcmp(pattern, e->class->name))
			continue;
		any = true;
		if (asprintf(&name, "%s.%s", e->name, handler) < 0)
			return -ENOMEM;
		h = weir_handler_find(c->s.router, name, NULL);
		if (h && h->flags & WEIR_H_READ && !(h->flags & WEIR_H_PRIVATE))
			print_handler(c, name, true, err);
		free(name);
	}
	if (any)
		return 0;
	return weir_error(err, NULL, is_pattern ? "no element matching `%s'" : "no element `%s'",
			  pattern);
}

static int print_handlers(struct click *c)
{
	struct weir_err err = {};

	for (unsigned i = 0; i < c->n_handlers; i++) {
		const char *name = c->handlers[i], *dot = strchr(name, '.');
		char *element = dot ? strndup(name, (size_t)(dot - name)) : NULL;

		if (!element || weir_find(c->s.router, element))
			print_handler(c, name, c->n_handlers > 1, &err);
		else
			print_matching(c, element, dot + 1, &err);
		free(element);
	}
	fflush(stdout);
	if (!err.n_errors) {
		weir_err_free(&err);
		return 0;
	}
	show_messages(c, &err);
	return 1;
}

static int exit_value(struct click *c)
{
	struct weir_buf value = {};
	struct weir_err err = {};
	int32_t n = -1;
	bool b;

	if (weir_handler_read(c->s.router, c->exit_handler, "", &value, &err) >= 0) {
		const char *text = value.text ? value.text : "";
		char *word = strndup(text, strcspn(text, "\n"));

		if (word && weir_parse(NULL, WEIR_T_BOOL, word, NULL, &b, NULL) == 0 &&
		    !isdigit((unsigned char)*word))
			n = b ? 0 : 1;
		else if (!word || weir_parse(NULL, WEIR_T_I32, word, NULL, &n, NULL) < 0)
			weir_error(&err, NULL, "exit handler value should be integer");
		free(word);
	}
	if (err.n_errors)
		n = -1;
	weir_buf_free(&value);
	show_messages(c, &err);
	return n;
}

static int write_output(struct click *c)
{
	bool to_stdout = strcmp(c->output, "-") == 0;
	FILE *f = to_stdout ? stdout : fopen(c->output, "we");
	struct weir_buf text = {};
	struct weir_err err = {};

	if (!f) {
		fprintf(stderr, "%s: %s\n", c->output, strerror(errno));
		return 1;
	}
	weir_handler_read(c->s.router, "flatconfig", "", &text, &err);
	if (text.len)
		fwrite(text.text, 1, text.len, f);
	weir_buf_free(&text);
	weir_err_free(&err);
	if (to_stdout)
		fflush(f);
	else
		fclose(f);
	return 0;
}

// --- control sockets --------------------------------------------------------------------------

static int open_listener(struct listener *l, struct weir_err *err)
{
	size_t len = strlen(l->where);
	bool more = l->kind == PORT && len && l->where[len - 1] == '+';
	char *port = strndup(l->where, len - more);
	uint16_t number = 0;
	int r = -ENOMEM;

	if (!port)
		return r;
	if (l->kind == FILENAME)
		r = weir_control_listen_unix(l->where, err);
	else if (weir_parse(NULL, l->kind == PORT ? WEIR_T_TCP_PORT : WEIR_T_U16, port, NULL,
			    &number, NULL) < 0)
		r = weir_error(err, NULL, "%s expects a number, not `%s'",
			       l->kind == PORT ? "--port" : "--socket", l->where);
	else if (l->kind == DESCRIPTOR)
		r = number;
	else
		r = weir_control_listen_tcp(number, more, false, err);
	free(port);
	l->fd = r > 0 ? r : 0;
	return r < 0 ? r : 0;
}

static int open_listeners(struct click *c, struct weir_err *err)
{
	int r = 0;

	for (unsigned i = 0; !r && i < c->n_listeners; i++)
		r = open_listener(&c->listeners[i], err);
	return r;
}

static int serve_listeners(struct click *c)
{
	const struct weir_control_options opt = {};
	int r = 0;

	for (unsigned i = 0; !r && i < c->n_listeners; i++)
		r = weir_control_open(&c->listeners[i].control, &c->s.engine->workers[0].free_node,
				      c->listeners[i].fd, &opt);
	return r;
}

static void leave_listeners(struct click *c)
{
	for (unsigned i = 0; i < c->n_listeners; i++) {
		weir_control_close(c->listeners[i].control);
		c->listeners[i].control = NULL;
	}
}

static void close_listeners(struct click *c)
{
	for (unsigned i = 0; i < c->n_listeners; i++) {
		struct listener *l = &c->listeners[i];

		if (l->fd)
			close(l->fd);
		if (l->fd && l->kind == FILENAME)
			unlink(l->where);
	}
}

// --- running ----------------------------------------------------------------------------------

static void stop_on_signal(int sig)
{
	if (is_running) {
		weir_engine_stop(current->s.engine);
		return;
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

static void catch_signals(void)
{
	struct sigaction sa = {.sa_handler = stop_on_signal, .sa_flags = SA_RESTART};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

// A new configuration: checked here, so that who writes it gets the errors; swapped in by run.
static int write_hotconfig(struct weir_element *e, const struct weir_handler *, const char *value,
			   struct weir_err *err)
{
	struct session_options opt = current->session;
	struct session s = {};
	char *text = strdup(value);
	int r = -ENOMEM;

	opt.file = NULL;
	opt.text = text;
	if (text)
		r = session_check(&s, &opt, err);
	session_close(&s);
	if (r < 0) {
		free(text);
		return r;
	}
	free(current->hotconfig);
	current->hotconfig = text;
	weir_engine_stop(e->router->engine);
	return 0;
}

static const struct weir_handler hot_handlers[] = {
	{.name = "hotconfig",
	 .flags = WEIR_H_WRITE | WEIR_H_RAW,
	 .write = write_hotconfig,
	 .help = "replaces the configuration"},
	{},
};

static int open_router(struct click *c, const struct session_options *opt)
{
	struct weir_err err = {};
	int r = session_check(&c->s, opt, &err);

	if (!r)
		r = session_open(&c->s, opt, &err);
	if (!r && c->reconfigure)
		c->s.router->handlers = hot_handlers;
	show_messages(c, &err);
	return r;
}

static int run(struct click *c)
{
	struct session_options opt = c->session;
	char *text = NULL;
	int r;

	for (;;) {
		r = serve_listeners(c);
		if (r < 0)
			break;
		is_running = true;
		weir_engine_run(c->s.engine);
		is_running = false;
		leave_listeners(c);
		if (!c->hotconfig)
			break;
		free(text);
		text = c->hotconfig;
		c->hotconfig = NULL;
		session_close(&c->s);
		opt.file = NULL;
		opt.text = text;
		r = open_router(c, &opt);
		if (r < 0)
			break;
	}
	free(text);
	return r;
}

struct times {
	struct rusage usage;
	struct timespec clock;
};

static struct times take_times(void)
{
	struct times t;

	getrusage(RUSAGE_SELF, &t.usage);
	clock_gettime(CLOCK_MONOTONIC, &t.clock);
	return t;
}

static long long milliseconds(struct timeval a, struct timeval b)
{
	long long us = (a.tv_sec - b.tv_sec) * 1000000ll + (a.tv_usec - b.tv_usec);

	return (us + 500) / 1000;
}

static void print_times(const struct times *a, const struct times *b)
{
	long long user = milliseconds(b->usage.ru_utime, a->usage.ru_utime);
	long long sys = milliseconds(b->usage.ru_stime, a->usage.ru_stime);
	long long cs = ((b->clock.tv_sec - a->clock.tv_sec) * 1000000000ll +
			(b->clock.tv_nsec - a->clock.tv_nsec) + 5000000) /
		       10000000;

	printf("%lld.%03lldu %lld.%03llds %lld:%02lld.%02lld\n", user / 1000, user % 1000,
	       sys / 1000, sys % 1000, cs / 6000, cs / 100 % 60, cs % 100);
}

static int run_router(struct click *c)
{
	struct times before, after;
	int status = 0;

	if (c->output)
		status = write_output(c);
	before = take_times();
	if (!c->quit && c->s.router->n_elements) {
		if (run(c) < 0)
			return 1;
	} else if (!c->quit && !c->no_warnings) {
		fprintf(stderr, "%s: warning: configuration has no elements, exiting\n",
			c->session.text ? "<expr>" : c->session.file);
	}
	after = take_times();
	if (c->time)
		print_times(&before, &after);
	if (c->n_handlers && print_handlers(c))
		status = 1;
	return c->exit_handler ? exit_value(c) : status;
}

int cmd_click(int argc, char **argv)
{
	struct weir_err err = {};
	struct click c = {};
	int r = parse_options(&c, argc, argv), status = r > 0 ? 0 : 1;

	if (r)
		goto done;
	current = &c;
	catch_signals();
	if (open_listeners(&c, &err) < 0) {
		show_messages(&c, &err);
		goto done;
	}
	if (open_router(&c, &c.session) == 0)
		status = run_router(&c);
	leave_listeners(&c);
	session_close(&c.s);
done:
	close_listeners(&c);
	free(c.hotconfig);
	free(c.defines);
	free(c.handlers);
	free(c.listeners);
	return status;
}
