// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The router as a graph of elements: from the flat result of the language to checked, configured
// elements whose ports are resolved to push or pull. Nothing here touches the system.

#include <weir/element.h>

#include <lang.h>
#include <stdatomic.h>

// WEIR_EITHER: a mistake hides which; only while a configuration is checked.
enum weir_processing { WEIR_AGNOSTIC, WEIR_PUSH, WEIR_PULL, WEIR_EITHER };

// What the graph knows of one port.
struct weir_port {
	enum weir_processing processing;
	unsigned first, n; // its connections: a range of by_in or by_out
};

struct weir_connection {
	struct weir_element *from, *to;
	unsigned from_port, to_port;
	struct weir_loc loc;
};

// Beside weir_element: what only the graph and the engine need.
struct weir_wiring {
	struct weir_port *in, *out;
	unsigned n_in, n_out;	  // of the arrays; e->n_out may grow beyond in configure
	unsigned *by_in, *by_out; // connection indices, grouped by port
	struct weir_loc config_loc;
	char *config; // the arguments, once the element has been reconfigured
	bool configured, initialised;
	bool open;    // a mistake may hide some of its connections
	bool misread; // the same for names that others may use
};

// Where somebody wants an element, or those of a compound, to run.
struct weir_wish {
	char *name; // full
	bool driver;
	struct weir_loc loc;
};

// By which workers somebody wants the tasks of an element, or of a compound's, to be called.
struct weir_pin {
	char *name; // full
	char *list; // as written
	bool cpus;  // by number of CPU
	const struct weir_element *by;
};

// Memory for k->n values of k->value_size; fills in the rest. 0; -ENOENT: there is none to be had;
// or -EEXIST with a message.
struct weir_persist;
typedef int weir_memory_fn(void *arg, struct weir_persist *k, const struct weir_element *e,
			   const char *name, uint32_t version, struct weir_err *err);

struct weir_router {
	struct lang_router flat;
	struct weir_element **elements;
	struct weir_wiring *wiring; // by element index
	unsigned n_elements;
	struct weir_connection *connections;
	unsigned n_connections;
	struct weir_wish *wishes; // Placement
	unsigned n_wishes;
	struct weir_pin *pins; // StaticThreadSched, THREADS, CPU
	unsigned n_pins;
	struct weir_names *names;     // AddressInfo
	struct weir_traffic *traffic; // TrafficClass; NULL: none was given
	bool names_lost;	      // a mistake may hide some names
	bool name_missed;	      // since it was last cleared, such a name was looked up
	struct weir_device *devices;  // claimed interfaces, a list
	void (*free_devices)(struct weir_device *first); // set by the first claim
	struct weir_engine *engine;			 // once built
	const struct weir_handler *handlers; // of the command that runs the router; NULL: none
	unsigned n_workers;		     // elements get one node on each

	// The driver half, once it is open, and what weir_front_moved and weir_front_prepare call.
	struct weir_front *front;
	void (*front_moved)(struct weir_front *f, const struct weir_element *e);
	void (*front_prepare)(const struct weir_element *e); // atomic; any thread

	// Who has memory that outlives the process; NULL: nobody (weir/persist.h).
	weir_memory_fn *memory;
	void *memory_arg;
	// Hints for programs (weir_owner_note); NULL: nobody steers by them.
	struct weir_owners *owners;

	// Who decides about stops (weir_catch_stops). stops: requests it has not seen yet.
	struct weir_element *stopper;
	bool (*stop_fn)(struct weir_element *e);
	atomic_uint stops;
	uint64_t signals; // taken by elements (weir_take_signals)
};

// Takes over *flat (also on failure: it is freed with the router). Resolves classes, ports,
// push/pull and arguments; all errors go to err. *out is NULL on failure. 0 or -errno. If *flat has
// mistakes already (they are in err), the rest is checked and -EINVAL comes back.
int weir_router_build(struct weir_router **out, struct lang_router *flat, struct weir_err *err);

// Runs the init of every element where it has not run. On failure what was initialised stays, to be
// freed with the router.
int weir_router_init(struct weir_router *r, struct weir_err *err);
// The same while another router runs: only of elements that do not need to be alone.
int weir_router_init_beside(struct weir_router *r, struct weir_err *err);
void weir_router_free(struct weir_router *r);

// Classes, sorted by name.
const struct weir_class *weir_class_find(const char *name);
unsigned weir_classes(const struct weir_class *const **v);
// Makes the classes of a file known, all or none. 0 or -errno.
int weir_classes_add(const struct weir_class *const *begin, const struct weir_class *const *end,
		     const char *file, struct weir_err *err);
// The known name nearest to a mistyped one, or NULL.
const char *weir_class_nearest(const char *name);

// Is its class one that is not known? Only while a configuration is checked.
bool weir_is_unknown(const struct weir_element *e);

// Does a mistake perhaps hide what the name of an address stands for?
bool weir_name_is_lost(const struct weir_router *r, const char *name);

// Adds errors; gives an element the outputs that it always has.
void weir_check_port_counts(struct weir_element *e, struct weir_err *err);
void weir_check_inputs(struct weir_router *r, struct weir_err *err);

const struct weir_wiring *weir_wiring(const struct weir_element *e);
const char *weir_ports_code(const struct weir_class *c);
const char *weir_processing_code(const struct weir_class *c);
const char *weir_flow_code(const struct weir_class *c);

// Outputs that can lose packets under a name of their own: those in use, and those the class names.
unsigned weir_n_outputs(const struct weir_element *e);
// The class's own drop reasons.
unsigned weir_n_drops(const struct weir_class *c);
// Does a packet that enters by `in` ever leave by `out`, according to the class's flow code?
bool weir_flows(const struct weir_element *e, unsigned in, unsigned out);
// Processing that a code gives a port.
enum weir_processing weir_code_processing(const char *code, bool output, unsigned port);
// "1/1-2": the permitted numbers of inputs and outputs (UINT_MAX: any); equal: "=", as many outputs
// as inputs. False if the code is malformed.
bool weir_code_ports(const char *code, unsigned in[2], unsigned out[2], bool *equal);
// Resolves agnostic ports and checks what each connection joins. Adds errors.
void weir_resolve_processing(struct weir_router *r, struct weir_err *err);

// The name of a port for messages and reports: the class's name for it, else its number.
void weir_port_name(const struct weir_element *e, bool output, unsigned port, char *buf,
		    size_t size);
