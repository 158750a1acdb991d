// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The commands of a control connection, without the connection: bytes in, bytes out.

#include <weir/handler.h>

#include <stdbool.h>

enum {
	PROTOCOL_LINE_MAX = 64 << 10,
	PROTOCOL_DATA_MAX = 16 << 20, // of one WRITEDATA
};

struct protocol {
	struct weir_router *router;
	bool read_only;
	struct weir_buf in, out; // not yet processed; not yet sent
	bool ended;		 // QUIT, or too long a line: nothing more is read
	bool eof;		 // the other end sends no more
};

void protocol_greet(struct protocol *p);
// Processes what has come in. Call again after adding to in, or setting eof.
void protocol_run(struct protocol *p);
// Takes n bytes off the front of a buffer.
void protocol_consume(struct weir_buf *b, size_t n);
