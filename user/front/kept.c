// SPDX-License-Identifier: BSD-2-Clause
#include "kept.h"

#include "parts.h"
#include "tree.h"

#include <bpf/libbpf.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char FORM[] = "weir-kept 1\n", CONFIG[] = "config\n";

// --- writing ---
static void write_programs(const struct weir_front *f, FILE *out)
{
	const struct weir_router *r = f->plan->router;

	for (unsigned i = 0; i < r->n_connections; i++) {
		const struct weir_connection *c = &r->connections[i];

		if (weir_plan_is_inside(f->plan, c))
			fprintf(out, "inside %s %u %s\n", c->from->name, c->from_port, c->to->name);
	}
	for (struct weir_device *d = weir_router_devices(f->plan->router); d && f->before;
	     d = d->next)
		fprintf(out, "interface %s %" PRIu64 " %" PRIu64 "\n", weir_device_name(d),
			f->before[d->index - 1].taken, f->before[d->index - 1].refused);
}

int front_kept_write(const struct weir_front *f, const char *file, const char *const *folders)
{
	char *config = lang_unparse(&f->plan->router->flat), *folder;
	FILE *out = config ? fopen(file, "we") : NULL;

	if (!out) {
		free(config);
		return config ? -errno : -ENOMEM;
	}
	fprintf(out, "%ssince %" PRIu64 "\n", FORM, f->since);
	for (; folders && *folders; folders++) {
		folder = realpath(*folders, NULL);
		fprintf(out, "folder %s\n", folder ?: *folders);
		free(folder);
	}
	write_programs(f, out);
	fprintf(out, "%s%s", CONFIG, config);
	free(config);
	return fclose(out) ? -EIO : 0;
}

// --- reading ---
// The rest of the file.
static char *read_rest(FILE *in)
{
	struct weir_buf text = {};
	char chunk[4096];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), in)))
		weir_append(&text, chunk, n);
	if (text.failed)
		weir_buf_free(&text);
	return text.text;
}

static int add_folder(struct kept *k, const char *folder)
{
	size_t n = 0;
	const char **more;

	while (k->folders && k->folders[n])
		n++;
	more = reallocarray((void *)k->folders, n + 2, sizeof(*more));
	if (!more)
		return -ENOMEM;
	k->folders = more;
	k->folders[n] = strdup(folder);
	k->folders[n + 1] = NULL;
	return k->folders[n] ? 0 : -ENOMEM;
}

static int read_line(struct kept *k, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(line, "folder ", 7))
		return add_folder(k, line + 7);
	sscanf(line, "since %" SCNu64, &k->since);
	return 0;
}

int front_kept_open(struct kept *k, const char *file)
{
	char *line = NULL;
	size_t size = 0;
	int rc = 0;

	*k = (struct kept){.file = fopen(file, "re")};
	if (!k->file)
		return -errno;
	if (getline(&line, &size, k->file) < 0 || strcmp(line, FORM) != 0)
		rc = -EINVAL;
	while (!rc && getline(&line, &size, k->file) >= 0 && strcmp(line, CONFIG) != 0)
		rc = read_line(k, line);
	free(line);
	if (!rc)
		k->config = read_rest(k->file);
	rewind(k->file);
	return rc ?: k->config ? 0 : -EINVAL;
}

void front_kept_close(struct kept *k)
{
	for (size_t i = 0; k->folders && k->folders[i]; i++)
		free((void *)k->folders[i]);
	free((void *)k->folders);
	free(k->config);
	if (k->file)
		fclose(k->file);
	*k = (struct kept){};
}

static void read_inside(struct weir_plan *plan, const char *from, unsigned port, const char *to)
{
	struct weir_router *r = plan->router;

	for (unsigned i = 0; i < r->n_connections; i++) {
		const struct weir_connection *c = &r->connections[i];

		if (c->from_port == port && !strcmp(c->from->name, from) &&
		    !strcmp(c->to->name, to))
			plan->back[i] = false;
	}
}

static void read_interface(struct weir_front *f, const char *name, struct weir_xsk_taken before)
{
	for (struct weir_device *d = weir_router_devices(f->plan->router); d; d = d->next)
		if (!strcmp(weir_device_name(d), name))
			f->before[d->index - 1] = before;
}

static void read_programs(struct weir_front *f, struct kept *k, bool here)
{
	char *line = NULL, from[TREE_PATH], to[TREE_PATH];
	struct weir_xsk_taken t = {};
	size_t size = 0;
	unsigned port;

	while (getline(&line, &size, k->file) >= 0 && strcmp(line, CONFIG) != 0)
		if (sscanf(line, "inside %511s %u %511s", from, &port, to) == 3)
			read_inside(f->plan, from, port, to);
		else if (here && sscanf(line, "interface %511s %" SCNu64 " %" SCNu64, from,
					&t.taken, &t.refused) == 3)
			read_interface(f, from, t);
	free(line);
}

// --- what is pinned ---
static void look_at_entry(struct weir_front *f, const struct weir_element *e, const char *dir)
{
	struct weir_device *d = weir_device_of(e);
	char quoted[TREE_PATH];

	if (!d)
		return;
	tree_quote(quoted, sizeof(quoted), weir_device_name(d));
	f->entry_fd[e->index] = tree_get("%s/interfaces/%s/counts", dir, quoted);
	if (f->entry_fd[e->index] >= 0)
		f->devices[e->index] = d;
}

static void look_at_program(struct weir_front *f, const struct weir_element *e, const char *dir)
{
	struct front_program *p = &f->programs[e->index];
	char folder[TREE_PATH];

	tree_element(folder, sizeof(folder), e->name);
	if (!tree_has("%s/%s/program", dir, folder))
		return;
	p->counts_fd = tree_get("%s/%s/counts", dir, folder);
	p->state_fd = tree_get("%s/%s/state", dir, folder);
	p->n_counts = front_n_counts(e);
	p->state_size = p->state_fd >= 0 ? e->class->state_size : 0;
}

static int look_at_exits(struct weir_front *f, const struct weir_element *e, const char *dir)
{
	char folder[TREE_PATH];

	tree_element(folder, sizeof(folder), e->name);
	for (unsigned input = 0; input < weir_wiring(e)->n_in; input++) {
		int fd = tree_get("%s/%s/exit%u", dir, folder, input);

		if (fd >= 0 && front_add_exit(f, &(struct exit_point){e, input, NULL, fd})) {
			tree_close(fd);
			return -ENOMEM;
		}
	}
	return 0;
}

static int look_at(struct weir_front *f, const struct weir_element *e, const char *dir)
{
	if (weir_is_entry(e))
		look_at_entry(f, e, dir);
	else
		look_at_program(f, e, dir);
	if (f->devices[e->index] || f->programs[e->index].n_counts)
		f->plan->placed[e->index].side = WEIR_DRIVER;
	return look_at_exits(f, e, dir);
}

int front_kept_half(struct weir_front **out, struct weir_plan *plan, struct weir_router *r,
		    struct kept *k, const char *dir, bool here)
{
	int rc;

	*plan = (struct weir_plan){
		.router = r,
		.placed = calloc(r->n_elements + 1, sizeof(*plan->placed)),
		.back = malloc(r->n_connections + 1),
	};
	if (!plan->placed || !plan->back)
		return -ENOMEM;
	memset(plan->back, true, r->n_connections + 1);
	rc = front_make(out, plan);
	for (unsigned i = 0; !rc && i < r->n_elements; i++)
		rc = look_at(*out, r->elements[i], dir);
	if (rc)
		return rc;
	(*out)->since = k->since;
	(*out)->stays = dir;
	if (here)
		rc = front_make_before(*out);
	read_programs(*out, k, here);
	return rc;
}
