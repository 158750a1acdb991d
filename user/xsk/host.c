// SPDX-License-Identifier: BSD-2-Clause
#include "host.h"

#include "why.h"

#include <linux/if_tun.h>

#include <bpf/libbpf.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <to_host.skel.h>
#include <unistd.h>

// Nobody is to speak on the tap by himself: no IPv6 address, so no router solicitations.
static void be_quiet(const char *tap)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", tap);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return; // no IPv6 here
	if (write(fd, "1", 1) < 0)
		errno = 0; // then it speaks, to no one
	close(fd);
}

static int bring_up(struct ifreq *req)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), e = 0;

	if (fd < 0)
		return -errno;
	req->ifr_flags = IFF_UP | IFF_NOARP;
	if (ioctl(fd, SIOCSIFFLAGS, req))
		e = -errno;
	close(fd);
	return e;
}

static int open_tap(struct xsk_host *h, struct ifreq *req)
{
	h->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (h->fd < 0)
		return -errno;
	*req = (struct ifreq){.ifr_name = "weir%d", .ifr_flags = IFF_TAP | IFF_NO_PI};
	if (ioctl(h->fd, TUNSETIFF, req))
		return -errno;
	be_quiet(req->ifr_name);
	return bring_up(req);
}

static int attach(struct xsk_host *h, const char *tap, unsigned target)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts);
	int e;

	h->skel = to_host__open();
	if (!h->skel)
		return -errno;
	h->skel->rodata->target = target;
	e = to_host__load(h->skel);
	if (e)
		return e;
	hook.ifindex = (int)if_nametoindex(tap);
	opts.prog_fd = bpf_program__fd(h->skel->progs.weir_to_host);
	e = bpf_tc_hook_create(&hook);
	return e ?: bpf_tc_attach(&hook, &opts);
}

int xsk_host_open(struct xsk_host *h, const struct xsk_iface *f, const struct weir_secret *secret,
		  struct weir_err *err)
{
	struct ifreq req;
	int e;

	*h = (struct xsk_host){.fd = -1, .secret = secret};
	e = open_tap(h, &req);
	if (e) {
		xsk_why(err, f->name, "make a tap for ToHost", e);
		goto fail;
	}
	e = attach(h, req.ifr_name, f->ifindex);
	if (!e)
		return 0;
	xsk_why(err, f->name, "attach the program of ToHost to its tap", e);
fail:
	xsk_host_close(h);
	return e;
}

void xsk_host_close(struct xsk_host *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	to_host__destroy(h->skel);
	h->skel = NULL;
}

bool xsk_host_send(struct xsk_host *h, struct packet *p)
{
	struct iovec v[2] = {
		{weir_data(p), p->len},
		{(void *)h->secret, h->secret ? sizeof(*h->secret) : 0},
	};

	return writev(h->fd, v, 2) == (ssize_t)(v[0].iov_len + v[1].iov_len);
}
