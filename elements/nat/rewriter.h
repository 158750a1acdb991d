// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What IPRewriter and its relatives are: a table of sessions, found by any worker, and what becomes
// of flows that have none. The worker that made a session owns it and ends it; others only set bits
// of its state, and where that changes when it ends, they tell the owner.

#include <weir/element.h>

#include "pattern.h"
#include "rewriter_front.h"
#include "sessions.h"
#include "tcp_delta.h"
#include "translate.h"

// By what an element tells flows apart.
enum rewriter_keys {
	REWRITER_PORTS,	  // addresses, protocol and ports
	REWRITER_PING,	  // addresses and identifier
	REWRITER_PAIR,	  // both addresses
	REWRITER_ADDRESS, // the source's, or in the other direction the destination's
};

// Bits of session.state. Any worker sets and clears them, atomically.
enum rewriter_state {
	// of TCP, direction 0; the next bit is that of direction 1
	REWRITER_DONE = 1, // it has sent FIN or RST
	REWRITER_DATA = 4, // it has sent data
	REWRITER_ALL_DONE = 3,
	REWRITER_ALL_DATA = 12,
	// of others
	REWRITER_REPLY = 1,
	REWRITER_FIRST = 2, // packet of either direction; the next two bits: two more
	REWRITER_THREE = 14,
	REWRITER_STREAMING = 15,

	REWRITER_DOOMED = 0x10, // the owner is to end it
	REWRITER_DELTA = 0x40,	// sequence numbers change: struct tcp_delta
	REWRITER_LIVE = 0x80,
};

// Nanoseconds. udp: of all that is not TCP.
struct rewriter_times {
	uint64_t tcp, tcp_done, tcp_nodata, tcp_guarantee;
	uint64_t udp, udp_streaming, udp_guarantee;
	uint64_t reap; // accepted; sessions end when their time has come
};

// Of elements that share their CAPACITY.
struct rewriter_limit {
	uint32_t capacity;
	uint32_t live; // writer: any worker, atomic
};

// What every class's struct begins with.
struct rewriter {
	struct sessions table;
	struct rewriter_times times;
	struct rewriter_limit own, *limit;
	uint32_t room;		    // what the capacity may become
	struct rewriter_spec *spec; // [n_in]
	unsigned n_spec;
	struct weir_handler *pattern_handlers; // [n_spec], and their names behind them
	uint8_t keys;			       // enum rewriter_keys
	uint8_t proto;			       // of IP, if only one; 0: TCP and UDP, or any
	bool dst_anno, has_reply_anno;
	struct weir_anno reply_anno;
	struct tcp_deltas deltas;
	struct weir_area links;	     // uint32_t of each session: see rewriter_tell
	bool passes_replies;	     // input 0, as they are: replies to no ping
	bool is_found;		     // sessions were there before; until they are adopted
	struct rewriter_front front; // of the program in the driver
	char *capacity_text, *mapping_capacity_text;
};

// owner: the worker, but for `told`.
struct rewriter_state_of_worker {
	struct session_part part;
	struct weir_timer timer;
	struct weir_bell bell;
	uint32_t told;	 // sessions to look at, by `links`. writer: any worker, atomic
	uint64_t *mine;	 // [most / 64 + 1] a bit for each session that is this worker's
	uint32_t cursor; // where in `mine` to look for a session to end for another one
	uint32_t *count; // [n_in] sessions that are there
	uint64_t failures;
};

enum rewriter_drop {
	REWRITER_NO_MAPPING,
	REWRITER_NO_PORT,
	REWRITER_FULL,
	REWRITER_UNFIT,
	REWRITER_BUSY,
};
#define REWRITER_DROPS                                           \
	{                                                        \
		"no-mapping", "no-port", "full", "unfit", "busy" \
	}

static inline struct rewriter_state_of_worker *rewriter_state(struct weir_node *n)
{
	return n->state;
}
static inline struct rewriter *rewriter_of(const struct weir_element *e)
{
	return e->self;
}

// session.user: the number of the owner, and the reply annotation.
static inline unsigned rewriter_owner(const struct session *s)
{
	return s->user >> 8;
}
static inline bool rewriter_is_live(const struct session *s)
{
	return __atomic_load_n(&s->state, __ATOMIC_RELAXED) & REWRITER_LIVE;
}

// What packets of a direction become. key: as they come; what does not matter in it is kept.
static inline struct session_tuple rewriter_target(const struct rewriter *self,
						   const struct session *s, unsigned direction,
						   struct session_tuple key)
{
	struct session_tuple t = direction ? session_flip(s->from) : s->to;

	if (self->keys == REWRITER_PORTS || self->keys == REWRITER_PING)
		return t;
	if (self->keys == REWRITER_PAIR || !direction)
		key.src = t.src;
	if (self->keys == REWRITER_PAIR || direction)
		key.dst = t.dst;
	return key;
}

// The session of a packet as it comes, whatever the element tells apart.
struct session_hit rewriter_find(const struct rewriter *self, const struct session_tuple *key,
				 uint8_t proto);

// --- rewriter_new.c ---
// What becomes of a packet without a session: a session for it in *hit, which counts as the
// input's, or none and the output by which it leaves. anno: the reply annotation.
unsigned rewriter_fresh(struct weir_node *n, unsigned input, const struct rewriter_spec *spec,
			const struct session_tuple *key, uint8_t proto, uint8_t anno,
			struct session_hit *hit);

// --- rewriter_time.c ---
uint64_t rewriter_timeout(const struct rewriter *self, const struct session *s);
uint64_t rewriter_guarantee(const struct rewriter *self, const struct session *s);
// When a session ends if nothing more comes. now: weir_now
uint64_t rewriter_due(const struct rewriter *self, const struct session *s, uint64_t now);
// owner: the session's, or control.
void rewriter_end(struct weir_node *owner, uint32_t number);
// The owner is to look at it: its time is another one, or it is doomed.
void rewriter_tell(struct weir_node *n, uint32_t number);
void rewriter_take_told(struct weir_node *n);
void rewriter_start_clock(struct weir_node *n);

// --- rewriter_args.c ---
int rewriter_configure(struct weir_element *e, struct weir_args *a, enum rewriter_keys keys,
		       uint8_t proto);
int rewriter_init(struct weir_element *e, struct weir_err *err);
int rewriter_init_node(struct weir_node *n, struct weir_err *err);
void rewriter_fini_node(struct weir_node *n);
void rewriter_fini(struct weir_element *e); // every rewriter's, by which it is known
bool rewriter_is(const struct weir_element *e);

// --- rewriter_driver.c ---
int rewriter_driver(const struct weir_element *e, struct weir_front_args *a);

// --- rewriter.c ---
void rewriter_push(struct weir_node *n, unsigned port, struct batch *b);

// --- rewriter_handlers.c ---
// user of a handler that dumps: the protocol, or 0 for all
int rewriter_read_table(struct weir_element *e, const struct weir_handler *h, const char *param,
			struct weir_buf *out, struct weir_err *err);
int rewriter_read_lookup(struct weir_element *e, const struct weir_handler *h, const char *param,
			 struct weir_buf *out, struct weir_err *err);
int rewriter_read_count(struct weir_element *e, const struct weir_handler *h, const char *param,
			struct weir_buf *out, struct weir_err *err);
int rewriter_read_patterns(struct weir_element *e, const struct weir_handler *h, const char *param,
			   struct weir_buf *out, struct weir_err *err);
int rewriter_write_capacity(struct weir_element *e, const struct weir_handler *h, const char *value,
			    struct weir_err *err);
int rewriter_write_clear(struct weir_element *e, const struct weir_handler *h, const char *value,
			 struct weir_err *err);
int rewriter_add_pattern_handlers(struct rewriter *self);
const struct weir_handler *rewriter_pattern_handler(struct weir_element *e, const char *name,
						    unsigned i);
enum rewriter_count { REWRITER_MAPPINGS, REWRITER_FAILURES, REWRITER_SIZE, REWRITER_CAPACITY };

#define REWRITER_LOOKUP(name_)                                                             \
	{                                                                                  \
		.name = name_, .flags = WEIR_H_READ | WEIR_H_READ_PARAM,                   \
		.read = rewriter_read_lookup,                                              \
		.help = "`SADDR SPORT DADDR DPORT`: what a TCP packet with these becomes", \
	}
#define REWRITER_HANDLERS                                                                       \
	WEIR_READ("nmappings", rewriter_read_count, "sessions", .user = REWRITER_MAPPINGS),     \
		WEIR_READ("table_size", rewriter_read_count, "the same as nmappings",           \
			  .user = REWRITER_MAPPINGS),                                           \
		WEIR_READ("mapping_failures", rewriter_read_count,                              \
			  "flows that found no port, or no room", .user = REWRITER_FAILURES),   \
		WEIR_READ("patterns", rewriter_read_patterns,                                   \
			  "what each input does with new flows, and how many sessions it made", \
			  .user = UINTPTR_MAX),                                                 \
		WEIR_READ("size", rewriter_read_count,                                          \
			  "sessions of all elements that share the capacity",                   \
			  .user = REWRITER_SIZE),                                               \
		WEIR_READ_WRITE("capacity", rewriter_read_count, rewriter_write_capacity,       \
				"most sessions of these", .user = REWRITER_CAPACITY),           \
		WEIR_BUTTON("clear", rewriter_write_clear, "ends all sessions"),                \
	{                                                                                       \
	}

#define REWRITER_TIME(field_, name_, help_, ...) \
	WEIR_ARG(SECONDS, rewriter, times.field_, name_, help_, __VA_ARGS__)
#define REWRITER_ARGS                                                                             \
	WEIR_ARG(ARG, rewriter, capacity_text, "CAPACITY", "the same as MAPPING_CAPACITY"),       \
		WEIR_ARG(ARG, rewriter, mapping_capacity_text, "MAPPING_CAPACITY",                \
			 "most sessions, 131072 without it; or another rewriter, with which it "  \
			 "is shared"),                                                            \
		WEIR_ARG(ANNO, rewriter, reply_anno, "REPLY_ANNO",                                \
			 "annotation that packets of the other direction get from the first one", \
			 .max = 1, .given = offsetof(struct rewriter, has_reply_anno)),           \
		WEIR_ARG(SECONDS, rewriter, times.reap, "REAP_INTERVAL",                          \
			 "accepted; sessions end when their time has come"),                      \
		WEIR_ARG(SECONDS, rewriter, times.reap, "REAP_TIME", "the same"),                 \
	{                                                                                         \
	}
#define REWRITER_DST_ANNO                              \
	WEIR_ARG(BOOL, rewriter, dst_anno, "DST_ANNO", \
		 "set the destination annotation to the new destination", .def = "true")

#define REWRITER_CLASS(id, class_, ...)                                                  \
	WEIR_CLASS(id, .name = class_, .self_size = sizeof(struct id), .ports = "1-/1-", \
		   .processing = "h/h", .push = rewriter_push, .rest = "INPUTSPEC",      \
		   .rest_help = "for each input: `drop`, `pass [OUTPUT]`, "              \
				"`keep FOUTPUT ROUTPUT`, `pattern PATTERN "              \
				"FOUTPUT ROUTPUT`, or a mapper's name",                  \
		   .drops = REWRITER_DROPS, .handler = rewriter_pattern_handler,         \
		   .init = rewriter_init, .init_node = rewriter_init_node,               \
		   .fini_node = rewriter_fini_node, .fini = rewriter_fini,               \
		   .state_size = sizeof(struct rewriter_state_of_worker), __VA_ARGS__)
// Those that tell flows apart by ports or identifiers, and the others.
#define REWRITER_DRIVER .driver = rewriter_driver, .inputs_apart = true
#define REWRITER_NO_DRIVER .userspace = "tells flows apart by addresses alone"
