// SPDX-License-Identifier: BSD-2-Clause

// `weir status`: which routers there are, with a process or without.

#include <cmd.h>
#include <ctl.h>
#include <device.h>
#include <inttypes.h>
#include <session.h>
#include <stdio.h>
#include <xsk.h>

static const char usage[] = "usage: weir status [NAME]\n"
			    "Shows the routers that run and those that are in the driver; of one "
			    "that is there without a\n"
			    "process, what came to its elements.\n";

void session_status_line(struct weir_buf *out, const char *interfaces, unsigned elements,
			 uint64_t packets)
{
	weir_printf(out, "%9u %14" PRIu64 "  %s", elements, packets, interfaces);
}

static uint64_t count_seen(const struct session *s, const struct weir_device *d)
{
	struct weir_xsk_count v[WEIR_XSK_COUNTS];
	uint64_t seen = 0;

	for (unsigned q = 0; q < weir_device_n_queues(d); q++)
		for (unsigned i = weir_xsk_counts(s->xsk, d, q, v); i--;)
			seen += strcmp(v[i].name, "seen") ? 0 : v[i].value;
	return seen;
}

void session_status(const struct session *s, struct weir_buf *out)
{
	struct weir_buf names = {};
	uint64_t packets = 0;

	for (const struct weir_device *d = weir_router_devices(s->router); d; d = d->next) {
		if (!(d->roles & WEIR_DEVICE_RX))
			continue;
		weir_printf(&names, "%s%s", names.len ? " " : "", weir_device_name(d));
		packets += count_seen(s, d);
	}
	session_status_line(out, names.text ?: "", s->front ? s->plan.n_driver : 0, packets);
	weir_buf_free(&names);
}

static void print_running(void *arg, const char *name)
{
	struct weir_buf value = {};
	struct weir_err err = {};
	int pid = ctl_pid(name);

	(void)arg;
	if (pid < 0)
		return;
	ctl_read(name, "status", "", &value, &err);
	printf("%-24s %-10d %s\n", name, pid, value.text ?: "(does not answer)");
	weir_buf_free(&value);
	weir_err_free(&err);
}

static int print_fault(struct weir_element *e, void *arg)
{
	const char *ifname = weir_front_deaf(arg, e);

	if (ifname)
		printf("    what %s sends is lost: %s does not send what a driver redirects\n",
		       e->name, ifname);
	if (e->class->kernel)
		printf("    routes are as %s left them: without a process it does not follow the "
		       "kernel\n",
		       e->name);
	return 0;
}

// What a process would do something about.
static void print_faults(const char *name)
{
	struct session s = {};
	struct weir_err err = {};

	if (!session_look(&s, name, &err))
		weir_each_element(s.router, print_fault, s.front);
	weir_err_free(&err);
	session_close(&s);
}

static void print_kept(void *arg, const char *name)
{
	struct weir_buf line = {};
	struct weir_pins_sum sum;

	(void)arg;
	if (ctl_pid(name) > 0 || weir_pins_look(name, &sum))
		return;
	session_status_line(&line, sum.interfaces, sum.elements, sum.packets);
	printf("%-24s %-10s %s\n", name, "no process", line.text ?: "");
	weir_buf_free(&line);
	print_faults(name);
}

static int print_element(struct weir_element *e, void *)
{
	printf("%-32s %-18s %14" PRIu64 "\n", e->name, e->class->name,
	       (uint64_t)session_came_in(e).packets);
	return 0;
}

static int print_elements(const char *name)
{
	struct session s = {};
	struct weir_err err = {};
	int rc = session_look(&s, name, &err);

	printf("%-32s %-18s %14s\n", "element", "class", "packets in");
	if (!rc)
		weir_each_element(s.router, print_element, NULL);
	if (err.text)
		fprintf(stderr, "weir status: %s", err.text);
	weir_err_free(&err);
	session_close(&s);
	return rc ? 1 : 0;
}

int cmd_status(int argc, char **argv)
{
	if (argc == 2 && argv[1][0] != '-')
		return print_elements(argv[1]);
	if (argc != 1) {
		fputs(usage, stderr);
		return 2;
	}
	printf("%-24s %-10s %9s %14s  %s\n", "router", "process", "in driver", "packets in",
	       "interfaces");
	ctl_each(print_running, NULL);
	weir_pins_each(print_kept, NULL);
	return 0;
}
