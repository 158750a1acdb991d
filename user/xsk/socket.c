// SPDX-License-Identifier: BSD-2-Clause
#include "socket.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef XDP_MAX_TX_SKB_BUDGET
#define XDP_MAX_TX_SKB_BUDGET 9 // Linux 6.17
#endif

enum { RETRY_MS = 20, RETRY_FOR_MS = 2000 };

static int set(int fd, int level, int name, const void *v, socklen_t len)
{
	return setsockopt(fd, level, name, v, len) ? -errno : 0;
}

static int map_ring(struct xsk_ring *r, int fd, uint32_t size, size_t entry, off_t at,
		    const struct xdp_ring_offset *off)
{
	uint8_t *map;

	r->map_len = off->desc + size * entry;
	map = mmap(NULL, r->map_len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);
	if (map == MAP_FAILED)
		return -errno;
	r->map = map;
	r->producer = (uint32_t *)(map + off->producer);
	r->consumer = (uint32_t *)(map + off->consumer);
	r->flags = (uint32_t *)(map + off->flags);
	r->desc = map + off->desc;
	r->size = size;
	r->mask = size - 1;
	return 0;
}

static int make_ring(struct xsk_socket *s, struct xsk_ring *r, int option, uint32_t size,
		     const struct xdp_mmap_offsets *off)
{
	int e = set(s->fd, SOL_XDP, option, &size, sizeof(size));

	if (e)
		return e;
	switch (option) {
	case XDP_RX_RING:
		return map_ring(r, s->fd, size, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING,
				&off->rx);
	case XDP_TX_RING:
		return map_ring(r, s->fd, size, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING,
				&off->tx);
	case XDP_UMEM_FILL_RING:
		return map_ring(r, s->fd, size, sizeof(uint64_t), XDP_UMEM_PGOFF_FILL_RING,
				&off->fr);
	default:
		return map_ring(r, s->fd, size, sizeof(uint64_t), XDP_UMEM_PGOFF_COMPLETION_RING,
				&off->cr);
	}
}

static int register_umem(int fd, const struct weir_pool *pool)
{
	struct xdp_umem_reg reg = {
		.addr = (uintptr_t)pool->mem,
		.len = pool->size,
		.chunk_size = pool->chunk,
		.headroom = pool->headroom,
		.flags = pool->unaligned ? XDP_UMEM_UNALIGNED_CHUNK_FLAG : 0,
	};

	return set(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg));
}

// In copy mode every packet is an skb of the socket's until the other side has taken it: the usual
// limit stops a ring at some 250 of them. And one call sends only 32 unless the kernel can be told.
static void lift_limits(struct xsk_socket *s)
{
	int buf = (int)s->tx->size * 4096;
	uint32_t budget = s->tx->size;

	if (set(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &buf, sizeof(buf)))
		set(s->fd, SOL_SOCKET, SO_SNDBUF, &buf, sizeof(buf));
	set(s->fd, SOL_XDP, XDP_MAX_TX_SKB_BUDGET, &budget, sizeof(budget));
}

static int make_rings(struct xsk_socket *s, const struct xsk_socket_want *want)
{
	struct xdp_mmap_offsets off;
	socklen_t len = sizeof(off);
	int e = 0;

	if (getsockopt(s->fd, SOL_XDP, XDP_MMAP_OFFSETS, &off, &len))
		return -errno;
	if (want->fill)
		e = make_ring(s, s->fill, XDP_UMEM_FILL_RING, want->fill, &off);
	if (!e && want->comp)
		e = make_ring(s, s->comp, XDP_UMEM_COMPLETION_RING, want->comp, &off);
	if (!e && want->rx)
		e = make_ring(s, s->rx, XDP_RX_RING, want->rx, &off);
	if (!e && want->tx)
		e = make_ring(s, s->tx, XDP_TX_RING, want->tx, &off);
	return e;
}

int xsk_socket_open(struct xsk_socket *s, const struct xsk_umem *umem,
		    const struct xsk_socket_want *want, const char **step)
{
	int e = 0;

	*step = "open an AF_XDP socket";
	s->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return -errno;
	*step = "register the packet buffers";
	if (umem->fd < 0)
		e = register_umem(s->fd, umem->pool);
	if (!e) {
		*step = "make the rings";
		e = make_rings(s, want);
	}
	if (e)
		xsk_socket_close(s);
	else if (want->tx)
		lift_limits(s);
	return e;
}

// Binds; EBUSY is tried again.
static int try_bind(const struct xsk_socket *s, const struct sockaddr_xdp *at)
{
	for (unsigned ms = 0;; ms += RETRY_MS) {
		if (bind(s->fd, (const struct sockaddr *)at, sizeof(*at)) == 0)
			return 0;
		if (errno != EBUSY || ms >= RETRY_FOR_MS)
			return -errno;
		nanosleep(&(struct timespec){.tv_nsec = RETRY_MS * 1000000L}, NULL);
	}
}

int xsk_socket_bind(struct xsk_socket *s, struct xsk_umem *umem, unsigned ifindex, unsigned queue)
{
	struct sockaddr_xdp at = {
		.sxdp_family = AF_XDP,
		.sxdp_ifindex = ifindex,
		.sxdp_queue_id = queue,
	};
	int e;

	if (umem->fd >= 0) {
		at.sxdp_flags = XDP_SHARED_UMEM;
		at.sxdp_shared_umem_fd = (uint32_t)umem->fd;
	} else {
		at.sxdp_flags = XDP_USE_NEED_WAKEUP | (umem->zc ? XDP_ZEROCOPY : XDP_COPY);
	}
	e = try_bind(s, &at);
	if (!e && umem->fd < 0)
		umem->fd = s->fd;
	return e;
}

int xsk_socket_join(struct xsk_socket *s, const struct xsk_socket *first, unsigned ifindex,
		    unsigned queue)
{
	const struct sockaddr_xdp at = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = XDP_SHARED_UMEM,
		.sxdp_ifindex = ifindex,
		.sxdp_queue_id = queue,
		.sxdp_shared_umem_fd = (uint32_t)first->fd,
	};

	return try_bind(s, &at);
}

int xsk_socket_busy_poll(const struct xsk_socket *s, unsigned budget)
{
	// a call that does not block polls once, whatever the time, if that is not zero
	int prefer = 1, microseconds = 20, packets = (int)(budget ?: XSK_BUSY_BUDGET);
	int e = set(s->fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, &prefer, sizeof(prefer));

	if (!e)
		e = set(s->fd, SOL_SOCKET, SO_BUSY_POLL, &microseconds, sizeof(microseconds));
	if (!e)
		e = set(s->fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, &packets, sizeof(packets));
	return e;
}

static void unmap_ring(struct xsk_ring *r)
{
	if (r && r->map)
		munmap(r->map, r->map_len);
	if (r)
		*r = (struct xsk_ring){};
}

void xsk_socket_close(struct xsk_socket *s)
{
	if (s->fd > 0)
		close(s->fd);
	s->fd = -1;
	unmap_ring(s->rx);
	unmap_ring(s->tx);
	unmap_ring(s->fill);
	unmap_ring(s->comp);
}

int xsk_socket_is_zc(const struct xsk_socket *s)
{
	struct xdp_options o = {};
	socklen_t len = sizeof(o);

	if (getsockopt(s->fd, SOL_XDP, XDP_OPTIONS, &o, &len))
		return -errno;
	return o.flags & XDP_OPTIONS_ZEROCOPY ? 1 : 0;
}
