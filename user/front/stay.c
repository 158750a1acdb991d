// SPDX-License-Identifier: BSD-2-Clause

// The names in bpffs of what elements have in the driver.

#include "parts.h"
#include "tree.h"

#include <bpf/libbpf.h>

#include <string.h>

// Is a map of the class's own called like a file that every element has?
static bool is_taken(const char *name)
{
	static const char *const TAKEN[] = {"program", "arguments", "counts", "state", "out"};

	for (size_t i = 0; i < sizeof(TAKEN) / sizeof(*TAKEN); i++)
		if (!strcmp(name, TAKEN[i]))
			return true;
	return !strncmp(name, "exit", strlen("exit"));
}

// What a map is called for people; NULL: it tells nothing.
static const char *name_of(const struct bpf_map *map)
{
	static const struct {
		const char *map, *name;
	} NAMES[] = {{"weir_out", "out"}, {"weir_counts", "counts"}, {"weir_state", "state"}};
	const char *name = bpf_map__name(map);

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++)
		if (!strcmp(name, NAMES[i].map))
			return NAMES[i].name;
	if (!strcmp(name, "weir_beat")) // `beat` of the router
		return NULL;
	if (strstr(name, ".rodata.self"))
		return "arguments";
	return strchr(name, '.') ? NULL : name;
}

int front_pin_element(const struct weir_front *f, const struct weir_element *e, const char *dir)
{
	const struct front_program *p = &f->programs[e->index];
	struct bpf_map *map;
	char folder[TREE_PATH];
	int rc;

	tree_element(folder, sizeof(folder), e->name);
	rc = tree_pin(p->fd, "%s/%s/program", dir, folder);
	bpf_object__for_each_map(map, p->object)
	{
		const char *name = name_of(map);

		if (!rc && name)
			rc = tree_pin(bpf_map__fd(map), "%s/%s/%s%s", dir, folder, name,
				      is_taken(bpf_map__name(map)) ? "~" : "");
	}
	return rc;
}

int front_pin(const struct weir_front *f, const char *dir)
{
	int rc = tree_pin(f->common.beat_fd, "%s/beat", dir);
	char folder[TREE_PATH];

	for (unsigned i = 0; !rc && i < f->plan->router->n_elements; i++)
		if (f->programs[i].object)
			rc = front_pin_element(f, f->plan->router->elements[i], dir);
	for (unsigned i = 0; !rc && i < f->n_exits; i++) {
		tree_element(folder, sizeof(folder), f->exits[i].element->name);
		rc = tree_pin(f->exits[i].counts_fd, "%s/%s/exit%u", dir, folder,
			      f->exits[i].input);
	}
	return rc;
}

void front_stays(struct weir_front *f, const char *dir)
{
	f->stays = dir;
}
