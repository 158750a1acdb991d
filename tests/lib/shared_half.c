// SPDX-License-Identifier: BSD-2-Clause
#include "shared_half.h"

#include <abi/front.h>
#include <pkt.h>
#include <reader.h>
#include <stdio.h>
#include <stdlib.h>

const char *half_build;
unsigned half_passed, half_failed;

void half_check(bool ok, const char *what)
{
	if (ok) {
		half_passed++;
		return;
	}
	fprintf(stderr, "FAIL %s\n", what);
	half_failed++;
}

void half_need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "half: %s\n", what);
	exit(1);
}

void half_load(struct half *h)
{
	struct weir_front_args a;

	half_need(program_ask(h->e, &a) && program_load(&h->prog, h->file, h->e, &a),
		  "the program does not load");
	for (unsigned i = 0; i < a.n_share; i++)
		half_need(a.share[i].fd > 0 || reader_share(h->prog.object, &a.share[i]),
			  "a map cannot be shared");
}

static void moved(struct weir_front *front, const struct weir_element *)
{
	struct half *h = (struct half *)front;

	h->moved++;
	program_close(&h->prog);
	half_load(h);
}

struct weir_router *half_configure(const char *text)
{
	struct weir_router *r = NULL;
	struct lang_router flat = {};
	struct weir_err err = {};

	half_need(!lang_parse(&flat, "half", text, strlen(text), NULL, 0, &err) &&
			  !weir_router_build(&r, &flat, &err) && !weir_router_init(r, &err),
		  err.text ? err.text : text);
	weir_err_free(&err);
	return r;
}

void half_open(struct half *h, const char *file, const char *text)
{
	struct weir_engine_options opt = {.n_workers = 1};
	struct weir_err err = {};

	*h = (struct half){.r = half_configure(text)};
	half_need(!weir_engine_open(&h->engine, h->r, &opt, &err), "no engine");
	snprintf(h->file, sizeof(h->file), "%s/elements/%s.bpf.o", half_build, file);
	h->e = weir_find(h->r, "e");
	half_load(h);
	h->r->front = (struct weir_front *)h;
	h->r->front_moved = moved;
}

void half_close(struct half *h)
{
	program_close(&h->prog);
	weir_engine_close(h->engine);
	weir_router_free(h->r);
	free(h->p);
}

void half_write(struct half *h, const char *handler, const char *value)
{
	struct weir_err err = {};

	if (weir_handler_write(h->r, handler, value, &err)) {
		fprintf(stderr, "%s\n", err.text);
		half_need(false, value);
	}
	weir_err_free(&err);
}

int half_leaves_by(struct half *h, uint32_t dst)
{
	char text[64];

	snprintf(text, sizeof(text), "ip4 dst_ip=%u.%u.%u.%u", dst >> 24, dst >> 16 & 255,
		 dst >> 8 & 255, dst & 255);
	return half_sends(h, text);
}

int half_sends(struct half *h, const char *packet)
{
	struct pkt k = {};

	free(h->p);
	pkt_parse(&k, packet, strlen(packet));
	h->p = pkt_new(&k);
	pkt_free(&k);
	half_need(h->p, packet);
	return program_run(&h->prog, h->p);
}
