// SPDX-License-Identifier: BSD-2-Clause

// Prints the prefixes of a made-up full table, one a line: full_table 4|6 N

#include <arpa/inet.h>
#include <full_table.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table6.h>

static int print4(size_t n)
{
	struct full_route *r = full_table(n);

	for (size_t i = 0; r && i < n; i++)
		printf("%u.%u.%u.%u/%u\n", r[i].prefix >> 24, r[i].prefix >> 16 & 255,
		       r[i].prefix >> 8 & 255, r[i].prefix & 255, r[i].len);
	free(r);
	return r ? 0 : 1;
}

static int print6(size_t n)
{
	struct table6_route *r = table6_new(n);
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	for (size_t i = 0; r && i < n; i++) {
		weir_ip6_write(bytes, r[i].prefix);
		printf("%s/%u\n", inet_ntop(AF_INET6, bytes, text, sizeof(text)), r[i].len);
	}
	free(r);
	return r ? 0 : 1;
}

int main(int argc, char **argv)
{
	size_t n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (n && !strcmp(argv[1], "4"))
		return print4(n);
	if (n && !strcmp(argv[1], "6"))
		return print6(n);
	fprintf(stderr, "usage: full_table 4|6 N\n");
	return 2;
}
