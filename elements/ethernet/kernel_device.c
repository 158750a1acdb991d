// SPDX-License-Identifier: BSD-2-Clause
// The interface of a KernelNeighbors as it is now: its Ethernet address, which stands in frames,
// and its broadcast addresses, which are neighbours that everybody knows.
#include "kernel_neighbors.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static bool read_ether(const char *device, uint8_t *eth)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {};
	bool ok;

	strncpy(r.ifr_name, device, sizeof(r.ifr_name) - 1);
	ok = fd >= 0 && !ioctl(fd, SIOCGIFHWADDR, &r);
	if (ok)
		memcpy(eth, r.ifr_hwaddr.sa_data, 6);
	if (fd >= 0)
		close(fd);
	return ok;
}

static be32 ip_of(const struct sockaddr *a)
{
	return (be32){a ? ((const struct sockaddr_in *)a)->sin_addr.s_addr : 0};
}

// Those of one address: as it was given (where none was, it is the address itself), and that of its
// network (RFC 922), where that has room for one.
static unsigned broadcasts_of(const struct ifaddrs *a, be32 *v)
{
	be32 addr = ip_of(a->ifa_addr), mask = ip_of(a->ifa_netmask);
	be32 given = ip_of(a->ifa_broadaddr), net = {addr.be | ~mask.be};
	unsigned n = 0;

	if (given.be && given.be != addr.be)
		v[n++] = given;
	if (rd32(mask) < 0xfffffffe && net.be != addr.be && net.be != given.be)
		v[n++] = net;
	return n;
}

static unsigned read_broadcasts(const char *device, be32 *v)
{
	struct ifaddrs *all;
	unsigned n = 0;

	if (getifaddrs(&all))
		return 0;
	for (const struct ifaddrs *a = all; a && n + 2 <= KERNEL_BROADCASTS; a = a->ifa_next)
		if (!strcmp(a->ifa_name, device) && a->ifa_addr &&
		    a->ifa_addr->sa_family == AF_INET && a->ifa_flags & IFF_BROADCAST)
			n += broadcasts_of(a, v + n);
	freeifaddrs(all);
	return n;
}

static void put_broadcast(struct kernel_hub *hub, be32 ip, bool is)
{
	struct neighbor_key k = neighbor_ip4(ip);
	struct neighbor *e =
		is ? neighbor_ensure(&hub->known, k, 0) : neighbor_find(&hub->known, k);

	if (!e)
		return;
	if (!is) {
		neighbor_remove(&hub->known, e);
		return;
	}
	memcpy(e->eth, everybody, 6);
	e->known = true;
}

void kernel_device_look(const struct kernel_neighbors *self)
{
	const struct neighbor_news news = {.all = true};
	struct kernel_hub *hub = kernel_hub(self);
	be32 broadcast[KERNEL_BROADCASTS];
	uint64_t source = 0;
	unsigned n;
	bool same;

	if (!read_ether(self->device, (uint8_t *)&source))
		return;
	n = read_broadcasts(self->device, broadcast);
	neighbor_lock(&hub->log);
	same = n == hub->n_broadcast && !memcmp(broadcast, hub->broadcast, n * sizeof(be32)) &&
	       source == hub->log.source;
	for (unsigned i = 0; !same && i < hub->n_broadcast; i++)
		put_broadcast(hub, hub->broadcast[i], false);
	for (unsigned i = 0; !same && i < n; i++)
		put_broadcast(hub, broadcast[i], true);
	memcpy(hub->broadcast, broadcast, n * sizeof(be32));
	hub->n_broadcast = n;
	neighbor_source(&hub->log, (const uint8_t *)&source);
	__atomic_store_n((uint64_t *)self->source.at, source, __ATOMIC_RELAXED);
	if (!same)
		kernel_neighbors_tell(hub, &news);
	neighbor_unlock(&hub->log);
}

int kernel_device_open(void)
{
	const struct sockaddr_nl to = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&to, sizeof(to))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd < 0 ? -errno : fd;
}

void kernel_device_drain(int fd)
{
	char first; // of a message: the rest of it goes unread

	// what was lost is seen by looking, too
	while (recv(fd, &first, sizeof(first), 0) > 0 || errno == ENOBUFS || errno == EINTR)
		continue;
}
