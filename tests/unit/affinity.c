// SPDX-License-Identifier: BSD-2-Clause

// By what packets are dealt out: the demands of all that is behind an interface, and STEER.

#include <weir/device.h>

#include <affinity.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <threads.h>

struct keeper {
};

static void pass(struct weir_node *, unsigned, struct batch *) {}

#define KEEPER(id, name_, affinity_)                                                    \
	WEIR_CLASS(id, .name = name_, .push = pass, .self_size = sizeof(struct keeper), \
		   .purpose = "keeps packets together", .userspace = "is a test",       \
		   .affinity = affinity_);                                              \
	WEIR_CASES(id, {"", "eth", "0", "eth"})
KEEPER(test_datagrams, "TestDatagrams", WEIR_AFFINITY_DATAGRAM);
KEEPER(test_flows, "TestFlows", WEIR_AFFINITY_FLOW);
KEEPER(test_hosts, "TestHosts", WEIR_AFFINITY_HOSTS);
KEEPER(test_source, "TestSource", WEIR_AFFINITY_SOURCE);
KEEPER(test_destination, "TestDestination", WEIR_AFFINITY_DESTINATION);

WEIR_CLASS(test_sides, .name = "TestSides", .push = pass, .self_size = sizeof(struct keeper),
	   .purpose = "keeps packets together, from each side others", .userspace = "is a test",
	   .ports = "2/2", .flow = "#/#",
	   .in_affinity = {WEIR_AFFINITY_SOURCE, WEIR_AFFINITY_OWNER});
WEIR_CASES(test_sides, {"", "eth", "0", "eth"});

static bool queues(void *arg, const struct weir_device *, unsigned *n_rx, unsigned *n_tx)
{
	*n_rx = *n_tx = *(const unsigned *)arg;
	return true;
}

struct rig {
	struct weir_router *router;
	struct weir_threads threads;
	struct weir_err err;
	const struct weir_device_plan *plan;
};

static void rig_open(struct rig *g, const char *config, unsigned n_queues, unsigned n_workers)
{
	const struct weir_threads_options opt = {
		.n_workers = n_workers, .queues = queues, .arg = &n_queues};
	struct lang_router flat = {};

	*g = (struct rig){};
	cr_assert_eq(lang_parse(&flat, "test", config, strlen(config), NULL, 0, &g->err), 0);
	cr_assert_eq(weir_router_build(&g->router, &flat, &g->err), 0, "%s", g->err.text);
	cr_assert_eq(weir_threads(&g->threads, g->router, &opt, &g->err), 0, "%s", g->err.text);
	g->plan = weir_device_plan(weir_device_find(g->router->elements[0], 1));
}

static void rig_close(struct rig *g)
{
	weir_threads_free(&g->threads);
	weir_router_free(g->router);
	weir_err_free(&g->err);
}

static void expect_demand(const char *behind, enum weir_key key, bool contradict)
{
	struct weir_demand d;
	char config[512];
	struct rig g;

	snprintf(config, sizeof(config), "in :: FromDevice(a) -> %s -> Discard", behind);
	rig_open(&g, config, 2, 2);
	cr_assert_eq(weir_affinity(&d, weir_find(g.router, "in")), 0);
	cr_expect_eq(d.other != NULL, contradict, "%s", behind);
	cr_expect(contradict || d.key == key, "%s: key %u", behind, d.key);
	rig_close(&g);
}

Test(affinity, merged)
{
	expect_demand("Null", WEIR_KEY_NONE, false);
	expect_demand("IPReassembler", WEIR_KEY_FLOW, false);
	expect_demand("TestFlows", WEIR_KEY_FLOW, false);
	expect_demand("TestDatagrams -> TestHosts -> TestFlows", WEIR_KEY_HOSTS, false);
	expect_demand("TestHosts -> TestFlows -> TestDatagrams", WEIR_KEY_HOSTS, false);
	expect_demand("TestSource -> TestDatagrams", WEIR_KEY_SOURCE, false);
	expect_demand("TestDatagrams -> TestDestination", WEIR_KEY_DESTINATION, false);
	expect_demand("TestSource -> TestFlows", WEIR_KEY_NONE, true);
	expect_demand("TestFlows -> TestSource", WEIR_KEY_NONE, true);
	expect_demand("TestSource -> TestDestination", WEIR_KEY_NONE, true);
	expect_demand("TestHosts -> TestSource -> TestHosts", WEIR_KEY_NONE, true);
	expect_demand("Null -> TestFlows", WEIR_KEY_FLOW, false);
}

// Each interface is steered by what the input wants that its packets come by.
static void expect_sides(const char *config, enum weir_key inside, enum weir_key outside)
{
	struct weir_demand d;
	struct rig g;

	rig_open(&g, config, 2, 2);
	cr_assert_eq(weir_affinity(&d, weir_find(g.router, "in")), 0);
	cr_expect(d.key == inside && !d.other, "%s: key %u", config, d.key);
	cr_assert_eq(weir_affinity(&d, weir_find(g.router, "out")), 0);
	cr_expect(d.key == outside && !d.other, "%s: key %u", config, d.key);
	rig_close(&g);
}

Test(affinity, of_inputs)
{
	expect_sides("in :: FromDevice(a) -> t :: TestSides -> Discard;"
		     "out :: FromDevice(b) -> TestDatagrams -> [1] t; t[1] -> Discard",
		     WEIR_KEY_SOURCE, WEIR_KEY_OWNER);
	expect_sides("in :: FromDevice(a) -> Queue -> Unqueue -> t :: TestSides -> Discard;"
		     "out :: FromDevice(b) -> [1] t; t[1] -> Discard",
		     WEIR_KEY_NONE, WEIR_KEY_OWNER);
}

// Packets of one interface that come by both inputs are for one worker.
Test(affinity, of_inputs_that_one_interface_leads_to)
{
	struct weir_demand d;
	struct rig g;

	rig_open(&g,
		 "in :: FromDevice(a) -> s :: Switch -> t :: TestSides -> Discard;"
		 "s[1] -> [1] t; t[1] -> Discard",
		 2, 2);
	cr_assert_eq(weir_affinity(&d, weir_find(g.router, "in")), 0);
	cr_expect(d.other);
	rig_close(&g);
}

// Behind a Queue one worker pulls.
Test(affinity, up_to_where_the_worker_changes)
{
	expect_demand("Queue -> Unqueue -> TestHosts", WEIR_KEY_NONE, false);
	expect_demand("TestFlows -> Queue -> Unqueue -> TestHosts", WEIR_KEY_FLOW, false);
}

static void expect_plan(const char *config, unsigned n_queues, bool steer, enum weir_key key,
			unsigned n_workers)
{
	struct rig g;

	rig_open(&g, config, n_queues, 2);
	cr_expect_eq(g.plan->steer, steer, "%s", config);
	cr_expect(!steer || g.plan->key == key, "%s: key %u", config, g.plan->key);
	cr_expect_eq(weir_workers_count(&g.plan->rx), n_workers, "%s", config);
	rig_close(&g);
}

Test(affinity, plans)
{
	expect_plan("FromDevice(a) -> Discard", 2, false, WEIR_KEY_NONE, 2);
	expect_plan("FromDevice(a) -> Discard", 1, true, WEIR_KEY_FLOW, 2);
	expect_plan("FromDevice(a) -> TestFlows -> Discard", 2, true, WEIR_KEY_FLOW, 2);
	expect_plan("FromDevice(a) -> TestSource -> Discard", 2, true, WEIR_KEY_SOURCE, 2);
	expect_plan("FromDevice(a) -> TestSource -> TestHosts -> Discard", 2, false, 0, 1);
	expect_plan("FromDevice(a, STEER none) -> TestSource -> Discard", 1, false, 0, 2);
	expect_plan("FromDevice(a, STEER hosts) -> Discard", 2, true, WEIR_KEY_HOSTS, 2);
	expect_plan("FromDevice(a, STEER flow) -> TestSource -> TestHosts -> Discard", 2, true,
		    WEIR_KEY_FLOW, 2);
	expect_plan("FromDevice(a, STEER destination, THREADS 1) -> Discard", 1, false, 0, 1);
}

// What flows can move says so only where they can.
Test(affinity, with_balance)
{
	static const char config[] = "FromDevice(a, STEER %s) -> Discard";
	static const char *const steer[] = {"auto", "none"};
	static const char *const why[] = {"--balance moves flows between 2 workers",
					  "2 queues for 2 workers"};

	for (unsigned i = 0; i < 2; i++) {
		char text[64];
		struct rig g;

		snprintf(text, sizeof(text), config, steer[i]);
		rig_open(&g, text, 2, 2);
		cr_assert_eq(weir_decide_steering(g.router->elements[0],
						  weir_device_find(g.router->elements[0], 1), true),
			     0);
		cr_expect_eq(g.plan->steer, !i);
		cr_expect_str_eq(g.plan->why, why[i]);
		rig_close(&g);
	}
}
