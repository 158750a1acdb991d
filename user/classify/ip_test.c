// SPDX-License-Identifier: BSD-2-Clause
#include "ip_test.h"

#include <abi/hdr.h>
#include <errno.h>

static const char *describe(const struct ip_test *t)
{
	switch (t->term) {
	case TERM_HOST:
		return "host";
	case TERM_NET:
		return "net";
	case TERM_ETHER:
		return "ether host";
	case TERM_PROTO:
		return "ip proto";
	case TERM_PORT:
		return "port";
	case TERM_TCPOPT:
		return "tcp opt";
	case TERM_FRAG:
		return "ip frag";
	case TERM_UNFRAG:
		return "ip unfrag";
	case TERM_ECT:
		return "ip ect";
	case TERM_CE:
		return "ip ce";
	case TERM_FIELD:
		if (t->field.name)
			return t->field.name;
		return t->field.proto == PROTO_UNKNOWN ? "ip[...]" : "transp[...]";
	default:
		return "test";
	}
}

// Takes what was not said from the value, and where that is a bare number or name from the test
// before.
static int complete(struct ip_test *t, const struct ip_test *before, struct ip_say *say)
{
	if (t->data == TERM_INT) {
		if (before->term != TERM_FIELD && before->term != TERM_PROTO &&
		    before->term != TERM_PORT)
			return ip_error(say, "what is %u? say a header field or 'port' before it",
					t->value.n);
		t->data = before->term;
		t->data_field = before->field;
	}
	t->term = t->data;
	switch (t->data) {
	case TERM_NONE:
		if (t->proto == PROTO_UNKNOWN)
			return ip_error(say, "unfinished test");
		t->term = TERM_PROTO;
		break;
	case TERM_FIELD:
		t->field = t->data_field;
		if (t->field.proto != PROTO_UNKNOWN && t->proto == PROTO_UNKNOWN)
			t->proto = t->field.proto;
		break;
	case TERM_PORT:
		if (t->proto == PROTO_UNKNOWN)
			t->proto = before->proto;
		break;
	default:
		break;
	}
	if (!t->srcdst && t->term != TERM_PROTO && t->term != TERM_FIELD)
		t->srcdst = before->srcdst;
	return 0;
}

// Relations that hold for all or no values become constants.
static void check_relation(struct ip_test *t, struct ip_say *say)
{
	static const char *const sign[] = {"==", "!=", "<", "<=", ">", ">="};
	uint32_t n = t->value.n, mask = t->value.mask;
	bool none, all;

	switch (t->relation) {
	case REL_LT:
		none = n == 0;
		all = n > mask;
		break;
	case REL_LE:
		none = false;
		all = n >= mask;
		break;
	case REL_GT:
		none = n >= mask;
		all = false;
		break;
	case REL_GE:
		none = n > mask;
		all = n == 0;
		break;
	default:
		return;
	}
	if (!none && !all)
		return;
	ip_warn(say, "relation '%s %s %u' is always %s (range 0-%u)", describe(t),
		sign[t->relation], n, all ? "true" : "false", mask);
	t->relation = all ? REL_EQ : REL_NE;
	t->value.n = t->value.mask = 0;
}

// The value and its mask against the largest value of the field.
static int check_range(struct ip_test *t, uint32_t full, struct ip_say *say)
{
	uint32_t n = t->value.n, mask = t->mask ? t->mask_value.n : full;

	if (t->mask && t->mask != TERM_INT)
		return ip_error(say, "'%s': the mask must be a number", describe(t));
	if (mask & ~full)
		return ip_error(say, "'%s': mask 0x%x is out of range 0-0x%x", describe(t), mask,
				full);
	if (n > full && (t->relation == REL_EQ || t->relation == REL_NE))
		return ip_error(say, "'%s': %u is out of range 0-%u", describe(t), n, full);
	t->value.mask = mask;
	check_relation(t, say);
	return 0;
}

static int check_proto(struct ip_test *t, struct ip_say *say)
{
	if (t->data == TERM_INT || t->data == TERM_PROTO) {
		if (t->proto != PROTO_UNKNOWN && (uint32_t)t->proto != t->value.n)
			return ip_error(say, "two transport protocols in one test");
	} else if (t->proto != PROTO_UNKNOWN) {
		t->value.n = (uint32_t)t->proto;
	} else {
		return ip_error(say, "'%s': value missing", describe(t));
	}
	t->proto = PROTO_UNKNOWN;
	if (t->value.n == PROTO_TCP_OR_UDP || t->value.n == PROTO_TRANSP) {
		if (t->relation > REL_NE || t->mask)
			return ip_error(say, "'tcpudp' and 'transp' take no relation or mask");
	} else if (check_range(t, 0xff, say)) {
		return -EINVAL;
	}
	if (t->relation == REL_EQ && !t->mask)
		t->proto = (int)t->value.n;
	return 0;
}

static int check_address(struct ip_test *t, struct ip_say *say)
{
	if (t->data != t->term || (t->header == 'e') != (t->term == TERM_ETHER))
		return ip_error(say, "'%s': address missing", describe(t));
	if (t->relation > REL_NE)
		return ip_error(say, "'%s': only == and != can be used here", describe(t));
	if (t->term == TERM_ETHER) {
		if (t->mask && t->mask != TERM_ETHER)
			return ip_error(say, "'%s': the mask must be an Ethernet address",
					describe(t));
		return 0;
	}
	if (t->mask && t->mask != TERM_HOST && (say->words->is_ip6 || t->mask != TERM_INT))
		return ip_error(say, "'%s': the mask must be an IP address", describe(t));
	if (t->mask) {
		t->value.mask = t->mask_value.n;
		t->value.mask6 = t->mask_value.ip6;
	} else if (t->term == TERM_HOST) {
		t->value.mask = 0xffffffff;
		t->value.mask6 = weir_ip6_mask(128);
	}
	t->term = TERM_HOST;
	return 0;
}

static int check_port(struct ip_test *t, struct ip_say *say)
{
	enum { DCCP = 33 };

	if (t->data != TERM_INT && t->data != TERM_PORT)
		return ip_error(say, "'%s': value missing", describe(t));
	if (t->proto == PROTO_UNKNOWN)
		t->proto = PROTO_TCP_OR_UDP;
	else if (t->proto != IPPROTO4_TCP && t->proto != IPPROTO4_UDP && t->proto != DCCP &&
		 t->proto != PROTO_TCP_OR_UDP)
		return ip_error(say, "'%s': protocol %d has no ports", describe(t), t->proto);
	return check_range(t, 0xffff, say);
}

static int check_tcpopt(struct ip_test *t, struct ip_say *say)
{
	if (t->data != TERM_INT && t->data != TERM_TCPOPT)
		return ip_error(say, "'%s': value missing", describe(t));
	if (t->proto == PROTO_UNKNOWN)
		t->proto = IPPROTO4_TCP;
	else if (t->proto != IPPROTO4_TCP)
		return ip_error(say, "'%s': only TCP has these", describe(t));
	if (t->relation != REL_EQ || t->mask)
		return ip_error(say, "'%s': no relation or mask can be used here", describe(t));
	if (t->value.n > 255)
		return ip_error(say, "'%s': %u is out of range 0-255", describe(t), t->value.n);
	return 0;
}

static int check_field(struct ip_test *t, struct ip_say *say)
{
	const struct field *f = &t->field, *g = &t->data_field;

	if (t->data != TERM_INT && (t->data != TERM_FIELD || f->bit != g->bit ||
				    f->bits != g->bits || f->proto != g->proto))
		return ip_error(say, "'%s': value missing", describe(t));
	if (check_range(t, 0xffffffff >> (32 - f->bits), say))
		return -EINVAL;
	// bits in which the walk over extension headers says something else
	if (say->words->is_ip6 && f->proto == PROTO_UNKNOWN && f->bit == 0 &&
	    t->value.mask >> (f->bits - 4) & 15)
		return ip_error(say, "the version is always 6; leave out its bits (& 0x0f)");
	return 0;
}

// ect, ce, frag, unfrag
static int check_flag(struct ip_test *t, struct ip_say *say)
{
	if (t->term == TERM_ECT && t->data == TERM_INT) {
		if (check_range(t, 3, say))
			return -EINVAL;
		t->field = say->words->tos;
		t->term = TERM_FIELD;
		return 0;
	}
	if (t->data != TERM_NONE || t->mask)
		return ip_error(say, "'%s' takes no value", describe(t));
	if (t->term == TERM_ECT || t->term == TERM_CE) {
		// the two low bits of the TOS byte (RFC 3168): not 0, or 3
		t->relation = t->term == TERM_ECT ? REL_NE : REL_EQ;
		t->value.n = t->term == TERM_ECT ? 0 : 3;
		t->value.mask = 3;
		t->field = say->words->tos;
		t->term = TERM_FIELD;
	}
	return 0;
}

static int check_term(struct ip_test *t, struct ip_say *say)
{
	switch (t->term) {
	case TERM_HOST:
	case TERM_NET:
	case TERM_ETHER:
		return check_address(t, say);
	case TERM_PROTO:
		return check_proto(t, say);
	case TERM_PORT:
		return check_port(t, say);
	case TERM_TCPOPT:
		return check_tcpopt(t, say);
	case TERM_FIELD:
		return check_field(t, say);
	default:
		return check_flag(t, say);
	}
}

int ip_test_check(struct ip_test *t, const struct ip_test *before, struct ip_say *say)
{
	enum srcdst said = t->srcdst;

	if (!t->term && complete(t, before, say))
		return -EINVAL;
	if (!t->header)
		t->header = t->data == TERM_ETHER ? 'e' : 'i';
	if (t->header == 'e' && t->term == TERM_HOST)
		t->term = TERM_ETHER;
	if (t->header == 'e' && t->term != TERM_ETHER)
		return ip_error(say, "'%s' is not in an Ethernet header", describe(t));
	if (check_term(t, say))
		return -EINVAL;
	if (t->term == TERM_HOST || t->term == TERM_PORT || t->term == TERM_ETHER) {
		if (!t->srcdst)
			t->srcdst = SD_OR;
	} else if (said) {
		ip_warn(say, "'%s': 'src' or 'dst' is ignored", describe(t));
	}
	return 0;
}

// One field of up to 32 bits, beginning at a bit of the header.
static unsigned compare(struct weir_exprs *e, const struct ip_test *t, enum weir_base base,
			uint32_t bit, uint32_t bits)
{
	uint32_t mask = t->value.mask, n = t->value.n;
	unsigned shift = 32 - bit % 8 - bits;
	struct weir_test w = {.base = (uint8_t)base, .off = (uint16_t)(bit / 8)};

	w.mask = mask << shift;
	w.negated = t->relation == REL_NE;
	switch (t->relation) {
	case REL_EQ:
	case REL_NE:
		w.lo = w.hi = (n & mask) << shift;
		break;
	case REL_LT:
		w.hi = (n - 1) << shift;
		break;
	case REL_LE:
		w.hi = n << shift;
		break;
	case REL_GT:
		w.lo = (n + 1) << shift;
		w.hi = w.mask;
		break;
	case REL_GE:
		w.lo = n << shift;
		w.hi = w.mask;
		break;
	}
	return weir_expr_test(e, w);
}

// Bytes of an Ethernet address.
static unsigned compare_ether(struct weir_exprs *e, const struct ip_test *t, unsigned off)
{
	uint8_t mask[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct ip_test part = *t;
	unsigned a, b;
	be32 high, high_mask;
	be16 low, low_mask;

	if (t->mask)
		memcpy(mask, t->mask_value.ether, sizeof(mask));
	memcpy(&high, t->value.ether, 4);
	memcpy(&high_mask, mask, 4);
	memcpy(&low, t->value.ether + 4, 2);
	memcpy(&low_mask, mask + 4, 2);
	part.value.n = rd32(high);
	part.value.mask = rd32(high_mask);
	a = compare(e, &part, WEIR_BASE_MAC, 8 * off, 32);
	part.value.n = rd16(low);
	part.value.mask = rd16(low_mask);
	b = compare(e, &part, WEIR_BASE_MAC, 8 * off + 32, 16);
	return t->relation == REL_EQ ? weir_expr_and(e, a, b) : weir_expr_or(e, a, b);
}

// An IPv6 address, a word at a time.
static unsigned compare_ip6(struct weir_exprs *e, const struct ip_test *t, uint32_t bit)
{
	const uint64_t n[] = {t->value.ip6.hi, t->value.ip6.lo},
		       mask[] = {t->value.mask6.hi, t->value.mask6.lo};
	struct ip_test part = *t;
	unsigned x = weir_expr_const(e, t->relation == REL_EQ);

	for (unsigned i = 0; i < 4; i++) {
		unsigned word;

		part.value.n = (uint32_t)(n[i / 2] >> (i % 2 ? 0 : 32));
		part.value.mask = (uint32_t)(mask[i / 2] >> (i % 2 ? 0 : 32));
		if (!part.value.mask)
			continue;
		word = compare(e, &part, WEIR_BASE_NETWORK, bit + 32 * i, 32);
		x = t->relation == REL_EQ ? weir_expr_and(e, x, word) : weir_expr_or(e, x, word);
	}
	return x;
}

static unsigned one_side(struct weir_exprs *e, const struct ip_words *words,
			 const struct ip_test *t, bool src)
{
	const uint32_t bit = src ? words->src : words->dst;

	switch (t->term) {
	case TERM_HOST:
		return words->is_ip6 ? compare_ip6(e, t, bit)
				     : compare(e, t, WEIR_BASE_NETWORK, bit, 32);
	case TERM_ETHER:
		return compare_ether(e, t, src ? 6 : 0);
	default:
		return compare(e, t, WEIR_BASE_TRANSPORT, src ? 0 : 16, 16);
	}
}

static unsigned sides(struct weir_exprs *e, const struct ip_words *words, const struct ip_test *t)
{
	bool lower = t->relation == REL_NE || t->relation == REL_LT || t->relation == REL_LE;
	unsigned src, dst;

	if (t->srcdst == SD_SRC || t->srcdst == SD_DST)
		return one_side(e, words, t, t->srcdst == SD_SRC);
	src = one_side(e, words, t, true);
	dst = one_side(e, words, t, false);
	return (t->srcdst == SD_OR) != lower ? weir_expr_or(e, src, dst)
					     : weir_expr_and(e, src, dst);
}

static unsigned ip_proto(struct weir_exprs *e, const struct ip_words *words, uint32_t proto)
{
	struct weir_test w = {.base = WEIR_BASE_NETWORK, .off = (uint16_t)(words->proto / 8)};
	unsigned tcp;

	w.mask = 0xff000000;
	if (proto == PROTO_TRANSP)
		return weir_expr_const(e, true);
	if (proto != PROTO_TCP_OR_UDP) {
		w.lo = w.hi = proto << 24;
		return weir_expr_test(e, w);
	}
	w.lo = w.hi = (uint32_t)IPPROTO4_TCP << 24;
	tcp = weir_expr_test(e, w);
	w.lo = w.hi = (uint32_t)IPPROTO4_UDP << 24;
	return weir_expr_or(e, tcp, weir_expr_test(e, w));
}

static unsigned no_fragment(struct weir_exprs *e, uint16_t mask, bool negated)
{
	struct weir_test w = {.base = WEIR_BASE_NETWORK, .off = offsetof(struct ip4, frag)};

	w.mask = (uint32_t)mask << 16;
	w.negated = negated;
	return weir_expr_test(e, w);
}

// While a list runs, the header of a fragment says so in its first bit (weir_dag_run_ip6).
static unsigned is_fragment(struct weir_exprs *e, const struct ip_words *words, bool negated)
{
	struct weir_test w = {.base = WEIR_BASE_NETWORK, .mask = (uint32_t)WEIR_DAG_FRAGMENT << 24};

	if (!words->is_ip6)
		return no_fragment(e, IP4_MF | IP4_OFFMASK, !negated);
	w.lo = w.hi = negated ? 0 : w.mask;
	return weir_expr_test(e, w);
}

static unsigned build_term(struct weir_exprs *e, const struct ip_words *words,
			   const struct ip_test *t)
{
	struct ip_test flag = *t;

	switch (t->term) {
	case TERM_PROTO:
		if (t->value.n > 255)
			return t->relation == REL_EQ
				       ? ip_proto(e, words, t->value.n)
				       : weir_expr_not(e, ip_proto(e, words, t->value.n));
		return compare(e, t, WEIR_BASE_NETWORK, words->proto, 8);
	case TERM_FRAG:
	case TERM_UNFRAG:
		return is_fragment(e, words, (t->term == TERM_UNFRAG) == (t->relation == REL_EQ));
	case TERM_TCPOPT: // all of them
		flag.value.mask = flag.value.n;
		return compare(e, &flag, WEIR_BASE_TRANSPORT, 104, 8);
	case TERM_FIELD:
		return compare(e, t,
			       t->field.proto == PROTO_UNKNOWN ? WEIR_BASE_NETWORK
							       : WEIR_BASE_TRANSPORT,
			       t->field.bit, t->field.bits);
	default:
		return sides(e, words, t);
	}
}

unsigned ip_test_build(struct weir_exprs *e, const struct ip_words *words, const struct ip_test *t)
{
	bool transport = t->term == TERM_PORT || t->term == TERM_TCPOPT ||
			 (t->term == TERM_FIELD && t->field.proto != PROTO_UNKNOWN);
	unsigned x = build_term(e, words, t);

	// `and` tests its first operand first
	// only first fragments have a transport header; of IPv6, others have none that is marked
	if (transport && !words->is_ip6)
		x = weir_expr_and(e, no_fragment(e, IP4_OFFMASK, false), x);
	if (t->proto != PROTO_UNKNOWN && t->term != TERM_PROTO)
		x = weir_expr_and(e, ip_proto(e, words, (uint32_t)t->proto), x);
	return x;
}
