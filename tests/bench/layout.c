// SPDX-License-Identifier: BSD-2-Clause

// Where descriptors and buffers should lie: ten passes over batches of packets, each touching the
// descriptor and the packet's first bytes, with buffers at several distances and the descriptor in
// front of its buffer or in an array of its own. The answer is docs/decisions/004-buffers.md.

#include <weir/packet.h>

#include <figure.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { BUFFERS = 8192, BATCH = 256, PASSES = 10, RUNS = 9, LARGEST = 4288 };

static struct packet *packets[BUFFERS];
static uint8_t *first[BUFFERS]; // bytes of the packet of that number

static __attribute__((noinline)) void pass(struct packet **p, uint8_t **data, unsigned step)
{
	for (unsigned i = 0; i < BATCH; i++) {
		data[i][14 + step]++;
		weir_set_anno_u8(p[i], ANNO_PAINT, data[i][22]);
	}
}

static double measure(void)
{
	uint64_t t = figure_clock();

	for (unsigned at = 0; at < BUFFERS; at += BATCH)
		for (unsigned step = 0; step < PASSES; step++)
			pass(packets + at, first + at, step);
	return (double)(figure_clock() - t) / BUFFERS;
}

static void lay_out(uint8_t *mem, struct packet *array, size_t distance)
{
	for (unsigned i = 0; i < BUFFERS; i++) {
		packets[i] = array ? &array[i] : (struct packet *)(mem + i * distance);
		first[i] = mem + i * distance + 448;
	}
}

int main(void)
{
	static const size_t distances[] = {2048, 2240, 4096, 4288};
	size_t size = ((size_t)BUFFERS * LARGEST + (2 << 20)) & ~((size_t)(2 << 20) - 1);
	uint8_t *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct packet *array = aligned_alloc(64, BUFFERS * sizeof(*array));
	struct figure f[8] = {};
	char name[8][64];

	if (mem == MAP_FAILED || !array)
		return 1;
	madvise(mem, size, MADV_HUGEPAGE);
	memset(mem, 0, size);
	memset(array, 0, BUFFERS * sizeof(*array));
	for (unsigned run = 0; run < RUNS; run++)
		for (unsigned k = 0; k < 8; k++) {
			lay_out(mem, k & 1 ? array : NULL, distances[k / 2]);
			measure(); // warms
			figure_add(&f[k], measure());
		}
	for (unsigned k = 0; k < 8; k++) {
		snprintf(name[k], sizeof(name[k]), "buffers %zu apart, descriptor %s",
			 distances[k / 2], k & 1 ? "in an array" : "in front");
		f[k].name = name[k];
		f[k].unit = "ns";
		figure_print(&f[k]);
		figure_free(&f[k]);
	}
	free(array);
	return 0;
}
