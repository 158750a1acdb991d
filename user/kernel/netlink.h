// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Rtnetlink sockets and messages: large receives, dumps, and attributes of which neither length nor
// type is trusted.

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mnl_socket;
struct mmsghdr;

enum {
	KERNEL_DATAGRAMS = 16,		  // taken at a time
	KERNEL_DATAGRAM_SIZE = 64 * 1024, // more than the kernel puts into one
};

// Where datagrams are received. owner: one thread.
struct kernel_inbox {
	char *bytes; // KERNEL_DATAGRAMS pieces; memory that was never written costs nothing
	struct mmsghdr *head;
	uint64_t strange; // datagrams that were malformed, cut off, or came from another process
};
int kernel_inbox_open(struct kernel_inbox *in);
void kernel_inbox_close(struct kernel_inbox *in);

struct kernel_socket {
	struct mnl_socket *mnl;
	int fd;
	uint32_t seq; // of the last request
};
// groups: ended by 0. Those that the kernel does not have are left out. rcvbuf 0: as it is.
int kernel_socket_open(struct kernel_socket *s, const unsigned *groups, size_t rcvbuf);
void kernel_socket_close(struct kernel_socket *s);

// Takes datagrams, KERNEL_DATAGRAMS at most. Their number, 0: there is none, -ENOBUFS: some were
// lost, or -errno. wait: for the first, some seconds.
int kernel_receive(struct kernel_socket *s, struct kernel_inbox *in, bool wait);
// Calls fn for each message of those. -EMSGSIZE: one was cut off. Those of other processes are left
// out.
typedef void kernel_message_fn(void *arg, const struct nlmsghdr *m);
int kernel_each_message(struct kernel_inbox *in, int n, kernel_message_fn *fn, void *arg);

// What a dump is given to do.
struct kernel_dump {
	int type;	    // RTM_GET...
	const void *header; // of the family
	size_t len;
	kernel_message_fn *fn; // for each message of the answer
	// Before and after some of them: the inbox may be used for other things in between. May be
	// NULL
	void (*begin)(void *arg), (*end)(void *arg);
	void *arg;
};
// 0, -EINTR: the kernel's state changed meanwhile and the dump may be inconsistent, or -errno.
int kernel_dump(struct kernel_socket *s, struct kernel_inbox *in, const struct kernel_dump *d);

// Sends one message and does not wait for an answer. 0 or -errno.
int kernel_send(struct kernel_socket *s, struct nlmsghdr *m);

// Is there a whole message in what rests of a datagram? (mnl_nlmsg_ok takes lengths above 2 GB for
// numbers below zero.)
static inline bool kernel_message_ok(const struct nlmsghdr *m, int rest)
{
	return rest >= (int)sizeof(*m) && m->nlmsg_len >= sizeof(*m) &&
	       m->nlmsg_len <= (uint32_t)rest;
}

// --- attributes ---
// The header behind that of netlink; NULL: the message is too short for it.
const void *kernel_header(const struct nlmsghdr *m, size_t len);

// Attributes by type: those above max are left out, of several the last counts. least: the lengths
// that each must have. False: the message is malformed.
bool kernel_attrs(const struct nlattr **v, const uint8_t *least, unsigned max, const void *first,
		  size_t len);
// Those of a message behind a header of that length, and those within an attribute.
bool kernel_attrs_of(const struct nlattr **v, const uint8_t *least, unsigned max,
		     const struct nlmsghdr *m, size_t header);
bool kernel_attrs_in(const struct nlattr **v, const uint8_t *least, unsigned max,
		     const struct nlattr *a);

// Values; `otherwise` where there is no attribute. The length has been looked at by kernel_attrs.
uint32_t kernel_u32(const struct nlattr *a, uint32_t otherwise);
uint16_t kernel_u16(const struct nlattr *a, uint16_t otherwise);
uint8_t kernel_u8(const struct nlattr *a, uint8_t otherwise);
// At most size - 1 characters of a name, and an end.
void kernel_name(char *to, size_t size, const struct nlattr *a);
// An address of the family, network byte order, into to[16], zeros behind it. False: its length is
// not that of an address. No attribute: all zeros.
bool kernel_address(uint8_t *to, uint8_t family, const struct nlattr *a);
