// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What InfiniteSource, RatedSource and TimedSource have in common: the packets they make, how many,
// and what happens then.

#include <weir/call.h>
#include <weir/element.h>

// First member of the class's struct.
struct source {
	struct weir_bytes data;
	int32_t length; // of packets; -1: as long as the data
	uint32_t headroom;
	int64_t limit; // packets to make; -1: no end
	bool active, stop, timestamp;
	char *end_call;
	struct weir_bytes body; // what a packet holds
};

// First member of the class's state.
struct source_state {
	uint64_t count;
	bool ended; // the end was announced
	struct weir_call call;
};

enum { SOURCE_HEADROOM_MAX = 1024 };

#define SOURCE_DATA "This is a packet of 69 bytes. Give the source DATA to send other ones"

#define SOURCE_ARG_DATA(id)                                                       \
	WEIR_ARG(DATA, id, src.data, "DATA", "contents of the packets", WEIR_POS, \
		 .def = "\"" SOURCE_DATA "\"")
#define SOURCE_ARG_LIMIT(id, flags_)                                                 \
	WEIR_ARG(I64, id, src.limit, "LIMIT", "number of packets; negative: no end", \
		 .flags = flags_, .def = "-1")
#define SOURCE_ARG_ACTIVE(id, flags_) \
	WEIR_ARG(BOOL, id, src.active, "ACTIVE", "make packets", .flags = flags_, .def = "true")
// Keywords that all of them take.
#define SOURCE_KEYWORDS(id)                                                                      \
	WEIR_ARG(I32, id, src.length, "LENGTH", "length of the packets; -1: that of DATA",       \
		 .def = "-1", .min = -1, .max = WEIR_PACKET_MAX - WEIR_HEADROOM),                \
		WEIR_ARG(I32, id, src.length, "DATASIZE", "the same as LENGTH", .min = -1,       \
			 .max = WEIR_PACKET_MAX - WEIR_HEADROOM),                                \
		WEIR_ARG(BOOL, id, src.stop, "STOP", "stop the router after LIMIT packets"),     \
		WEIR_ARG(BOOL, id, src.timestamp, "TIMESTAMP", "set timestamps", .def = "true"), \
		WEIR_ARG(ARG, id, src.end_call, "END_CALL",                                      \
			 "handler to call after LIMIT packets"),                                 \
		WEIR_ARG(U32, id, src.headroom, "HEADROOM", "bytes of room before the packet",   \
			 .def = "128", .max = SOURCE_HEADROOM_MAX)

#define SOURCE_HANDLERS(id)                                                              \
	{.name = "data",                                                                 \
	 .flags = WEIR_H_READ | WEIR_H_WRITE | WEIR_H_RAW | WEIR_H_CALM,                 \
	 .read = source_read_data,                                                       \
	 .write = source_write_data,                                                     \
	 .help = "contents of the packets"},                                             \
		SOURCE_NUMBER("limit", I64, id, limit, "number of packets; -1: no end"), \
		SOURCE_NUMBER("length", I32, id, length,                                 \
			      "length of the packets; -1: of the data"),                 \
		SOURCE_NUMBER("active", BOOL, id, active, "whether it makes packets"),   \
		WEIR_READ("count", source_read_count, "packets made so far"),            \
		WEIR_BUTTON("reset", source_reset, "begins again with the first packet")
#define SOURCE_NUMBER(name_, type_, id, field, help_)                                        \
	{                                                                                    \
		.name = name_, .flags = WEIR_H_READ | WEIR_H_WRITE | WEIR_H_CALM,            \
		.read = source_read_field, .write = source_write_field,                      \
		.off = offsetof(struct id, src.field), .type = WEIR_T_##type_, .help = help_ \
	}

int source_configure(struct weir_element *e, struct weir_args *a);
int source_init(struct weir_element *e, struct weir_err *err);
void source_fini_node(struct weir_node *n);
void source_fini(struct weir_element *e);

// How many of `want` packets may still be made.
unsigned source_allowed(const struct weir_node *n, unsigned want);
// Makes up to n packets; their number.
unsigned source_make(struct weir_node *n, struct packet **v, unsigned want);
// Called when none is made: says so once if that is because of LIMIT. The node sleeps then, or
// while it is not active, until a handler wakes it. True if it sleeps.
bool source_at_end(struct weir_node *n);

int source_read_data(struct weir_element *e, const struct weir_handler *h, const char *param,
		     struct weir_buf *out, struct weir_err *err);
int source_write_data(struct weir_element *e, const struct weir_handler *h, const char *value,
		      struct weir_err *err);
int source_read_field(struct weir_element *e, const struct weir_handler *h, const char *param,
		      struct weir_buf *out, struct weir_err *err);
int source_write_field(struct weir_element *e, const struct weir_handler *h, const char *value,
		       struct weir_err *err);
int source_read_count(struct weir_element *e, const struct weir_handler *h, const char *param,
		      struct weir_buf *out, struct weir_err *err);
int source_reset(struct weir_element *e, const struct weir_handler *h, const char *value,
		 struct weir_err *err);
