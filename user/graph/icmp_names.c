// SPDX-License-Identifier: BSD-2-Clause
#include <weir/icmp.h>

#include <stddef.h>
#include <string.h>

enum { N_TYPES = 19, N_CODES = 16 };

static const char *const types[N_TYPES] = {
	[0] = "echo-reply",
	[3] = "unreachable",
	[4] = "sourcequench",
	[5] = "redirect",
	[8] = "echo",
	[9] = "routeradvert",
	[10] = "routersolicit",
	[11] = "timeexceeded",
	[12] = "parameterproblem",
	[13] = "timestamp",
	[14] = "timestamp-reply",
	[15] = "inforeq",
	[16] = "inforeq-reply",
	[17] = "maskreq",
	[18] = "maskreq-reply",
};

static const char *const codes[N_TYPES][N_CODES] = {
	[3] = {"net", "host", "protocol", "port", "needfrag", "srcroutefail", "netunknown",
	       "hostunknown", "isolated", "netprohibited", "hostprohibited", "nettos", "hosttos",
	       "filterprohibited", "hostprecedence", "cutoff"},
	[5] = {"net", "host", "tosnet", "toshost"},
	[11] = {"transit", "reassembly"},
	[12] = {"erroratptr", "missingopt", "length"},
};

const char *weir_icmp_type_name(unsigned type)
{
	return type < N_TYPES ? types[type] : NULL;
}

const char *weir_icmp_code_name(unsigned type, unsigned code)
{
	return type < N_TYPES && code < N_CODES ? codes[type][code] : NULL;
}

int weir_icmp_type(const char *name)
{
	for (int i = 0; i < N_TYPES; i++)
		if (types[i] && !strcmp(types[i], name))
			return i;
	return -1;
}

int weir_icmp_code(unsigned type, const char *name)
{
	for (int i = 0; type < N_TYPES && i < N_CODES; i++)
		if (codes[type][i] && !strcmp(codes[type][i], name))
			return i;
	return -1;
}

enum { N_ERRORS6 = 5, N_CODES6 = 7, ECHO6 = 128, ECHO6_REPLY = 129, REDIRECT6 = 137 };

static const char *const errors6[N_ERRORS6] = {
	[1] = "unreachable",
	[2] = "toobig",
	[3] = "timeexceeded",
	[4] = "parameterproblem",
};

static const char *const codes6[N_ERRORS6][N_CODES6] = {
	[1] = {"noroute", "prohibited", "beyondscope", "address", "port", "policyfail",
	       "rejectroute"},
	[3] = {"transit", "reassembly"},
	[4] = {"header", "nextheader", "option"},
};

int weir_icmp6_type(const char *name)
{
	for (int i = 0; i < N_ERRORS6; i++)
		if (errors6[i] && !strcmp(errors6[i], name))
			return i;
	if (!strcmp(name, "echo"))
		return ECHO6;
	if (!strcmp(name, "echo-reply"))
		return ECHO6_REPLY;
	return strcmp(name, "redirect") ? -1 : REDIRECT6;
}

int weir_icmp6_code(unsigned type, const char *name)
{
	for (int i = 0; type < N_ERRORS6 && i < N_CODES6; i++)
		if (codes6[type][i] && !strcmp(codes6[type][i], name))
			return i;
	return -1;
}
