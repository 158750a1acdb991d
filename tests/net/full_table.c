// SPDX-License-Identifier: BSD-2-Clause

// Prints the prefixes of a made-up full table, one a line: full_table 4|6 N
// Or COUNT addresses in it, as on the wire: full_table 4|6 N even|zipf COUNT
//
// even: each prefix is as likely as the others. zipf: the one of rank k is so 1/k times as often as
// the first, which is roughly how the traffic of a provider is spread over prefixes.

#include <arpa/inet.h>
#include <full_table.h>
#include <math.h>
#include <rnd.h>
#include <stdbool.h>
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

static uint64_t seed = 1;

static double uniform(void)
{
	return (double)(rnd64(&seed) >> 11) * 0x1p-53;
}

// One of n routes. Rank and place in the table have nothing to do with each other.
static size_t draw(size_t n, bool zipf)
{
	double u = uniform();
	size_t rank = (size_t)(zipf ? exp(u * log((double)n + 1)) - 1 : u * (double)n);

	return (rank < n ? rank : n - 1) * 2654435761u % n;
}

static int addresses4(size_t n, bool zipf, size_t count)
{
	struct full_route *r = full_table(n);

	for (size_t i = 0; r && i < count; i++) {
		uint32_t a = htonl(full_table_address(&r[draw(n, zipf)], 1, &seed));

		fwrite(&a, sizeof(a), 1, stdout);
	}
	free(r);
	return r ? 0 : 1;
}

static int addresses6(size_t n, bool zipf, size_t count)
{
	struct table6_route *r = table6_new(n);
	uint8_t bytes[16];

	for (size_t i = 0; r && i < count; i++) {
		weir_ip6_write(bytes, table6_inside(&r[draw(n, zipf)]));
		fwrite(bytes, sizeof(bytes), 1, stdout);
	}
	free(r);
	return r ? 0 : 1;
}

int main(int argc, char **argv)
{
	size_t n = argc == 3 || argc == 5 ? strtoul(argv[2], NULL, 10) : 0,
	       count = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
	bool zipf = argc == 5 && !strcmp(argv[3], "zipf");

	if (n && !strcmp(argv[1], "4"))
		return count ? addresses4(n, zipf, count) : print4(n);
	if (n && !strcmp(argv[1], "6"))
		return count ? addresses6(n, zipf, count) : print6(n);
	fprintf(stderr, "usage: full_table 4|6 N [even|zipf COUNT]\n");
	return 2;
}
