// SPDX-License-Identifier: BSD-2-Clause
#include <weir/kernel.h>

#include "parts.h"

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

void front_lock(void)
{
	pthread_mutex_lock(&loading);
}

void front_unlock(void)
{
	pthread_mutex_unlock(&loading);
}

bool front_has(const struct weir_front *f, const struct weir_element *e)
{
	return f->plan->placed[e->index].side == WEIR_DRIVER;
}

// Who follows the kernel changes its tables in a thread of its own, but not while what is loaded
// takes their memory over.
static void hold_tables(const struct weir_front *f, bool on)
{
	const struct weir_router *r = f->plan->router;

	for (unsigned i = 0; i < r->n_elements; i++)
		if (r->elements[i]->class->kernel)
			weir_kernel_hold(r->elements[i]->class->kernel(r->elements[i]), on);
}

// --- loading ---
// Elements that the verifier refuses stay in userspace, and with them what only they led to, which
// is said. 0, or -errno without memory.
static int load_programs(struct weir_front *f, struct weir_err *err)
{
	struct weir_router *r = f->plan->router;
	char why[WHY];

	for (unsigned i = 0; i < r->n_elements; i++) {
		const struct weir_element *e = r->elements[i];

		if (!front_has(f, e) || !f->plan->placed[i].object)
			continue;
		if (!front_program_load(&f->programs[i], f->plan->placed[i].object, e, NULL,
					&f->common, why, sizeof(why))) {
			if (f->programs[i].hands_all)
				weir_warn(err, NULL, "%s stays in userspace: %s", e->name, why);
			continue;
		}
		weir_warn(err, NULL, "%s stays in userspace: %s", e->name, why);
		if (weir_plan_withdraw(f->plan, e, why))
			return -ENOMEM;
	}
	for (unsigned i = 0; i < r->n_elements; i++)
		if (!front_has(f, r->elements[i]))
			front_program_close(&f->programs[i], &f->common);
	return 0;
}

static int share_tables(struct weir_front *f)
{
	int rc = 0;

	for (unsigned i = 0; !rc && i < f->plan->router->n_elements; i++)
		if (f->programs[i].object)
			rc = front_program_share(&f->programs[i]);
	return rc;
}

int front_add_exit(struct weir_front *f, const struct exit_point *x)
{
	struct exit_point *more = reallocarray(f->exits, f->n_exits + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	f->exits = more;
	f->exits[f->n_exits++] = *x;
	return 0;
}

// The program that hands packets to an input in userspace; its fd or -errno.
static int exit_to(struct weir_front *f, const struct weir_element *e, unsigned input)
{
	struct exit_point *x = f->exits;
	libbpf_print_fn_t print;
	struct to_user *skel;
	int rc;

	for (; x < f->exits + f->n_exits; x++)
		if (x->element == e && x->input == input)
			return bpf_program__fd(x->skel->progs.weir_to_user);
	skel = to_user__open();
	if (!skel)
		return -errno;
	skel->rodata->args = (struct weir_exit){
		.element = (__u16)e->index,
		.input = (__u16)input,
		.gone = f->opt.gone_drop ? XDP_DROP : XDP_PASS,
		.sorts = weir_xsk_sorts(f->xsk),
	};
	print = libbpf_set_print(NULL); // the number says enough
	rc = weir_xsk_share(f->xsk, skel->obj)
		     ?: bpf_map__reuse_fd(skel->maps.weir_beat, f->common.beat_fd)
		     ?: to_user__load(skel)
		     ?: front_add_exit(f, &(struct exit_point){e, input, skel,
							       bpf_map__fd(skel->maps.counts)});
	libbpf_set_print(print);
	if (rc) {
		to_user__destroy(skel);
		return rc;
	}
	return bpf_program__fd(skel->progs.weir_to_user);
}

// --- joining ---
// The program behind a connection; its fd or -errno.
static int behind(struct weir_front *f, const struct weir_connection *c)
{
	return weir_plan_is_inside(f->plan, c)
		       ? front_program_fd(&f->programs[c->to->index], c->to_port)
		       : exit_to(f, c->to, c->to_port);
}

const struct weir_connection *front_connection(const struct weir_element *e, unsigned port)
{
	const struct weir_wiring *w = weir_wiring(e);

	if (port >= w->n_out || !w->out[port].n)
		return NULL;
	return &e->router->connections[w->by_out[w->out[port].first]];
}

// Compiled paths come back to the element's own programs.
static int join_own(const struct front_program *p, const struct weir_element *e)
{
	int rc = 0;

	for (unsigned input = 0; !rc && input < front_n_inputs(e); input++) {
		const __u32 port = weir_n_outputs(e) + input * WEIR_OUT_MORE + WEIR_OUT_OWN;
		const int fd = front_program_fd(p, input);

		rc = bpf_map_update_elem(p->out_fd, &port, &fd, BPF_ANY);
	}
	return rc;
}

static int join_element(struct weir_front *f, const struct weir_element *e)
{
	const struct front_program *p = &f->programs[e->index];
	int fd, rc = 0;

	for (unsigned input = 0; !rc && input < front_n_inputs(e); input++) {
		const __u32 port = weir_n_outputs(e) + input * WEIR_OUT_MORE + WEIR_OUT_HANDOVER;

		fd = exit_to(f, e, input);
		rc = fd < 0 ? fd : bpf_map_update_elem(p->out_fd, &port, &fd, BPF_ANY);
	}
	rc = rc ?: join_own(p, e);
	for (__u32 port = 0; !rc && port < e->n_out; port++) {
		const struct weir_connection *c = front_connection(e, port);

		if (!c)
			continue;
		fd = behind(f, c);
		rc = fd < 0 ? fd : bpf_map_update_elem(p->out_fd, &port, &fd, BPF_ANY);
	}
	return rc;
}

static int join_all(struct weir_front *f)
{
	int rc = 0;

	for (unsigned i = 0; !rc && i < f->plan->router->n_elements; i++)
		if (f->programs[i].object)
			rc = join_element(f, f->plan->router->elements[i]);
	return rc;
}

// --- switching on and off ---
struct weir_device *front_device(const struct weir_element *e)
{
	struct weir_front_args a = {.self = e->self, .size = e->class->self_size};

	if (!weir_is_entry(e) || e->class->driver(e, &a))
		return NULL;
	return a.device;
}

// A FromDevice in the driver: its interface's packets go into what its output leads to. With on
// false, or when its arguments no longer allow it, they go to the sockets again.
static int switch_one(struct weir_front *f, const struct weir_element *e, bool on)
{
	struct weir_device *allowed = front_device(e), **d = &f->devices[e->index];
	const struct weir_connection *c = front_connection(e, 0);
	int fd = -1, rc;

	if (allowed && c && on && !f->off) {
		fd = behind(f, c);
		if (fd < 0)
			return fd;
		*d = allowed;
		f->entry_fd[e->index] = weir_xsk_entry_counts(allowed);
	}
	if (!*d)
		return 0;
	rc = fd < 0 ? weir_xsk_path(*d, -1) : 0;
	return rc ?: weir_xsk_front(f->xsk, *d, fd);
}

static int switch_all(struct weir_front *f, bool on)
{
	struct weir_router *r = f->plan->router;
	int rc = 0;

	for (unsigned i = 0; !rc && i < r->n_elements; i++)
		if (weir_is_entry(r->elements[i]) && front_has(f, r->elements[i]))
			rc = switch_one(f, r->elements[i], on);
	return rc;
}

static int open_beat(struct weir_front *f)
{
	struct to_user *skel = to_user__open();

	if (!skel)
		return -errno;
	f->common.beat_fd = weir_xsk_map(skel->obj, skel->maps.weir_beat, 1, "weir_beat");
	to_user__destroy(skel);
	if (f->common.beat_fd < 0)
		return f->common.beat_fd;
	f->beat = mmap(NULL, sizeof(*f->beat), PROT_READ | PROT_WRITE, MAP_SHARED,
		       f->common.beat_fd, 0);
	if (f->beat == MAP_FAILED) {
		f->beat = NULL;
		return -errno;
	}
	weir_front_beat(f);
	f->beat->timeout = (uint64_t)f->opt.beat_ms * NS_PER_MS;
	return 0;
}

void weir_front_beat(struct weir_front *f)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	__atomic_store_n(&f->beat->last, (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec,
			 __ATOMIC_RELAXED);
}

// --- a change of arguments ---
// Every slot that led to an element's old program gets the new one. (Those of interfaces: see
// switch_one.)
static int replace(struct weir_front *f, const struct weir_element *e)
{
	const struct front_program *p = &f->programs[e->index];
	struct weir_router *r = e->router;
	int rc = join_own(p, e);

	for (unsigned i = 0; !rc && i < r->n_connections; i++) {
		const struct weir_connection *c = &r->connections[i];
		const int fd = front_program_fd(p, c->to_port);
		__u32 port = c->from_port;

		if (c->to == e && weir_plan_is_inside(f->plan, c) && !weir_is_entry(c->from))
			rc = bpf_map_update_elem(f->programs[c->from->index].out_fd, &port, &fd,
						 BPF_ANY);
	}
	return rc;
}

// Programs that do not belong together may not run: from here on everything is in userspace.
static void give_up(struct weir_front *f, const struct weir_element *e, const char *why)
{
	f->off = true;
	front_compile_stop(f);
	switch_all(f, false);
	fprintf(stderr,
		"weir: everything goes on in userspace: the program of %s cannot be loaded again: "
		"%s\n",
		e->name, why);
}

// Compiled paths, and what is being compiled, have arguments in them that are no longer true.
static void drop_paths(struct weir_front *f)
{
	front_compile_stop(f);
	for (unsigned i = 0; i < f->plan->router->n_elements; i++)
		if (f->devices[i])
			weir_xsk_path(f->devices[i], -1);
}

// Another program takes the place of an element's.
static void install(struct weir_front *f, const struct weir_element *e,
		    const struct front_program *fresh)
{
	struct front_program *p = &f->programs[e->index], old = *p;
	int rc;

	*p = *fresh;
	drop_paths(f);
	rc = replace(f, e) ?: switch_all(f, true);
	front_program_close(&old, &f->common);
	if (rc)
		give_up(f, e, strerror(-rc));
	else if (f->stays) // what is there already holds the router; this only shows it
		front_pin_element(f, e, f->stays);
}

static int load(struct weir_front *f, const struct weir_element *e, struct front_program *p,
		char *why, size_t size)
{
	return front_program_load(p, f->plan->placed[e->index].object, e, &f->programs[e->index],
				  &f->common, why, size);
}

int front_reload(struct weir_front *f, const struct weir_element *e, char *why, size_t size)
{
	struct front_program fresh;
	int rc, shared;

	if (f->off)
		return 0;
	hold_tables(f, true);
	rc = load(f, e, &fresh, why, size);
	shared = rc ? rc : front_program_share(&fresh);
	hold_tables(f, false);
	if (rc)
		return rc;
	if (shared) {
		front_program_close(&fresh, &f->common);
		give_up(f, e, strerror(-shared));
		return 0;
	}
	install(f, e, &fresh);
	if (!f->off)
		front_compile(f);
	return 0;
}

static int change(struct weir_front *f, const struct weir_element *e, struct weir_err *err)
{
	const struct front_program *p = &f->programs[e->index];
	char why[WHY];

	if (weir_is_entry(e)) {
		int rc = switch_one(f, e, true);

		front_compile(f);
		return rc;
	}
	if (!p->object || !front_program_is_old(p, e) || !front_reload(f, e, why, sizeof(why)))
		return 0;
	return weir_error(err, NULL, "%s: its program in the driver keeps the old arguments: %s",
			  e->name, why);
}

int front_changed(struct weir_front *f, const struct weir_element *e, struct weir_err *err)
{
	int rc;

	front_lock();
	rc = change(f, e, err);
	front_unlock();
	return rc;
}

// --- memory that moves ---
static void prepare(const struct weir_element *e)
{
	struct front_program *ready;
	struct weir_front *f;
	char why[WHY];

	front_lock();
	f = e->router->front; // it may just have been closed
	if (f && !f->off && f->programs[e->index].object) {
		ready = &f->ready[e->index];
		front_program_close(ready, &f->common);
		if (!load(f, e, ready, why, sizeof(why)) && front_program_share(ready))
			front_program_close(ready, &f->common);
	}
	front_unlock();
}

static void moved(struct weir_front *f, const struct weir_element *e)
{
	struct front_program *ready = &f->ready[e->index];
	char why[WHY];

	front_lock();
	if (ready->object && !f->off) {
		install(f, e, ready);
		*ready = (struct front_program){.fd = -1, .state_fd = -1};
		if (!f->off)
			front_compile_soon(f);
	} else if (f->programs[e->index].object && front_reload(f, e, why, sizeof(why))) {
		give_up(f, e, why);
	}
	front_unlock();
}

// --- the whole ---
// A program takes a dozen descriptors with its tables, and many shells permit 1024.
static void permit_many_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r); // if it is refused, loading says so
}

int front_make(struct weir_front **out, struct weir_plan *plan)
{
	const unsigned n = plan->router->n_elements;
	struct weir_front *f = calloc(1, sizeof(*f));

	*out = f;
	if (!f)
		return -ENOMEM;
	permit_many_files();
	*f = (struct weir_front){
		.plan = plan,
		.programs = calloc(n, sizeof(*f->programs)),
		.ready = calloc(n, sizeof(*f->ready)),
		.devices = calloc(n, sizeof(struct weir_device *)),
		.entry_fd = calloc(n, sizeof(*f->entry_fd)),
		.common.beat_fd = -1,
		.watch_fd = -1,
		.soon_fd = -1,
		.n_cpus = libbpf_num_possible_cpus(),
	};
	return f->programs && f->ready && f->devices && f->entry_fd ? 0 : -ENOMEM;
}

int weir_front_open(struct weir_front **out, struct weir_plan *plan, struct weir_xsk *x,
		    const struct weir_front_options *opt, struct weir_err *err)
{
	struct weir_front *f;
	int rc = front_make(&f, plan);

	*out = NULL;
	front_lock();
	if (!rc) {
		f->xsk = x;
		f->opt = *opt;
		hold_tables(f, true);
		rc = open_beat(f) ?: load_programs(f, err) ?: share_tables(f);
		hold_tables(f, false);
		rc = rc ?: join_all(f) ?: switch_all(f, true);
	}
	front_unlock();
	if (rc) {
		weir_warn(err, NULL,
			  "the driver half cannot be switched on (%s); everything runs "
			  "in userspace",
			  strerror(-rc));
		weir_front_close(f);
		return rc;
	}
	plan->router->front = f;
	plan->router->front_moved = moved;
	__atomic_store_n(&plan->router->front_prepare, prepare, __ATOMIC_RELEASE);
	*out = f;
	return 0;
}

void weir_front_close(struct weir_front *f)
{
	if (!f)
		return;
	__atomic_store_n(&f->plan->router->front_prepare, NULL, __ATOMIC_RELAXED);
	front_lock(); // for who is preparing now
	f->plan->router->front = NULL;
	front_unlock();
	f->plan->router->front_moved = NULL;
	front_compile_close(f);
	front_unwatch(f);
	if (!f->stays && f->devices)
		switch_all(f, false);
	for (unsigned i = 0; f->programs && i < f->plan->router->n_elements; i++)
		front_program_close(&f->programs[i], &f->common);
	for (unsigned i = 0; f->ready && i < f->plan->router->n_elements; i++)
		front_program_close(&f->ready[i], &f->common);
	for (unsigned i = 0; i < f->n_exits; i++) {
		if (!f->exits[i].skel)
			close(f->exits[i].counts_fd);
		to_user__destroy(f->exits[i].skel);
	}
	if (f->beat)
		munmap(f->beat, sizeof(*f->beat));
	if (f->common.beat_fd >= 0)
		close(f->common.beat_fd);
	free(f->programs);
	free(f->ready);
	free(f->devices);
	free(f->entry_fd);
	free(f->before);
	free(f->sent_before);
	free(f->exits);
	free(f);
}
