// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// An interface that the router claimed, as the engine and whoever opens it see it.

#include <weir/device.h>

#include <net/if.h>
#include <queues.h>
#include <stdatomic.h>

struct weir_router;

struct weir_move_ops;

struct weir_device_ops {
	bool (*to_host)(struct weir_device *d, struct packet *p);
	uint64_t (*lost)(const struct weir_device *d);
	const struct weir_move_ops *move; // NULL: its packets stay with who has them
	// Packets that a worker left to be sent and whose worker did not take them yet. While the
	// workers stand still.
	uint64_t (*handed_over)(const struct weir_device *d);
};

// What one worker has of an open device.
struct weir_device_worker {
	struct weir_queue **rx; // in the order in which to ask
	unsigned n_rx;
	struct weir_queue *tx; // NULL: it does not send
};

struct weir_device {
	char name[IFNAMSIZ];
	uint16_t index; // packet.device; from 1
	unsigned roles; // enum weir_device_role
	struct weir_device_options opt;
	struct weir_element *by;       // the first that claimed it
	struct weir_element *receiver; // who takes what comes; NULL: nobody
	struct weir_device *next;
	struct weir_device_plan plan; // which workers have which queues; set before it is opened

	// Set by the opener, and NULL or 0 again when it closes. owner: the opener.
	const struct weir_device_ops *ops;
	void *opened;
	struct weir_device_worker *workers;
	unsigned n_workers;
	unsigned n_queues;
	unsigned ifindex, mtu;
	uint8_t mac[6];
	atomic_bool no_link; // writer: control thread, readers: workers
};

// The interfaces a router claimed, in order of their claims.
struct weir_device *weir_router_devices(struct weir_router *r);
void weir_devices_free(struct weir_device *first);
