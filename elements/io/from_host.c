// SPDX-License-Identifier: BSD-2-Clause
// FromHost: makes a network interface DEVNAME on the host and emits what the host sends on it, with
// Ethernet headers. ToHost(DEVNAME) goes the other way. The host's address and network on it are
// DST, its default route goes through GATEWAY. The host asks with ARP for what it sends to;
// something behind FromHost has to answer. The interface is gone when the router ends.
#include "from_host.h"

#include <linux/if_tun.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ETHER_LEN = 14, NO_BUFFER = 0 };

struct from_host_state {
	uint64_t count;
	bool first; // one node reads the tap
};

static void put_address(struct sockaddr *to, be32 a)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = a.be};

	memcpy(to, &in, sizeof(in));
}

static int route(const struct from_host *self, int sock)
{
	struct rtentry r = {.rt_flags = RTF_UP | RTF_GATEWAY, .rt_dev = self->devname};

	put_address(&r.rt_gateway, self->gateway);
	put_address(&r.rt_dst, (be32){0});
	put_address(&r.rt_genmask, (be32){0});
	return ioctl(sock, SIOCADDRT, &r) ? -errno : 0;
}

static int ask(int sock, unsigned long request, struct ifreq *req)
{
	return ioctl(sock, request, req) ? -errno : 0;
}

static int set_address(const struct from_host *self, int sock, struct ifreq *req)
{
	int e;

	put_address(&req->ifr_addr, self->dst.addr);
	e = ask(sock, SIOCSIFADDR, req);
	put_address(&req->ifr_netmask, self->dst.mask);
	return e ? e : ask(sock, SIOCSIFNETMASK, req);
}

static int set_ether(const struct from_host *self, int sock, struct ifreq *req)
{
	req->ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(req->ifr_hwaddr.sa_data, self->ether, sizeof(self->ether));
	return ask(sock, SIOCSIFHWADDR, req);
}

// Addresses, MTU and the rest, in the order the kernel wants.
static int set_up(const struct from_host *self, struct ifreq *req, const char **step)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), e;

	*step = "set its addresses";
	if (sock < 0)
		return -errno;
	e = self->ether_set ? set_ether(self, sock, req) : 0;
	req->ifr_mtu = (int)self->mtu;
	if (!e && self->mtu)
		e = ask(sock, SIOCSIFMTU, req);
	if (!e && self->dst_set)
		e = set_address(self, sock, req);
	req->ifr_flags = IFF_UP | IFF_BROADCAST | IFF_MULTICAST;
	if (!e)
		e = ask(sock, SIOCSIFFLAGS, req);
	if (!e && self->gateway_set) {
		*step = "set the default route";
		e = route(self, sock);
	}
	close(sock);
	return e;
}

static int open_tap(struct from_host *self, const char **step)
{
	struct ifreq req = {.ifr_flags = IFF_TAP | IFF_NO_PI};

	*step = "make the interface";
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", self->devname);
	self->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (self->fd < 0)
		return -errno;
	if (ioctl(self->fd, TUNSETIFF, &req))
		return -errno;
	return set_up(self, &req, step);
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	const struct from_host *self = e->self;

	if (a->reconfigure)
		return weir_args_error(a, -1, "an interface cannot be changed while it is in use");
	if (strlen(self->devname) >= IFNAMSIZ)
		return weir_args_error(a, -1, "`%s' cannot be the name of an interface",
				       self->devname);
	return 0;
}

static int init(struct weir_element *e, struct weir_err *err)
{
	struct from_host *self = e->self;
	const char *step, *hint = "";
	int r;

	if (if_nametoindex(self->devname))
		return weir_error(err, &e->loc, "%s: the interface exists; FromHost makes one",
				  self->devname);
	r = open_tap(self, &step);
	if (!r)
		return 0;
	if (r == -EPERM)
		hint = ", it needs CAP_NET_ADMIN";
	else if (r == -ENOENT || r == -ENODEV)
		hint = ", this kernel has no tun";
	return weir_error(err, &e->loc, "%s: cannot %s: %s%s", self->devname, step, strerror(-r),
			  hint);
}

static void fini(struct weir_element *e)
{
	struct from_host *self = e->self;

	if (self->fd > 0)
		close(self->fd);
	self->fd = 0;
}

static int init_node(struct weir_node *n, struct weir_err *err)
{
	const struct from_host *self = n->self;
	struct from_host_state *s = n->state;

	s->first = n == n->element->nodes[n->element->home];
	if (s->first && weir_watch_fd(n, self->fd, NULL))
		return weir_error(err, &n->element->loc, "cannot wait for packets of %s",
				  self->devname);
	return 0;
}

static void fini_node(struct weir_node *n)
{
	const struct from_host *self = n->self;

	if (((const struct from_host_state *)n->state)->first)
		weir_unwatch_fd(n, self->fd);
}

static enum weir_packet_type type_of(const uint8_t *dst)
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (!(dst[0] & 1))
		return WEIR_HOST;
	return memcmp(dst, all, 6) ? WEIR_MULTICAST : WEIR_BROADCAST;
}

// The next packet of the tap; NULL when there is none, or no buffer, so that it waits in the tap.
static struct packet *next(struct weir_node *n)
{
	const struct from_host *self = n->self;
	uint32_t room = (self->mtu ? self->mtu : 1500) + ETHER_LEN + 4;
	struct packet *p = weir_packet_new(n, self->headroom, room);
	ssize_t len = p ? read(self->fd, weir_data(p), room) : 0;

	if (len < ETHER_LEN) {
		if (p)
			weir_packet_free(n, p);
		return NULL;
	}
	p->len = (uint32_t)len;
	p->type = type_of(weir_data(p));
	p->tstamp = weir_wall(n);
	weir_set_mac(p);
	return p;
}

static bool task(struct weir_node *n, unsigned burst)
{
	const struct from_host *self = n->self;
	struct from_host_state *s = n->state;
	struct packet *v[WEIR_BATCH_MAX];
	unsigned got = 0;

	if (!s->first) {
		weir_sleep_until(n, UINT64_MAX);
		return false;
	}
	if (self->burst && self->burst < burst)
		burst = self->burst;
	while (got < burst && (v[got] = next(n)))
		got++;
	s->count += got;
	if (got)
		weir_start(n, 0, v, got);
	return got;
}

bool from_host_write(const struct from_host *f, struct packet *p)
{
	return write(f->fd, weir_data(p), p->len) == (ssize_t)p->len;
}

static int read_name(struct weir_element *e, const struct weir_handler *, const char *,
		     struct weir_buf *out, struct weir_err *)
{
	weir_printf(out, "%s", ((const struct from_host *)e->self)->devname);
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(WORD, from_host, devname, "DEVNAME", "interface to make", WEIR_MAND),
	WEIR_ARG(IP4_PREFIX, from_host, dst, "DST", "the host's address and network there",
		 WEIR_POS, .given = offsetof(struct from_host, dst_set)),
	WEIR_ARG(IP4, from_host, gateway, "GATEWAY", "the host's default route",
		 .given = offsetof(struct from_host, gateway_set)),
	WEIR_ARG(ETHER, from_host, ether, "ETHER", "Ethernet address of the interface",
		 .given = offsetof(struct from_host, ether_set)),
	WEIR_ARG(U32, from_host, mtu, "MTU", "of the interface; 0: 1500", .max = 65000),
	WEIR_ARG(U32, from_host, burst, "BURST", "most packets at a time; 0: a whole batch"),
	WEIR_ARG(U32, from_host, headroom, "HEADROOM", "bytes free before each packet",
		 .max = 4096),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_SUM("count", from_host, count, "packets read"),
	WEIR_RESET_FIELD("reset_counts", from_host, count, "sets the count to zero"),
	WEIR_READ("dev_name", read_name, "the interface", .flags = WEIR_H_READ | WEIR_H_CALM),
	{},
};

WEIR_PLAIN_ELEMENT(from_host, "FromHost",
		   .purpose = "emits what the host sends on an interface made for it",
		   .ports = "0/1", .processing = "/h", .args = args, .handlers = handlers,
		   .configure = configure, .init = init, .alone = true, .fini = fini,
		   .init_node = init_node, .fini_node = fini_node, .task = task,
		   .state_size = sizeof(struct from_host_state), .is_source = true);
