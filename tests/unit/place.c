// SPDX-License-Identifier: BSD-2-Clause
// Placement, as if every class of a list had an object for the driver.
#include <weir/device.h>

#include <criterion/criterion.h>
#include <lang.h>
#include <place.h>
#include <stdio.h>

static const char *const in_driver[] = {
	"ARPQuerier",
	"ARPResponder",
	"CheckIPHeader",
	"CheckPaint",
	"Classifier",
	"Counter",
	"DecIPTTL",
	"Discard",
	"DropBroadcasts",
	"EtherEncap",
	"EtherMirror",
	"FixIPSrc",
	"GetIPAddress",
	"HostEtherFilter",
	"IPClassifier",
	"IPFilter",
	"IPFragmenter",
	"IPGWOptions",
	"MarkIPHeader",
	"Null",
	"Paint",
	"RoundRobinSwitch",
	"StaticIPLookup",
	"Strip",
	"ToDevice",
	"ToHost",
	NULL,
};

struct rig {
	struct weir_router *router;
	struct weir_err err;
	struct weir_place_options opt;
	const char *zero_copy; // name of an interface
};

static bool is_listed(const char *const *v, const char *name)
{
	while (*v && strcmp(*v, name) != 0)
		v++;
	return *v;
}

static const char *object(void *, const struct weir_class *c, const char **why)
{
	if (!strcmp(c->name, "Unstrip"))
		*why = "stale";
	return is_listed(in_driver, c->name) ? "object" : NULL;
}

static bool zero_copy(void *arg, const struct weir_device *d)
{
	const struct rig *g = arg;

	return g->zero_copy && !strcmp(weir_device_name(d), g->zero_copy);
}

static void rig_open(struct rig *g, const char *text)
{
	struct lang_router flat = {};

	g->opt.arg = g;
	g->opt.object = object;
	g->opt.zero_copy = zero_copy;
	cr_assert_eq(lang_parse(&flat, "test", text, strlen(text), NULL, 0, &g->err), 0, "%s",
		     g->err.text);
	cr_assert_eq(weir_router_build(&g->router, &flat, &g->err), 0, "%s", g->err.text);
}

static void rig_close(struct rig *g)
{
	weir_router_free(g->router);
	weir_err_free(&g->err);
}

// "a:1 b:2; a>b why, ...": what is in the driver with its depths, and the crossings.
static void describe(const struct weir_plan *plan, struct weir_buf *out)
{
	for (unsigned i = 0; i < plan->router->n_elements; i++)
		if (plan->placed[i].side == WEIR_DRIVER)
			weir_printf(out, "%s%s:%u", out->len ? " " : "",
				    plan->router->elements[i]->name, plan->placed[i].depth);
	for (unsigned i = 0; i < plan->n_crossings; i++)
		weir_printf(out, "%s%s>%s %s", i ? ", " : "; ",
			    plan->crossings[i].connection->from->name,
			    plan->crossings[i].connection->to->name, plan->crossings[i].why);
	if (!out->len)
		weir_printf(out, "-");
}

static const char *why(const struct weir_plan *plan, const char *name)
{
	return plan->placed[weir_find(plan->router, name)->index].why;
}

#define ROW(config_, want_, ...)                                  \
	{                                                         \
		.config = (config_), .want = (want_), __VA_ARGS__ \
	}
struct row {
	const char *config, *want;
	const char *driver, *userspace, *zero_copy; // one each, or NULL
};

static void check(const struct row *row)
{
	const char *driver[] = {row->driver, NULL}, *userspace[] = {row->userspace, NULL};
	struct rig g = {.opt = {.driver = driver, .userspace = userspace},
			.zero_copy = row->zero_copy};
	struct weir_plan plan;
	struct weir_buf got = {};

	rig_open(&g, row->config);
	if (weir_place(&plan, g.router, &g.opt, &g.err)) {
		weir_printf(&got, "%s", g.err.text);
	} else {
		describe(&plan, &got);
		weir_plan_free(&plan);
	}
	cr_expect_str_eq(got.text, row->want, "\n%s\nis  %s\nnot %s", row->config, got.text,
			 row->want);
	weir_buf_free(&got);
	rig_close(&g);
}

static void check_all(const struct row *rows)
{
	for (; rows->config; rows++)
		check(rows);
}

Test(place, largest_front)
{
	static const struct row rows[] = {
		ROW("f :: FromDevice(a) -> n :: Null -> d :: Discard", "f:0 n:1 d:2"),
		// by the longest way
		ROW("f :: FromDevice(a) -> s :: RoundRobinSwitch; s[0] -> d :: Discard;"
		    "s[1] -> n :: Null -> d",
		    "f:0 s:1 d:3 n:2"),
		// a cut at what cannot
		ROW("f :: FromDevice(a) -> c :: Classifier(12/0800, -); c[0] -> d :: Discard;"
		    "c[1] -> p :: Print -> e :: Discard",
		    "f:0 c:1 d:2; c>p has no half in the driver"),
		ROW("f :: FromDevice(a) -> c :: Classifier(12/0800, -); c[0] -> d :: Discard;"
		    "c[1] -> u :: Unstrip(1) -> e :: Discard",
		    "f:0 c:1 d:2; c>u stale"),
		// behind a queue
		ROW("f :: FromDevice(a) -> c :: Classifier(12/0800, -); c[0] -> d :: Discard;"
		    "c[1] -> q :: Queue -> Unqueue -> e :: Discard",
		    "f:0 c:1 d:2; c>q output 0 is pull"),
		// nothing in front of it
		ROW("RatedSource -> n :: Null -> d :: Discard", "-"),
		// entered from both halves
		ROW("f :: FromDevice(a) -> d :: Discard; RatedSource -> d", "f:0 d:1"),
		// not worth it
		ROW("f :: FromDevice(a) -> n :: Null -> Queue -> Discard", "-"),
		ROW("f :: FromDevice(a) -> h :: HostEtherFilter(1:2:3:4:5:6) -> n :: Null -> q :: "
		    "Queue"
		    " -> Discard",
		    "f:0 h:1; h>n no way through it ends in the driver"),
		{},
	};

	check_all(rows);
}

Test(place, cycles)
{
	static const struct row rows[] = {
		ROW("f :: FromDevice(a) -> n :: Null -> s :: RoundRobinSwitch; s[0] -> d :: "
		    "Discard;"
		    "s[1] -> m :: HostEtherFilter(1:2:3:4:5:6) -> n",
		    "f:0 n:1 s:2 d:3 m:3; m>n leads back"),
		ROW("f :: FromDevice(a) -> s :: RoundRobinSwitch; s[0] -> d :: Discard; s[1] -> s",
		    "f:0 s:1 d:2; s>s leads back"),
		{},
	};

	check_all(rows);
}

Test(place, inputs)
{
	static const struct row rows[] = {
		ROW("f :: FromDevice(a) -> c :: Classifier(12/0806, 12/0800); t :: ToDevice(a);"
		    "q :: ARPQuerier(1.0.0.1, 1:2:3:4:5:6) -> t; c[0] -> [1] q; c[1] -> [0] q",
		    "f:0 c:1 t:3 q:2; c>q input 1"),
		ROW("f :: FromDevice(a) -> c :: Classifier(12/0806, 12/0800); t :: ToDevice(a);"
		    "q :: ARPQuerier(1.0.0.1, 1:2:3:4:5:6) -> t; c[0] -> [1] q;"
		    "c[1] -> d :: Discard; Idle -> q",
		    "f:0 c:1 d:2; c>q the driver leads to its input 1 only"),
		{},
	};

	check_all(rows);
}

Test(place, sources)
{
	static const struct row rows[] = {
		ROW("f :: FromDevice(a) -> n :: Null; g :: FromDevice(b) -> n -> d :: Discard",
		    "f:0 n:1 g:0 d:2"),
		ROW("f :: FromDevice(a, FORCE_IP true) -> d :: Discard", "-"),
		ROW("f :: FromDevice(a, ACTIVE false) -> d :: Discard", "-"),
		{},
	};

	check_all(rows);
}

Test(place, zero_copy)
{
	static const char reflector[] =
		"f :: FromDevice(a) -> c :: Classifier(12/0806, 12/0800, -); c[0] -> h :: ToHost;"
		"c[1] -> m :: EtherMirror -> t :: ToDevice(b); c[2] -> d :: Discard";
	static const char shared[] =
		"f :: FromDevice(a) -> t :: ToDevice(c); g :: FromDevice(b) -> t";
	static const struct row rows[] = {
		ROW(reflector, "f:0 c:1 h:2 m:2 t:3 d:2"),
		ROW(reflector, "f:0 c:1 h:2 m:2 t:3 d:2", .zero_copy = "b"),
		ROW(reflector, "f:0 c:1 h:2 d:2; c>m no way through it ends in the driver",
		    .zero_copy = "a"),
		ROW(reflector, "f:0 c:1 h:2 m:2 t:3 d:2", .zero_copy = "a", .driver = "t"),
		ROW("FromDevice(a) -> Null -> ToDevice(b)", "-", .zero_copy = "a"),
		ROW(shared, "f:0 t:1 g:0"),
		ROW(shared, "-", .zero_copy = "b"),
		{},
	};

	check_all(rows);
}

Test(place, wishes)
{
	static const char chain[] = "f :: FromDevice(a) -> n :: Null -> d :: Discard;";
	static const char pass[] = "elementclass P { input -> n :: Null -> c :: Counter -> output }"
				   "f :: FromDevice(a) -> p :: P -> q :: Queue -> Discard;";
	static const char inner[] =
		"elementclass P { Placement(n userspace); input -> n :: Null -> output }"
		"f :: FromDevice(a) -> p :: P -> d :: Discard; n :: Idle -> Discard";
	static const struct row rows[] = {
		ROW(chain, "-", .userspace = "n"),
		ROW(chain, "-", .userspace = "f"),
		ROW(chain,
		    "`d' (Discard) cannot run in the driver: behind `n', which stays in "
		    "userspace\n",
		    .driver = "d", .userspace = "n"),
		ROW(chain, "there is no element or compound `x'\n", .driver = "x"),
		ROW(chain, "`d' is wanted both in the driver and in userspace\n", .driver = "d",
		    .userspace = "d"),
		ROW(pass, "-"),
		ROW(pass, "f:0 p/n:1 p/c:2; p/c>q output 0 is pull", .driver = "p"),
		ROW(pass, "f:0 p/n:1; p/n>p/c --userspace says so", .driver = "p",
		    .userspace = "p/c"),
		ROW(pass, "`q' (Queue) cannot run in the driver: output 0 is pull\n",
		    .driver = "q"),
		ROW(inner, "-"),
		ROW(inner, "f:0 d:2 p/n:1", .driver = "p/n"),
		{},
	};

	check_all(rows);
}

// Elements n0 to n(count - 1) in a chain, and another way to the last but one.
static void chain(struct weir_buf *b, unsigned count)
{
	weir_printf(b, "FromDevice(a) -> s :: RoundRobinSwitch; s[0] -> ");
	for (unsigned i = 0; i < count; i++)
		weir_printf(b, "n%u :: Null -> ", i);
	weir_printf(b, "d :: Discard; s[1] -> n%u", count - 2);
}

// With s there are count + 2 programs.
Test(place, depth)
{
	struct weir_buf text = {};
	struct rig g = {};
	struct weir_plan plan;

	chain(&text, 30);
	rig_open(&g, text.text);
	cr_assert_eq(weir_place(&plan, g.router, &g.opt, &g.err), 0);
	cr_expect_eq(plan.n_driver, 33);
	cr_expect_eq(plan.longest, 32);
	cr_expect_eq(plan.n_crossings, 0);
	weir_plan_free(&plan);
	rig_close(&g);

	text.len = 0;
	chain(&text, 40);
	g = (struct rig){};
	rig_open(&g, text.text);
	cr_assert_eq(weir_place(&plan, g.router, &g.opt, &g.err), 0);
	// what is reached by the short way only counts that
	cr_expect_eq(plan.n_driver, 5);
	cr_expect_eq(plan.placed[weir_find(g.router, "d")->index].depth, 4);
	cr_expect_str_eq(why(&plan, "n0"), "no way through it ends in the driver");
	weir_plan_free(&plan);
	rig_close(&g);
	weir_buf_free(&text);
}

// The same where every program on the way is worth it.
Test(place, too_deep)
{
	struct weir_buf text = {};
	struct rig g = {};
	struct weir_plan plan;

	weir_printf(&text, "FromDevice(a) -> ");
	for (unsigned i = 0; i < 34; i++)
		weir_printf(&text, "n%u :: HostEtherFilter(1:2:3:4:5:6) -> ", i);
	weir_printf(&text, "Discard");
	rig_open(&g, text.text);
	cr_assert_eq(weir_place(&plan, g.router, &g.opt, &g.err), 0);
	cr_expect_eq(plan.n_driver, 1 + WEIR_DEPTH_MAX);
	cr_expect_eq(plan.longest, WEIR_TAIL_CALLS);
	cr_expect_str_eq(why(&plan, "n32"), "too deep: a packet passes at most 33 programs");
	cr_expect_str_eq(why(&plan, "n33"), "behind `n32', which stays in userspace");
	weir_plan_free(&plan);
	rig_close(&g);
	weir_buf_free(&text);
}

Test(place, withdraw)
{
	struct weir_buf got = {};
	struct rig g = {};
	struct weir_plan plan;

	rig_open(&g, "f :: FromDevice(a) -> s :: RoundRobinSwitch; s[0] -> n :: Null -> m :: Null;"
		     "s[1] -> d :: Discard; m -> d;");
	cr_assert_eq(weir_place(&plan, g.router, &g.opt, &g.err), 0);
	cr_assert_eq(weir_plan_withdraw(&plan, weir_find(g.router, "n"), "refused"), 0);
	describe(&plan, &got);
	cr_expect_str_eq(got.text, "f:0 s:1 d:2; s>n refused");
	cr_expect_str_eq(why(&plan, "m"), "behind `n', which stays in userspace");
	cr_expect_eq(plan.n_driver, 3);
	weir_plan_free(&plan);
	weir_buf_free(&got);
	rig_close(&g);
}

// The configurations of configs/, with all that the list above has in the driver.
static void check_config(const char *name, const char *zero, const char *want)
{
	static char text[16384] =
		"AddressInfo(eth1 10.0.1.1/24 2:0:0:0:0:1, eth2 10.0.2.1/24 2:0:0:0:0:2);";
	const size_t head = strlen(text);
	struct row row = {.config = text, .want = want, .zero_copy = zero};
	FILE *f = fopen(name, "r");
	size_t n;

	cr_assert(f, "%s", name);
	n = fread(text + head, 1, sizeof(text) - head - 1, f);
	text[head + n] = '\0';
	fclose(f);
	check(&row);
	text[head] = '\0';
}

Test(place, configs)
{
	check_config("configs/reflector.click", NULL,
		     "from:0 host:2 arp:1 mine:2 reflected:3 EtherMirror@7:4 ToDevice@8:5 "
		     "Discard@9:3");
	check_config("configs/reflector.click", "eth1",
		     "from:0 host:2 arp:1 mine:2 Discard@9:3; mine>reflected no way through it "
		     "ends in the driver");
	check_config("configs/firewall.click", NULL,
		     "in:0 out:0 to_inside:4 to_outside:4 egress:3 ingress:3 from_inside/kind:1 "
		     "from_inside/ip:2 from_outside/kind:1 from_outside/ip:2");
	check_config("configs/firewall.click", "eth1",
		     "in:0 out:0 to_inside:4 egress:3 ingress:3 from_inside/kind:1 "
		     "from_inside/ip:2 from_outside/kind:1 from_outside/ip:2; egress>to_outside "
		     "the driver would copy what zero-copy queues received, "
		     "from_inside/kind>to_outside the driver would copy what zero-copy queues "
		     "received");
	check_config("configs/ip-router.click", NULL,
		     "route:6 GetIPAddress@5:5 EtherEncap@6:7 ToHost@7:8 if0/from:0 if0/to:3 "
		     "if0/class:1 if0/ARPResponder@5:2 if0/Paint@8:2 if0/Strip@9:3 "
		     "if0/CheckIPHeader@10:4 if0/Discard@11:2 if0/DropBroadcasts@12:7 "
		     "if1/from:0 if1/to:3 if1/class:1 if1/ARPResponder@5:2 if1/Paint@8:2 "
		     "if1/Strip@9:3 if1/CheckIPHeader@10:4 if1/Discard@11:2 "
		     "if1/DropBroadcasts@12:7; route>ICMPError@8 has no half in the driver, "
		     "if0/class>if0/replies has no half in the driver, "
		     "if0/DropBroadcasts@12>if0/redirect has no half in the driver, "
		     "if1/class>if1/replies has no half in the driver, "
		     "if1/DropBroadcasts@12>if1/redirect has no half in the driver");
	check_config("configs/ip-router.click", "eth1",
		     "route:6 GetIPAddress@5:5 EtherEncap@6:7 ToHost@7:8 if0/from:0 if0/class:1 "
		     "if0/ARPResponder@5:2 if0/Paint@8:2 if0/Strip@9:3 if0/CheckIPHeader@10:4 "
		     "if0/Discard@11:2 if0/DropBroadcasts@12:7 if1/from:0 if1/to:3 if1/class:1 "
		     "if1/ARPResponder@5:2 if1/Paint@8:2 if1/Strip@9:3 if1/CheckIPHeader@10:4 "
		     "if1/Discard@11:2 if1/DropBroadcasts@12:7; route>ICMPError@8 has no half "
		     "in the driver, if0/ARPResponder@5>if0/to the driver would copy what "
		     "zero-copy queues received, if0/class>if0/replies has no half in the "
		     "driver, if0/DropBroadcasts@12>if0/redirect has no half in the driver, "
		     "if1/class>if1/replies has no half in the driver, "
		     "if1/DropBroadcasts@12>if1/redirect has no half in the driver");
	check_config("configs/monitor.click", NULL, "-");
	check_config("configs/shaper.click", NULL, "FromDevice@2:0 ToDevice@3:1");
	check_config("configs/generator.click", NULL, "-");
	check_config("configs/replay.click", NULL, "-");
}
