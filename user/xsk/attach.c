// SPDX-License-Identifier: BSD-2-Clause
#include "attach.h"

#include "iface.h"
#include "why.h"

#include <linux/if_link.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include <entry.skel.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { RETRY_MS = 20, RETRY_FOR_MS = 2000 };
static const char OURS[] = "weir_entry", DISPATCHER[] = "xdp_dispatcher";

// The program on an interface: its id, 0 if there is none, or -errno; and its name.
static long program_on(unsigned ifindex, char name[BPF_OBJ_NAME_LEN])
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info), id;
	int e = bpf_xdp_query((int)ifindex, 0, &q), fd;

	name[0] = '\0';
	if (e)
		return e;
	// with several modes at once the kernel reports them one by one
	id = q.prog_id ?: q.drv_prog_id ?: q.skb_prog_id ?: q.hw_prog_id;
	if (!id)
		return 0;
	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return id;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) == 0)
		snprintf(name, BPF_OBJ_NAME_LEN, "%s", info.name);
	close(fd);
	return id;
}

// What libxdp's dispatcher runs on an interface: " for a, b", or nothing.
static void list_dispatched(unsigned ifindex, char *text, size_t size)
{
	const libxdp_print_fn_t old = libxdp_set_print(NULL);
	struct xdp_multiprog *m = xdp_multiprog__get_from_ifindex((int)ifindex);
	struct xdp_program *p = NULL;
	size_t n = 0;

	text[0] = '\0';
	if (libxdp_get_error(m))
		m = NULL;
	while (m && n < size && (p = xdp_multiprog__next_prog(p, m)))
		n += (size_t)snprintf(text + n, size - n, "%s %s", n ? "," : " for",
				      xdp_program__name(p));
	xdp_multiprog__close(m);
	libxdp_set_print(old);
}

static int refuse(const char *ifname, unsigned ifindex, long id, const char *name,
		  struct weir_err *err)
{
	char dispatched[256] = "";

	if (strcmp(name, DISPATCHER) == 0)
		list_dispatched(ifindex, dispatched, sizeof(dispatched));
	if (strcmp(name, OURS) == 0)
		weir_error(err, NULL,
			   "%s: another weir router is on it (weir status); end that first",
			   ifname);
	else
		weir_error(
			err, NULL,
			"%s: XDP program %ld (%s%s) is attached already; remove it (ip link set "
			"dev %s xdp off, or end the program that owns it), or have weir run it: "
			"pin it first (bpftool prog pin id %ld /sys/fs/bpf/NAME), then remove it "
			"and put XDPProgram(PINNED /sys/fs/bpf/NAME) behind FromDevice(%s)",
			ifname, id, name[0] ? name : "no name", dispatched, ifname, id, ifname);
	return -EBUSY;
}

int xsk_program_check(const char *ifname, unsigned ifindex, struct weir_err *err)
{
	char name[BPF_OBJ_NAME_LEN];
	long id = program_on(ifindex, name);

	if (id < 0)
		return xsk_why(err, ifname, "ask for its XDP program", (int)id);
	if (id && strcmp(name, OURS) != 0)
		return refuse(ifname, ifindex, id, name, err);
	return 0;
}

// libbpf's words about a program that was refused; control thread only.
static char last_words[512];

static int keep_words(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_WARN)
		vsnprintf(last_words, sizeof(last_words), fmt, ap);
	return 0;
}

static int load(struct xsk_program *p, const struct xsk_program_args *a)
{
	libbpf_print_fn_t old = libbpf_set_print(keep_words);
	int e = -ENOMEM;

	last_words[0] = '\0';
	p->skel = entry__open();
	if (p->skel) {
		bpf_map__set_max_entries(p->skel->maps.counts, p->n_queues);
		p->skel->rodata->args = (struct weir_entry_args){
			.secret = p->secret,
			.has_secret = a->generic,
			.sorts = a->steer->tables[a->number].n_sockets > 1,
			.number = a->number,
		};
		memcpy(p->skel->rodata->args.mac, a->mac, sizeof(a->mac));
		e = bpf_map__reuse_fd(p->skel->maps.sockets, a->sockets_fd)
			    ?: xsk_steer_share(a->steer, p->skel->obj)
			    ?: bpf_map__reuse_fd(p->skel->maps.front, a->front_fd)
			    ?: entry__load(p->skel);
	} else {
		e = -errno;
	}
	libbpf_set_print(old);
	return e;
}

// A link that a past run left keeps its mode.
static int reuse_link(struct xsk_program *p, const struct xsk_program_args *a, struct weir_err *err)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	int fd = bpf_obj_get(a->kept), e;

	if (fd < 0)
		return xsk_why(err, a->ifname, "open the link that is kept", -errno);
	p->link_fd = fd;
	p->waits = true;
	e = bpf_xdp_query((int)a->ifindex, 0, &q);
	if (e)
		return xsk_why(err, a->ifname, "ask for its XDP program", e);
	if (a->generic != (q.attach_mode == XDP_ATTACHED_SKB)) {
		weir_error(err, NULL,
			   "%s: its program is kept in %s mode, which cannot change; unload it "
			   "first (weir unload)",
			   a->ifname, a->generic ? "native" : "generic");
		return -EBUSY;
	}
	return 0;
}

int xsk_program_take_over(struct xsk_program *p)
{
	int e = p->waits ? bpf_link_update(p->link_fd, bpf_program__fd(p->skel->progs.weir_entry),
					   NULL)
			 : 0;

	p->waits = p->waits && e;
	return e;
}

// A link of a past run goes only some time after its owner; so a program of ours is waited for.
static int attach(struct xsk_program *p, unsigned ifindex, bool generic)
{
	LIBBPF_OPTS(bpf_link_create_opts, o,
		    .flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	char name[BPF_OBJ_NAME_LEN];

	for (unsigned ms = 0;; ms += RETRY_MS) {
		int fd = bpf_link_create(bpf_program__fd(p->skel->progs.weir_entry), (int)ifindex,
					 BPF_XDP, &o);

		if (fd >= 0) {
			p->link_fd = fd;
			return 0;
		}
		if (fd != -EBUSY && fd != -EEXIST)
			return fd;
		if (ms >= RETRY_FOR_MS ||
		    (program_on(ifindex, name) > 0 && strcmp(name, OURS) != 0))
			return -EBUSY;
		nanosleep(&(struct timespec){.tv_nsec = RETRY_MS * 1000000L}, NULL);
	}
}

static int explain(const struct xsk_program *p, const char *ifname, unsigned ifindex, bool generic,
		   int e, struct weir_err *err)
{
	char name[BPF_OBJ_NAME_LEN];
	long id = e == -EBUSY ? program_on(ifindex, name) : 0;

	if (id > 0)
		return refuse(ifname, ifindex, id, name, err);
	if (e == -ENOSPC)
		weir_error(err, NULL,
			   "%s: it receives on %u queue%s, and its peer sends on more; give it as "
			   "many (QUEUES), or its peer fewer",
			   ifname, p->n_queues, p->n_queues == 1 ? "" : "s");
	else if (e == -ERANGE)
		weir_error(err, NULL,
			   "%s: its MTU of %u, or that of a veth's peer, is more than XDP takes "
			   "there; ip link set %s mtu 1500, and the same for the peer",
			   ifname, xsk_iface_mtu(ifname), ifname);
	else if (e == -EOPNOTSUPP && !generic)
		weir_error(err, NULL,
			   "%s: its driver has no native XDP; MODE generic uses the kernel's "
			   "slower generic XDP",
			   ifname);
	else
		xsk_why(err, ifname,
			generic ? "attach the XDP program (generic)"
				: "attach the XDP program (native)",
			e);
	return e;
}

int xsk_program_open(struct xsk_program *p, const struct xsk_program_args *a, struct weir_err *err)
{
	int e = 0;

	*p = (struct xsk_program){
		.link_fd = -1,
		.n_queues = a->n_queues,
		.first_socket = a->first_socket,
		.sockets_fd = a->sockets_fd,
		.front_fd = a->front_fd,
		.number = a->number,
	};
	if (a->generic && getrandom(&p->secret, sizeof(p->secret), 0) != sizeof(p->secret))
		return xsk_why(err, a->ifname, "get random bytes", -EIO);
	e = load(p, a);
	if (e) {
		xsk_why(err, a->ifname, "load the XDP program", e);
		if (last_words[0] && e != -EPERM)
			weir_warn(err, NULL, "%s", last_words);
	} else if (a->kept) {
		e = reuse_link(p, a, err);
	} else {
		e = attach(p, a->ifindex, a->generic);
		if (e)
			explain(p, a->ifname, a->ifindex, a->generic, e, err);
	}
	if (e)
		xsk_program_close(p);
	return e;
}

void xsk_program_close(struct xsk_program *p)
{
	if (p->link_fd >= 0)
		close(p->link_fd);
	p->link_fd = -1;
	entry__destroy(p->skel);
	p->skel = NULL;
}

int xsk_program_serve(struct xsk_program *p, unsigned i, int fd)
{
	i += p->first_socket;
	return bpf_map_update_elem(p->sockets_fd, &i, &fd, BPF_ANY);
}

int xsk_program_front(struct xsk_program *p, int fd)
{
	__u32 slot = 2 * p->number;
	int e = fd < 0 ? 0 : bpf_map_update_elem(p->front_fd, &slot, &fd, BPF_ANY);

	if (!e)
		__atomic_store_n(&p->skel->bss->has_front, fd >= 0, __ATOMIC_RELEASE);
	return e;
}

int xsk_program_path(struct xsk_program *p, int fd)
{
	__u32 slot = 2 * p->number + 1;

	if (fd >= 0)
		return bpf_map_update_elem(p->front_fd, &slot, &fd, BPF_ANY);
	return bpf_map_delete_elem(p->front_fd, &slot) && errno != ENOENT ? -errno : 0;
}

int xsk_program_count(const struct xsk_program *p, unsigned queue, struct weir_entry_count *sum)
{
	int n = libbpf_num_possible_cpus(), e;
	struct weir_entry_count *v = n > 0 ? calloc((size_t)n, sizeof(*v)) : NULL;

	*sum = (struct weir_entry_count){};
	if (!p->skel || !v) {
		free(v);
		return p->skel ? -ENOMEM : -ENOENT;
	}
	e = bpf_map_lookup_elem(bpf_map__fd(p->skel->maps.counts), &queue, v);
	for (int i = 0; !e && i < n; i++) {
		sum->rest += v[i].rest;
		sum->rest_bytes += v[i].rest_bytes;
		sum->passed += v[i].passed;
		sum->from_self += v[i].from_self;
		sum->front += v[i].front;
		sum->front_bytes += v[i].front_bytes;
		sum->no_meta += v[i].no_meta;
	}
	free(v);
	return e;
}
