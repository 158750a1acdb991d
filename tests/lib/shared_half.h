// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// An element `e` of a configuration and its program, which share their tables: what handlers of
// the one write, the other reads. And the counting of checks.

#include <engine.h>
#include <program.h>

struct half {
	char file[256];
	struct weir_router *r;
	struct weir_element *e;
	struct weir_engine *engine;
	struct program prog;
	struct packet *p; // that was last sent
	unsigned moved;
};

extern const char *half_build; // folder
extern unsigned half_passed, half_failed;

void half_check(bool ok, const char *what);
void half_need(bool ok, const char *what); // without it the test is over

// file: of the object, below elements/, without .bpf.o
void half_open(struct half *h, const char *file, const char *text);
void half_close(struct half *h);
void half_load(struct half *h);
struct weir_router *half_configure(const char *text);
void half_write(struct half *h, const char *handler, const char *value);
// The output or reason by which the program sends an IPv4 packet for this next hop, or a packet.
int half_leaves_by(struct half *h, uint32_t dst);
int half_sends(struct half *h, const char *packet);
