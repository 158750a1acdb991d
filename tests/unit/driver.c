// SPDX-License-Identifier: BSD-2-Clause
// What classes say of arguments that are too much for a driver. That the others run there is for
// tests/kernel.
#include <criterion/criterion.h>
#include <errno.h>
#include <graph.h>
#include <lang.h>
#include <stdio.h>
#include <string.h>

// Why element e of the configuration stays in userspace; "" if it does not.
static void expect(const char *config, const char *want)
{
	struct weir_front_args a = {.planning = true};
	struct weir_router *r = NULL;
	struct lang_router flat = {};
	struct weir_err err = {};
	struct weir_element *e;

	cr_assert(!lang_parse(&flat, "test", config, strlen(config), NULL, 0, &err), "%s",
		  err.text);
	cr_assert(!weir_router_build(&r, &flat, &err), "%s", err.text);
	e = weir_find(r, "e");
	cr_assert(e && e->class->driver);
	a.self = e->self;
	a.size = e->class->self_size;
	cr_expect_eq(e->class->driver(e, &a), *want ? -ENOTSUP : 0, "%s", config);
	cr_expect_str_eq(a.why, want, "%s", config);
	weir_router_free(r);
	weir_err_free(&err);
}

Test(driver, refusals)
{
	expect("Idle -> e :: Counter -> Discard", "");
	expect("Idle -> e :: Counter(COUNT_CALL 5 stop) -> Discard",
	       "a driver cannot call handlers");
	expect("Idle -> e :: Tee -> Discard", "");
	expect("Idle -> e :: Tee -> Discard; e[1] -> Discard", "a driver cannot copy packets");
	expect("Idle -> e :: Discard", "");
	expect("Idle -> Queue -> e :: Discard", "it pulls its packets");
	expect("Idle -> e :: Truncate(14) -> Discard", "");
	expect("Idle -> e :: Truncate(13) -> Discard",
	       "packets in the driver have at least 14 bytes");
	expect("Idle -> e :: CheckIPHeader(VERBOSE true) -> Discard",
	       "VERBOSE speaks of every bad packet");
	expect("Idle -> e :: ToHost(lo)", "");
	expect("Idle -> e :: ToHost(tap0); FromHost(tap0, 10.9.9.9/24) -> Discard",
	       "tap0 is the interface of a FromHost");
	expect("Idle -> e :: ToDevice(lo)", "");
	expect("Idle -> Queue -> e :: ToDevice(lo)", "it pulls its packets");
	expect("Idle -> e :: ToDevice(lo); e[1] -> Discard",
	       "an output is connected, and a driver does not hear what was sent");
}

Test(driver, long_list)
{
	char config[1024], *at = config + sprintf(config, "Idle -> e :: CheckIPHeader(BADSRC");

	for (int i = 1; i <= 32; i++)
		at += sprintf(at, " 10.0.0.%d", i);
	strcpy(at, ") -> Discard");
	expect(config, "");
	strcpy(at, " 10.0.1.1) -> Discard");
	expect(config, "a list has more than 32 addresses");
}
