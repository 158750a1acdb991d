// SPDX-License-Identifier: BSD-2-Clause

// What `weir init` writes. The text explains itself to those who will change it, so it has its
// comments in it; configs/kernel-router.click is what comes out for two interfaces.

#include <init.h>
#include <stdio.h>
#include <string.h>

static bool has_vlans(const struct init_router *r)
{
	return r->n && r->v[r->n - 1].port >= 0;
}

static bool has_vrfs(const struct init_router *r)
{
	for (unsigned i = 0; i < r->n; i++)
		if (*r->v[i].vrf)
			return true;
	return false;
}

static unsigned n_ports(const struct init_router *r)
{
	unsigned n = 0;

	while (n < r->n && r->v[n].port < 0)
		n++;
	return n;
}

// "1, 2, 3" with fmt for each number.
static void list(struct weir_buf *out, unsigned n, const char *fmt)
{
	for (unsigned i = 0; i < n; i++) {
		weir_printf(out, "%s", i ? ", " : "");
		weir_printf(out, fmt, i);
	}
}

enum { FIRST_DEVICE = 5 }; // output of a look-up (abi/hop.h)

// --- the beginning ---
static const char INTRO[] =
	"// A router for what the kernel routes, as `weir init' writes it. Routes, addresses and\n"
	"// neighbours are the kernel's: use `ip', FRR or BIRD as if weir were not there. Packets "
	"that\n"
	"// weir cannot decide on are left to the kernel on the interface they came by.\n"
	"// docs/kernel-router.md says more.\n";

static void write_names(const struct init_router *r, struct weir_buf *out)
{
	weir_printf(out, "define(");
	for (unsigned i = 0; i < r->n; i++)
		weir_printf(out, "%s$IF%u %s, $MTU%u %u", i ? ",\n       " : "", i, r->v[i].name, i,
			    r->v[i].mtu);
	weir_printf(out, ")\n\n// Follows the kernel. The order is that of the outputs below.\n"
			 "k :: KernelRoutes(");
	list(out, r->n, "$IF%u");
	weir_printf(out, ");\n\n");
}

// --- what all interfaces do ---
// What comes in. At: where the Ethernet type stands; the tag of a VLAN moves it.
static void write_class(struct weir_buf *out, const char *source, unsigned at, bool tags)
{
	const unsigned ip = at + 2;

	weir_printf(out,
		    "\t%s -> own :: HostEtherFilter($dev) -> class :: Classifier(\n"
		    "\t\t0/01%%01,\t\t\t// broadcast, multicast: ARP, ND, OSPF, ...\n"
		    "\t\t%u/0800 %u/45 %u/00,\t// IPv4 from 0.0.0.0/8: DHCP\n"
		    "\t\t%u/0800 %u/45 %u/7f,\t// from 127.0.0.0/8\n"
		    "\t\t%u/0800 %u/45 %u/e0%%e0,\t// from 224.0.0.0/3\n"
		    "\t\t%u/0800 %u/45 %u/e0%%e0,\t// to 224.0.0.0/3\n"
		    "\t\t%u/86dd %u/00,\t\t// IPv6 with hop-by-hop options\n"
		    "\t\t%u/86dd %u/fe80%%ffc0,\t// from a link-local address\n"
		    "\t\t%u/86dd %u/fe80%%ffc0,\t// to one\n"
		    "\t\t%u/0800 %u/45,\t\t// other IPv4 without options\n"
		    "\t\t%u/86dd,\t\t\t// other IPv6\n",
		    source, at, ip, ip + 12, at, ip, ip + 12, at, ip, ip + 12, at, ip, ip + 16, at,
		    ip + 6, at, ip + 8, at, ip + 24, at, ip, at);
	if (tags)
		weir_printf(out, "\t\t%u/8100, %u/88a8,\t\t// VLANs\n", at, at);
	weir_printf(out,
		    "\t\t-);\t\t\t\t// ARP replies, IS-IS, LLDP, ...\n"
		    "\town[1], class[0], class[1], class[2], class[3], class[4], class[5], "
		    "class[6], class[7],\n\t\tclass[%u] -> host;\n",
		    tags ? 12 : 10);
}

// Whose routes say where errors come from. Those of a VRF are not those of the host.
static const char *follower(const struct init_router *r)
{
	return has_vrfs(r) ? "k, IIF $dev" : "k";
}

static void write_errors(const struct init_router *r, struct weir_buf *out)
{
	const unsigned n = r->n;

	weir_printf(
		out,
		"\trt4[no_route] -> ICMPError(TYPE unreachable, CODE net, KERNEL %3$s) -> [%1$u] "
		"output;\n"
		"\trt4[unreachable] -> ICMPError(TYPE unreachable, CODE host, KERNEL %3$s) -> "
		"[%1$u] output;\n"
		"\trt4[prohibit] -> ICMPError(TYPE unreachable, CODE 13, KERNEL %3$s) -> [%1$u] "
		"output;\n"
		"\trt6[no_route] -> ICMP6Error(TYPE unreachable, CODE noroute, KERNEL %3$s) -> "
		"[%2$u] output;\n"
		"\trt6[unreachable] -> ICMP6Error(TYPE unreachable, CODE address, KERNEL %3$s) -> "
		"[%2$u] output;\n"
		"\trt6[prohibit] -> ICMP6Error(TYPE unreachable, CODE prohibited, KERNEL %3$s) -> "
		"[%2$u] output;\n\n",
		2 * n, 2 * n + 1, follower(r));
}

static void write_in(const struct init_router *r, struct weir_buf *out, unsigned link_len)
{
	const unsigned n = r->n;

	weir_printf(
		out,
		"\n\t// Packets with unsound headers are lost as check4.bad and check6.bad, those\n"
		"\t// of blackhole routes as rt4.blackhole and rt6.blackhole.\n"
		"\tclass[8] -> Paint($color) -> Strip(%1$u) -> check4 :: CheckIPHeader\n"
		"\t\t-> rt4 :: KernelIPLookup(k, IIF $dev);\n"
		"\tclass[9] -> Paint($color) -> Strip(%1$u) -> check6 :: CheckIP6Header\n"
		"\t\t-> rt6 :: KernelIP6Lookup(k, IIF $dev);\n"
		"\trt4[host], rt6[host] -> Unstrip(%1$u) -> host;\n",
		link_len);
	for (unsigned i = 0; i < n; i++)
		weir_printf(out, "\trt4[%1$u] -> [%2$u] output;\n\trt6[%1$u] -> [%3$u] output;\n",
			    FIRST_DEVICE + i, i, n + i);
	write_errors(r, out);
}

// Redirects of IPv6 come from a link-local address, which is not there where IPv6 is switched off.
static bool sends_redirects6(const struct init_router *r)
{
	for (unsigned i = 0; i < r->n; i++)
		if (!r->v[i].link_local)
			return false;
	return true;
}

static void write_out(const struct init_router *r, struct weir_buf *out)
{
	const unsigned n = r->n;

	weir_printf(
		out,
		"\t// What goes out by the interface it came by gets a redirect.\n"
		"\tinput[0] -> redirect4 :: PaintTee($color) -> ttl :: DecIPTTL\n"
		"\t\t-> fragment :: IPFragmenter($mtu) -> [0] near;\n"
		"\tinput[1] -> redirect6 :: PaintTee($color) -> hlim :: DecIP6HLIM\n"
		"\t\t-> size :: CheckLength($mtu) -> [1] near;\n"
		"\tredirect4[1] -> ICMPError(TYPE redirect, CODE host, KERNEL %3$s) -> [%1$u] "
		"output;\n"
		"\tttl[1] -> ICMPError(TYPE timeexceeded, CODE transit, KERNEL %3$s) -> [%1$u] "
		"output;\n"
		"\tfragment[1] -> ICMPError(TYPE unreachable, CODE needfrag, PMTU $mtu, KERNEL "
		"%3$s) -> "
		"[%1$u] output;\n"
		"\tnear[failed] -> failed :: Classifier(0/40%%f0, 0/60%%f0);\n"
		"\tfailed[0] -> ICMPError(TYPE unreachable, CODE host, KERNEL %3$s) -> [%1$u] "
		"output;\n"
		"\thlim[1] -> ICMP6Error(TYPE timeexceeded, CODE transit, KERNEL %3$s) -> [%2$u] "
		"output;\n"
		"\tsize[1] -> ICMP6Error(TYPE toobig, PMTU $mtu, KERNEL %3$s) -> [%2$u] output;\n"
		"\tfailed[1] -> ICMP6Error(TYPE unreachable, CODE address, KERNEL %3$s) -> [%2$u] "
		"output;\n",
		2 * n, 2 * n + 1, follower(r));
	if (sends_redirects6(r))
		weir_printf(out,
			    "\t// to a host of this link, and believed only if no router has "
			    "touched its "
			    "hop limit\n"
			    "\tredirect6[1] -> ICMP6Error($dev:ip6ll, redirect, KERNEL %s) -> [1] "
			    "near;\n",
			    follower(r));
}

static void write_interface(const struct init_router *r, struct weir_buf *out)
{
	const bool tags = has_vlans(r);

	weir_printf(out,
		    "// An interface. Inputs: IPv4 packets that it is to send, with their next hop "
		    "in the\n"
		    "// annotation, IPv6 packets%s. Outputs: IPv4 packets for each interface, IPv6 "
		    "packets for\n"
		    "// each, ICMP errors about IPv4 packets, about IPv6 packets%s.\n"
		    "elementclass Interface { $dev, $color, $mtu |\n"
		    "\tto :: ToDevice($dev);\n"
		    "\thost :: ToHost($dev);\n"
		    "\tnear :: KernelNeighbors(k, $dev);\n\n",
		    tags ? ", frames with VLAN tags" : "", tags ? ", frames with VLAN tags" : "");
	write_class(out, "FromDevice($dev)", 12, tags);
	if (tags)
		weir_printf(out, "\tclass[10], class[11] -> [%u] output;\n", 2 * r->n + 2);
	write_in(r, out, 14);
	write_out(r, out);
	weir_printf(out, "\tnear[0]%s -> to;\n}\n\n", tags ? ", input[2]" : "");
}

static void write_vlan(const struct init_router *r, struct weir_buf *out)
{
	if (!has_vlans(r))
		return;
	weir_printf(out, "// A VLAN on the interface $port. Inputs and outputs as of Interface; "
			 "frames with tags come\n"
			 "// in by input 2 and leave by the last output.\n"
			 "elementclass Vlan { $dev, $port, $id, $type, $color, $mtu |\n"
			 "\thost :: ToHost($port);\t// the kernel takes the tag off\n"
			 "\tnear :: KernelNeighbors(k, $dev);\n\n");
	write_class(out, "input[2]", 16, false);
	write_in(r, out, 18);
	write_out(r, out);
	weir_printf(out,
		    "\tnear[0] -> VLANEncap(VLAN_ID $id, ETHERTYPE $type, NATIVE_VLAN -1) -> [%u] "
		    "output;\n}\n\n",
		    2 * r->n + 2);
}

// --- the interfaces ---
static void write_interfaces(const struct init_router *r, struct weir_buf *out)
{
	for (unsigned i = 0; i < r->n; i++) {
		const struct init_iface *f = &r->v[i];

		if (f->port < 0)
			weir_printf(out, "if%u :: Interface($IF%u, %u, $MTU%u);\n", i, i, i + 1, i);
		else
			weir_printf(out, "if%u :: Vlan($IF%u, $IF%d, %u, 0x%04x, %u, $MTU%u);\n", i,
				    i, f->port, f->vlan, f->tagged, i + 1, i);
	}
}

static bool has_vlan(const struct init_router *r, unsigned port)
{
	for (unsigned i = n_ports(r); i < r->n; i++)
		if (r->v[i].port == (int)port)
			return true;
	return false;
}

static void write_tags_of(const struct init_router *r, unsigned p, struct weir_buf *out)
{
	unsigned n = 0;

	if (!has_vlan(r, p)) {
		weir_printf(out, "\nif%u[%u] -> ToHost($IF%u);\nIdle -> [2] if%u;\n", p,
			    2 * r->n + 2, p, p);
		return;
	}
	weir_printf(out, "\nif%u[%u] -> tags%u :: Classifier(", p, 2 * r->n + 2, p);
	for (unsigned i = n_ports(r); i < r->n; i++)
		if (r->v[i].port == (int)p)
			weir_printf(out, "12/%04x 14/%04x%%0fff, ", r->v[i].tagged, r->v[i].vlan);
	weir_printf(out, "-);\n");
	for (unsigned i = n_ports(r); i < r->n; i++)
		if (r->v[i].port == (int)p)
			weir_printf(out, "tags%u[%u] -> [2] if%u;\nif%u[%u] -> [2] if%u;\n", p, n++,
				    i, i, 2 * r->n + 2, p);
	weir_printf(out, "tags%u[%u] -> ToHost($IF%u);\n", p, n, p);
}

// Frames with tags, by the VLANs of each interface.
static void write_tags(const struct init_router *r, struct weir_buf *out)
{
	for (unsigned p = 0; has_vlans(r) && p < n_ports(r); p++)
		write_tags_of(r, p, out);
}

// The first interface of the same VRF as the i-th, which names what they share.
static unsigned first_of_vrf(const struct init_router *r, unsigned i)
{
	unsigned k = 0;

	while (strcmp(r->v[k].vrf, r->v[i].vrf) != 0)
		k++;
	return k;
}

// Look-ups for ICMP errors, which weir sends itself: for each VRF, and for all else.
static void write_own(const struct init_router *r, struct weir_buf *out)
{
	weir_printf(out,
		    "\n// ICMP errors are weir's own packets, so they go as the kernel's own "
		    "would%s.\n",
		    has_vrfs(r) ? ", those of a\n// VRF as packets that came in there" : "");
	for (unsigned i = 0; i < r->n; i++) {
		char iif[32] = "";

		if (first_of_vrf(r, i) != i)
			continue;
		if (*r->v[i].vrf)
			snprintf(iif, sizeof(iif), ", IIF $IF%u", i);
		weir_printf(out,
			    "own4_%1$u :: KernelIPLookup(k%2$s);\n"
			    "own6_%1$u :: KernelIP6Lookup(k%2$s);\n",
			    i, iif);
	}
}

// What leads to an input of the i-th interface, or to a look-up of errors.
static void write_errors_to(const struct init_router *r, unsigned i, struct weir_buf *out)
{
	for (unsigned family = 0; family < 2; family++) {
		for (unsigned k = i; k < r->n; k++)
			if (first_of_vrf(r, k) == i)
				weir_printf(out, "%sif%u[%u]", k > i ? ", " : "", k,
					    2 * r->n + family);
		weir_printf(out, " -> own%c_%u;\n", "46"[family], i);
	}
}

static void write_packets_to(const struct init_router *r, unsigned i, struct weir_buf *out)
{
	for (unsigned family = 0; family < 2; family++) {
		for (unsigned k = 0; k < r->n; k++)
			weir_printf(out, "if%u[%u], ", k, family * r->n + i);
		for (unsigned k = 0; k < r->n; k++)
			if (first_of_vrf(r, k) == k)
				weir_printf(out, "%sown%c_%u[%u]", k ? ", " : "", "46"[family], k,
					    FIRST_DEVICE + i);
		weir_printf(out, " -> [%u] if%u;\n", family, i);
	}
}

void init_text(const struct init_router *r, struct weir_buf *out)
{
	weir_printf(out, "%s\n", INTRO);
	write_names(r, out);
	write_interface(r, out);
	write_vlan(r, out);
	write_interfaces(r, out);
	write_tags(r, out);
	write_own(r, out);
	for (unsigned i = 0; i < r->n; i++)
		if (first_of_vrf(r, i) == i)
			write_errors_to(r, i, out);
	weir_printf(out, "\n");
	for (unsigned i = 0; i < r->n; i++)
		write_packets_to(r, i, out);
}
