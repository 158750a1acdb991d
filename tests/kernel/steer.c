// SPDX-License-Identifier: BSD-2-Clause

// Both halves sort frames alike: of every kind, both ways, of every length and changed at random.
// And the programs that packets leave the driver by choose the socket that the table says.
//
//	steer BUILD	needs root

#include <weir/steer.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <abi/entry.h>
#include <abi/front.h>
#include <abi/meta.h>
#include <entry.skel.h>
#include <frames.h>
#include <stdio.h>
#include <stdlib.h>
#include <steer.h>
#include <steer_probe.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <to_user.skel.h>
#include <unistd.h>

enum { SHORTEST = sizeof(struct eth), FRAMES = 3000, CLASSES = 4, COLUMNS = 4 };

static unsigned passed, failed;

static void expect(const char *what, bool ok)
{
	passed += ok;
	failed += !ok;
	if (!ok)
		fprintf(stderr, "FAIL steer: %s\n", what);
}

static uint64_t state = 1;

static uint32_t below(uint32_t n)
{
	state = state * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(state >> 33) % n;
}

// --- both halves ---
struct halves {
	struct bpf_object *object;
	int fd;
	struct steer_probe *probe;
	struct weir_classes *classes;
	struct weir_owners *owners;
	unsigned frames, wrong;
};

// Something of each kind, in an order of classes that is not that of the tables.
static void fill(struct weir_classes *t)
{
	memset(t, 0, sizeof(*t));
	t->proto[89] = t->icmp6[135] = t->port[WEIR_CLASS_UDP][500] = 1;
	t->proto[IPPROTO4_GRE] = t->port[WEIR_CLASS_TCP][443] = t->dscp[1][12] = 3;
	t->dscp[0][46] = t->port[WEIR_CLASS_UDP][53] = t->port[WEIR_CLASS_TCP][80] = 2;
	t->plain[0][WEIR_CLASS_TCP][46] = t->plain[0][WEIR_CLASS_UDP][46] = 2;
	t->plain[1][WEIR_CLASS_TCP][12] = t->plain[1][WEIR_CLASS_UDP][12] = 3;
	t->has_port[0] = t->has_port[1] = 1;
	t->type[ETHERTYPE_ARP] = 1;
	t->type[0] = 2;
}

static void *map_in(const struct bpf_map *map, size_t size)
{
	void *v = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return v == MAP_FAILED ? NULL : v;
}

static bool open_halves(struct halves *h, const char *build)
{
	struct bpf_map *map;
	char path[256];

	snprintf(path, sizeof(path), "%s/tests/kernel/steer.bpf.o", build);
	*h = (struct halves){.object = bpf_object__open_file(path, NULL)};
	if (!h->object || bpf_object__load(h->object))
		return false;
	h->fd = bpf_program__fd(bpf_object__find_program_by_name(h->object, "steer_probe"));
	bpf_object__for_each_map(map, h->object)
	{
		if (strstr(bpf_map__name(map), ".bss"))
			h->probe = map_in(map, sizeof(*h->probe));
		else if (!strcmp(bpf_map__name(map), "weir_classes"))
			h->classes = map_in(map, sizeof(*h->classes));
		else if (!strcmp(bpf_map__name(map), "weir_owners"))
			h->owners = map_in(map, sizeof(*h->owners));
	}
	if (!h->probe || !h->classes || !h->owners)
		return false;
	fill(h->classes);
	// a quarter is nobody's
	for (unsigned i = 0; i < WEIR_OWNERS; i++)
		h->owners->bucket[i] =
			(uint8_t)(i * 0x9e3779b1 >> 28 & 3 ? i * 0x9e3779b1 >> 20 : 0);
	return true;
}

static struct weir_frame_sorted in_driver(struct halves *h, const uint8_t *b, unsigned len,
					  enum weir_key key, bool no_link)
{
	LIBBPF_OPTS(bpf_test_run_opts, opt, .data_in = b, .data_size_in = len, .repeat = 1);

	*h->probe = (struct steer_probe){.key = key, .no_link = no_link, .has_classes = true};
	if (bpf_prog_test_run_opts(h->fd, &opt))
		return (struct weir_frame_sorted){0, UINT32_MAX};
	return (struct weir_frame_sorted){h->probe->hash, h->probe->class};
}

static struct weir_frame_sorted in_userspace(const struct halves *h, const uint8_t *b, unsigned len,
					     enum weir_key key, bool no_link)
{
	struct packet *p = calloc(1, sizeof(*p) + len);
	struct weir_frame_sorted to;

	p->off = sizeof(*p);
	p->mac = no_link ? 0 : sizeof(*p);
	p->len = len;
	memcpy(p + 1, b, len);
	to = weir_steer(p, key, h->classes, key == WEIR_KEY_OWNER ? h->owners : NULL);
	free(p);
	return to;
}

static void compare(struct halves *h, const uint8_t *b, unsigned len, bool no_link)
{
	for (enum weir_key key = WEIR_KEY_NONE; len >= SHORTEST && key < WEIR_KEYS; key++) {
		const struct weir_frame_sorted d = in_driver(h, b, len, key, no_link),
					       u = in_userspace(h, b, len, key, no_link);

		h->frames++;
		if (d.hash == u.hash && d.class == u.class && d.class < CLASSES)
			continue;
		if (!h->wrong++)
			fprintf(stderr,
				"FAIL steer: %u bytes, key %u: %08x, %u in the driver, "
				"%08x, %u in userspace\n",
				len, key, d.hash, d.class, u.hash, u.class);
	}
}

static struct flow any_flow(void)
{
	static const uint8_t protos[] = {IPPROTO4_TCP, IPPROTO4_UDP, IPPROTO4_UDP, IPPROTO4_SCTP,
					 89};
	static const uint16_t ports[] = {53, 80, 443, 500, 4500, 179, 9999, 4789, 2152};

	return (struct flow){.is_ip6 = below(2),
			     .proto = protos[below(sizeof(protos))],
			     .src = below(UINT32_MAX),
			     .dst = below(UINT32_MAX),
			     .sport = (uint16_t)below(65536),
			     .dport = ports[below(sizeof(ports) / sizeof(*ports))],
			     .options = (uint8_t)(below(2) * below(FLOW_OPTIONS))};
}

static void compare_all_kinds(struct halves *h)
{
	const struct flow w = any_flow();
	struct frame f;

	for (const struct carrier *c = carriers; c->name; c++) {
		for (unsigned back = 0; back < 2; back++) {
			const struct flow v = back ? flow_back(&w) : w;

			frame_clear(&f);
			frame_flow(&f, &v);
			c->wrap(&f, &v, back);
			compare(h, frame_bytes(&f), frame_len(&f), false);
		}
	}
	for (unsigned i = 0; frame_fragment(&f, &w, i); i++)
		compare(h, frame_bytes(&f), frame_len(&f), false);
	for (unsigned i = 0; frame_error(&f, &w, i, (w.is_ip6 ? 40 : 20) + 4U * w.options); i++)
		compare(h, frame_bytes(&f), frame_len(&f), false);
	for (unsigned i = 0; frame_ipsec(&f, &w, i, i == 2 ? below(2) : below(UINT32_MAX)); i++)
		compare(h, frame_bytes(&f), frame_len(&f), false);
	frame_clear(&f);
	frame_flow(&f, &w);
	compare(h, frame_bytes(&f), frame_len(&f), true);
}

// A frame of some kind, cut off somewhere, with some bytes that are others.
static void compare_changed(struct halves *h)
{
	const struct flow w = any_flow();
	uint8_t b[FRAME_SIZE];
	struct frame f;
	unsigned len, n = 0;

	while (carriers[n].name)
		n++;
	frame_clear(&f);
	frame_flow(&f, &w);
	for (unsigned i = 1 + below(3); i-- && frame_len(&f) < FRAME_SIZE - 200;)
		carriers[below(n)].wrap(&f, &w, below(2));
	len = below(3) ? frame_len(&f) : 1 + below(frame_len(&f));
	memcpy(b, frame_bytes(&f), len);
	for (unsigned i = below(4); i--;)
		b[below(len)] = (uint8_t)below(256);
	compare(h, b, len, !below(8));
}

static void compare_random(struct halves *h)
{
	const unsigned len = SHORTEST + below(100);
	uint8_t b[FRAME_SIZE];

	for (unsigned i = 0; i < len; i++)
		b[i] = (uint8_t)below(256);
	compare(h, b, len, below(2));
}

static void check_agreement(const char *build)
{
	struct halves h;

	if (!open_halves(&h, build)) {
		expect("the program of this test", false);
		return;
	}
	for (unsigned i = 0; i < 40; i++)
		compare_all_kinds(&h);
	for (unsigned i = 0; i < FRAMES; i++)
		compare_changed(&h);
	for (unsigned i = 0; i < FRAMES; i++)
		compare_random(&h);
	printf("steer: %u frames and keys in both halves\n", h.frames);
	expect("both halves sort alike", !h.wrong && h.frames > FRAMES);
	munmap(h.probe, sizeof(*h.probe));
	munmap(h.classes, sizeof(*h.classes));
	munmap(h.owners, sizeof(*h.owners));
	bpf_object__close(h.object);
}

// --- the socket that is chosen ---
// The program as the router has it: number 1 of two interfaces, the first of which has 3 sockets.
struct chosen {
	struct xsk_steer steer;
	int sockets_fd, socket_fd, fd;
	bool has_block;
	struct weir_meta meta; // of the last packet, if it has one
};
enum { FIRST = 3, SOCKETS = FIRST + COLUMNS * CLASSES };

// Only that socket is there, so another choice is seen by the verdict.
static void leave_one(const struct chosen *c, uint32_t want)
{
	for (uint32_t i = 0; i < SOCKETS; i++)
		if (i == want)
			bpf_map_update_elem(c->sockets_fd, &i, &c->socket_fd, BPF_ANY);
		else
			bpf_map_delete_elem(c->sockets_fd, &i);
}

static void send_frame(struct chosen *c, const struct frame *f, uint32_t want)
{
	uint8_t in[sizeof(struct weir_meta) + FRAME_SIZE] = {}, out[sizeof(in)];
	struct weir_meta m = {.magic = WEIR_META_MAGIC, .device = 1};
	const uint32_t size = c->has_block ? sizeof(m) : 0;
	struct xdp_md ctx = {.data = size, .data_end = size + frame_len(f)}, ctx_out;
	LIBBPF_OPTS(bpf_test_run_opts, opt, .data_in = in, .data_size_in = ctx.data_end,
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .data_out = out,
		    .data_size_out = sizeof(out), .ctx_out = &ctx_out,
		    .ctx_size_out = sizeof(ctx_out), .repeat = 1);
	char what[64];

	memcpy(in, &m, size);
	memcpy(in + size, frame_bytes(f), frame_len(f));
	leave_one(c, want);
	snprintf(what, sizeof(what), "%s: socket %u", c->has_block ? "exit" : "entry", want);
	expect(what, !bpf_prog_test_run_opts(c->fd, &opt) && opt.retval == XDP_REDIRECT);
	memcpy(&c->meta, out, size);
}

static struct weir_frame_sorted sorted(const struct chosen *c, const struct frame *f)
{
	struct packet *p = calloc(1, sizeof(*p) + frame_len(f));
	struct weir_frame_sorted to;

	p->off = p->mac = sizeof(*p);
	p->len = frame_len(f);
	memcpy(p + 1, frame_bytes(f), p->len);
	to = weir_steer(p, WEIR_KEY_FLOW, c->steer.classes, NULL);
	free(p);
	return to;
}

static void send_flows(struct chosen *c)
{
	struct weir_bucket_count before, after;

	for (unsigned i = 0; i < 40; i++) {
		const struct flow w = any_flow();
		struct weir_steer *t = &c->steer.tables[1];
		struct weir_frame_sorted to;
		struct frame f;
		uint32_t bucket;

		frame_clear(&f);
		frame_flow(&f, &w);
		carriers[i % 5].wrap(&f, &w, false);
		to = sorted(c, &f);
		bucket = to.hash >> WEIR_BUCKET_SHIFT;
		send_frame(c, &f, FIRST + t->column[bucket] * CLASSES + to.class);
		expect("the hash in the block", !c->has_block || c->meta.hash == to.hash);
		t->column[bucket] = (uint16_t)((t->column[bucket] + 1) % COLUMNS);
		t->counts_buckets = 1;
		xsk_steer_buckets(&c->steer, 1, &before);
		send_frame(c, &f, FIRST + t->column[bucket] * CLASSES + to.class);
		xsk_steer_buckets(&c->steer, 1, &after);
		t->counts_buckets = 0;
		before.packets[bucket]++;
		expect("the count of the bucket", !memcmp(&before, &after, sizeof(after)));
	}
}

// What has no socket of its class goes to that of the rest.
static void send_without_class(struct chosen *c)
{
	static const struct flow dns = {false, IPPROTO4_UDP, 1, 2, 53, 53, 0};
	uint32_t socket, hash;
	struct frame f;

	frame_clear(&f);
	frame_flow(&f, &dns);
	frame_eth(&f, ETHERTYPE_IP4);
	hash = sorted(c, &f).hash;
	socket = FIRST + c->steer.tables[1].column[hash >> WEIR_BUCKET_SHIFT] * CLASSES;
	send_frame(c, &f, socket + 2);
	send_frame(c, &f, socket);
}

static bool open_chosen(struct chosen *c, int socket_fd)
{
	bool ok = !xsk_steer_open(&c->steer, 2);

	c->sockets_fd = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "sockets", 4, 4, SOCKETS, NULL);
	c->socket_fd = socket_fd;
	if (!ok || c->sockets_fd < 0)
		return false;
	fill(c->steer.classes);
	xsk_steer_deal(&c->steer.tables[1], WEIR_KEY_FLOW, COLUMNS, CLASSES);
	c->steer.tables[1].first_socket = FIRST;
	return true;
}

static void check_entry(int socket_fd)
{
	struct entry *skel = entry__open();
	struct chosen c = {};

	if (!skel || !open_chosen(&c, socket_fd)) {
		expect("an entry", false);
		return;
	}
	skel->rodata->args.number = 1;
	skel->rodata->args.sorts = 1;
	expect("an entry", !bpf_map__reuse_fd(skel->maps.sockets, c.sockets_fd) &&
				   !xsk_steer_share(&c.steer, skel->obj) && !entry__load(skel));
	c.fd = bpf_program__fd(skel->progs.weir_entry);
	send_flows(&c);
	send_without_class(&c);
	entry__destroy(skel);
	xsk_steer_close(&c.steer);
	close(c.sockets_fd);
}

static void check_exit(int socket_fd)
{
	struct to_user *skel = to_user__open();
	struct chosen c = {.has_block = true};

	if (!skel || !open_chosen(&c, socket_fd)) {
		expect("an exit", false);
		return;
	}
	skel->rodata->args.sorts = 1;
	expect("an exit", !bpf_map__reuse_fd(skel->maps.sockets, c.sockets_fd) &&
				  !xsk_steer_share(&c.steer, skel->obj) && !to_user__load(skel));
	c.fd = bpf_program__fd(skel->progs.weir_to_user);
	send_flows(&c);
	send_without_class(&c);
	to_user__destroy(skel);
	xsk_steer_close(&c.steer);
	close(c.sockets_fd);
}

int main(int argc, char **argv)
{
	int socket_fd = socket(AF_XDP, SOCK_RAW, 0);

	if (argc < 2) {
		fprintf(stderr, "usage: steer BUILD\n");
		return 2;
	}
	check_agreement(argv[1]);
	check_entry(socket_fd);
	check_exit(socket_fd);
	close(socket_fd);
	printf("steer: %u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
