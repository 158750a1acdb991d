// SPDX-License-Identifier: BSD-2-Clause
// Can an interface send what a program in another driver redirects to it? A veth only if its peer
// has an XDP program or GRO; else all of it is lost, and nobody says so. The kernel tells
// since 6.3, by the generic netlink family "netdev".

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <device.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xsk.h>

// Of linux/netdev.h, which not every system has.
enum {
	DEV_GET = 1,
	DEV_IFINDEX = 1,
	DEV_XDP_FEATURES = 3,
	ACT_NDO_XMIT = 4,
};
static const char CHANGES[] = "mgmt"; // the group that hears of changes

struct message {
	struct nlmsghdr h;
	struct genlmsghdr g;
	struct nlattr a;
	char value[8];
};

struct span {
	const char *at, *end;
};

// Takes the first attribute off the front. False: there is none.
static bool next(struct span *s, unsigned *type, struct span *value)
{
	struct nlattr a;

	if (s->end - s->at < (ptrdiff_t)sizeof(a))
		return false;
	memcpy(&a, s->at, sizeof(a));
	if (a.nla_len < sizeof(a) || a.nla_len > s->end - s->at)
		return false;
	*type = a.nla_type & (unsigned)NLA_TYPE_MASK;
	*value = (struct span){s->at + sizeof(a), s->at + a.nla_len};
	s->at += NLA_ALIGN(a.nla_len) < s->end - s->at ? NLA_ALIGN(a.nla_len) : s->end - s->at;
	return true;
}

static bool find(struct span in, unsigned want, struct span *value)
{
	unsigned type;

	while (next(&in, &type, value))
		if (type == want)
			return true;
	return false;
}

// The number of so many bytes in an attribute.
static bool find_number(struct span in, unsigned want, void *v, size_t size)
{
	struct span s;

	if (!find(in, want, &s) || s.end - s.at < (ptrdiff_t)size)
		return false;
	memcpy(v, s.at, size);
	return true;
}

struct answer {
	char bytes[4096];
	struct span attributes;
};

// Asks the family for one thing, by an attribute of so many bytes. False: it is not answered.
static bool ask(int fd, struct message m, size_t attr_size, struct answer *answer)
{
	const size_t head = sizeof(m.h) + sizeof(m.g);
	struct nlmsghdr h;
	ssize_t n;

	m.a.nla_len = (uint16_t)(sizeof(m.a) + attr_size);
	m.h.nlmsg_len = (uint32_t)(head + NLA_ALIGN(m.a.nla_len));
	m.h.nlmsg_flags = NLM_F_REQUEST;
	if (send(fd, &m, m.h.nlmsg_len, 0) < 0)
		return false;
	n = recv(fd, answer->bytes, sizeof(answer->bytes), 0);
	if (n < (ssize_t)head)
		return false;
	memcpy(&h, answer->bytes, sizeof(h));
	answer->attributes = (struct span){answer->bytes + head, answer->bytes + h.nlmsg_len};
	return h.nlmsg_type == m.h.nlmsg_type && h.nlmsg_len >= head && h.nlmsg_len <= n;
}

static bool ask_family(int fd, struct answer *answer)
{
	const struct message family = {.h.nlmsg_type = GENL_ID_CTRL,
				       .g = {.cmd = CTRL_CMD_GETFAMILY, .version = 1},
				       .a.nla_type = CTRL_ATTR_FAMILY_NAME,
				       .value = "netdev"};

	return ask(fd, family, sizeof("netdev"), answer);
}

bool weir_takes_redirects(unsigned ifindex)
{
	struct message device = {.g = {.cmd = DEV_GET, .version = 1}, .a.nla_type = DEV_IFINDEX};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	struct answer answer;
	uint64_t features = 0;

	if (fd < 0)
		return false;
	memcpy(device.value, &ifindex, sizeof(uint32_t));
	if (!ask_family(fd, &answer) ||
	    !find_number(answer.attributes, CTRL_ATTR_FAMILY_ID, &device.h.nlmsg_type,
			 sizeof(device.h.nlmsg_type)) ||
	    !ask(fd, device, sizeof(uint32_t), &answer) ||
	    !find_number(answer.attributes, DEV_XDP_FEATURES, &features, sizeof(features)))
		features = 0;
	close(fd);
	return features & ACT_NDO_XMIT;
}

// The number of the group that hears of changes; 0: there is none.
static int find_group(struct span family)
{
	struct span groups, group, name;
	unsigned type;
	int id = 0;

	if (!find(family, CTRL_ATTR_MCAST_GROUPS, &groups))
		return 0;
	while (next(&groups, &type, &group))
		if (find(group, CTRL_ATTR_MCAST_GRP_NAME, &name) &&
		    name.end - name.at == sizeof(CHANGES) &&
		    !memcmp(name.at, CHANGES, sizeof(CHANGES)) &&
		    find_number(group, CTRL_ATTR_MCAST_GRP_ID, &id, sizeof(id)))
			return id;
	return 0;
}

int weir_xsk_features(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), group;
	struct answer answer;

	if (fd < 0)
		return -errno;
	group = ask_family(fd, &answer) ? find_group(answer.attributes) : 0;
	if (group && !setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		return fd;
	close(fd);
	return -ENOTSUP;
}

bool weir_xsk_features_heard(int fd)
{
	char news[4096];
	bool any = false;

	// what did not fit is news too
	while (recv(fd, news, sizeof(news), MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
		any = true;
	return any;
}
