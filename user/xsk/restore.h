// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The journal of changed settings (guard.h), backwards. Its first line is the network namespace,
// each other one what a setting was before it was changed:
//
//	sysfs PATH VALUE
//	channels INTERFACE RX TX COMBINED
//	table INTERFACE QUEUE ...
//	hash INTERFACE FLOW FIELDS
//	feature INTERFACE NAME		that was on

#include <stdbool.h>

// What is refused because a process that was killed is still being taken down is tried again.
enum { XSK_RETRY_MS = 50, XSK_RETRY_FOR_MS = 5000 };

// Undoes a journal, the last change first. False if it belongs to another network namespace.
bool xsk_restore(int journal);

unsigned long long xsk_netns(void);
