// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// IP summary dumps (Click's IPSummaryDump, version 1.3): a line about each packet, of fields that
// the file names. FromIPSummaryDump and ToIPSummaryDump share what is here.

#include <weir/element.h>

#include <stdio.h>

enum summary_field {
	F_NONE,
	F_TIMESTAMP,
	F_NTIMESTAMP,
	F_TS_SEC,
	F_TS_USEC,
	F_TS_USEC1,
	F_FIRST_TIMESTAMP,
	F_FIRST_NTIMESTAMP,
	F_COUNT,
	F_LINK,
	F_PAINT,
	F_DIRECTION,
	F_AGGREGATE,
	F_WIRE_LEN,
	F_ETH_SRC,
	F_ETH_DST,
	F_ETH_TYPE,
	F_IP_SRC,
	F_IP_DST,
	F_IP_TOS,
	F_IP_DSCP,
	F_IP_ECN,
	F_IP_TTL,
	F_IP_FRAG,
	F_IP_FRAGOFF,
	F_IP_ID,
	F_IP_SUM,
	F_IP_PROTO,
	F_IP_HL,
	F_IP_LEN,
	F_IP_CAPTURE_LEN,
	F_IP_OPT,
	F_SPORT,
	F_DPORT,
	F_TCP_SEQ,
	F_TCP_ACK,
	F_TCP_OFF,
	F_TCP_FLAGS,
	F_TCP_WINDOW,
	F_TCP_URP,
	F_TCP_OPT,
	F_TCP_NTOPT,
	F_TCP_SACK,
	F_UDP_LEN,
	F_ICMP_TYPE,
	F_ICMP_CODE,
	F_ICMP_TYPE_NAME,
	F_ICMP_CODE_NAME,
	F_ICMP_FLOWID,
	F_ICMP_SEQ,
	F_ICMP_NEXTMTU,
	F_PAYLOAD,
	F_PAYLOAD_LEN,
	N_FIELDS,
};

// The value of a field: a number (addresses too; times in nanoseconds) or bytes.
struct summary_value {
	uint64_t n;
	const uint8_t *bytes;
	uint32_t len;
	uint8_t type; // of the ICMP message, for the name of a code
};

extern const char *const summary_names[N_FIELDS];
// The field that a name or a synonym of Click's means; -1: none.
int summary_find(const char *name);
// Bytes of the field in binary records; 0: a byte of length and the bytes; -1: not possible.
int summary_size(enum summary_field f);
void summary_print(struct weir_buf *b, enum summary_field f, const struct summary_value *v);
void summary_print_binary(struct weir_buf *b, enum summary_field f, const struct summary_value *v);

// --- a packet's values ------------------------------------------------------------------------
struct summary_packet {
	struct packet *p;
	const struct ip4 *ip; // NULL: none that can be trusted
	const uint8_t *transport;
	uint32_t network_len, transport_len; // bytes that are there
	uint32_t extra;			     // more that there were
	char bad[64];			     // what is wrong with it, if anything
};
void summary_look(struct summary_packet *s, struct packet *p, bool careful, bool extra_length);
// False if the packet has no such field; s->bad says why if that is not usual.
bool summary_get(struct summary_packet *s, enum summary_field f, struct summary_value *v);

// --- a packet from values ---------------------------------------------------------------------
struct summary_record {
	uint64_t given; // a bit for each field
	struct summary_value v[N_FIELDS];
	uint8_t ip_opt[40], tcp_opt[40];
	char *payload; // malloc'd
};
struct summary_defaults {
	uint8_t proto;
	bool has_flow, has_aggregate, checksum;
	be32 src, dst;
	uint16_t sport, dport;
	uint32_t aggregate;
	int version; // minor version of the file
};
// Adds a value that is written as text. False if it is broken.
bool summary_parse(struct summary_record *r, enum summary_field f, const char *text,
		   const struct summary_defaults *d);
// NULL: no memory.
struct packet *summary_build(struct weir_node *n, const struct summary_record *r,
			     const struct summary_defaults *d);
void summary_record_free(struct summary_record *r);

// --- reading ----------------------------------------------------------------------------------
enum { SUMMARY_MAX_FIELDS = 64 };

struct summary_reader {
	FILE *file; // closed, and NULL, at the end
	const char *name;
	unsigned line;
	bool complained, binary;
	uint8_t field[SUMMARY_MAX_FIELDS];
	unsigned n_fields;
	struct summary_defaults defaults;
};
// The next packet; NULL at the end of the file, or without memory. What is wrong with the file is
// printed on stderr.
struct packet *summary_read(struct summary_reader *in, struct weir_node *n);
void summary_set_fields(struct summary_reader *in, struct weir_element *e, const char *text);
// SRC SPORT DST DPORT [PROTO]
void summary_set_flow(struct summary_reader *in, struct weir_element *e, const char *text);

// --- options ----------------------------------------------------------------------------------
enum { TCP_OPT_ALL, TCP_OPT_NOT_TIMESTAMP, TCP_OPT_SACK };
void summary_print_ip_opt(struct weir_buf *b, const uint8_t *opt, uint32_t len);
void summary_print_tcp_opt(struct weir_buf *b, const uint8_t *opt, uint32_t len, int which);
// Up to 40 bytes into out; their number, or -1 if the text is broken.
int summary_parse_ip_opt(const char *text, uint8_t *out);
int summary_parse_tcp_opt(const char *text, uint8_t *out);
