// SPDX-License-Identifier: BSD-2-Clause
// IPPrint: prints a line about each IP packet in the manner of tcpdump, on stderr or to OUTFILE.
// Packets without a marked IP header pass in silence.
#include <weir/element.h>
#include <weir/icmp.h>
#include <weir/text.h>

#include <errno.h>
#include <stdio.h>

struct ip_print {
	char *label, *outfile;
	int32_t max, nbytes;
	bool nbytes_given;
	unsigned contents, payload; // enum weir_contents
	bool ether, id, timestamp, paint, tos, ttl, swap, length, aggregate, active;
	FILE *out;
};

// A packet, and how much of it is there.
struct subject {
	const struct ip4 *ip;
	const uint8_t *transport;
	uint32_t len;		// of the packet
	uint32_t transport_len; // bytes that are there and belong to IP
};

static bool is_first(const struct ip4 *ip)
{
	return !(rd16(ip->frag) & IP4_OFFMASK);
}

static uint16_t get16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static uint32_t get32(const uint8_t *b)
{
	return (uint32_t)get16(b) << 16 | get16(b + 2);
}

static void print_address(struct weir_buf *b, be32 address, const uint8_t *port)
{
	uint32_t a = rd32(address);

	weir_printf(b, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
	if (port)
		weir_printf(b, ".%u", get16(port));
}

// "10.0.0.1.80 > 10.0.0.2.99: "
static void print_pair(struct weir_buf *b, const struct subject *s, bool ports)
{
	print_address(b, s->ip->src, ports ? s->transport : NULL);
	weir_printf(b, " > ");
	print_address(b, s->ip->dst, ports ? s->transport + 2 : NULL);
	weir_printf(b, ": ");
}

static void print_tcp(struct weir_buf *b, const struct subject *s)
{
	const uint8_t *t = s->transport;
	uint32_t ip_len = rd16(s->ip->len), seq, n;
	uint8_t flags;

	if (s->transport_len < 4 || !is_first(s->ip)) {
		print_pair(b, s, false);
		weir_printf(b, is_first(s->ip) ? "truncated-tcp" : "tcp");
		return;
	}
	print_pair(b, s, true);
	if (s->transport_len < 14) {
		weir_printf(b, "truncated-tcp");
		return;
	}
	flags = t[13];
	seq = get32(t + 4);
	n = ip_len - (s->ip->vihl & 15) * 4u - (t[12] >> 4) * 4u;
	n += !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
	weir_printf(b, "%s%s%s%s%s", flags & TCP_SYN ? "S" : "", flags & TCP_FIN ? "F" : "",
		    flags & TCP_RST ? "R" : "", flags & TCP_PSH ? "P" : "",
		    flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_PSH) ? "" : ".");
	weir_printf(b, " %u:%u(%d,%u,%u)", seq, seq + n, (int)n, s->len, ip_len);
	if (flags & TCP_ACK)
		weir_printf(b, " ack %u", get32(t + 8));
	if (s->transport_len < 16)
		weir_printf(b, "truncated-tcp");
	else
		weir_printf(b, " win %u", get16(t + 14));
}

static void print_udp(struct weir_buf *b, const struct subject *s)
{
	bool ports = s->transport_len >= 4 && is_first(s->ip);

	print_pair(b, s, ports);
	if (!ports)
		weir_printf(b, is_first(s->ip) ? "truncated-udp" : "udp");
	else if (s->transport_len < 8)
		weir_printf(b, "truncated-udp");
	else
		weir_printf(b, "udp %u", get16(s->transport + 4));
}

static void print_proto(struct weir_buf *b, uint8_t proto, const char *before)
{
	static const struct {
		uint8_t number;
		const char *name;
	} names[] = {{1, "icmp"}, {2, "igmp"}, {4, "ipip"}, {6, "tcp"}, {17, "udp"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].number == proto) {
			weir_printf(b, "%s", names[i].name);
			return;
		}
	weir_printf(b, "%s%u", before, proto);
}

enum { UNREACHABLE_PROTOCOL = 2, UNREACHABLE_PORT = 3, UNREACHABLE_NEEDFRAG = 4 };

// What could not be reached, from the packet that the error quotes. False if that is cut off.
static bool print_unreachable(struct weir_buf *b, const uint8_t *icmp, uint32_t len)
{
	const char *name = weir_icmp_code_name(3, icmp[1]);
	const struct ip4 *quoted = (const struct ip4 *)(icmp + 8);
	uint32_t hlen, left = len < 8 ? 0 : len - 8;
	char code[16];

	snprintf(code, sizeof(code), "code %u", icmp[1]);
	if (left < sizeof(*quoted)) {
		weir_printf(b, "icmp unreachable %s ", name ? name : code);
		return false;
	}
	weir_printf(b, "icmp ");
	print_address(b, quoted->dst, NULL);
	weir_printf(b, " unreachable %s", name ? name : code);
	hlen = (quoted->vihl & 15) * 4u;
	switch (icmp[1]) {
	case UNREACHABLE_PROTOCOL:
		weir_printf(b, " ");
		print_proto(b, quoted->proto, "");
		break;
	case UNREACHABLE_PORT:
		weir_printf(b, " ");
		print_proto(b, quoted->proto, "protocol ");
		if (left < hlen + 4)
			return false;
		weir_printf(b, "/%u", get16((const uint8_t *)quoted + hlen + 2));
		break;
	case UNREACHABLE_NEEDFRAG:
		if (get16(icmp + 6))
			weir_printf(b, " (mtu %u)", get16(icmp + 6));
		break;
	}
	return true;
}

static bool print_echo(struct weir_buf *b, const uint8_t *icmp, uint32_t len, bool swap)
{
	uint16_t id, seq;

	weir_printf(b, "icmp echo%s ", icmp[0] ? "" : "-reply");
	if (len < 8)
		return false;
	id = get16(icmp + 4), seq = get16(icmp + 6);
	if (!swap) { // as the bytes lie in memory
		id = __builtin_bswap16(id);
		seq = __builtin_bswap16(seq);
	}
	weir_printf(b, "(%u, %u)", id, seq);
	return true;
}

static bool print_icmp_type(struct weir_buf *b, const uint8_t *icmp)
{
	const char *type = weir_icmp_type_name(icmp[0]);
	const char *code = weir_icmp_code_name(icmp[0], icmp[1]);

	if (type)
		weir_printf(b, "icmp %s", type);
	else
		weir_printf(b, "icmp type %u", icmp[0]);
	if (code)
		weir_printf(b, " %s", code);
	else if (icmp[1])
		weir_printf(b, " code %u", icmp[1]);
	return true;
}

static void print_icmp(struct weir_buf *b, const struct subject *s, bool swap)
{
	const uint8_t *icmp = s->transport;
	bool whole;

	print_pair(b, s, false);
	if (!is_first(s->ip)) {
		weir_printf(b, "icmp");
		return;
	}
	if (s->transport_len < 2)
		whole = false;
	else if (icmp[0] == 0 || icmp[0] == 8)
		whole = print_echo(b, icmp, s->transport_len, swap);
	else if (icmp[0] == 3)
		whole = print_unreachable(b, icmp, s->transport_len);
	else
		whole = print_icmp_type(b, icmp);
	if (!whole)
		weir_printf(b, "truncated-icmp");
}

// Where the payload begins, as far as the transport header is there.
static const uint8_t *payload_of(const struct subject *s, const uint8_t *end)
{
	const uint8_t *d = s->transport;

	if (!is_first(s->ip))
		return d;
	if (s->ip->proto == IPPROTO4_TCP && end - d > 12)
		return d + (size_t)(d[12] >> 4) * 4;
	return s->ip->proto == IPPROTO4_UDP ? d + sizeof(struct udp) : d;
}

// The bytes, or those of the payload, in lines of 24 (in hexadecimal) or 48.
static void print_bytes(struct weir_buf *b, const struct ip_print *self, struct packet *p,
			const struct subject *s)
{
	const uint8_t *d = weir_data(p), *end = d + p->len;
	unsigned contents = self->contents;
	uint32_t n, line;

	if (self->payload) {
		contents = self->payload;
		d = payload_of(s, end);
	}
	if (contents == WEIR_CONTENTS_NONE)
		return;
	n = d < end ? (uint32_t)(end - d) : 0;
	if (self->max >= 0 && n > (uint32_t)self->max)
		n = (uint32_t)self->max;
	for (; n; d += line, n -= line) {
		weir_printf(b, "\n  ");
		line = contents == WEIR_CONTENTS_HEX ? 24 : 48;
		line = line < n ? line : n;
		if (contents == WEIR_CONTENTS_HEX)
			weir_print_hex(b, d, line);
		else
			weir_print_ascii(b, d, line);
	}
}

static void print_proto_line(struct weir_buf *b, const struct ip_print *self,
			     const struct subject *s)
{
	switch (s->ip->proto) {
	case IPPROTO4_TCP:
		print_tcp(b, s);
		break;
	case IPPROTO4_UDP:
		print_udp(b, s);
		break;
	case IPPROTO4_ICMP:
		print_icmp(b, s, self->swap);
		break;
	default:
		print_pair(b, s, false);
		weir_printf(b, "ip-proto-%u", s->ip->proto);
	}
}

static void print_ip(struct weir_buf *b, const struct ip_print *self, struct packet *p)
{
	const struct ip4 *ip = weir_ip4(p);
	uint32_t have = weir_network_len(p), hlen = (ip->vihl & 15) * 4u, ip_len = rd16(ip->len);
	uint32_t payload = ip_len > hlen ? ip_len - hlen : 0;
	struct subject s = {.ip = ip, .transport = (const uint8_t *)ip + hlen, .len = p->len};
	uint16_t frag = rd16(ip->frag);

	s.transport_len = have > hlen ? have - hlen : 0;
	if (s.transport_len > payload)
		s.transport_len = payload;
	if (self->id)
		weir_printf(b, "id %u ", rd16(ip->id));
	if (self->ttl)
		weir_printf(b, "ttl %u ", ip->ttl);
	if (self->tos)
		weir_printf(b, "tos %u ", ip->tos);
	if (self->length)
		weir_printf(b, "length %u ", ip_len);
	print_proto_line(b, self, &s);
	if (frag & (IP4_MF | IP4_OFFMASK))
		weir_printf(b, " (frag %u:%d@%u%s)", rd16(ip->id), (int)ip_len - (int)hlen,
			    (frag & IP4_OFFMASK) * 8, frag & IP4_MF ? "+" : "");
	print_bytes(b, self, p, &s);
}

static void print_ether(struct weir_buf *b, struct packet *p)
{
	const struct eth *h = weir_mac(p, sizeof(*h));

	if (!h || p->mac + sizeof(*h) > p->network)
		return;
	weir_printf(b, "%02X-%02X-%02X-%02X-%02X-%02X > %02X-%02X-%02X-%02X-%02X-%02X: ", h->src[0],
		    h->src[1], h->src[2], h->src[3], h->src[4], h->src[5], h->dst[0], h->dst[1],
		    h->dst[2], h->dst[3], h->dst[4], h->dst[5]);
}

static void print_line(struct weir_buf *b, const struct ip_print *self, struct packet *p)
{
	b->len = 0;
	if (self->label && *self->label)
		weir_printf(b, "%s: ", self->label);
	if (self->timestamp) {
		weir_print_time(b, p->tstamp);
		weir_printf(b, ": ");
	}
	if (self->aggregate)
		weir_printf(b, "#%u", weir_anno_u32(p, ANNO_AGGREGATE));
	if (self->paint)
		weir_printf(b, "%s%u", self->aggregate ? "." : "paint ",
			    weir_anno_u8(p, ANNO_PAINT));
	if (self->aggregate || self->paint)
		weir_printf(b, ": ");
	if (self->ether)
		print_ether(b, p);
	print_ip(b, self, p);
	weir_append(b, "\n", 1);
}

static void ip_print(struct weir_node *n, unsigned, struct batch *b)
{
	const struct ip_print *self = n->self;
	struct weir_buf line = {};

	for (unsigned i = 0; self->active && i < b->n; i++) {
		if (!weir_ip4(b->p[i]))
			continue;
		print_line(&line, self, b->p[i]);
		if (!line.failed)
			fwrite(line.text, 1, line.len, self->out ? self->out : stderr);
	}
	weir_buf_free(&line);
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct ip_print *self = e->self;

	if (self->nbytes_given)
		self->max = self->nbytes;
	self->contents = weir_contents(self->contents);
	self->payload = weir_contents(self->payload);
	if (self->contents && self->payload)
		return weir_args_error(a, -1, "CONTENTS and PAYLOAD exclude each other");
	return 0;
}

static int init(struct weir_element *e, struct weir_err *err)
{
	struct ip_print *self = e->self;

	if (!self->outfile)
		return 0;
	self->out = fopen(self->outfile, "we");
	if (!self->out)
		return weir_error(err, &e->loc, "%s: %s: %s", e->name, self->outfile,
				  strerror(errno));
	return 0;
}

static void fini(struct weir_element *e)
{
	struct ip_print *self = e->self;

	if (self->out)
		fclose(self->out);
	self->out = NULL;
}

static const struct weir_arg args[] = {
	WEIR_ARG(STRING, ip_print, label, "LABEL", "text before each line", WEIR_POS),
	WEIR_ARG(ENUM, ip_print, contents, "CONTENTS", "print the bytes of the packet",
		 .def = "NONE", .names = weir_contents_words),
	WEIR_ARG(ENUM, ip_print, payload, "PAYLOAD", "print the bytes of the payload",
		 .def = "NONE", .names = weir_contents_words),
	WEIR_ARG(I32, ip_print, max, "MAXLENGTH", "bytes to print; negative: all", .def = "1500"),
	WEIR_ARG(I32, ip_print, nbytes, "NBYTES", "the same as MAXLENGTH",
		 .given = offsetof(struct ip_print, nbytes_given)),
	WEIR_ARG(BOOL, ip_print, ether, "ETHER", "print the Ethernet addresses"),
	WEIR_ARG(BOOL, ip_print, id, "ID", "print the IP ID"),
	WEIR_ARG(BOOL, ip_print, timestamp, "TIMESTAMP", "print the timestamp", .def = "true"),
	WEIR_ARG(BOOL, ip_print, paint, "PAINT", "print the paint annotation"),
	WEIR_ARG(BOOL, ip_print, tos, "TOS", "print the type of service"),
	WEIR_ARG(BOOL, ip_print, ttl, "TTL", "print the time to live"),
	WEIR_ARG(BOOL, ip_print, swap, "SWAP", "print ICMP echo numbers in network order",
		 .def = "true"),
	WEIR_ARG(BOOL, ip_print, length, "LENGTH", "print the length of the IP packet"),
	WEIR_ARG(BOOL, ip_print, aggregate, "AGGREGATE", "print the aggregate annotation"),
	WEIR_ARG(BOOL, ip_print, active, "ACTIVE", "print", .def = "true"),
	WEIR_ARG(FILE, ip_print, outfile, "OUTFILE", "file to print to"),
	{},
};

static const struct weir_handler handlers[] = {
	{.name = "active",
	 .kind = WEIR_H_SELF,
	 .flags = WEIR_H_READ | WEIR_H_WRITE | WEIR_H_CHECKBOX | WEIR_H_CALM,
	 .off = offsetof(struct ip_print, active),
	 .size = sizeof(bool),
	 .type = WEIR_T_BOOL,
	 .help = "whether it prints"},
	{},
};

WEIR_BATCH_ELEMENT(ip_print, "IPPrint", .purpose = "prints IP packets in the manner of tcpdump",
		   .args = args, .handlers = handlers, .configure = configure, .init = init,
		   .fini = fini);
