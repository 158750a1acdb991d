// SPDX-License-Identifier: BSD-2-Clause
// FTPPortMapper: lets FTP in active mode (RFC 959) through rewriters. It is for packets of control
// connections, on their way to CONTROL_REWRITER. A PORT command says where the client waits for
// data connections. For these a session is made in DATA_REWRITER, as its input DATA_REWRITER_INPUT
// says for a packet from that address and port to the server's data port (the one below the control
// port), and the command says what that session makes of address and port. As it may be longer or
// shorter then, CONTROL_REWRITER changes sequence numbers from there on. In Click's older form, the
// third argument is a pattern with its outputs, as behind `pattern` for IPRewriter.
//
// The command must be whole in a packet and begin it, as is the case with all clients. What is no
// such command, or of a connection that CONTROL_REWRITER does not know yet, passes as it is. A
// command that cannot be dealt with at this moment is lost as `busy`, and comes again.
//
//	rw :: IPRewriter(pattern 1.0.0.1 1024-65535 - - 0 1, drop);
//	control :: TCPRewriter(pattern 1.0.0.1 1024-65535 - - 0 1, drop);
//	IPClassifier(dst tcp port 21) -> FTPPortMapper(control, rw, 0) -> [0] control;
#include <weir/csum_packet.h>

#include "rewriter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUSY, NO_BUFFER };
enum { NUMBERS = 6, TEXT_MAX = 24, COMMAND_MAX = 64, COMMAND_LEN = 5 };

struct ftp_port_mapper {
	struct weir_element *control, *data;
	struct rewriter_spec own; // of the older form
	uint32_t input;
	bool has_own;
};
struct ftp_port_mapper_state {
	uint64_t mapped;
};

// A PORT command in a packet: where its numbers stand in the data, and what they say.
struct command {
	struct translate_seen seen;
	uint32_t data, len;	   // of TCP: from the transport header on
	uint32_t begin, end;	   // of the numbers, from `data` on
	struct session_tuple flow; // of the data connection
};

// A number of at most three digits, up to 255, at *i; *i: behind it.
static bool parse_number(const uint8_t *text, uint32_t len, uint32_t *i, unsigned *value)
{
	const uint32_t begin = *i;

	for (*value = 0; *i < len && *i < begin + 3; ++*i) {
		if (text[*i] < '0' || text[*i] > '9')
			break;
		*value = *value * 10 + text[*i] - '0';
	}
	return *i > begin && *value <= 255;
}

static bool parse_numbers(const uint8_t *text, uint32_t len, struct command *c)
{
	unsigned v[NUMBERS] = {};
	uint32_t i = COMMAND_LEN;

	while (i < len && text[i] == ' ')
		i++;
	c->begin = i;
	for (unsigned n = 0; n < NUMBERS; n++) {
		if (n && (i >= len || text[i++] != ','))
			return false;
		if (!parse_number(text, len, &i, &v[n]))
			return false;
	}
	if (i >= len || (text[i] != '\r' && text[i] != '\n'))
		return false;
	c->end = i;
	c->flow.src = wr32(v[0] << 24 | v[1] << 16 | v[2] << 8 | v[3]);
	c->flow.sport = wr16((uint16_t)(v[4] << 8 | v[5]));
	return true;
}

static bool is_command(const uint8_t *text)
{
	static const char port[] = "PORT ";

	for (unsigned i = 0; i < COMMAND_LEN - 1; i++)
		if ((text[i] & ~0x20) != port[i])
			return false;
	return text[COMMAND_LEN - 1] == ' ';
}

// RFC 959 4.1.2; the data port is L-1 (3.2). Only of a sound packet, as its checksum is made anew.
static bool find_command(struct packet *p, struct command *c)
{
	const struct ip4 *ip = weir_ip4(p);
	const struct tcp *tcp = weir_transport_at(p, 0, sizeof(*tcp));
	uint32_t hlen, total;
	const uint8_t *text;

	if (!ip || !tcp || ip->proto != IPPROTO4_TCP || rd16(ip->frag) & (IP4_MF | IP4_OFFMASK))
		return false;
	hlen = (ip->vihl & 15u) * 4;
	total = rd16(ip->len);
	c->data = (tcp->off >> 4) * 4u;
	if (total < hlen + c->data + COMMAND_LEN || total != weir_network_len(p) ||
	    c->data < sizeof(*tcp))
		return false;
	c->len = total - hlen - c->data;
	text = weir_transport_at(p, c->data, c->len);
	if (!text || !is_command(text) ||
	    !parse_numbers(text, c->len < COMMAND_MAX ? c->len : COMMAND_MAX, c) ||
	    !weir_csum_ok(
		    weir_csum_transport(p, total - hlen) +
		    weir_csum_pseudo4(ip->src, ip->dst, IPPROTO4_TCP, (uint16_t)(total - hlen))))
		return false;
	c->flow.dst = ip->dst;
	c->flow.dport = wr16((uint16_t)(rd16(tcp->dport) - 1));
	c->seen = translate_look(p);
	return c->seen.kind == TRANSLATE_PLAIN;
}

// What the data connection's address and port become; false: there is no session, and no room for
// one.
static bool map_data(struct weir_node *n, const struct command *c, uint8_t anno,
		     struct session_tuple *to)
{
	const struct ftp_port_mapper *self = n->self;
	struct weir_node *data = self->data->nodes[weir_worker_of(n)];
	struct rewriter *r = rewriter_of(self->data);
	const struct rewriter_spec *spec = self->has_own ? &self->own : &r->spec[self->input];
	struct session_hit hit = rewriter_find(r, &c->flow, IPPROTO4_TCP);

	if (!hit.number)
		rewriter_fresh(data, self->has_own ? 0 : self->input, spec, &c->flow, IPPROTO4_TCP,
			       anno, &hit);
	if (!hit.number)
		return false;
	*to = rewriter_target(r, &r->table.at[hit.number], hit.direction, c->flow);
	return true;
}

// From the end of the command on, the sender's numbers are `add` further.
static bool shift(struct rewriter *r, struct session_hit hit, uint32_t from, int32_t add)
{
	uint32_t *link = &r->table.cold[hit.number].more[1];
	uint32_t index = __atomic_load_n(link, __ATOMIC_ACQUIRE), none = 0;
	struct session *s = &r->table.at[hit.number];

	if (!add)
		return true;
	if (!index) {
		index = tcp_delta_new(&r->deltas, hit.number);
		if (!index)
			return false;
		if (!__atomic_compare_exchange_n(link, &none, index, false, __ATOMIC_RELEASE,
						 __ATOMIC_ACQUIRE)) {
			tcp_delta_free(&r->deltas, index);
			index = none;
		}
	}
	if (!tcp_delta_add(&r->deltas, index, hit.direction, from, add))
		return false;
	__atomic_fetch_or(&s->state, REWRITER_DELTA, __ATOMIC_RELEASE);
	__atomic_fetch_and(&s->flags, ~SESSION_FAST, __ATOMIC_RELAXED);
	return true;
}

static unsigned print_numbers(char text[TEXT_MAX], const struct session_tuple *to)
{
	const uint32_t a = rd32(to->src), port = rd16(to->sport);

	return (unsigned)snprintf(text, TEXT_MAX, "%u,%u,%u,%u,%u,%u", a >> 24, a >> 16 & 255,
				  a >> 8 & 255, a & 255, port >> 8, port & 255);
}

// Gives the packet the other numbers, its lengths and checksums. NULL: there is no buffer, and the
// packet is what it was.
static struct packet *replace(struct weir_node *n, struct packet *p, const struct command *c,
			      const char *text, unsigned text_len)
{
	const uint32_t rest = c->len - c->end, len = c->begin + text_len + rest;
	struct ip4 *ip;
	struct tcp *tcp;
	uint8_t *data;
	be16 was;

	if (len > c->len && weir_tailroom(p) < len - c->len) {
		p = weir_packet_room(n, p, WEIR_HEADROOM, len - c->len);
		if (!p)
			return NULL;
	}
	if (len > c->len)
		weir_push_back(p, len - c->len);
	data = (uint8_t *)p + p->transport + c->data;
	memmove(data + c->begin + text_len, data + c->end, rest);
	memcpy(data + c->begin, text, text_len);
	if (len < c->len)
		weir_truncate(p, weir_len(p) - (c->len - len));
	ip = weir_ip4(p);
	was = ip->len;
	ip->len = wr16((uint16_t)weir_network_len(p));
	ip->csum = weir_csum_edit16(ip->csum, was, ip->len);
	tcp = (struct tcp *)((uint8_t *)p + p->transport);
	tcp->csum.be = 0;
	tcp->csum = weir_csum_fold(
		weir_csum_transport(p, c->data + len) +
		weir_csum_pseudo4(ip->src, ip->dst, IPPROTO4_TCP, (uint16_t)(c->data + len)));
	return p;
}

// The packet, or another one in its place; NULL: it is lost.
static struct packet *map_command(struct weir_node *n, struct packet *p, const struct command *c)
{
	const struct ftp_port_mapper *self = n->self;
	struct ftp_port_mapper_state *state = n->state;
	struct rewriter *r = rewriter_of(self->control);
	const struct session_hit hit = rewriter_find(r, &c->seen.tuple, IPPROTO4_TCP);
	const struct tcp *tcp = weir_transport_at(p, 0, sizeof(*tcp));
	struct session_tuple to;
	char text[TEXT_MAX];
	unsigned text_len;
	struct packet *new;

	if (!hit.number || !map_data(n, c, (uint8_t)r->table.at[hit.number].user, &to))
		return p;
	text_len = print_numbers(text, &to);
	if (!shift(r, hit, rd32(tcp->seq) + c->len,
		   (int32_t)text_len - (int32_t)(c->end - c->begin))) {
		weir_drop(n, BUSY, p);
		return NULL;
	}
	state->mapped++;
	new = replace(n, p, c, text, text_len);
	if (!new)
		weir_drop(n, NO_BUFFER, p);
	return new;
}

static void ftp_port_mapper(struct weir_node *n, unsigned, struct batch *b)
{
	struct command c;
	unsigned k = 0;

	for (unsigned i = 0; i < b->n; i++) {
		struct packet *p = b->p[i];

		if (WEIR_UNLIKELY(find_command(p, &c))) {
			b->bytes -= p->len;
			p = map_command(n, p, &c);
			if (!p)
				continue;
			b->bytes += p->len;
		}
		b->p[k++] = p;
	}
	b->n = k;
}

static int take_input(struct weir_element *e, struct weir_args *a)
{
	struct ftp_port_mapper *self = e->self;
	char why[REWRITER_WHY] = "expected DATA_REWRITER_INPUT, or PATTERN FOUTPUT ROUTPUT";
	char **words = NULL;
	int n, rc = -EINVAL;

	if (a->n_rest != 1)
		return weir_args_error(a, -1, "%s", why);
	if (!weir_parse(e, WEIR_T_U32, a->rest[0], NULL, &self->input, NULL))
		return weir_ports_known(e) && self->input >= self->data->n_in
			       ? weir_args_error(a, 0, "DATA_REWRITER_INPUT out of range")
			       : 0;
	n = weir_words(a->rest[0], &words);
	if (n >= 0)
		rc = rewriter_spec_pattern(e, words, n, &self->own, why);
	weir_words_free(words, n < 0 ? 0 : n);
	self->has_own = true;
	return rc ? weir_args_error(a, 0, "%s", why) : 0;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct ftp_port_mapper *self = e->self;

	if (!rewriter_is(self->control) || !rewriter_is(self->data))
		return weir_args_error(a, -1,
				       "CONTROL_REWRITER and DATA_REWRITER must be rewriters");
	return take_input(e, a);
}

static int init(struct weir_element *e, struct weir_err *err)
{
	struct ftp_port_mapper *self = e->self;
	struct rewriter *r = rewriter_of(self->data);

	if (rewriter_of(self->control)->keys != REWRITER_PORTS || r->keys != REWRITER_PORTS)
		return weir_error(err, &e->loc,
				  "CONTROL_REWRITER and DATA_REWRITER must rewrite ports");
	if (self->has_own ? !rewriter_spec_fits(&self->own, self->data->n_out)
			  : self->input >= r->n_spec)
		return weir_error(err, &e->loc, "port out of range for '%s'", self->data->name);
	return tcp_deltas_open(&rewriter_of(self->control)->deltas);
}

static int init_node(struct weir_node *n, struct weir_err *err)
{
	const struct ftp_port_mapper *self = n->self;

	if (!weir_workers_has(&self->data->runs, weir_worker_of(n)))
		return weir_error(err, &n->element->loc,
				  "worker %u comes here, but never to %s, where it is to make "
				  "sessions",
				  weir_worker_of(n), self->data->name);
	return 0;
}

static void fini(struct weir_element *e)
{
	struct ftp_port_mapper *self = e->self;

	if (self)
		rewriter_spec_free(&self->own);
}

static const struct weir_arg args[] = {
	WEIR_ARG(ELEMENT, ftp_port_mapper, control, "CONTROL_REWRITER",
		 "to which the packets go on: a TCPRewriter or IPRewriter", WEIR_MAND),
	WEIR_ARG(ELEMENT, ftp_port_mapper, data, "DATA_REWRITER",
		 "through which packets of data connections go", WEIR_MAND),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_SUM("mapped", ftp_port_mapper, mapped, "PORT commands that were changed"),
	{},
};

WEIR_BATCH_ELEMENT(ftp_port_mapper, "FTPPortMapper",
		   .purpose = "lets FTP in active mode through rewriters", .args = args,
		   .rest = "DATA_REWRITER_INPUT",
		   .rest_help = "whose specification the sessions follow; or in Click's older form "
				"`PATTERN FOUTPUT ROUTPUT`",
		   .handlers = handlers, .drops = {"busy", "no_buffer"}, .configure = configure,
		   .init = init, .init_node = init_node, .fini = fini, .resizes = true,
		   .state_size = sizeof(struct ftp_port_mapper_state),
		   .userspace = "looks into data of control connections");
