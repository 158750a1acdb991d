// SPDX-License-Identifier: BSD-2-Clause
#include "encap.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <strings.h>

// Bytes before the network header, and where in them its type stands; type_len 0: no type.
static const struct encap {
	const char *name;
	int dlt;
	uint8_t len, type_at, type_len;
	bool has_ip;
} encaps[] = {
	{"ETHER", DLT_EN10MB, 14, 12, 2, true},
	{"IP", DLT_RAW, 0, 0, 0, true},
	{"NULL", DLT_NULL, 4, 0, 0, true},
	{"LOOP", DLT_LOOP, 4, 0, 0, true},
	{"SLL", DLT_LINUX_SLL, 16, 14, 2, true},
	{"SLL2", DLT_LINUX_SLL2, 20, 0, 2, true},
	{"HDLC", DLT_C_HDLC, 4, 2, 2, true},
	{"PPP_HDLC", DLT_PPP_SERIAL, 4, 2, 2, false},
	{"PPP", DLT_PPP, 0, 0, 0, false},
	{"FDDI", DLT_FDDI, 0, 0, 0, false},
	{"ATM", DLT_ATM_RFC1483, 0, 0, 0, false},
	{"802_11", DLT_IEEE802_11, 0, 0, 0, false},
	{"802_11_RADIO", DLT_IEEE802_11_RADIO, 0, 0, 0, false},
	{"PRISM", DLT_PRISM_HEADER, 0, 0, 0, false},
	{"AIRONET", DLT_AIRONET_HEADER, 0, 0, 0, false},
};

enum { N_ENCAPS = sizeof(encaps) / sizeof(*encaps) };

static const struct encap *find(int dlt)
{
	for (unsigned i = 0; i < N_ENCAPS; i++)
		if (encaps[i].dlt == dlt)
			return &encaps[i];
	return NULL;
}

int encap_parse(const char *name)
{
	for (unsigned i = 0; i < N_ENCAPS; i++)
		if (!strcasecmp(encaps[i].name, name))
			return encaps[i].dlt;
	return -1;
}

const char *encap_name(int dlt, char *buf, size_t size)
{
	const struct encap *e = find(dlt);

	snprintf(buf, size, "%d", dlt);
	return e ? e->name : buf;
}

bool encap_has_ip(int dlt)
{
	const struct encap *e = find(dlt);

	return e && e->has_ip;
}

static uint16_t type_at(struct packet *p, uint32_t off)
{
	const be16 *t = weir_at(p, off, 2);

	return t ? rd16(*t) : 0;
}

bool encap_mark_ip(int dlt, struct packet *p)
{
	const struct encap *e = find(dlt);
	const struct ip4 *ip;
	uint32_t off, hlen;

	if (!e || !e->has_ip)
		return false;
	off = e->len;
	if (e->type_len) {
		uint16_t type = type_at(p, e->type_at);

		while (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) {
			type = type_at(p, off + 2);
			off += 4;
		}
		if (type != ETHERTYPE_IP4)
			return false;
	}
	ip = weir_at(p, off, sizeof(*ip));
	if (!ip || ip->vihl >> 4 != 4)
		return false;
	hlen = (ip->vihl & 15) * 4u;
	if (hlen < sizeof(*ip) || !weir_at(p, off, hlen))
		return false;
	weir_set_network(p, off, hlen);
	return true;
}
