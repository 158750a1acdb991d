// SPDX-License-Identifier: BSD-2-Clause

// Memory that may outlive the process: where nobody has any, it is plain.

#include <weir/persist.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <graph.h>

enum { N = 300000, SIZE = 64 };

static uint8_t given[64];

// Has memory of version 1 only, and knows nothing of names with an x.
static int give(void *arg, struct weir_persist *k, const struct weir_element *, const char *name,
		uint32_t version, struct weir_err *err)
{
	(*(unsigned *)arg)++;
	if (strchr(name, 'x'))
		return -ENOENT;
	if (version != 1) {
		weir_error(err, NULL, "another version");
		return -EEXIST;
	}
	k->at = given;
	k->found = true;
	return 0;
}

Test(persist, is_plain_without_anybody)
{
	struct weir_router r = {};
	struct weir_element e = {.router = &r, .name = "e"};
	struct weir_err err = {};
	struct weir_persist k;
	uint8_t *v;

	cr_assert_eq(weir_persist_open(&k, &e, "some", N, SIZE, 1, &err), 0);
	v = k.at;
	cr_assert(v && k.fd == -1 && !k.found && k.n == N && k.value_size == SIZE);
	cr_assert_eq((uintptr_t)v % 4096, 0);
	for (size_t i = 0; i < (size_t)N * SIZE; i += 4096)
		cr_assert_eq(v[i], 0);
	v[(size_t)N * SIZE - 1] = 1;
	weir_persist_close(&k);
	cr_assert(!k.at);
	weir_persist_close(&k);
	weir_persist_close(&(struct weir_persist){});
	cr_assert_eq(weir_persist_open(&k, &e, "some", 1u << 31, 1 << 20, 1, &err), -ENOMEM);
	weir_persist_close(&k);
	cr_assert_eq(err.n_errors, 0);
}

Test(persist, asks_who_has_it)
{
	unsigned asked = 0;
	struct weir_router r = {.memory = give, .memory_arg = &asked};
	struct weir_element e = {.router = &r, .name = "e"};
	struct weir_err err = {};
	struct weir_persist k;

	cr_assert_eq(weir_persist_open(&k, &e, "some", 8, 8, 1, &err), 0);
	cr_assert(k.at == given && k.found);
	cr_assert_eq(weir_persist_open(&k, &e, "some", 8, 8, 2, &err), -EEXIST);
	cr_assert_eq(err.n_errors, 1);
	weir_persist_close(&k);
	cr_assert_eq(weir_persist_open(&k, &e, "x", 8, 8, 2, &err), 0);
	cr_assert(k.at && k.at != given && !k.found);
	weir_persist_close(&k);
	cr_assert_eq(asked, 3);
	weir_err_free(&err);
}
