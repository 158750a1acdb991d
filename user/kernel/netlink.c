// SPDX-License-Identifier: BSD-2-Clause
#include "netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { WAIT_SECONDS = 10 }; // for the answer to a dump; the kernel answers at once

int kernel_inbox_open(struct kernel_inbox *in)
{
	const size_t size = (size_t)KERNEL_DATAGRAMS * KERNEL_DATAGRAM_SIZE;
	char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*in = (struct kernel_inbox){};
	if (bytes == MAP_FAILED)
		return -ENOMEM;
	in->bytes = bytes;
	in->head = calloc(KERNEL_DATAGRAMS,
			  sizeof(*in->head) + sizeof(struct iovec) + sizeof(struct sockaddr_nl));
	if (!in->head) {
		kernel_inbox_close(in);
		return -ENOMEM;
	}
	return 0;
}

void kernel_inbox_close(struct kernel_inbox *in)
{
	if (in->bytes)
		munmap(in->bytes, (size_t)KERNEL_DATAGRAMS * KERNEL_DATAGRAM_SIZE);
	free(in->head);
	*in = (struct kernel_inbox){};
}

static struct sockaddr_nl *senders(const struct kernel_inbox *in)
{
	return (struct sockaddr_nl *)(in->head + KERNEL_DATAGRAMS);
}

// The kernel writes lengths into the headers, so they are made anew each time.
static void make_ready(struct kernel_inbox *in)
{
	struct sockaddr_nl *from = senders(in);
	struct iovec *piece = (struct iovec *)(from + KERNEL_DATAGRAMS);

	_Static_assert(sizeof(struct mmsghdr) % 8 == 0 &&
			       KERNEL_DATAGRAMS * sizeof(struct sockaddr_nl) % 8 == 0,
		       "these stand behind each other");
	for (unsigned i = 0; i < KERNEL_DATAGRAMS; i++) {
		piece[i] = (struct iovec){in->bytes + (size_t)i * KERNEL_DATAGRAM_SIZE,
					  KERNEL_DATAGRAM_SIZE};
		in->head[i].msg_hdr = (struct msghdr){
			.msg_name = &from[i],
			.msg_namelen = sizeof(from[i]),
			.msg_iov = &piece[i],
			.msg_iovlen = 1,
		};
	}
}

static int set(struct kernel_socket *s, int option, int value)
{
	return mnl_socket_setsockopt(s->mnl, option, &value, sizeof(value)) ? -errno : 0;
}

// More than the limit of the system takes a privilege that a router usually has.
static void take_room(const struct kernel_socket *s, size_t rcvbuf)
{
	int bytes = rcvbuf < INT32_MAX / 2 ? (int)rcvbuf : INT32_MAX / 2;

	if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

int kernel_socket_open(struct kernel_socket *s, const unsigned *groups, size_t rcvbuf)
{
	const struct timeval wait = {.tv_sec = WAIT_SECONDS};
	int rc;

	*s = (struct kernel_socket){.fd = -1};
	s->mnl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!s->mnl)
		return -errno;
	s->fd = mnl_socket_get_fd(s->mnl);
	if (mnl_socket_bind(s->mnl, 0, MNL_SOCKET_AUTOPID) ||
	    setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)))
		return -errno;
	if (rcvbuf)
		take_room(s, rcvbuf);
	// kernels that do not know these do without
	set(s, NETLINK_EXT_ACK, 1);
	set(s, NETLINK_CAP_ACK, 1);
	set(s, NETLINK_GET_STRICT_CHK, 1);
	for (; *groups; groups++) {
		rc = set(s, NETLINK_ADD_MEMBERSHIP, (int)*groups);
		if (rc && rc != -EINVAL)
			return rc;
	}
	return 0;
}

void kernel_socket_close(struct kernel_socket *s)
{
	if (s->mnl)
		mnl_socket_close(s->mnl);
	*s = (struct kernel_socket){.fd = -1};
}

int kernel_receive(struct kernel_socket *s, struct kernel_inbox *in, bool wait)
{
	int n;

	make_ready(in);
	do
		n = recvmmsg(s->fd, in->head, KERNEL_DATAGRAMS,
			     wait ? MSG_WAITFORONE : MSG_DONTWAIT, NULL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	return n;
}

static bool is_from_kernel(const struct mmsghdr *h)
{
	const struct sockaddr_nl *from = h->msg_hdr.msg_name;

	return h->msg_hdr.msg_namelen == sizeof(*from) && !from->nl_pid;
}

int kernel_each_message(struct kernel_inbox *in, int n, kernel_message_fn *fn, void *arg)
{
	int rc = 0;

	for (int i = 0; i < n; i++) {
		const struct mmsghdr *h = &in->head[i];
		const struct nlmsghdr *m = h->msg_hdr.msg_iov->iov_base;
		int rest = (int)h->msg_len;

		if (!is_from_kernel(h)) {
			in->strange++;
			continue;
		}
		for (; kernel_message_ok(m, rest); m = mnl_nlmsg_next(m, &rest))
			fn(arg, m);
		in->strange += rest > 0;
		if (h->msg_hdr.msg_flags & MSG_TRUNC)
			rc = -EMSGSIZE;
	}
	return rc;
}

int kernel_send(struct kernel_socket *s, struct nlmsghdr *m)
{
	m->nlmsg_seq = ++s->seq;
	return mnl_socket_sendto(s->mnl, m, m->nlmsg_len) < 0 ? -errno : 0;
}

// A dump under way.
struct answer {
	const struct kernel_dump *dump;
	uint32_t seq, port;
	bool over, changed;
	int rc;
};

// What ends a dump, or refuses it: an error number, or zero.
static void end_answer(struct answer *a, const struct nlmsghdr *m)
{
	const int *rc = kernel_header(m, sizeof(*rc));

	a->over = true;
	a->rc = rc && *rc < 0 ? *rc : 0;
}

static void take_answer(void *arg, const struct nlmsghdr *m)
{
	struct answer *a = arg;

	if (a->over || m->nlmsg_seq != a->seq || m->nlmsg_pid != a->port)
		return;
	a->changed |= m->nlmsg_flags & NLM_F_DUMP_INTR;
	if (m->nlmsg_type == NLMSG_DONE || m->nlmsg_type == NLMSG_ERROR)
		end_answer(a, m);
	else if (m->nlmsg_type >= NLMSG_MIN_TYPE)
		a->dump->fn(a->dump->arg, m);
}

static int ask(struct kernel_socket *s, const struct kernel_dump *d)
{
	char bytes[256] = {};
	struct nlmsghdr *m = mnl_nlmsg_put_header(bytes);

	if (MNL_ALIGN(d->len) + MNL_NLMSG_HDRLEN > sizeof(bytes))
		return -EINVAL;
	m->nlmsg_type = (uint16_t)d->type;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	memcpy(mnl_nlmsg_put_extra_header(m, d->len), d->header, d->len);
	return kernel_send(s, m);
}

int kernel_dump(struct kernel_socket *s, struct kernel_inbox *in, const struct kernel_dump *d)
{
	struct answer a = {.dump = d, .port = mnl_socket_get_portid(s->mnl)};
	int n, rc = ask(s, d);

	if (rc)
		return rc;
	a.seq = s->seq;
	while (!a.over) {
		n = kernel_receive(s, in, true);
		if (n <= 0)
			return n ? n : -ETIMEDOUT;
		if (d->begin)
			d->begin(d->arg);
		rc = kernel_each_message(in, n, take_answer, &a);
		if (d->end)
			d->end(d->arg);
		if (rc)
			return rc;
	}
	if (a.rc)
		return a.rc;
	return a.changed ? -EINTR : 0;
}

const void *kernel_header(const struct nlmsghdr *m, size_t len)
{
	return mnl_nlmsg_get_payload_len(m) < len ? NULL : mnl_nlmsg_get_payload(m);
}

bool kernel_attrs(const struct nlattr **v, const uint8_t *least, unsigned max, const void *first,
		  size_t len)
{
	const struct nlattr *a = first;
	int rest = (int)len;

	memset(v, 0, (max + 1) * sizeof(*v));
	for (; mnl_attr_ok(a, rest); a = mnl_attr_next(a)) {
		unsigned type = mnl_attr_get_type(a);

		rest -= (int)MNL_ALIGN(a->nla_len);
		if (type > max)
			continue;
		if (mnl_attr_get_payload_len(a) < least[type])
			return false;
		v[type] = a;
	}
	return rest <= 0;
}

bool kernel_attrs_of(const struct nlattr **v, const uint8_t *least, unsigned max,
		     const struct nlmsghdr *m, size_t header)
{
	size_t len = mnl_nlmsg_get_payload_len(m), skip = MNL_ALIGN(header);

	if (len < skip) {
		memset(v, 0, (max + 1) * sizeof(*v));
		return len >= header;
	}
	return kernel_attrs(v, least, max, mnl_nlmsg_get_payload_offset(m, header), len - skip);
}

bool kernel_attrs_in(const struct nlattr **v, const uint8_t *least, unsigned max,
		     const struct nlattr *a)
{
	return kernel_attrs(v, least, max, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
}

uint32_t kernel_u32(const struct nlattr *a, uint32_t otherwise)
{
	return a ? mnl_attr_get_u32(a) : otherwise;
}

uint16_t kernel_u16(const struct nlattr *a, uint16_t otherwise)
{
	return a ? mnl_attr_get_u16(a) : otherwise;
}

uint8_t kernel_u8(const struct nlattr *a, uint8_t otherwise)
{
	return a ? mnl_attr_get_u8(a) : otherwise;
}

void kernel_name(char *to, size_t size, const struct nlattr *a)
{
	size_t len = a ? strnlen(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a)) : 0;

	if (len >= size)
		len = size - 1;
	if (len)
		memcpy(to, mnl_attr_get_payload(a), len);
	to[len] = 0;
}

bool kernel_address(uint8_t *to, uint8_t family, const struct nlattr *a)
{
	size_t want = family == AF_INET ? 4 : 16;

	memset(to, 0, 16);
	if (!a)
		return true;
	if (mnl_attr_get_payload_len(a) != want)
		return false;
	memcpy(to, mnl_attr_get_payload(a), want);
	return true;
}
