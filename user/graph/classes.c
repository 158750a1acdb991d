// SPDX-License-Identifier: BSD-2-Clause
#include <args_table.h>
#include <errno.h>
#include <graph.h>
#include <packages.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

extern const struct weir_class *const __start_weir_class_list[], *const __stop_weir_class_list[];

static const struct weir_class **sorted;
static unsigned n_sorted;

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct weir_class *const *)a)->name,
		      (*(const struct weir_class *const *)b)->name);
}

// Mistakes in weir's own classes, such as two of one name, end the program.
static void sort_classes(void)
{
	// bounds of one section, which the linker sets
	// cppcheck-suppress comparePointers
	n_sorted = (unsigned)(__stop_weir_class_list - __start_weir_class_list);
	sorted = calloc(n_sorted + 1, sizeof(*sorted));
	if (!sorted)
		abort();
	for (unsigned i = 0; i < n_sorted; i++)
		sorted[i] = __start_weir_class_list[i];
	qsort(sorted, n_sorted, sizeof(*sorted), by_name);
	for (unsigned i = 0; i < n_sorted; i++) {
		const char *arg, *mistake = weir_class_mistake(sorted[i], &arg);

		if (mistake) {
			fprintf(stderr, "%s: class %s, argument %s: %s\n", sorted[i]->file,
				sorted[i]->name, arg, mistake);
			abort();
		}
	}
	for (unsigned i = 1; i < n_sorted; i++)
		if (!strcmp(sorted[i - 1]->name, sorted[i]->name)) {
			fprintf(stderr, "two classes are named %s: %s and %s\n", sorted[i]->name,
				sorted[i - 1]->file, sorted[i]->file);
			abort();
		}
}

unsigned weir_classes(const struct weir_class *const **v)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, sort_classes);
	*v = sorted;
	return n_sorted;
}

const struct weir_class *weir_class_find(const char *name)
{
	const struct weir_class *const *v;
	unsigned n = weir_classes(&v);
	const struct weir_class key = {.name = name}, *k = &key;
	const struct weir_class **hit = bsearch(&k, v, n, sizeof(*v), by_name);

	return hit ? *hit : NULL;
}

static int check_new(const struct weir_class *c, const char *file, struct weir_err *err)
{
	const struct weir_class *known = weir_class_find(c->name);
	const char *arg, *mistake = weir_class_mistake(c, &arg), *folder;

	if (mistake)
		return weir_error(err, NULL, "%s: class %s, argument %s: %s", file, c->name, arg,
				  mistake);
	if (!known)
		return 0;
	folder = weir_class_folder(known);
	return weir_error(err, NULL,
			  "%s: class %s is there already, from %s%s%s: give it another name", file,
			  c->name, folder ? folder : "weir itself", folder ? "/" : "",
			  folder ? known->file : "");
}

int weir_classes_add(const struct weir_class *const *begin, const struct weir_class *const *end,
		     const char *file, struct weir_err *err)
{
	const struct weir_class *const *now;
	unsigned n = weir_classes(&now), more = (unsigned)(end - begin);
	const struct weir_class **v;
	int rc = 0;

	for (unsigned i = 0; i < more; i++)
		if (check_new(begin[i], file, err))
			rc = -EINVAL;
	if (rc)
		return rc;
	v = reallocarray(sorted, n + more + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	sorted = v;
	memcpy(v + n, begin, more * sizeof(*v));
	n_sorted = n + more;
	qsort(sorted, n_sorted, sizeof(*sorted), by_name);
	return 0;
}

// Edit distance, case-blind; a name longer than the table is never near.
static unsigned distance(const char *a, const char *b)
{
	enum { LONGEST = 64 };
	unsigned row[LONGEST + 1], la = (unsigned)strlen(a), lb = (unsigned)strlen(b);

	if (la > LONGEST || lb > LONGEST)
		return LONGEST;
	for (unsigned j = 0; j <= lb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			unsigned change = diagonal + !!strncasecmp(a + i - 1, b + j - 1, 1);
			unsigned best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

			diagonal = row[j];
			row[j] = change < best ? change : best;
		}
	}
	return row[lb];
}

const char *weir_class_nearest(const char *name)
{
	const struct weir_class *const *v;
	unsigned n = weir_classes(&v), best = 1 + (unsigned)strlen(name) / 4;
	const char *near = NULL;

	for (unsigned i = 0; i < n; i++) {
		unsigned d = distance(name, v[i]->name);

		if (d < best || (d == best && !near)) {
			best = d;
			near = v[i]->name;
		}
	}
	return near;
}

const char *weir_ports_code(const struct weir_class *c)
{
	return c->ports ? c->ports : "1/1";
}

const char *weir_processing_code(const struct weir_class *c)
{
	return c->processing ? c->processing : "a/a";
}

const char *weir_flow_code(const struct weir_class *c)
{
	return c->flow ? c->flow : "x/x";
}
