// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What FromDevice and ToDevice have in common.

#include <weir/device.h>
#include <weir/element.h>

struct io_args {
	char *devname;
	struct weir_device *device;
	unsigned mode; // enum weir_device_mode
	uint32_t queues, ring, burst, busy_budget, busy_usecs;
	unsigned rss, steer; // enum weir_device_rss, weir_device_steer; FromDevice's
	bool busy_poll, busy_poll_set;
	char *threads, *cpus;
};

extern const char *const io_modes[];

// Entries of an argument table, for a class whose struct begins with `struct io_args io`.
#define IO_ARGS(id)                                                                               \
	WEIR_ARG(WORD, id, io.devname, "DEVNAME", "network interface", WEIR_MAND),                \
		WEIR_ARG(U32, id, io.burst, "BURST", "most packets at a time; 0: a whole batch"), \
		WEIR_ARG(ENUM, id, io.mode, "MODE",                                               \
			 "auto: the best native mode; or demand zerocopy, copy or generic",       \
			 .names = io_modes, .def = "auto"),                                       \
		WEIR_ARG(U32, id, io.queues, "QUEUES", "number of queues to set; 0: as it is",    \
			 .max = 1024),                                                            \
		WEIR_ARG(U32, id, io.ring, "RING", "descriptors per ring, a power of two",        \
			 .max = 32768),                                                           \
		WEIR_ARG(BOOL, id, io.busy_poll, "BUSY_POLL",                                     \
			 "poll the driver instead of waiting for interrupts",                     \
			 .given = offsetof(struct id, io.busy_poll_set)),                         \
		WEIR_ARG(U32, id, io.busy_budget, "BUSY_BUDGET",                                  \
			 "with BUSY_POLL: most packets that the driver gives at a time; 0: 64",   \
			 .max = 65535),                                                           \
		WEIR_ARG(U32, id, io.busy_usecs, "BUSY_USECS",                                    \
			 "with BUSY_POLL: microseconds without a poll until interrupts come "     \
			 "back; 0: 200",                                                          \
			 .max = 1000000),                                                         \
		WEIR_ARG(STRING, id, io.threads, "THREADS",                                       \
			 "its workers, such as \"0-3,6\"; else all there are"),                   \
		WEIR_ARG(STRING, id, io.cpus, "CPU", "the same by the CPUs that they are on")

// Claims the interface. promisc: 1 or 0 if the element says, -1 if it does not.
int io_configure(struct weir_element *e, struct weir_args *a, unsigned role, int promisc);
