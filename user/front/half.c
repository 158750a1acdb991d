// SPDX-License-Identifier: BSD-2-Clause

// What the programs counted and what state they have, for those who see one router.

#include "parts.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <abi/entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool runs(void *arg, const struct weir_element *e)
{
	const struct weir_front *f = arg;

	return f->programs[e->index].n_counts || f->devices[e->index];
}

static bool hands_all(void *arg, const struct weir_element *e)
{
	const struct weir_front *f = arg;

	return f->off || f->programs[e->index].hands_all;
}

// Counter i of a map, summed over the CPUs.
static struct weir_count sum(const struct weir_front *f, int fd, __u32 i)
{
	struct weir_count *v = calloc((size_t)f->n_cpus, sizeof(*v)), all = {};

	if (v && !bpf_map_lookup_elem(fd, &i, v))
		for (int cpu = 0; cpu < f->n_cpus; cpu++) {
			all.packets += v[cpu].packets;
			all.bytes += v[cpu].bytes;
		}
	free(v);
	return all;
}

// What the entry program of an interface gave to the first element, over all queues.
static struct weir_count entered(const struct weir_front *f, int fd)
{
	struct weir_entry_count *v = calloc((size_t)f->n_cpus, sizeof(*v));
	struct weir_count all = {};

	for (__u32 queue = 0; v && !bpf_map_lookup_elem(fd, &queue, v); queue++)
		for (int cpu = 0; cpu < f->n_cpus; cpu++) {
			all.packets += v[cpu].front;
			all.bytes += v[cpu].front_bytes;
		}
	free(v);
	return all;
}

static struct weir_count came_in(const struct weir_front *f, const struct weir_element *e);

static void subtract(struct weir_count *from, struct weir_count what)
{
	from->packets -= what.packets < from->packets ? what.packets : from->packets;
	from->bytes -= what.bytes < from->bytes ? what.bytes : from->bytes;
}

// What came in less what is counted: it left by output 0, or ended here. (Packets on their way
// between two counters make the difference a little wrong while there is traffic.)
static struct weir_count derive(const struct weir_front *f, const struct weir_element *e,
				unsigned which)
{
	const struct front_program *p = &f->programs[e->index];
	struct weir_count c = came_in(f, e);

	for (unsigned i = 0; i < p->n_counts; i++)
		if (i != which)
			subtract(&c, sum(f, p->counts_fd, i));
	subtract(&c, (struct weir_count){.bytes = -sum(f, p->counts_fd, which).bytes});
	c.bytes += (uint64_t)((int64_t)e->len_delta * (int64_t)c.packets);
	return c;
}

// Counter i of an element.
static struct weir_count count_of(const struct weir_front *f, const struct weir_element *e,
				  unsigned i)
{
	const struct front_program *p = &f->programs[e->index];
	unsigned derived = e->class->is_sink ? p->n_counts - WEIR_COUNT_MORE + WEIR_COUNT_ENDED : 0;
	struct weir_count c = {};

	if (f->devices[e->index])
		return i ? c : entered(f, f->entry_fd[e->index]);
	if (i >= p->n_counts)
		return c;
	return i == derived && front_derives(e) ? derive(f, e, i) : sum(f, p->counts_fd, i);
}

// By all of its inputs. Each element has one output that is derived, so this goes up a tree.
static struct weir_count came_in(const struct weir_front *f, const struct weir_element *e)
{
	struct weir_count all = {};

	for (unsigned i = 0; i < e->router->n_connections; i++) {
		const struct weir_connection *c = &e->router->connections[i];
		struct weir_count one;

		if (c->to != e || !weir_plan_is_inside(f->plan, c))
			continue;
		one = count_of(f, c->from, c->from_port);
		all.packets += one.packets;
		all.bytes += one.bytes;
	}
	return all;
}

struct weir_count front_ended(const struct weir_front *f, const struct weir_element *e)
{
	return count_of(f, e, f->programs[e->index].n_counts - WEIR_COUNT_MORE + WEIR_COUNT_ENDED);
}

static void counts(void *arg, const struct weir_element *e, unsigned first, struct weir_count *v,
		   unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		v[i] = count_of(arg, e, first + i);
}

static bool state(void *arg, const struct weir_element *e, unsigned cpu, void *buf)
{
	const struct weir_front *f = arg;
	const struct front_program *p = &f->programs[e->index];
	size_t step = (p->state_size + 7) & ~(size_t)7;
	uint8_t *v;
	__u32 zero = 0;
	bool ok;

	if (!p->state_size || cpu >= (unsigned)f->n_cpus)
		return false;
	v = calloc((size_t)f->n_cpus, step);
	ok = v && !bpf_map_lookup_elem(p->state_fd, &zero, v);
	if (ok)
		memcpy(buf, v + cpu * step, p->state_size);
	free(v);
	return ok;
}

static void reset_state(void *arg, const struct weir_element *e, size_t off, size_t size)
{
	const struct weir_front *f = arg;
	const struct front_program *p = &f->programs[e->index];
	const size_t step = (p->state_size + 7) & ~(size_t)7;
	uint8_t *v = p->state_size ? calloc((size_t)f->n_cpus, step) : NULL;
	__u32 zero = 0;

	if (!v || off > p->state_size || size > p->state_size - off) {
		free(v);
		return;
	}
	if (size < p->state_size)
		bpf_map_lookup_elem(p->state_fd, &zero, v);
	for (int cpu = 0; cpu < f->n_cpus; cpu++)
		memset(v + (size_t)cpu * step + off, 0, size);
	bpf_map_update_elem(p->state_fd, &zero, v, BPF_ANY);
	free(v);
}

static int changed(void *arg, const struct weir_element *e, struct weir_err *err)
{
	return front_changed(arg, e, err);
}

static uint64_t waiting(void *arg)
{
	const struct weir_front *f = arg;
	uint64_t n = 0;

	for (unsigned i = 0; i < f->plan->router->n_elements; i++)
		if (f->devices[i])
			n += weir_xsk_waiting(f->devices[i]);
	return n;
}

// What crossed on an interface and did not get through its rings.
static void ring_losses(const struct weir_device *d,
			void (*fn)(void *fn_arg, const char *name, uint64_t packets,
				   uint64_t bytes),
			void *fn_arg)
{
	struct weir_xsk_count v[WEIR_XSK_COUNTS];
	char name[256], what[64];

	for (unsigned q = 0; q < weir_device_n_queues(d); q++)
		for (unsigned n = weir_xsk_counts(NULL, d, q, v); n--;) {
			if (!v[n].value || !v[n].lost || v[n].sending)
				continue;
			weir_xsk_count_name(&v[n], what, sizeof(what));
			snprintf(name, sizeof(name), "%s[%u].%s", weir_device_name(d), q, what);
			fn(fn_arg, name, v[n].value, 0); // the rings count no bytes
		}
}

static uint64_t not_taken(void *arg)
{
	const struct weir_front *f = arg;
	uint64_t n = 0;

	for (struct weir_device *d = weir_router_devices(f->plan->router); d; d = d->next)
		n += front_not_taken(f, d);
	return n;
}

static void losses(void *arg,
		   void (*fn)(void *fn_arg, const char *name, uint64_t packets, uint64_t bytes),
		   void *fn_arg)
{
	const struct weir_front *f = arg;
	char name[256];

	for (unsigned i = 0; i < f->plan->router->n_elements; i++)
		if (f->devices[i])
			ring_losses(f->devices[i], fn, fn_arg);
	for (struct weir_device *d = weir_router_devices(f->plan->router); d; d = d->next) {
		uint64_t lost = front_not_taken(f, d);

		if (!lost)
			continue;
		snprintf(name, sizeof(name), "%s.not_taken", weir_device_name(d));
		fn(fn_arg, name, lost, 0); // nor do interfaces
	}
	for (unsigned i = 0; i < f->n_exits; i++) {
		const struct exit_point *x = &f->exits[i];
		struct weir_count c = sum(f, x->counts_fd, WEIR_EXIT_GONE);

		if (!c.packets)
			continue;
		snprintf(name, sizeof(name), "%s[%u].nobody_listens", x->element->name, x->input);
		fn(fn_arg, name, c.packets, c.bytes);
	}
}

const struct weir_half_ops weir_front_half = {
	.runs = runs,
	.hands_all = hands_all,
	.counts = counts,
	.state = state,
	.reset_state = reset_state,
	.changed = changed,
	.waiting = waiting,
	.not_taken = not_taken,
	.losses = losses,
};
