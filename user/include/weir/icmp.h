// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Names of ICMP types and codes, as Click writes and reads them.

// NULL: it has no name.
const char *weir_icmp_type_name(unsigned type);
const char *weir_icmp_code_name(unsigned type, unsigned code);
// -1: there is no such name.
int weir_icmp_type(const char *name);
int weir_icmp_code(unsigned type, const char *name);

// Those of ICMPv6, which Click gives no names.
int weir_icmp6_type(const char *name);
int weir_icmp6_code(unsigned type, const char *name);
