// SPDX-License-Identifier: BSD-2-Clause
// ICMPRewriter: translates ICMP errors (RFC 5508 4) for the sessions of other rewriters. The packet
// that an error quotes says which of them it is about: the error's destination becomes what the
// packet's source was at first, and what is quoted becomes what was sent, with all checksums.
//
// MAPS are names of IPRewriter, TCPRewriter, ICMPPingRewriter... elements, which are asked in this
// order. A translated error leaves by output 0, or of a map written NAME:OFFSET by that output of
// the map's for the direction, plus OFFSET. What is no error, or of no session, leaves by output 1
// where there are two outputs and no offset, and is lost as `unmapped` otherwise.
//
//	rw :: IPRewriter(pattern 1.0.0.1 1024-65535 - - 0 1, drop);
//	IPClassifier(icmp) -> ICMPRewriter(rw ping) -> to_inside;
#include "rewriter.h"

#include <errno.h>
#include <stdlib.h>

enum { UNMAPPED, NO_OFFSET = UINT32_MAX };

struct icmp_map {
	struct weir_element *e;
	uint32_t offset;
};
struct icmp_rewriter {
	char *maps_text;
	struct icmp_map *maps;
	unsigned n;
	bool dst_anno, has_reply_anno, has_offset;
	struct weir_anno reply_anno;
};

static unsigned translate(const struct icmp_rewriter *self, const struct icmp_map *map,
			  struct packet *p, const struct translate_seen *seen,
			  struct session_hit hit)
{
	const struct rewriter *r = rewriter_of(map->e);
	const struct session *s = &r->table.at[hit.number];
	const struct session_tuple to = rewriter_target(r, s, hit.direction, seen->tuple);

	translate_packet(p, seen, &to);
	if (self->dst_anno)
		weir_set_dst_ip(p, to.dst);
	if (self->has_reply_anno && hit.direction)
		weir_set_anno_u8(p, self->reply_anno.at, (uint8_t)s->user);
	return map->offset == NO_OFFSET ? 0 : map->offset + s->out[hit.direction];
}

static unsigned decide(struct weir_node *n, struct packet *p)
{
	const struct icmp_rewriter *self = n->self;
	const struct translate_seen seen = translate_look(p);

	for (unsigned i = 0; seen.kind == TRANSLATE_ERROR && i < self->n; i++) {
		const struct rewriter *r = rewriter_of(self->maps[i].e);
		const struct session_hit hit = rewriter_find(r, &seen.tuple, seen.proto);

		if (hit.number)
			return translate(self, &self->maps[i], p, &seen, hit);
	}
	return n->element->n_out == 2 && !self->has_offset ? 1 : WEIR_DROP + UNMAPPED;
}

static void icmp_rewriter(struct weir_node *n, unsigned, struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++)
		weir_emit(n, decide(n, b->p[i]), b->p[i]);
	b->n = 0;
}

// NAME or NAME:OFFSET.
static bool parse_map(struct weir_element *e, char *word, struct icmp_map *map)
{
	char *colon = strrchr(word, ':');

	map->offset = NO_OFFSET;
	if (colon && weir_parse(e, WEIR_T_U32, colon + 1, NULL, &map->offset, NULL))
		return false;
	if (colon)
		*colon = '\0';
	return !weir_parse(e, WEIR_T_ELEMENT, word, NULL, &map->e, NULL) && rewriter_is(map->e);
}

static int take_map(struct weir_element *e, struct weir_args *a, char *word)
{
	struct icmp_rewriter *self = e->self;
	struct icmp_map *v = reallocarray(self->maps, self->n + 1, sizeof(*v)), *map;

	if (!v)
		return -ENOMEM;
	self->maps = v;
	map = &v[self->n];
	if (!parse_map(e, word, map))
		return weir_args_error(a, -1, "%s not an IP rewriter", word);
	if (map->offset != NO_OFFSET && weir_ports_known(e) &&
	    (uint64_t)map->offset + map->e->n_out > e->n_out)
		return weir_args_error(a, -1, "%s port offset requires more than %u output%s", word,
				       e->n_out, e->n_out == 1 ? "" : "s");
	self->has_offset |= map->offset != NO_OFFSET;
	self->n++;
	return 0;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct icmp_rewriter *self = e->self;
	char **words = NULL;
	int n = weir_words(self->maps_text, &words), rc = n < 0 ? n : 0;

	for (int i = 0; i < n; i++)
		if (take_map(e, a, words[i]))
			rc = -EINVAL;
	weir_words_free(words, n < 0 ? 0 : n);
	if (!rc && !self->n)
		return weir_args_error(a, -1, "no IP rewriters supplied");
	return rc;
}

static void fini(struct weir_element *e)
{
	struct icmp_rewriter *self = e->self;

	if (self)
		free(self->maps);
}

static const struct weir_arg args[] = {
	WEIR_ARG(ARG, icmp_rewriter, maps_text, "MAPS", "rewriters, each also with `:OFFSET`",
		 WEIR_MAND),
	WEIR_ARG(BOOL, icmp_rewriter, dst_anno, "DST_ANNO",
		 "set the destination annotation to the new destination", .def = "true"),
	WEIR_ARG(ANNO, icmp_rewriter, reply_anno, "REPLY_ANNO",
		 "annotation that errors get from the first packet of the session", .max = 1,
		 .given = offsetof(struct icmp_rewriter, has_reply_anno)),
	{},
};

WEIR_BATCH_ELEMENT(icmp_rewriter, "ICMPRewriter",
		   .purpose = "translates ICMP errors for other rewriters", .ports = "1/1-",
		   .processing = "h/h", .args = args, .drops = {"unmapped"}, .configure = configure,
		   .fini = fini, .userspace = "looks into several tables, for rare packets");
