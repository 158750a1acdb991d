// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What a configuration asks to have changed on an interface for the time of a run.

#include "open.h"

// Through the guardian. 0 or -errno; what was changed before is put back when that is closed.
int xsk_settings_apply(struct xsk_guard *g, struct xsk_device *d, struct weir_err *err);

// Refuses what only lasts as long as a process does, where the graph goes on without. 0 or -errno.
int xsk_settings_check_keep(const struct xsk_device *d, struct weir_err *err);

// Names the settings that cost packets or throughput: tags that the interface strips before anyone
// sees them, UDP flows that all land on one queue.
void xsk_settings_warn(const struct xsk_device *d, struct weir_err *err);

// For the report: how its packets are dealt out to queues, and how it is polled.
void xsk_settings_print(FILE *f, const struct xsk_device *d);
