// SPDX-License-Identifier: BSD-2-Clause

// Changes the kernel's routes as fast as it takes them, and says how fast that was: the kernel's
// own rate, beside which that of a follower stands.

#include <linux/rtnetlink.h>

#include <arpa/inet.h>
#include <errno.h>
#include <full_table.h>
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <table6.h>
#include <time.h>

#define USAGE                                                                                      \
	"usage: kernel_load add|change|del N DEV GATEWAY [TABLE]: routes of 20.0.0.0/24 and on,\n" \
	"                   one in ten longer; gateways from GATEWAY on, 16 of them\n"             \
	"       kernel_load full N DEV GATEWAY: those of a made-up full table of its family\n"     \
	"       kernel_load dump inet|inet6: reads all routes and looks at none\n"

enum {
	BATCH = 64 * 1024,
	MESSAGE = 128, // more than one of them takes
	GATEWAYS = 16,
	FIRST = 0x14000000,
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *s = mnl_socket_open(NETLINK_ROUTE);
	int one = 1, room = 16 << 20; // for errors

	if (!s || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID)) {
		perror("netlink");
		exit(1);
	}
	setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	mnl_socket_setsockopt(s, NETLINK_CAP_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(s, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return s;
}

struct load {
	struct mnl_socket *socket;
	uint16_t type, flags;
	uint8_t family, gateway[16];
	uint32_t n, dev, table, shift;
	const struct full_route *full; // instead of 20.0.0.0/24 and on
	const struct table6_route *full6;
	unsigned refused;
};

static size_t address_size(const struct load *l)
{
	return l->family == AF_INET6 ? 16 : 4;
}

// The i-th prefix and its length. Of those that count on, every tenth is longer than /24.
static uint8_t prefix(const struct load *l, uint32_t i, uint8_t to[16])
{
	uint32_t prefix4 = htonl(l->full ? l->full[i].prefix : FIRST + (i << 8));

	if (l->full6) {
		weir_ip6_write(to, l->full6[i].prefix);
		return (uint8_t)l->full6[i].len;
	}
	memcpy(to, &prefix4, sizeof(prefix4));
	if (l->full)
		return (uint8_t)l->full[i].len;
	return (uint8_t)(i % 10 == 9 ? 25 + i / 10 % 8 : 24);
}

static void put_gateway(const struct load *l, struct nlmsghdr *m, uint32_t i)
{
	size_t size = address_size(l);
	uint8_t gateway[16];

	memcpy(gateway, l->gateway, size);
	gateway[size - 1] = (uint8_t)(gateway[size - 1] + (i + l->shift) % GATEWAYS);
	mnl_attr_put(m, RTA_GATEWAY, size, gateway);
}

static void put_route(const struct load *l, struct nlmsghdr *m, uint32_t i)
{
	uint8_t dst[16];
	struct rtmsg *r;

	m->nlmsg_type = l->type;
	m->nlmsg_flags = NLM_F_REQUEST | l->flags;
	m->nlmsg_seq = i + 1;
	r = mnl_nlmsg_put_extra_header(m, sizeof(*r));
	r->rtm_family = l->family;
	r->rtm_dst_len = prefix(l, i, dst);
	r->rtm_protocol = RTPROT_STATIC;
	r->rtm_type = RTN_UNICAST;
	mnl_attr_put(m, RTA_DST, address_size(l), dst);
	mnl_attr_put_u32(m, RTA_TABLE, l->table);
	if (l->type == RTM_DELROUTE)
		return;
	mnl_attr_put_u32(m, RTA_OIF, l->dev);
	put_gateway(l, m, i);
}

// Answers: errors, and at the end what was asked for with NLM_F_ACK.
static void take_answers(struct load *l, uint32_t until)
{
	static char bytes[BATCH];
	bool over = false;

	while (!over) {
		int rest = (int)mnl_socket_recvfrom(l->socket, bytes, sizeof(bytes));

		if (rest < 0) {
			perror("netlink");
			exit(1);
		}
		for (struct nlmsghdr *m = (struct nlmsghdr *)bytes; mnl_nlmsg_ok(m, rest);
		     m = mnl_nlmsg_next(m, &rest)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(m);

			if (m->nlmsg_type != NLMSG_ERROR)
				continue;
			if (e->error && !l->refused++)
				fprintf(stderr, "route %u: %s\n", m->nlmsg_seq,
					strerror(-e->error));
			over |= m->nlmsg_seq == until;
		}
	}
}

static void run(struct load *l)
{
	static char bytes[BATCH];
	uint32_t i = 0;

	while (i < l->n) {
		size_t len = 0;

		while (i < l->n && len + MESSAGE <= sizeof(bytes)) {
			struct nlmsghdr *m = mnl_nlmsg_put_header(bytes + len);

			put_route(l, m, i++);
			if (i == l->n || len + m->nlmsg_len + MESSAGE > sizeof(bytes))
				m->nlmsg_flags |= NLM_F_ACK;
			len += m->nlmsg_len;
		}
		if (mnl_socket_sendto(l->socket, bytes, len) < 0) {
			perror("netlink");
			exit(1);
		}
		take_answers(l, i);
	}
}

static int change_routes(int argc, char **argv)
{
	struct load l = {
		.socket = open_socket(),
		.type = RTM_NEWROUTE,
		.flags = NLM_F_CREATE | NLM_F_REPLACE,
		.family = strchr(argv[4], ':') ? AF_INET6 : AF_INET,
		.n = (uint32_t)strtoul(argv[2], NULL, 0),
		.dev = if_nametoindex(argv[3]),
		.table = argc > 5 ? (uint32_t)strtoul(argv[5], NULL, 0) : RT_TABLE_MAIN,
	};
	bool full = !strcmp(argv[1], "full");
	double start;

	if (inet_pton(l.family, argv[4], l.gateway) != 1 || (l.family == AF_INET6 && !full))
		return fputs(USAGE, stderr), 2;
	if (full && l.family == AF_INET6)
		l.full6 = table6_new(l.n);
	else if (full)
		l.full = full_table(l.n);
	if (full && !l.full && !l.full6)
		return perror("kernel_load"), 1;
	l.shift = !strcmp(argv[1], "change");
	if (!strcmp(argv[1], "del")) {
		l.type = RTM_DELROUTE;
		l.flags = 0;
	}
	start = now();
	run(&l);
	start = now() - start;
	printf("%u changes, %u refused, %.3f s: %.0f a second\n", l.n, l.refused, start,
	       (double)l.n / start);
	mnl_socket_close(l.socket);
	free((void *)l.full);
	free((void *)l.full6);
	return l.refused ? 1 : 0;
}

static int dump(const char *family)
{
	struct mnl_socket *s = open_socket();
	static char bytes[1 << 20];
	struct nlmsghdr *m = mnl_nlmsg_put_header(bytes);
	struct rtmsg *r = mnl_nlmsg_put_extra_header(m, sizeof(*r));
	unsigned chunks = 0, routes = 0;
	double start = now();
	bool over = false;

	r->rtm_family = strcmp(family, "inet") ? AF_INET6 : AF_INET;
	m->nlmsg_type = RTM_GETROUTE;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (mnl_socket_sendto(s, m, m->nlmsg_len) < 0)
		return perror("netlink"), 1;
	while (!over) {
		int rest = (int)mnl_socket_recvfrom(s, bytes, sizeof(bytes));

		if (rest < 0)
			return perror("netlink"), 1;
		chunks++;
		for (m = (struct nlmsghdr *)bytes; mnl_nlmsg_ok(m, rest);
		     m = mnl_nlmsg_next(m, &rest)) {
			routes += m->nlmsg_type == RTM_NEWROUTE;
			over |= m->nlmsg_type == NLMSG_DONE || m->nlmsg_type == NLMSG_ERROR;
		}
	}
	start = now() - start;
	printf("%u routes, %u pieces, %.3f s: %.0f a second\n", routes, chunks, start,
	       (double)routes / start);
	mnl_socket_close(s);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "dump"))
		return dump(argv[2]);
	if (argc >= 5 && (!strcmp(argv[1], "add") || !strcmp(argv[1], "change") ||
			  !strcmp(argv[1], "del") || !strcmp(argv[1], "full")))
		return change_routes(argc, argv);
	fputs(USAGE, stderr);
	return 2;
}
