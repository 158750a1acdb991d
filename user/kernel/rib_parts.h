// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What the files of the rib share; rib.h is for others.
//
//	routes (rib_routes.c)  ->  attributes (rib_attrs.c)  ->  path (rib_path.c)  ->  hop
//(rib_hops.c) 	12 or 24 bytes each        table, metric, type, ...      next hops, source      its
// number
//
// Routes that differ in their prefix only share their attributes; attributes with the same next
// hops share the path, which knows the value that readers find. A merged table (rib_merge.c) holds
// for each prefix of its tables what the rules make of it.
// owner: the follower's thread, all of it.

#include <weir/area.h>
#include <weir/fib6.h>

#include <rib.h>

enum {
	RIB_NONE = WEIR_FIB4_NONE,	// a path's value: not usable
	RIB_THROW = WEIR_FIB4_NONE - 1, // a path's value: the next table is asked
	RIB_LENS = 129,
};

// --- small things -----------------------------------------------------------------------------

// Something that is found by what it holds.
struct rib_node {
	struct rib_node *next;
	uint64_t hash;
};

struct rib_hash {
	struct rib_node **heads;
	uint32_t n, count; // heads (0 or a power of two), nodes
};

uint64_t rib_mix(uint64_t a, uint64_t b);
int rib_hash_reserve(struct rib_hash *t); // makes room for one more
void rib_hash_add(struct rib_hash *t, struct rib_node *n);
void rib_hash_remove(struct rib_hash *t, struct rib_node *n);
struct rib_node *rib_hash_first(const struct rib_hash *t, uint64_t hash);
struct rib_node *rib_hash_next(const struct rib_node *n);

struct rib_vec {
	void *v;
	uint32_t n, room;
};

// Room for one more behind the others, not yet counted; NULL without memory.
void *rib_vec_room(struct rib_vec *v, size_t size);
int rib_vec_push(struct rib_vec *v, const void *what, size_t size);
// Makes a gap at index i, counted; NULL without memory.
void *rib_vec_insert(struct rib_vec *v, uint32_t i, size_t size);
void rib_vec_remove(struct rib_vec *v, uint32_t i, size_t size);

// A prefix of either family, as rib_ip4 says.
struct rib_key {
	struct weir_ip6 addr;
	unsigned len;
};

static inline struct weir_ip6 rib_masked(struct weir_ip6 a, unsigned len)
{
	struct weir_ip6 m = weir_ip6_mask(len);

	return (struct weir_ip6){a.hi & m.hi, a.lo & m.lo};
}

static inline bool rib_covers(struct weir_ip6 prefix, unsigned len, struct rib_key k)
{
	return len <= k.len && weir_ip6_equal(rib_masked(k.addr, len), prefix);
}

// --- objects ------------------------------------------------------------------------------------

struct rib_link_entry {
	struct rib_link said;
	uint32_t port; // enum weir_hop_port
	bool seen;     // in this resync
};

struct rib_addr_entry {
	struct rib_addr said;
	bool seen;
};

struct rib_nexthop_entry {
	struct rib_nexthop said; // its members are its own
	bool seen;
};

struct rib_rule_entry {
	struct rib_rule said;
	bool seen;
};

// --- routes
// ---------------------------------------------------------------------------------------

struct rib_table {
	struct rib_node node;
	uint32_t id;
	bool v6;
	uint32_t refs;	  // of attributes, of steps, and of what is dirty
	uint32_t looked;  // steps of merged tables that look here
	uint32_t odd;	  // routes that need not end a look-up: throw, and those by TOS or source
	uint32_t dead;	  // attributes that are not usable
	uint64_t lens[3]; // bit n: there are prefixes of that length
	uint32_t of_len[RIB_LENS];
};

struct rib_path {
	struct rib_node node;
	uint32_t refs;
	uint32_t value;	  // number of a hop, RIB_NONE or RIB_THROW
	uint32_t group;	  // the hop that is a group; RIB_NONE: there is none
	uint32_t *single; // numbers of the hops it leads to, each held once
	uint32_t n_single;
	bool moved; // the value changed since views were made
	bool idle;  // nobody has it; waits for the end of the commit

	// what it is found by
	bool v6, has_prefsrc;
	uint8_t type; // RTN_*
	uint32_t nexthop;
	uint32_t n_hops;
	struct weir_ip6 prefsrc;
	struct rib_hop hops[];
};

struct rib_attrs {
	struct rib_node node;
	uint32_t id, refs;
	struct rib_path *path;
	struct rib_table *table;
	uint32_t metric;
	uint8_t tos, scope, protocol, pref, src_len;
	bool dying; // its routes are gone, and are swept by the next commit
	bool dead;  // counted in table->dead
	bool moved; // its path's value changed; while a commit looks for its routes
	struct weir_ip6 src;
};

// A route in the mirror. Those of a prefix and table stand in one chain in the kernel's order of
// preference, others may stand between them.
struct rib_rec {
	uint32_t attrs : 23, len : 8, seen : 1; // attrs 0: unused
	uint32_t next;				// 0: the last
	uint32_t at[];				// 1 or 4 words, the first holds the highest bits
};

struct rib_routes {
	bool v6;
	struct weir_area rec_area, head_area;
	uint32_t mask;	     // of heads
	uint32_t used, free; // records from `used` on were never used; `free` chains others
	uint32_t count, most;
	uint64_t refused;
	bool incomplete;
};

// --- hops
// -----------------------------------------------------------------------------------------

// Beside each hop: what readers do not need.
struct rib_hop_info {
	uint32_t refs, next; // next with the same hash; numbers, 0: none
	uint32_t link;
	uint8_t has_src;
	struct weir_ip6 src;
};

// What readers may still have: hops, buckets, and memory. Used again after a grace period.
struct rib_retired {
	enum { RIB_RETIRED_HOP, RIB_RETIRED_BUCKETS, RIB_RETIRED_MERGE, RIB_RETIRED_MEMORY } kind;
	uint32_t number, size;
	void *what;
};

enum { RIB_CLASSES = 17, RIB_HOP_HEADS = 1024 };

struct rib_hops {
	struct weir_area hop_area, info_area, bucket_area;
	uint32_t used, most, used_buckets, most_buckets;
	uint32_t live, groups, live_buckets; // in use now
	struct rib_vec free_hops, free_buckets[RIB_CLASSES];
	uint32_t heads[RIB_HOP_HEADS];
	struct rib_vec left, waiting; // struct rib_retired
	uint64_t period;
	uint64_t refused, changed;
	bool grown; // since the last publish
};

static inline struct weir_hop *rib_hop_at(const struct rib_hops *h, uint32_t number)
{
	return (struct weir_hop *)h->hop_area.at + number;
}

static inline struct rib_hop_info *rib_info_at(const struct rib_hops *h, uint32_t number)
{
	return (struct rib_hop_info *)h->info_area.at + number;
}

static inline uint32_t *rib_bucket_at(const struct rib_hops *h, uint32_t number)
{
	return (uint32_t *)h->bucket_area.at + number;
}

int rib_hops_init(struct rib_hops *h, uint32_t most, uint32_t most_buckets);
void rib_hops_free(struct rib_hops *h);
// The number of a hop like this, now held; WEIR_HOP_HOST at the limit.
uint32_t rib_hop_get(struct rib_hops *h, const struct weir_hop *hop,
		     const struct rib_hop_info *info);
void rib_hop_put(struct rib_hops *h, uint32_t number);
// A group of n buckets, as those of another or all `value`; RIB_NONE at the limit.
uint32_t rib_group_new(struct rib_hops *h, uint32_t n, const uint32_t *like, uint32_t value);
void rib_group_put(struct rib_hops *h, uint32_t number);
// Gives the buckets of a group to hops by their weights. A bucket changes its hop only if that one
// is not among them, or has too many. 0, or -ENOMEM and nothing changed.
struct rib_share {
	uint32_t hop, weight;
};
int rib_group_share(struct rib_hops *h, uint32_t group, const struct rib_share *v, uint32_t n);
void rib_retire(struct rib_hops *h, struct rib_retired what);
// Uses again what no reader can have any more.
void rib_hops_turn(struct rib_hops *h);

// --- views
// ----------------------------------------------------------------------------------------

enum rib_maybe { RIB_NO, RIB_MAYBE, RIB_YES };

// One rule as an interface sees it.
struct rib_step {
	struct rib_table *table; // NULL: the value
	uint32_t value;		 // of blackhole and the like
	int32_t suppress;	 // -1: none
	uint8_t inside, outside; // enum rib_maybe: does it hold for these addresses?
	uint8_t dst_len;
	bool may_suppress; // by the group of the interface
	struct weir_ip6 dst;
};

struct rib_merge {
	struct rib_merge *next;
	bool v6;
	bool stale;    // to be made anew, where it is
	uint32_t refs; // interfaces that want it, and those that show it
	struct rib_step *steps;
	uint32_t n_steps;
	unsigned longest_dst; // of its steps; 0: none has any
	bool has_actions;     // some of them have no table
	unsigned moves;	      // of the table, at the last publish
	uint32_t room;	      // of it, likewise: programs reach no further
	struct weir_fib4 fib4;
	struct weir_fib6 fib6; // one of both
};

struct rib_iface {
	struct rib_iface *next;
	struct weir_view view, soon; // soon: with the tables that it wants
	char name[RIB_NAME];	     // empty: none
	struct rib_merge *want[2], *shown[2];
	struct rib_step *list[2]; // while lists are compared
	uint32_t n_list[2];
};

struct rib_dirty {
	struct rib_table *table;
	struct rib_key key;
};

// Addresses by interface, for any thread. Never changed; replaced as a whole.
struct rib_book {
	uint32_t n;
	struct rib_addr v[];
};

struct rib {
	char (*devices)[RIB_NAME];
	unsigned n_devices;

	struct rib_vec links;	 // struct rib_link_entry, by index
	struct rib_vec addrs;	 // struct rib_addr_entry, by link, then as they came
	struct rib_vec nexthops; // struct rib_nexthop_entry, by id
	struct rib_vec rules;	 // struct rib_rule_entry, in the kernel's order

	struct rib_hash tables;
	struct rib_hash paths;
	struct rib_hash attrs_hash;
	struct rib_vec attrs;	   // struct rib_attrs *, by id; [0] is nobody's
	struct rib_vec attrs_free; // uint32_t, ids
	struct rib_vec idle;	   // struct rib_path *
	struct rib_vec names;	   // struct rib_name_entry *, by name less one
	struct rib_hash names_hash;
	struct rib_routes routes[2];
	struct rib_hops hops;

	bool paths_changed; // links or next-hop objects did
	bool lists_changed; // rules or VRFs did
	bool addrs_changed;
	bool dying;   // some attributes are
	bool lost;    // something dirty, for want of memory: all is made anew
	bool resync;  // one is under way
	bool forgets; // what it did not say
	struct rib_scope scope;

	struct rib_vec dirty;  // struct rib_dirty
	struct rib_vec within; // struct rib_key, scratch
	struct rib_merge *merges;
	struct rib_iface *ifaces; // the last is the one without a name
	struct rib_iface *none;
	struct rib_book *book; // readers: any thread, by atomic load
	uint64_t changes, no_memory;
};

struct rib_name_entry {
	struct rib_node node;
	struct weir_ip6 addr;
	uint32_t name;
};

// rib_objects.c
struct rib_link_entry *rib_link_at(const struct rib *r, uint32_t index);
struct rib_nexthop_entry *rib_nexthop_at(const struct rib *r, uint32_t id);
void rib_objects_forget(struct rib *r); // what was not said in this resync
void rib_objects_unsee(struct rib *r);
void rib_objects_free(struct rib *r);

// rib_path.c
// The path of a route, held; like: NULL, or a path whose shares of flows a new one keeps.
struct rib_path *rib_path_get(struct rib *r, const struct rib_route *route,
			      const struct rib_path *like);
struct rib_path *rib_path_find(const struct rib *r, const struct rib_route *route); // or NULL
void rib_path_put(struct rib *r, struct rib_path *p);
void rib_path_resolve(struct rib *r, struct rib_path *p, const struct rib_path *like);
void rib_paths_sweep(struct rib *r); // those that nobody has
void rib_path_free(struct rib *r, struct rib_path *p);
bool rib_path_uses(const struct rib *r, const struct rib_path *p, uint32_t link);
uint32_t rib_name_get(struct rib *r, struct weir_ip6 addr); // 0: no more

// rib_attrs.c
struct rib_table *rib_table_get(struct rib *r, uint32_t id, bool v6); // held
void rib_table_put(struct rib *r, struct rib_table *t);
struct rib_attrs *rib_attrs_get(struct rib *r, const struct rib_route *route,
				const struct rib_path *like); // held
struct rib_attrs *rib_attrs_find(struct rib *r, const struct rib_route *route);
void rib_attrs_put(struct rib *r, struct rib_attrs *a);
// From here on new routes do not share it, and its routes are gone.
void rib_attrs_die(struct rib *r, struct rib_attrs *a);
// What links and next-hop objects did to attributes: dead ones are counted, those whose value moved
// are marked; true: there are some.
bool rib_attrs_follow(struct rib *r);
static inline struct rib_attrs *rib_attrs_at(const struct rib *r, uint32_t id)
{
	return ((struct rib_attrs **)r->attrs.v)[id];
}
void rib_attrs_describe(const struct rib_attrs *a, struct rib_route *route);

// rib_records.c
int rib_routes_init(struct rib_routes *s, bool v6, uint32_t most);
void rib_routes_free(struct rib_routes *s);
// The first record of that prefix in that table, or NULL; and the next one of the same.
struct rib_rec *rib_routes_first(const struct rib *r, const struct rib_table *t, struct rib_key k);
struct rib_rec *rib_routes_next(const struct rib *r, const struct rib_table *t, struct rib_key k,
				const struct rib_rec *rec);
void rib_routes_sweep(struct rib *r);  // those of dying attributes
void rib_routes_moved(struct rib *r);  // those of moved attributes are dirty
void rib_routes_forget(struct rib *r); // those that were not said in this resync
void rib_routes_unsee(struct rib *r);
struct rib_rec *rib_rec_at(const struct rib_routes *s, uint32_t i);
struct rib_key rib_rec_key(const struct rib_routes *s, const struct rib_rec *rec);
bool rib_rec_is(const struct rib *r, const struct rib_routes *s, const struct rib_rec *rec,
		const struct rib_table *t, struct rib_key k);
// Where the chain of a prefix begins.
uint32_t *rib_rec_head(const struct rib_routes *s, const struct rib_table *t, struct rib_key k);
// Puts a new record where `at` points to. It has the attributes then, unless it returns -errno.
int rib_rec_insert(struct rib *r, uint32_t *at, struct rib_key k, struct rib_attrs *a);
void rib_rec_remove(struct rib *r, uint32_t *at, struct rib_table *t);
void rib_rec_attach(struct rib_rec *rec, const struct rib_attrs *a);
void rib_rec_detach(struct rib *r, struct rib_rec *rec);
// Views have to look at this prefix again.
void rib_dirty(struct rib *r, struct rib_table *t, struct rib_key k);

// rib_merge.c
void rib_merge_flush(struct rib *r); // what is dirty
// Gives interfaces the merged tables of their lists. 0; -ENOMEM: some keep the one they have.
int rib_merge_lists(struct rib *r);
bool rib_merge_renew(struct rib *r); // those that are stale; false: some still are
void rib_merge_free(struct rib_merge *m);
struct rib_iface *rib_iface_new(struct rib *r, const char *name); // NULL: no memory
void rib_iface_free(struct rib *r, struct rib_iface *i);
void rib_iface_expect(struct rib *r, struct rib_iface *i); // what it will show
void rib_iface_show(struct rib *r, struct rib_iface *i);   // the tables that it wants

// rib_list.c
// The steps of an interface (empty name: of none). Tables are held. 0 or -ENOMEM.
int rib_list(struct rib *r, const char *iif, bool v6, struct rib_step **steps, uint32_t *n);
void rib_list_free(struct rib *r, struct rib_step *steps, uint32_t n);

// rib_source.c
int rib_book_make(struct rib *r); // what sources are chosen from, as the addresses are now
