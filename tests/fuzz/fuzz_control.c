// SPDX-License-Identifier: BSD-2-Clause

// Any bytes as the arguments of any class, and any bytes on a control connection, in pieces. The
// first byte says which.

#include <args_table.h>
#include <names.h>
#include <protocol.h>
#include <session.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Arguments: configure must take them or say why not, and what it made must come down again.
static void fuzz_arguments(const uint8_t *data, size_t size)
{
	const struct weir_class *const *classes;
	unsigned n = weir_classes(&classes);
	struct weir_router router = {};
	struct weir_err err = {};
	struct weir_element e = {.name = "a/x", .router = &router, .n_in = 1, .n_out = 2};
	struct weir_element *all[] = {&e};
	char *text;
	int rc;

	if (size < 2)
		return;
	e.class = classes[data[0] % n];
	text = strndup((const char *)data + 1, size - 1);
	e.config = text;
	e.self = calloc(1, e.class->self_size + 1);
	router.elements = all;
	router.n_elements = 1;
	if (!text || !e.self || weir_names_init(&router.names) < 0)
		abort();
	rc = weir_configure(&e, text, NULL, &err);
	if ((rc < 0) != (err.n_errors > 0)) {
		fprintf(stderr, "%s(%s): %d, but %u errors\n", e.class->name, text, rc,
			err.n_errors);
		abort();
	}
	if (e.class->fini)
		e.class->fini(&e);
	weir_unconfigure(&e);
	weir_names_free(router.names);
	if (router.free_devices)
		router.free_devices(router.devices);
	weir_err_free(&err);
	free(e.self);
	free(text);
}

static struct weir_router *open_router(void)
{
	static struct session s;
	const struct session_options opt = {
		.text = "Idle -> c :: Counter -> q :: Queue -> u :: Unqueue -> d :: Discard;\n"
			"s :: Script(TYPE PROXY, set x $1, return $args);\n"
			"i :: IPClassifier(tcp, -); Idle -> i => d, d;\n",
		.engine = {.n_workers = 1, .simtime = true},
	};
	struct weir_err err = {};

	if (s.router)
		return s.router;
	if (session_check(&s, &opt, &err) < 0 || session_open(&s, &opt, &err) < 0) {
		fprintf(stderr, "%s", err.text);
		abort();
	}
	return s.router;
}

static void fuzz_protocol(const uint8_t *data, size_t size)
{
	struct protocol p = {.router = open_router()};
	size_t piece = size ? data[0] + 1u : 1, at = 1;

	for (; at < size && !p.ended; at += piece) {
		weir_append(&p.in, data + at, size - at < piece ? size - at : piece);
		protocol_run(&p);
	}
	p.eof = true;
	protocol_run(&p);
	if (!p.ended && p.in.len)
		abort(); // a command that waits for what will not come
	weir_buf_free(&p.in);
	weir_buf_free(&p.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		fuzz_arguments(data + 1, size - 1);
	else
		fuzz_protocol(data + 1, size - 1);
	return 0;
}
