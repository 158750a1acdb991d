// SPDX-License-Identifier: BSD-2-Clause

// Behind each interface one program compiled out of all elements that its packets can come to in
// the driver (user/compile). It takes a moment, in a process of its own, and the router runs
// meanwhile on the elements' programs; they stay for what the compiled path does not contain, and
// for when it cannot be had.

#include "parts.h"

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <abi/dag.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <packages.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PORTS = 12, // outputs that can lead on within a path (bpf/include/weir/element.h)
	MOST = 48,  // elements of a path
	LEAST = 6,  // with fewer it is not worth another try
	STEPS = 64, // of a rule list that becomes code
	NAME = 64,  // of a symbol, as user/compile writes it
	NICE = 10,  // packets go first
};

struct front_compile {
	const struct weir_connection *start;
	unsigned most, n; // elements: permitted, and in it
	pid_t pid;
	int object_fd, words_fd;
	int pid_fd; // watched; -1: somebody waits for the process
};

// --- what is to be compiled ---
struct unit {
	const struct weir_front *f;
	FILE *out;
	bool *in; // by element index
	unsigned n, most;
	struct weir_path path;
};

static const struct bpf_map *frozen(const struct front_program *p, const char *section)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map,
				 p->object) if (strstr(bpf_map__name(map), section)) return map;
	return NULL;
}

static void write_bytes(FILE *out, const void *v, size_t size)
{
	for (size_t i = 0; i < size; i++)
		fprintf(out, "%02x", ((const uint8_t *)v)[i]);
	fputc('\n', out);
}

static void write_value(struct unit *u, const struct weir_element *e, const char *name,
			const void *v, size_t size)
{
	fprintf(u->out, "value %u %s ", e->index, name);
	write_bytes(u->out, v, size);
}

static void write_list(struct unit *u, const struct weir_element *e)
{
	struct weir_dag_step steps[STEPS];
	const struct bpf_map *map =
		bpf_object__find_map_by_name(u->f->programs[e->index].object, "weir_steps");
	__u32 zero = 0;

	if (!map || bpf_map__value_size(map) > sizeof(steps) ||
	    bpf_map_lookup_elem(bpf_map__fd(map), &zero, steps))
		return;
	fprintf(u->out, "list %u ", e->index);
	write_bytes(u->out, steps, bpf_map__value_size(map));
}

static void write_element(struct unit *u, const struct weir_element *e, unsigned input)
{
	const struct front_program *p = &u->f->programs[e->index];
	const struct bpf_map *self = frozen(p, ".rodata.self"), *at = frozen(p, ".rodata.inst");
	struct weir_instance instance = {};
	size_t size = 0;
	const void *v = bpf_map__initial_value((struct bpf_map *)at, &size);

	fprintf(u->out, "element %u %s\n", e->index, u->f->plan->placed[e->index].object);
	memcpy(&instance, v, sizeof(instance));
	instance.path = u->path;
	instance.input = input < front_n_inputs(e) ? input : 0;
	write_value(u, e, "weir_instance", &instance, sizeof(instance));
	v = self ? bpf_map__initial_value((struct bpf_map *)self, &size) : NULL;
	if (v)
		write_value(u, e, "weir_self", v, size);
	write_list(u, e);
	u->in[e->index] = true;
	u->n++;
}

// By which input the path first comes to an element, by that it does; others take a tail call.
static void write_all(struct unit *u, const struct weir_element *e, unsigned input)
{
	write_element(u, e, input);
	for (unsigned i = 0; i < e->n_out && i < PORTS; i++) {
		const struct weir_connection *c = front_connection(e, i);

		if (!c || !weir_plan_is_inside(u->f->plan, c) || u->in[c->to->index] ||
		    u->n == u->most)
			continue;
		write_all(u, c->to, c->to_port);
		fprintf(u->out, "next %u %u %u\n", e->index, i, c->to->index);
	}
}

// A file in memory with the lines for user/compile; or -errno.
static int describe(const struct weir_front *f, struct front_compile *c)
{
	struct unit u = {
		.f = f, .most = c->most, .in = calloc(f->plan->router->n_elements, sizeof(bool))};
	int fd = memfd_create("weir-compile", MFD_CLOEXEC), copy = fd < 0 ? -1 : dup(fd);

	weir_xsk_path_args(f->devices[c->start->from->index], &u.path);
	u.out = copy < 0 ? NULL : fdopen(copy, "w");
	if (u.out && u.in)
		write_all(&u, c->start->to, c->start->to_port);
	free(u.in);
	c->n = u.n;
	if (u.out && !fclose(u.out) && u.n > 1 && !lseek(fd, 0, SEEK_SET))
		return fd;
	if (fd >= 0)
		close(fd);
	return -ENOENT;
}

// --- the object that comes back ---
// NAME.INDEX of what an element has, into the two halves of an instruction. 0 or -errno.
static int resolve(const struct weir_front *f, const char *symbol, struct bpf_insn *v)
{
	static const struct {
		const char *name, *section;
	} values[] = {{"weir_self", ".rodata.self"}, {"weir_instance", ".rodata.inst"}};
	const char *dot = strrchr(symbol, '.');
	char name[NAME];
	unsigned index;

	if (!dot || sscanf(dot, ".%u", &index) != 1 || index >= f->plan->router->n_elements ||
	    dot - symbol >= NAME)
		return -EINVAL;
	snprintf(name, sizeof(name), "%.*s", (int)(dot - symbol), symbol);
	v[1].imm = v[0].imm;
	v[0].src_reg = BPF_PSEUDO_MAP_VALUE;
	for (unsigned i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (!strcmp(name, values[i].name)) {
			const struct bpf_map *m = frozen(&f->programs[index], values[i].section);

			v[0].imm = m ? bpf_map__fd(m) : -1;
			return v[0].imm < 0 ? -ENOENT : 0;
		}
	v[0].src_reg = BPF_PSEUDO_MAP_FD;
	v[1].imm = 0;
	v[0].imm = bpf_object__find_map_fd_by_name(f->programs[index].object, name);
	return v[0].imm < 0 ? -ENOENT : 0;
}

struct object {
	struct bpf_insn *v; // of the section "xdp"
	size_t n, section;  // its number
	const Elf_Data *moves, *symbols;
	size_t strings; // section of the symbols' names
};

static void read_section(Elf_Scn *s, const GElf_Shdr *h, const char *name, struct object *o)
{
	Elf_Data *d = elf_getdata(s, NULL);

	if (h->sh_type == SHT_PROGBITS && !strcmp(name, "xdp") && d) {
		o->v = d->d_buf;
		o->n = d->d_size / sizeof(*o->v);
		o->section = elf_ndxscn(s);
	} else if (h->sh_type == SHT_REL && !strcmp(name, ".relxdp")) {
		o->moves = d;
	} else if (h->sh_type == SHT_SYMTAB) {
		o->symbols = d;
		o->strings = h->sh_link;
	}
}

static int move_all(const struct weir_front *f, Elf *elf, struct object *o)
{
	GElf_Rel r;
	GElf_Sym s;
	int rc = 0;

	for (int i = 0; o->moves && !rc && gelf_getrel((Elf_Data *)o->moves, i, &r); i++) {
		const size_t at = r.r_offset / sizeof(*o->v);
		const char *name = NULL;

		if (gelf_getsym((Elf_Data *)o->symbols, (int)GELF_R_SYM(r.r_info), &s))
			name = elf_strptr(elf, o->strings, s.st_name);
		if (!name || at + 1 >= o->n || o->v[at].code != (BPF_LD | BPF_IMM | BPF_DW))
			return -EINVAL;
		rc = resolve(f, name, &o->v[at]);
		if (rc)
			dprintf(f->compile->words_fd, "`%s' is no map of an element\n", name);
	}
	return rc;
}

static int load_elf(const struct weir_front *f, const struct weir_element *e, Elf *elf)
{
	const struct bpf_program *p = bpf_object__next_program(f->programs[e->index].object, NULL);
	LIBBPF_OPTS(bpf_prog_load_opts, opt,
		    .expected_attach_type = bpf_program__expected_attach_type(p));
	struct object o = {};
	Elf_Scn *s = NULL;
	size_t names;
	int rc;

	if (!elf || elf_getshdrstrndx(elf, &names))
		return -EINVAL;
	while ((s = elf_nextscn(elf, s))) {
		GElf_Shdr h;
		const char *name = NULL;

		if (gelf_getshdr(s, &h))
			name = elf_strptr(elf, names, h.sh_name);
		if (name)
			read_section(s, &h, name, &o);
	}
	rc = o.v && o.symbols ? move_all(f, elf, &o) : -EINVAL;
	if (rc)
		return rc;
	return bpf_prog_load(BPF_PROG_TYPE_XDP, "weir_compiled", "Dual BSD/GPL", o.v, o.n, &opt);
}

static int load(const struct weir_front *f, const struct weir_element *e, int object_fd)
{
	Elf *elf;
	int fd;

	elf_version(EV_CURRENT);
	elf = elf_begin(object_fd, ELF_C_READ, NULL);
	fd = load_elf(f, e, elf);
	elf_end(elf);
	return fd;
}

// --- the process ---
static const char *command_in(const char *const *dirs)
{
	static char file[PATH_MAX];

	for (; dirs && *dirs; dirs++)
		if (snprintf(file, sizeof(file), "%s/weir-compile", *dirs) < (int)sizeof(file) &&
		    !access(file, X_OK))
			return file;
	return NULL;
}

// Whoever starts the process may be a worker, which has one CPU for its packets. The first thread
// has what the process was given.
static void keep_off_workers(pid_t pid)
{
	cpu_set_t all;

	if (!sched_getaffinity(getpid(), sizeof(all), &all))
		sched_setaffinity(pid, sizeof(all), &all);
	setpriority(PRIO_PROCESS, (id_t)pid, NICE);
}

static int spawn(struct front_compile *c, int in)
{
	char *const argv[] = {"weir-compile", NULL};
	const char *file = command_in(weir_package_folders()) ?: command_in(front_own_dirs());
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	int rc;

	if (!file)
		return -ENOENT;
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, 0);
	posix_spawn_file_actions_adddup2(&files, c->object_fd, 1);
	posix_spawn_file_actions_adddup2(&files, c->words_fd, 2);
	rc = posix_spawn(&c->pid, file, &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	if (!rc)
		keep_off_workers(c->pid);
	return -rc;
}

static void forget(struct weir_front *f)
{
	struct front_compile *c = f->compile;

	if (c->pid_fd >= 0) {
		weir_unwatch_fd(f->watcher, c->pid_fd);
		close(c->pid_fd);
	}
	if (c->object_fd >= 0)
		close(c->object_fd);
	if (c->words_fd >= 0)
		close(c->words_fd);
	free(c);
	f->compile = NULL;
}

// Starts the process for a path of at most so many elements. 0 or -errno; -ENOENT: there is nothing
// to be made one, or nobody to do it.
static int start(struct weir_front *f, const struct weir_connection *from, unsigned most)
{
	struct front_compile *c = malloc(sizeof(*c));
	int in, rc = -ENOMEM;

	if (!c)
		return rc;
	*c = (struct front_compile){
		.start = from,
		.most = most,
		.object_fd = memfd_create("weir-object", MFD_CLOEXEC),
		.words_fd = memfd_create("weir-words", MFD_CLOEXEC),
		.pid_fd = -1,
	};
	f->compile = c;
	in = describe(f, c);
	if (in >= 0) {
		rc = c->object_fd < 0 || c->words_fd < 0 ? -EMFILE : spawn(c, in);
		close(in);
	} else {
		rc = in;
	}
	if (rc)
		forget(f);
	return rc;
}

static void complain(const struct front_compile *c, int e)
{
	char words[WHY] = "";
	ssize_t n = pread(c->words_fd, words, sizeof(words) - 1, 0);

	words[n > 0 ? n : 0] = '\0';
	words[strcspn(words, "\n")] = '\0';
	fprintf(stderr, "weir: the path behind %s stays in parts: %s\n", c->start->from->name,
		words[0]       ? words
		: e == -ECHILD ? "weir-compile was killed"
			       : strerror(-e));
}

// Half as many elements as did not fit; 0: no more tries.
static unsigned fewer(const struct front_compile *c)
{
	return c->n / 2 < LEAST ? 0 : c->n / 2;
}

// The process has ended: its object is loaded and put into place. True: the kernel refuses it, and
// fewer elements may do.
static bool take(struct weir_front *f)
{
	struct front_compile *c = f->compile;
	int state = 0, rc = -ECHILD, fd;

	if (waitpid(c->pid, &state, 0) == c->pid && !state)
		rc = load(f, c->start->to, c->object_fd);
	if (rc < 0 && rc != -ECHILD && rc != -ENOENT && fewer(c))
		return true;
	fd = rc;
	if (fd > 0) {
		rc = weir_xsk_path(f->devices[c->start->from->index], fd);
		close(fd);
	}
	if (rc)
		complain(c, rc);
	else
		fprintf(stderr, "weir: %u elements behind %s are one program in the driver\n", c->n,
			c->start->from->name);
	return false;
}

// Of the connections behind interfaces in the driver, the first from the i-th element on.
static const struct weir_connection *next_start(const struct weir_front *f, unsigned i)
{
	const struct weir_router *r = f->plan->router;

	for (; i < r->n_elements; i++) {
		const struct weir_connection *c =
			f->devices[i] ? front_connection(r->elements[i], 0) : NULL;

		if (c && weir_plan_is_inside(f->plan, c))
			return c;
	}
	return NULL;
}

static void ended(struct weir_node *n, int fd);

// This path, or else one after it. True: a process runs.
static bool go_on(struct weir_front *f, const struct weir_connection *c, unsigned most)
{
	while (c && start(f, c, most)) {
		c = next_start(f, c->from->index + 1);
		most = MOST;
	}
	return c;
}

static bool take_and_go_on(struct weir_front *f)
{
	const struct weir_connection *c = f->compile->start;
	unsigned most = fewer(f->compile);
	bool again = take(f);

	forget(f);
	return again ? go_on(f, c, most) : go_on(f, next_start(f, c->from->index + 1), MOST);
}

static void watch(struct weir_front *f)
{
	struct front_compile *c = f->compile;

	c->pid_fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pid_fd < 0 || weir_watch_fd(f->watcher, c->pid_fd, ended))
		front_compile_stop(f);
}

static bool is_ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

static void ended(struct weir_node *n, int fd)
{
	struct weir_engine *g = n->worker->engine;
	struct weir_front *f = g->router->front;

	weir_world_stop(g);
	// a handler may just have begun with another
	if (f && f->compile && f->compile->pid_fd == fd && is_ready(fd) && take_and_go_on(f))
		watch(f);
	weir_world_go(g);
}

void front_compile(struct weir_front *f)
{
	front_compile_stop(f);
	if (f->watcher && !f->off && !f->opt.no_compile && go_on(f, next_start(f, 0), MOST))
		watch(f);
}

void weir_front_compile(struct weir_front *f)
{
	bool more = !f->opt.no_compile && go_on(f, next_start(f, 0), MOST);

	while (more)
		more = take_and_go_on(f);
}

void front_compile_stop(struct weir_front *f)
{
	if (!f->compile)
		return;
	kill(f->compile->pid, SIGKILL);
	waitpid(f->compile->pid, NULL, 0);
	forget(f);
}
