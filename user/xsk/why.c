// SPDX-License-Identifier: BSD-2-Clause
#include "why.h"

#include <linux/capability.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CAP_BPF
#define CAP_BPF 39
#endif

static const struct {
	const char *name;
	uint64_t any_of;
} NEEDED[] = {
	{"CAP_NET_ADMIN", 1ULL << CAP_NET_ADMIN},
	{"CAP_NET_RAW", 1ULL << CAP_NET_RAW},
	{"CAP_BPF", 1ULL << CAP_BPF | 1ULL << CAP_SYS_ADMIN}, // a part of the latter until 5.8
};

// The capabilities that are needed and not there, as words.
static void missing(char *text, size_t size)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {};
	uint64_t have = 0;
	size_t len = 0;

	text[0] = '\0';
	if (syscall(SYS_capget, &head, data) == 0)
		have = data[0].effective | (uint64_t)data[1].effective << 32;
	for (unsigned i = 0; i < sizeof(NEEDED) / sizeof(*NEEDED) && len < size; i++)
		if (!(have & NEEDED[i].any_of))
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "",
						NEEDED[i].name);
}

int xsk_check_permission(struct weir_err *err)
{
	char caps[64];

	missing(caps, sizeof(caps));
	if (!caps[0])
		return 0;
	weir_error(err, NULL,
		   "network interfaces cannot be used without %s; run as root, or give the command "
		   "these capabilities (setcap)",
		   caps);
	return -EPERM;
}

int xsk_why(struct weir_err *err, const char *ifname, const char *step, int e)
{
	char caps[64];

	missing(caps, sizeof(caps));
	switch (-e) {
	case EPERM:
	case EACCES:
		weir_error(err, NULL, "%s: cannot %s: not permitted%s%s", ifname, step,
			   caps[0] ? " without " : "", caps);
		break;
	case ENOBUFS:
		weir_error(err, NULL,
			   "%s: cannot %s: too little locked memory is allowed; raise "
			   "`ulimit -l`, or give the command CAP_IPC_LOCK",
			   ifname, step);
		break;
	case EAFNOSUPPORT:
		weir_error(err, NULL,
			   "%s: cannot %s: this kernel has no AF_XDP "
			   "(CONFIG_XDP_SOCKETS)",
			   ifname, step);
		break;
	case EBUSY:
		weir_error(err, NULL, "%s: cannot %s: another program uses the queue", ifname,
			   step);
		break;
	default:
		weir_error(err, NULL, "%s: cannot %s: %s", ifname, step, strerror(-e));
	}
	return e;
}
