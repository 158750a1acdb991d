// SPDX-License-Identifier: BSD-2-Clause

// What `weir init` writes for VLANs and VRFs, which not every kernel has, is a configuration.

#include <criterion/criterion.h>
#include <graph.h>
#include <init.h>
#include <lang.h>
#include <stdio.h>

static struct init_iface wire(const char *name)
{
	struct init_iface f = {.mtu = 1500, .port = -1};

	snprintf(f.name, sizeof(f.name), "%s", name);
	return f;
}

static struct init_iface vlan(const char *name, int port, uint16_t id, uint16_t tagged,
			      const char *vrf)
{
	struct init_iface f = {.mtu = 1400, .port = port, .vlan = id, .tagged = tagged};

	snprintf(f.name, sizeof(f.name), "%s", name);
	snprintf(f.vrf, sizeof(f.vrf), "%s", vrf);
	return f;
}

static struct weir_router *build(const struct init_router *r, struct weir_err *err)
{
	struct weir_buf text = {};
	struct lang_router flat = {};
	struct weir_router *out = NULL;

	for (unsigned i = 0; i < r->n; i++)
		weir_printf(&text, "AddressInfo(%s 2:0:0:0:0:%u);\n", r->v[i].name, i + 1);
	init_text(r, &text);
	cr_assert(!text.failed);
	cr_assert_eq(lang_parse(&flat, "init", text.text, text.len, NULL, 0, err), 0, "%s",
		     err->text);
	weir_router_build(&out, &flat, err);
	weir_buf_free(&text);
	return out;
}

Test(init, vlans_and_vrfs_are_a_configuration)
{
	struct init_iface v[] = {wire("eth1"),
				 wire("eth2"),
				 wire("eth3"),
				 vlan("a100", 0, 100, 0x8100, "blue"),
				 vlan("b200", 0, 200, 0x88a8, ""),
				 vlan("c7", 1, 7, 0x8100, "blue")};
	const struct init_router r = {.v = v, .n = sizeof(v) / sizeof(*v)};
	struct weir_err err = {};
	struct weir_router *router = build(&r, &err);

	cr_assert_eq(err.n_errors, 0, "%s", err.text);
	cr_assert_eq(weir_find(router, "if3/rt4")->n_out, 11);
	cr_assert_not_null(weir_find(router, "own4_3"), "VRF blue has look-ups of its own");
	cr_assert_null(weir_find(router, "own4_5"), "one for each VRF");
	cr_assert_eq(weir_find(router, "tags0")->n_out, 3);
	cr_assert_eq(weir_find(router, "tags1")->n_out, 2);
	cr_assert_null(weir_find(router, "tags2"), "eth3 has no VLANs");
	weir_router_free(router);
	weir_err_free(&err);
}
