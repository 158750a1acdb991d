// SPDX-License-Identifier: BSD-2-Clause
// ARPPrint: prints a line about each ARP packet, behind LABEL, on stderr or into OUTFILE. The ARP
// header is the network header if one is marked (ARPQuerier and ARPResponder mark theirs), else
// what follows an Ethernet header of type ARP; other packets pass unprinted.
//
//	Classifier(12/0806) -> ARPPrint(eth0) -> ...
#include <weir/element.h>

#include <stdio.h>

struct arp_print {
	char *label, *outfile;
	bool timestamp, ether, active;
	FILE *out; // owner: the element; NULL: stderr
};

enum { RARP_REQUEST = 3, RARP_REPLY = 4, INVARP_REQUEST = 8, INVARP_REPLY = 9 };
enum { ETHERTYPE_TRAILER = 0x1000 };

static void put_eth(struct weir_buf *b, const uint8_t *a)
{
	weir_printf(b, "%02X-%02X-%02X-%02X-%02X-%02X", a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void put_ip(struct weir_buf *b, be32 ip)
{
	uint32_t a = rd32(ip);

	weir_printf(b, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

// Microseconds, unless the time is more exact.
static void put_time(struct weir_buf *b, uint64_t t)
{
	unsigned ns = (unsigned)(t % 1000000000);

	weir_printf(b, ns % 1000 ? "%llu.%09u: " : "%llu.%06u: ", t / 1000000000ull,
		    ns % 1000 ? ns : ns / 1000);
}

static void put_operation(struct weir_buf *b, const struct arp4 *arp)
{
	static const uint8_t zero[6];

	switch (rd16(arp->op)) {
	case ARP_REQUEST:
		weir_printf(b, "arp who-has ");
		put_ip(b, arp->tpa);
		if (memcmp(arp->tha, zero, 6) != 0) {
			weir_printf(b, " (");
			put_eth(b, arp->tha);
			weir_printf(b, ")");
		}
		weir_printf(b, " tell ");
		put_ip(b, arp->spa);
		break;
	case ARP_REPLY:
		weir_printf(b, "arp reply ");
		put_ip(b, arp->spa);
		weir_printf(b, " is-at ");
		put_eth(b, arp->sha);
		break;
	case RARP_REQUEST:
	case INVARP_REQUEST:
		weir_printf(b, rd16(arp->op) == RARP_REQUEST ? "rarp who-is " : "invarp who-is ");
		put_eth(b, arp->tha);
		weir_printf(b, " tell ");
		put_eth(b, arp->sha);
		break;
	case RARP_REPLY:
	case INVARP_REPLY:
		weir_printf(b, rd16(arp->op) == RARP_REPLY ? "rarp reply " : "invarp reply ");
		put_eth(b, arp->tha);
		weir_printf(b, " at ");
		put_ip(b, arp->tpa);
		break;
	default:
		weir_printf(b, "arp-#%u", rd16(arp->op));
	}
}

static void put_arp(struct weir_buf *b, const uint8_t *at, uint32_t len)
{
	const struct arp4 *arp = (const struct arp4 *)at;
	unsigned ptype;

	if (len < sizeof(*arp)) {
		weir_printf(b, "truncated-arp (%u)", len);
		return;
	}
	ptype = rd16(arp->ptype);
	if ((ptype != ETHERTYPE_IP4 && ptype != ETHERTYPE_TRAILER) || arp->plen != 4 ||
	    arp->hlen != 6) {
		weir_printf(b, "arp-#%u for proto #%u (%u) hardware #%u (%u)", rd16(arp->op), ptype,
			    arp->plen, rd16(arp->htype), arp->hlen);
		return;
	}
	if (ptype == ETHERTYPE_TRAILER)
		weir_printf(b, "trailer-");
	put_operation(b, arp);
	if (rd16(arp->htype) != 1)
		weir_printf(b, "hardware #%u", rd16(arp->htype));
}

static void print_packet(struct weir_buf *b, const struct arp_print *self, struct packet *p)
{
	const struct eth *mac = weir_mac(p, sizeof(*mac));
	const struct eth *eth = mac ? mac : weir_at(p, 0, sizeof(*eth));
	const uint8_t *arp;
	uint32_t len;

	if (p->network) {
		arp = (const uint8_t *)p + p->network;
		len = weir_network_len(p);
	} else if (!mac && eth && rd16(eth->type) == ETHERTYPE_ARP) {
		arp = (const uint8_t *)(eth + 1);
		len = p->len - (uint32_t)sizeof(*eth);
	} else {
		return;
	}
	b->len = 0;
	if (self->label && *self->label)
		weir_printf(b, "%s: ", self->label);
	if (self->timestamp)
		put_time(b, p->tstamp);
	if (self->ether && eth && (const uint8_t *)(eth + 1) <= arp) {
		put_eth(b, eth->src);
		weir_printf(b, " > ");
		put_eth(b, eth->dst);
		weir_printf(b, ": ");
	}
	put_arp(b, arp, len);
	weir_printf(b, "\n");
	if (!b->failed)
		fwrite(b->text, 1, b->len, self->out ? self->out : stderr);
}

static void arp_print(struct weir_node *n, unsigned, struct batch *b)
{
	const struct arp_print *self = n->self;
	struct weir_buf line = {};

	for (unsigned i = 0; self->active && i < b->n; i++)
		print_packet(&line, self, b->p[i]);
	weir_buf_free(&line);
}

static int init(struct weir_element *e, struct weir_err *err)
{
	struct arp_print *self = e->self;

	if (!self->outfile || !*self->outfile)
		return 0;
	self->out = fopen(self->outfile, "wbe");
	return self->out ? 0 : weir_error(err, &e->loc, "%s: %m", self->outfile);
}

static void fini(struct weir_element *e)
{
	struct arp_print *self = e->self;

	if (self && self->out)
		fclose(self->out);
}

static const struct weir_arg args[] = {
	WEIR_ARG(STRING, arp_print, label, "LABEL", "text before each line", WEIR_POS),
	WEIR_ARG(BOOL, arp_print, timestamp, "TIMESTAMP", "print the timestamp", .def = "true"),
	WEIR_ARG(BOOL, arp_print, ether, "ETHER", "print the Ethernet addresses"),
	WEIR_ARG(BOOL, arp_print, active, "ACTIVE", "print", .def = "true"),
	WEIR_ARG(FILE, arp_print, outfile, "OUTFILE", "file to write to"),
	{},
};
static const struct weir_handler handlers[] = {
	WEIR_FIELD_RW("active", BOOL, arp_print, active, "whether it prints"),
	{},
};

WEIR_BATCH_ELEMENT(arp_print, "ARPPrint", .purpose = "prints ARP packets", .args = args,
		   .handlers = handlers, .init = init, .fini = fini);
