// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The element API as C sees it. The BPF half has a header of the same name; an element file that
// uses only what both have is compiled for both.
//
// An element is written in one of two forms:
//
//	unsigned f(const struct f *self, struct packet *p)		one packet (WEIR_ELEMENT)
//	void f(struct weir_node *n, unsigned port, struct batch *b)	a batch (WEIR_BATCH_ELEMENT)
//
// The one-packet form returns the number of the output by which the packet leaves; the loop, the
// split, counters and drops are the framework's. Names: file, struct and function are the class
// name in snake case (dec_ip_ttl for DecIPTTL).

#include <weir/args.h>
#include <weir/front.h>
#include <weir/handler.h>
#include <weir/node.h>
#include <weir/packet.h>
#include <weir/workers.h>

// Packets that belong together. FLOW has both directions in it, SOURCE and DESTINATION one address.
enum weir_affinity {
	WEIR_AFFINITY_NONE,
	WEIR_AFFINITY_DATAGRAM, // its fragments
	WEIR_AFFINITY_FLOW,
	WEIR_AFFINITY_HOSTS, // all between two
	WEIR_AFFINITY_SOURCE,
	WEIR_AFFINITY_DESTINATION,
	WEIR_AFFINITY_OWNER, // what goes to an address and port whose worker weir_owner_note said
};

enum { WEIR_EARLIEST = 2 }; // see `early`

// What a class says of itself. Written through the WEIR_*ELEMENT macros.
struct weir_class {
	const char *name;	// Click's
	const char *file;	// source, for documentation
	const char *purpose;	// one line, lower case, no full stop
	const char *ports;	// Click's port count code: "1/1-2", "1/-", "0-/0"; default "1/1"
	const char *processing; // Click's processing code: "a/ah"; default "a/a"
	const char *flow;	// Click's flow code; default "x/x"
	const char *out[16];	// names of the first outputs; shown, and usable as t[name]
	const char *in[8];	// names of the first inputs

	// Reasons by which this class itself loses packets. weir_emit(n, WEIR_DROP + i, p), or
	// returning WEIR_DROP + i, frees the packet and counts it as instance.reason.
	const char *drops[16];

	const struct weir_arg *args; // ended by {}
	// What configure takes beside the table, for users: the form of such an argument and what
	// it means. Without it, what is not in the table is an error.
	const char *rest, *rest_help;
	const struct weir_handler *handlers; // ended by {}; the engine adds Click's common ones

	// Handlers that the table cannot hold, as their names come from the configuration: the one
	// called name, or (name NULL) the i-th to be listed. NULL: there is none.
	const struct weir_handler *(*handler)(struct weir_element *e, const char *name, unsigned i);

	size_t self_size, state_size;

	// After the table-driven arguments. Gets what the table did not take (a->rest). Adds all
	// mistakes to a->err; the return value only says whether there were any.
	int (*configure)(struct weir_element *e, struct weir_args *a);
	// After the whole graph is known and configured, before traffic: open files, look others
	// up. Runs once.
	int (*init)(struct weir_element *e, struct weir_err *err);
	// For each worker, after init: start tasks and timers.
	int (*init_node)(struct weir_node *n, struct weir_err *err);
	void (*fini_node)(struct weir_node *n); // gives back what the node holds (packets too)
	// Accepts an element of any state, also one whose configure failed.
	void (*fini)(struct weir_element *e);

	// Push: takes the batch. What stays in b leaves by output 0; everything else must have been
	// emitted, dropped or kept (b->n adjusted with it).
	void (*push)(struct weir_node *n, unsigned port, struct batch *b);
	// Pull output `port`: up to max packets into v; their number. NULL: the framework pulls
	// from input 0 and runs push on what comes.
	unsigned (*pull)(struct weir_node *n, unsigned port, struct packet **v, unsigned max);
	// A unit of work of at most `burst` packets; true if it did something. Called every round
	// unless the node sleeps (weir_sleep_until).
	bool (*task)(struct weir_node *n, unsigned burst);

	// Of packets that this node puts somewhere for another worker: how many it has put, and how
	// many were taken. While the world stands still. NULL: it does not, or all is one FIFO.
	void (*passed)(const struct weir_node *n, uint32_t *put, uint32_t *taken);
	// Is there a packet of which fn says so among those that this node keeps until others of
	// their flow come to the same worker (fragments, replies)? NULL: it keeps none. While the
	// world stands still.
	bool (*keeps)(const struct weir_node *n, bool (*fn)(void *arg, const struct packet *p),
		      void *arg);
	// Packets this node holds (queues, reassembly): for the ledger. NULL: none.
	unsigned (*held)(struct weir_node *n);
	// Most packets a node of this element will hold: the plan computes buffers from it.
	unsigned (*capacity)(const struct weir_element *e);

	// The follower of the kernel that the element is (weir/kernel.h). NULL: it is none.
	struct weir_kernel *(*kernel)(const struct weir_element *e);

	// Can an element with these arguments run in the driver, if there is an object for its
	// class? Fills in what its program gets. 0, or what weir_front_refuse says. Called after
	// configure for the plan and after init for loading. NULL: always, and the program has the
	// same struct.
	int (*driver)(const struct weir_element *e, struct weir_front_args *a);

	// The `config` handler may be written: configure fills a fresh struct (a->reconfigure), the
	// nodes get it, and fini is called with the old one in e->self. Only for classes whose fini
	// undoes nothing but configure. Classes that only have a table can always do it.
	bool reconfigures;
	bool resizes;  // packets may leave with another length (and len_delta does not say how)
	uint8_t early; // configured before the others, which may look into it: 2 before 1 before 0
	bool late;     // its init looks into others: it comes after theirs
	bool alone;    // its init takes what one router at a time can have: a port, a file to write
	// There is no half in userspace: a configuration is refused unless every packet meets the
	// element in the driver.
	bool driver_only;
	// Why it stays in userspace, where it has no object for the driver: lower case, no full
	// stop.
	const char *userspace;
	// It makes no difference by which input a packet comes, so the driver may lead to any of
	// them; what its program hands over comes by input 0.
	bool inputs_alike;
	// Its program is told by which input a packet comes (weir_instance.input), and hands it
	// over by that one.
	bool inputs_apart;
	bool is_source; // makes packets: the ledger counts what it emits as received or made
	bool is_sink;	// ends packets on purpose (Discard, ToDevice)
	bool transmits; // a sink that sends on an interface
	bool filters;	// loses sound packets by what its arguments say
	// What is pushed to it goes on by its task, on its home, whoever pushed it (Pipeliner).
	bool changes_worker;
	// What its nodes do, they do to one thing that is not made for several at a time (a file):
	// where several workers push to it, the engine lets one of them in at a time. The others
	// wait, so push must not emit, nor call handlers: what goes on stays in the batch.
	bool one_at_a_time;
	// What must be on one worker when it comes here, though other packets are on others; of
	// what comes by one of the first inputs, where that is not NONE, this instead.
	enum weir_affinity affinity, in_affinity[8];
};

// What an element of the configuration is, on all workers together.
struct weir_element {
	const char *name;
	const struct weir_class *class;
	struct weir_router *router;
	struct weir_loc loc;
	const char *config; // argument text
	unsigned index;
	unsigned n_in, n_out; // ports in use
	int32_t len_delta; // set by configure: output 0 is longer than the input by so much, always
	bool looks_at_tags; // set by configure: interfaces in front of it must leave VLAN tags in
	void *self;	    // arguments: struct of the class
	struct weir_node **nodes;
	unsigned n_nodes; // workers

	// Which workers may be inside it (push to it, pull from it), and which call its task; valid
	// from init_node on. Its nodes on others are never used and their state stays zero. `home`
	// is the first of `tasks`, else of `runs`: what an element does once, it does there.
	struct weir_workers runs, tasks;
	unsigned home;
};

// Is the port connected? What is its processing? Valid from init on.
bool weir_in_connected(const struct weir_element *e, unsigned port);
bool weir_out_connected(const struct weir_element *e, unsigned port);
bool weir_in_is_pull(const struct weir_element *e, unsigned port);
bool weir_out_is_pull(const struct weir_element *e, unsigned port);

// For configure: false if a mistake in the configuration may hide connections of the element, so
// that there may be more than n_in and n_out say.
bool weir_ports_known(const struct weir_element *e);

// The number of workers, valid from init_node on (n_nodes still grows then).
unsigned weir_n_workers(const struct weir_element *e);

// The workers that may push to an input. Valid from init_node on.
void weir_pushers(const struct weir_element *e, unsigned port, struct weir_workers *s);
// Whose task pulls from that output, which may be through others; NULL: nobody's. It does so on its
// home.
struct weir_element *weir_puller(const struct weir_element *e, unsigned port);

// Calls fn for every element, in configuration order, until it returns nonzero.
int weir_each_element(struct weir_router *r, int (*fn)(struct weir_element *e, void *arg),
		      void *arg);
// By full name; NULL if there is none.
struct weir_element *weir_find(struct weir_router *r, const char *name);

// For configure: the element of that name, or those of the compound, should run in the driver, or
// in userspace. The name is looked up where e stands, then around it. -ENOENT if there is none, or
// -ENOMEM.
int weir_wish(struct weir_element *e, const char *name, bool driver);

// For configure: the task of the element of that name, or those of the compound (NULL: of e
// itself), are to be called by these workers only: "0-3,6" or "1 2"; with `cpus`, by those that are
// pinned to the CPUs of these numbers. "-1": by none, as in Click. The name is looked up as for
// weir_wish. -ENOENT: there is none; -EINVAL: `list` is no list; or -ENOMEM.
int weir_pin(struct weir_element *e, const char *name, const char *list, bool cpus);

// The nearest elements that can be reached downstream (or upstream) of a port and for which `is`
// says true; the search does not go beyond those. For Queue-finding and the like.
unsigned weir_find_downstream(struct weir_element *e, int port, bool (*is)(struct weir_element *),
			      struct weir_element **v, unsigned max);
unsigned weir_find_upstream(struct weir_element *e, int port, bool (*is)(struct weir_element *),
			    struct weir_element **v, unsigned max);

// Packets that interfaces receive for so many ports (of TCP and UDP; identifiers of ICMP queries)
// of an IPv4 address from there on, and that are steered by WEIR_AFFINITY_OWNER, come to that
// worker of those that run the element. A hint, for whole WEIR_OWNER_PORTS (64) ports: packets that
// are on their way, and those of addresses that differ in the first three bytes alone, may come to
// another. Between init_node and fini_node, by any worker; it costs a store for every 64 ports.
void weir_owner_note(const struct weir_element *e, be32 address, uint16_t port, uint32_t n,
		     unsigned worker);

#define WEIR_SECTION_ELEMENTS __attribute__((used, section("weir_class_list")))

// Registers the class: a pointer in a linker section, found by existing.
#define WEIR_CLASS(id, ...)                                                          \
	static const struct weir_class id##_class = {.file = __FILE__, __VA_ARGS__}; \
	static const struct weir_class *const id##_ref WEIR_SECTION_ELEMENTS = &id##_class

#define WEIR_BATCH_ELEMENT(id, class_, ...)                                        \
	WEIR_CLASS(id, .name = class_, .push = id, .self_size = sizeof(struct id), \
		   .userspace = "has no half in the driver", __VA_ARGS__)

// For classes without push inputs: sources, Unqueue, schedulers, information elements.
#define WEIR_PLAIN_ELEMENT(id, class_, ...)                            \
	WEIR_CLASS(id, .name = class_, .self_size = sizeof(struct id), \
		   .userspace = "has no half in the driver", __VA_ARGS__)

// For classes that are in the driver only: what the graph has to know of NAME.bpf.c.
#define WEIR_DRIVER_CLASS(id, class_, ...)                                                       \
	WEIR_CLASS(id, .name = class_, .push = weir_driver_only, .self_size = sizeof(struct id), \
		   .driver_only = true, __VA_ARGS__)

// What meets such an element in userspace after all, as before the driver half is switched on, is
// lost as no_port.
void weir_driver_only(struct weir_node *n, unsigned port, struct batch *b);

// unsigned id(const struct id *self, struct packet *p)
// Nearly all packets leave by output 0, so that the batch usually passes as it is.
#define WEIR_ELEMENT(id, class_, ...)                                                     \
	WEIR_STRAIGHT_FORM(id, void, id(&self_, p_))                                      \
	WEIR_CLASS(id, .name = class_, .push = id##_push, .self_size = sizeof(struct id), \
		   __VA_ARGS__)

// unsigned id(const struct id *self, struct id_state *state, struct packet *p): the state is one
// per worker, no lock and no atomic.
#define WEIR_STATE_ELEMENT(id, class_, ...)                                               \
	WEIR_STRAIGHT_FORM(id, struct id##_state, id(&self_, state_, p_))                 \
	WEIR_CLASS(id, .name = class_, .push = id##_push, .self_size = sizeof(struct id), \
		   .state_size = sizeof(struct id##_state), __VA_ARGS__)

// The same two for classes whose packets commonly leave by different outputs: the batch passes as
// it is if all agree, else it is dealt out.
#define WEIR_SPLIT_ELEMENT(id, class_, ...)                                               \
	WEIR_SPLIT_FORM(id, void, id(&self_, p_))                                         \
	WEIR_CLASS(id, .name = class_, .push = id##_push, .self_size = sizeof(struct id), \
		   __VA_ARGS__)
#define WEIR_SPLIT_STATE_ELEMENT(id, class_, ...)                                         \
	WEIR_SPLIT_FORM(id, struct id##_state, id(&self_, state_, p_))                    \
	WEIR_CLASS(id, .name = class_, .push = id##_push, .self_size = sizeof(struct id), \
		   .state_size = sizeof(struct id##_state), __VA_ARGS__)

// Where a packet of the batch stands. So the loops below need not keep count for their exits, which
// costs an instruction per packet.
WEIR_INLINE unsigned weir_batch_find(const struct batch *b, const struct packet *p)
{
	unsigned i = 0;

	while (b->p[i] != p)
		i++;
	return i;
}

// The loops behind the one-packet forms. The arguments are copied so that the compiler may keep
// them in registers although packets are written.
#define WEIR_STRAIGHT_FORM(id, state_t_, call_)                                                 \
	static __attribute__((noinline)) void id##_rest(struct weir_node *n_, struct batch *b_, \
							struct packet *p_, unsigned port_)      \
	{                                                                                       \
		const struct id self_ = *(const struct id *)n_->self;                           \
		state_t_ *const state_ __attribute__((unused)) = n_->state;                     \
		const unsigned count_ = b_->n;                                                  \
		unsigned i_ = weir_batch_find(b_, p_), k_ = i_;                                 \
		for (;;) {                                                                      \
			if (port_ == 0)                                                         \
				b_->p[k_++] = p_;                                               \
			else                                                                    \
				weir_divert(n_, b_, port_, p_);                                 \
			if (++i_ == count_)                                                     \
				break;                                                          \
			p_ = b_->p[i_];                                                         \
			port_ = call_;                                                          \
		}                                                                               \
		b_->n = k_;                                                                     \
	}                                                                                       \
	static void id##_push(struct weir_node *n_, unsigned, struct batch *b_)                 \
	{                                                                                       \
		const struct id self_ = *(const struct id *)n_->self;                           \
		state_t_ *const state_ __attribute__((unused)) = n_->state;                     \
		const unsigned count_ = b_->n;                                                  \
		WEIR_UNROLL                                                                     \
		for (unsigned i_ = 0; i_ < count_; i_++) {                                      \
			struct packet *p_ = b_->p[i_];                                          \
			unsigned port_ = call_;                                                 \
			if (WEIR_UNLIKELY(port_)) {                                             \
				id##_rest(n_, b_, p_, port_);                                   \
				return;                                                         \
			}                                                                       \
		}                                                                               \
	}

// As long as all packets leave by the output of the first one, no port is written down. The batch
// is never empty.
#define WEIR_SPLIT_FORM(id, state_t_, call_)                                                     \
	static __attribute__((noinline)) void id##_mixed(struct weir_node *n_, struct batch *b_, \
							 struct packet *p_, unsigned port0_,     \
							 unsigned port1_)                        \
	{                                                                                        \
		const struct id self_ = *(const struct id *)n_->self;                            \
		state_t_ *const state_ __attribute__((unused)) = n_->state;                      \
		const unsigned count_ = b_->n;                                                   \
		struct weir_deal deal_;                                                          \
		unsigned i_ = weir_batch_find(b_, p_);                                           \
		weir_deal_begin(&deal_, n_, b_);                                                 \
		for (unsigned k_ = 0; k_ < i_; k_++)                                             \
			weir_deal(&deal_, n_, port0_, b_->p[k_]);                                \
		weir_deal(&deal_, n_, port1_, p_);                                               \
		while (++i_ < count_) {                                                          \
			p_ = b_->p[i_];                                                          \
			weir_deal(&deal_, n_, call_, p_);                                        \
		}                                                                                \
		weir_deal_end(&deal_, n_, b_);                                                   \
	}                                                                                        \
	static void id##_push(struct weir_node *n_, unsigned, struct batch *b_)                  \
	{                                                                                        \
		const struct id self_ = *(const struct id *)n_->self;                            \
		state_t_ *const state_ __attribute__((unused)) = n_->state;                      \
		const unsigned count_ = b_->n;                                                   \
		struct packet *p_ = b_->p[0];                                                    \
		const unsigned port0_ = call_;                                                   \
		WEIR_UNROLL                                                                      \
		for (unsigned i_ = 1; i_ < count_; i_++) {                                       \
			p_ = b_->p[i_];                                                          \
			unsigned port1_ = call_;                                                 \
			if (WEIR_UNLIKELY(port1_ != port0_)) {                                   \
				id##_mixed(n_, b_, p_, port0_, port1_);                          \
				return;                                                          \
			}                                                                        \
		}                                                                                \
		b_->out = port0_;                                                                \
	}

// Rows of {arguments, packet in, output, packet out}: test, documentation example, fuzz seed and
// check that both halves agree. Packets are written in the notation of docs/elements-notation.md.
// An output is a name, a number, or a drop reason.
struct weir_case {
	const char *args, *in, *out, *want;
};
struct weir_cases {
	const struct weir_class *class;
	const struct weir_case *rows; // ended by {}
};
#define WEIR_CASES(id, ...)                                                   \
	static const struct weir_case id##_rows[] = {__VA_ARGS__, {}};        \
	static const struct weir_cases id##_cases = {&id##_class, id##_rows}; \
	static const struct weir_cases *const id##_cases_ref                  \
		__attribute__((used, section("weir_cases"))) = &id##_cases
