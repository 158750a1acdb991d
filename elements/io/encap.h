// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Encapsulations of pcap files, by Click's names, and where IP begins in each.

#include <weir/packet.h>

// -1 if there is no such name; names are compared without case.
int encap_parse(const char *name);
// For others than those with a name the number, in buf.
const char *encap_name(int dlt, char *buf, size_t size);
// Can FORCE_IP find the IP header in this encapsulation?
bool encap_has_ip(int dlt);
// Marks the IPv4 header (and the link header where it is Ethernet). False if there is none.
bool encap_mark_ip(int dlt, struct packet *p);
