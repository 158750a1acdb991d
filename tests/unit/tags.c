// SPDX-License-Identifier: BSD-2-Clause
// Who looks at VLAN tags, and what the plan says that an interface does about them.

#include <criterion/criterion.h>
#include <graph.h>
#include <lang.h>
#include <tags.h>

struct rig {
	struct weir_router *router;
	struct weir_err err;
};

static void rig_open(struct rig *g, const char *text)
{
	struct lang_router flat = {};

	*g = (struct rig){};
	cr_assert_eq(lang_parse(&flat, "test", text, strlen(text), NULL, 0, &g->err), 0);
	cr_assert_eq(weir_router_build(&g->router, &flat, &g->err), 0, "%s", g->err.text);
}

static void rig_close(struct rig *g)
{
	weir_router_free(g->router);
	weir_err_free(&g->err);
}

// The one behind `f` that looks at tags is called `want`; NULL: there is none.
static void check_reader(const char *text, const char *want)
{
	const struct weir_element *got;
	struct rig g;

	rig_open(&g, text);
	got = weir_tags_reader(weir_find(g.router, "f"));
	cr_expect_str_eq(got ? got->name : "none", want ?: "none", "%s", text);
	rig_close(&g);
}

Test(tags, who_looks_at_them)
{
	check_reader("f :: FromDevice(x) -> n :: Null -> v :: VLANDecap -> Discard", "v");
	check_reader("f :: FromDevice(x) -> c :: Classifier(12/8100, -); c[0], c[1] -> Discard",
		     "c");
	check_reader("f :: FromDevice(x) -> c :: Classifier(12/88A8 16/8100) -> Discard", "c");
	check_reader("f :: FromDevice(x) -> c :: Classifier(112/8100, -); c[0], c[1] -> Discard",
		     NULL);
	check_reader("f :: FromDevice(x) -> c :: Classifier(12/0800, -); c[0], c[1] -> Discard",
		     NULL);
	check_reader("f :: FromDevice(x) -> v :: VLANEncap(5) -> Discard; Idle -> VLANDecap -> v",
		     NULL);
}

static void check_text(const struct weir_tag_offload *o, const struct weir_element *reader,
		       const char *want)
{
	struct weir_buf out = {};

	weir_tags_print(o, reader, &out);
	cr_expect_str_eq(out.text ?: "", want);
	weir_buf_free(&out);
}

Test(tags, what_an_interface_does_about_them)
{
	const struct weir_element *v;
	struct rig g;

	rig_open(&g, "f :: FromDevice(x) -> v :: VLANDecap -> Discard");
	v = weir_tags_reader(weir_find(g.router, "f"));
	check_text(&(struct weir_tag_offload){}, v, "");
	check_text(&(struct weir_tag_offload){.veth = true, .strips = true}, NULL, "");
	check_text(&(struct weir_tag_offload){.strips = true}, NULL,
		   "taken off by the interface (rx-vlan-offload); nothing here looks at them");
	check_text(&(struct weir_tag_offload){.strips = true}, v,
		   "taken off by the interface (rx-vlan-offload), but not while the router runs; "
		   "`v' (VLANDecap) looks at them");
	check_text(&(struct weir_tag_offload){.strips = true, .strips_fixed = true}, v,
		   "taken off by the interface (rx-vlan-offload), which cannot be changed; "
		   "`v' (VLANDecap) looks at them");
	check_text(
		&(struct weir_tag_offload){.strips = true, .filters = true, .filters_fixed = true},
		v,
		"taken off by the interface (rx-vlan-offload), but not while the router runs; "
		"those of VLANs that the host does not have are filtered (rx-vlan-filter), "
		"which cannot be changed; PROMISC true lets them pass; `v' (VLANDecap) looks at "
		"them");
	rig_close(&g);
}
