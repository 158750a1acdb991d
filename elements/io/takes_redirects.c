// SPDX-License-Identifier: BSD-2-Clause
// Can an interface send what a program in another driver redirects to it? A veth only if its peer
// has an XDP program or GRO; else all of it is lost, and nobody says so. The kernel tells
// since 6.3, by the generic netlink family "netdev".
#include "io.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <sys/socket.h>
#include <unistd.h>

// Of linux/netdev.h, which not every system has.
enum {
	DEV_GET = 1,
	DEV_IFINDEX = 1,
	DEV_XDP_FEATURES = 3,
	ACT_NDO_XMIT = 4,
};

struct message {
	struct nlmsghdr h;
	struct genlmsghdr g;
	struct nlattr a;
	char value[8];
};

// Attribute `type` of a message, of at least size bytes, into v.
static bool find(const char *at, const char *end, unsigned type, void *v, size_t size)
{
	while (end - at >= (ptrdiff_t)sizeof(struct nlattr)) {
		struct nlattr a;

		memcpy(&a, at, sizeof(a));
		if (a.nla_len < sizeof(a) || a.nla_len > end - at)
			return false;
		if (a.nla_type == type && a.nla_len >= sizeof(a) + size) {
			memcpy(v, at + sizeof(a), size);
			return true;
		}
		at += NLA_ALIGN(a.nla_len) < end - at ? NLA_ALIGN(a.nla_len) : end - at;
	}
	return false;
}

// Asks the family for one thing, by an attribute of so many bytes; what is answered as attribute
// `want` goes to v. False: it is not answered.
static bool ask(int fd, struct message m, size_t attr_size, unsigned want, void *v, size_t size)
{
	const size_t head = sizeof(m.h) + sizeof(m.g);
	char answer[4096];
	struct nlmsghdr h;
	ssize_t n;

	m.a.nla_len = (uint16_t)(sizeof(m.a) + attr_size);
	m.h.nlmsg_len = (uint32_t)(head + NLA_ALIGN(m.a.nla_len));
	m.h.nlmsg_flags = NLM_F_REQUEST;
	if (send(fd, &m, m.h.nlmsg_len, 0) < 0)
		return false;
	n = recv(fd, answer, sizeof(answer), 0);
	if (n < (ssize_t)head)
		return false;
	memcpy(&h, answer, sizeof(h));
	return h.nlmsg_type == m.h.nlmsg_type && h.nlmsg_len <= n &&
	       find(answer + head, answer + h.nlmsg_len, want, v, size);
}

bool io_takes_redirects(unsigned ifindex)
{
	struct message family = {.h.nlmsg_type = GENL_ID_CTRL,
				 .g = {.cmd = CTRL_CMD_GETFAMILY, .version = 1},
				 .a.nla_type = CTRL_ATTR_FAMILY_NAME,
				 .value = "netdev"};
	struct message device = {.g = {.cmd = DEV_GET, .version = 1}, .a.nla_type = DEV_IFINDEX};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	uint64_t features = 0;

	if (fd < 0)
		return false;
	memcpy(device.value, &ifindex, sizeof(uint32_t));
	if (!ask(fd, family, sizeof("netdev"), CTRL_ATTR_FAMILY_ID, &device.h.nlmsg_type,
		 sizeof(device.h.nlmsg_type)) ||
	    !ask(fd, device, sizeof(uint32_t), DEV_XDP_FEATURES, &features, sizeof(features)))
		features = 0;
	close(fd);
	return features & ACT_NDO_XMIT;
}
