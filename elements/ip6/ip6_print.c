// SPDX-License-Identifier: BSD-2-Clause
// IP6Print: prints a line about each IPv6 packet on stderr: addresses, payload length, next header
// and hop limit. Packets without a marked IPv6 header pass in silence.
//
//	MarkIP6Header(14) -> IP6Print(in) -> ...
#include <weir/element.h>
#include <weir/ip6.h>
#include <weir/text.h>

#include <stdio.h>

struct ip6_print {
	char *label;
	uint32_t max;
	bool contents, active;
};

static void print_address(struct weir_buf *b, const be64 a[2])
{
	char text[WEIR_IP6_TEXT];

	weir_printf(b, "%s", weir_ip6_text(text, weir_ip6_read(a)));
}

static void print_bytes(struct weir_buf *b, struct packet *p, uint32_t max)
{
	const uint8_t *d = weir_data(p);
	uint32_t n = weir_len(p) < max ? weir_len(p) : max, line;

	for (; n; d += line, n -= line) {
		line = n < 24 ? n : 24;
		weir_printf(b, "\n  ");
		weir_print_hex(b, d, line);
	}
}

static void print_line(struct weir_buf *b, const struct ip6_print *self, struct packet *p,
		       const struct ip6 *ip)
{
	b->len = 0;
	if (self->label && *self->label)
		weir_printf(b, "%s: ", self->label);
	print_address(b, ip->src);
	weir_printf(b, " -> ");
	print_address(b, ip->dst);
	weir_printf(b, " plen %u, next %u, hlim %u", rd16(ip->len), ip->next, ip->hops);
	if (self->contents)
		print_bytes(b, p, self->max);
	weir_append(b, "\n", 1);
}

static void ip6_print(struct weir_node *n, unsigned, struct batch *b)
{
	const struct ip6_print *self = n->self;
	struct weir_buf line = {};

	for (unsigned i = 0; self->active && i < b->n; i++) {
		const struct ip6 *ip = weir_ip6_header(b->p[i]);

		if (!ip)
			continue;
		print_line(&line, self, b->p[i], ip);
		if (!line.failed)
			fwrite(line.text, 1, line.len, stderr);
	}
	weir_buf_free(&line);
}

static const struct weir_arg args[] = {
	WEIR_ARG(STRING, ip6_print, label, "LABEL", "text before each line", WEIR_POS),
	WEIR_ARG(U32, ip6_print, max, "NBYTES", "bytes to print", .def = "1500"),
	WEIR_ARG(BOOL, ip6_print, contents, "CONTENTS", "print the bytes of the packet"),
	WEIR_ARG(BOOL, ip6_print, active, "ACTIVE", "print", .def = "true"),
	{},
};

static const struct weir_handler handlers[] = {
	{.name = "active",
	 .kind = WEIR_H_SELF,
	 .flags = WEIR_H_READ | WEIR_H_WRITE | WEIR_H_CHECKBOX | WEIR_H_CALM,
	 .off = offsetof(struct ip6_print, active),
	 .size = sizeof(bool),
	 .type = WEIR_T_BOOL,
	 .help = "whether it prints"},
	{},
};

WEIR_BATCH_ELEMENT(ip6_print, "IP6Print", .purpose = "prints IPv6 packets", .args = args,
		   .handlers = handlers);
