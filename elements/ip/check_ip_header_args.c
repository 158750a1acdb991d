// SPDX-License-Identifier: BSD-2-Clause
// Arguments and handlers of CheckIPHeader and CheckIPHeader2. Both structs begin with check_ip and
// both states with check_ip_state.
#include "check_ip_header.h"

#include <stdio.h>
#include <stdlib.h>

static int add_interfaces(struct check_ip *c, struct weir_args *a)
{
	char **words = NULL;
	int n = weir_words(c->interfaces_text, &words), rc = n < 0 ? n : 0;

	for (int i = 0; i < n && !rc; i++) {
		struct weir_ip4_prefix net;

		rc = weir_parse(a->element, WEIR_T_IP4_PREFIX, words[i], "INTERFACES", &net,
				a->err);
		if (rc)
			break;
		rc = weir_ip4_list_add(&c->bad_src, (be32){net.addr.be | ~net.mask.be});
		rc = rc ? rc : weir_ip4_list_add(&c->good_dst, net.addr);
	}
	weir_words_free(words, n < 0 ? 0 : n);
	return rc;
}

static int add_all_zero_and_one(struct check_ip *c)
{
	int rc = weir_ip4_list_add(&c->bad_src, (be32){0});

	return rc ? rc : weir_ip4_list_add(&c->bad_src, (be32){0xffffffff});
}

// Click's positional forms: (OFFSET), and the old (BADSRC, OFFSET) with which 0.0.0.0 and
// 255.255.255.255 are bad too.
static int old_form(struct check_ip *c, struct weir_args *a)
{
	int rc;

	if (!a->n_rest)
		return 0;
	if (a->n_rest == 1 &&
	    !weir_parse(a->element, WEIR_T_U32, a->rest[0], "OFFSET", &c->offset, NULL))
		return 0;
	if (a->n_rest > 2)
		return weir_args_error(a, 2, "too many arguments; expected [OFFSET]");
	rc = weir_ip4_list_parse(&c->bad_src, a, a->rest[0], "BADSRC");
	rc = rc ? rc : add_all_zero_and_one(c);
	if (!rc && a->n_rest == 2)
		rc = weir_parse(a->element, WEIR_T_U32, a->rest[1], "OFFSET", &c->offset, a->err);
	return rc;
}

int check_ip_configure(struct weir_element *e, struct weir_args *a)
{
	struct check_ip *c = e->self;
	int rc = old_form(c, a);

	c->is_usual = c->checksum && !c->offset;
	c->csum_limit = c->checksum ? CHECK_IP_MULTIPLE : UINT64_MAX;
	if (c->offset > CHECK_IP_OFFSET_MAX)
		rc = weir_args_error(a, -1, "OFFSET is too large; max %d", CHECK_IP_OFFSET_MAX);
	if (c->interfaces_text) {
		int rc2 = add_interfaces(c, a);

		rc2 = rc2 ? rc2 : add_all_zero_and_one(c);
		rc = rc ? rc : rc2;
	}
	if (c->bad_text && weir_ip4_list_parse(&c->bad_src, a, c->bad_text, "BADSRC"))
		rc = -1;
	if (c->good_text && weir_ip4_list_parse(&c->good_dst, a, c->good_text, "GOODDST"))
		rc = -1;
	return rc;
}

void check_ip_fini(struct weir_element *e)
{
	struct check_ip *c = e->self;

	if (!c)
		return;
	weir_ip4_list_free(&c->bad_src);
	weir_ip4_list_free(&c->good_dst);
	free(c->front);
}

int check_ip_driver(const struct weir_element *e, struct weir_front_args *a)
{
	struct check_ip *c = e->self;

	if (c->verbose)
		return weir_front_refuse(a, "VERBOSE speaks of every bad packet");
	if (c->bad_src.n > CHECK_IP_FRONT_LIST || c->good_dst.n > CHECK_IP_FRONT_LIST)
		return weir_front_refuse(a, "a list has more than %d addresses",
					 CHECK_IP_FRONT_LIST);
	if (!c->front)
		c->front = calloc(1, sizeof(*c->front));
	if (!c->front)
		return weir_front_refuse(a, "out of memory");
	*c->front = (struct check_ip_front){
		.bad_bits = c->bad_src.bits,
		.offset = c->offset,
		.n_bad = c->bad_src.n,
		.n_good = c->good_dst.n,
		.checksum = c->checksum,
	};
	if (c->bad_src.n)
		memcpy(c->front->bad_src, c->bad_src.v, c->bad_src.n * sizeof(be32));
	if (c->good_dst.n)
		memcpy(c->front->good_dst, c->good_dst.v, c->good_dst.n * sizeof(be32));
	a->self = c->front;
	a->size = sizeof(*c->front);
	return 0;
}

// Click's words.
static const char *const reasons[] = {
	[CHECK_IP_TINY] = "tiny packet",	  [CHECK_IP_VERSION] = "bad IP version",
	[CHECK_IP_HLEN] = "bad IP header length", [CHECK_IP_LEN] = "bad IP length",
	[CHECK_IP_CSUM] = "bad IP checksum",	  [CHECK_IP_SRC] = "bad source address",
};

// A line for the first bad packet of all, or with VERBOSE for each, as Click does. Those of one
// batch are told in the order of the reasons.
void check_ip_tell(struct weir_node *n)
{
	const struct check_ip *c = n->self;
	struct check_ip_state *s = n->state;

	for (unsigned r = 0; r < CHECK_IP_REASONS; r++) {
		for (; s->told_reason[r] < s->reason[r]; s->told_reason[r]++, s->told++)
			if (c->verbose || !s->told)
				fprintf(stderr, "%s: IP header check failed: %s\n",
					n->element->name, reasons[r]);
	}
}

static void add_reasons(void *arg, const void *state)
{
	const struct check_ip_state *s = state;
	uint64_t *sum = arg;

	for (unsigned r = 0; r < CHECK_IP_REASONS; r++)
		sum[r] += s->reason[r];
}

int check_ip_details(struct weir_element *e, const struct weir_handler *, const char *,
		     struct weir_buf *out, struct weir_err *)
{
	uint64_t sum[CHECK_IP_REASONS] = {};

	weir_each_state(e, add_reasons, sum);
	for (unsigned r = 0; r < CHECK_IP_REASONS; r++)
		weir_printf(out, "%llu\t%s\n", (unsigned long long)sum[r], reasons[r]);
	return 0;
}
