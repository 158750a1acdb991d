// SPDX-License-Identifier: BSD-2-Clause

// Behind each interface one program compiled out of all elements that its packets can come to in
// the driver (user/compile). It takes a moment, in a process of its own, and the router runs
// meanwhile on the elements' programs; they stay for what the compiled path does not contain, and
// for when it cannot be had.

#include "parts.h"
#include "path_load.h"

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
#include <sys/eventfd.h>
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
	pid_t pid;	  // 0: it has ended
	int object_fd, words_fd;
	int pid_fd;		// watched; -1: somebody waits for the process, or it has ended
	struct path_load *load; // of the object; watched, unless somebody waits for it
	bool loads;
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
static int resolve(const struct weir_front *f, const char *symbol, struct bpf_insn *v,
		   struct path_load *l)
{
	static const struct {
		const char *name, *section;
	} values[] = {{"weir_self", ".rodata.self"}, {"weir_instance", ".rodata.inst"}};
	const char *dot = strrchr(symbol, '.');
	const struct bpf_map *m = NULL;
	char name[NAME];
	unsigned index;

	if (!dot || sscanf(dot, ".%u", &index) != 1 || index >= f->plan->router->n_elements ||
	    dot - symbol >= NAME)
		return -EINVAL;
	snprintf(name, sizeof(name), "%.*s", (int)(dot - symbol), symbol);
	for (unsigned i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (!strcmp(name, values[i].name))
			m = frozen(&f->programs[index], values[i].section);
	v[1].imm = m ? v[0].imm : 0;
	v[0].src_reg = m ? BPF_PSEUDO_MAP_VALUE : BPF_PSEUDO_MAP_FD;
	m = m ?: bpf_object__find_map_by_name(f->programs[index].object, name);
	v[0].imm = m ? path_load_map(l, bpf_map__fd(m)) : -ENOENT;
	return v[0].imm < 0 ? v[0].imm : 0;
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

static int move_all(const struct weir_front *f, Elf *elf, struct object *o, struct path_load *l)
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
		rc = resolve(f, name, &o->v[at], l);
		if (rc)
			dprintf(f->compile->words_fd, "`%s' is no map of an element\n", name);
	}
	return rc;
}

static int read_elf(const struct weir_front *f, Elf *elf, struct path_load *l)
{
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
	rc = o.v && o.n && o.symbols ? move_all(f, elf, &o, l) : -EINVAL;
	return rc ?: path_load_code(l, o.v, o.n);
}

static int read_object(const struct weir_front *f, int object_fd, struct path_load *l)
{
	Elf *elf;
	int rc;

	elf_version(EV_CURRENT);
	elf = elf_begin(object_fd, ELF_C_READ, NULL);
	rc = read_elf(f, elf, l);
	elf_end(elf);
	return rc;
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

static void unwatch(struct weir_front *f, struct front_compile *c)
{
	if (c->pid_fd < 0)
		return;
	weir_unwatch_fd(f->watcher, c->pid_fd);
	close(c->pid_fd);
	c->pid_fd = -1;
}

static void forget(struct weir_front *f)
{
	struct front_compile *c = f->compile;

	unwatch(f, c);
	if (c->loads)
		weir_unwatch_fd(f->watcher, path_load_done(c->load));
	path_load_leave(c->load);
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

// The process has ended: its object is ready to be loaded. 0 or -errno.
static int take_object(struct weir_front *f)
{
	struct front_compile *c = f->compile;
	const struct bpf_program *p =
		bpf_object__next_program(f->programs[c->start->to->index].object, NULL);
	int state = 0;
	bool has = waitpid(c->pid, &state, 0) == c->pid && !state;

	c->pid = 0;
	unwatch(f, c);
	if (!has)
		return -ECHILD;
	c->load = path_load_new((int)bpf_program__expected_attach_type(p));
	return c->load ? read_object(f, c->object_fd, c->load) : -ENOMEM;
}

// Puts a program into place, or says why there is none (-errno). True: the kernel refuses it, and
// fewer elements may do.
static bool put(struct weir_front *f, int fd)
{
	struct front_compile *c = f->compile;
	int rc = fd;

	if (rc < 0 && rc != -ECHILD && rc != -ENOENT && fewer(c))
		return true;
	if (rc > 0)
		rc = weir_xsk_path(f->devices[c->start->from->index], fd);
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

static bool put_and_go_on(struct weir_front *f, int fd)
{
	const struct weir_connection *c = f->compile->start;
	unsigned most = fewer(f->compile);
	bool again = put(f, fd);

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

static void loaded(struct weir_node *n, int fd)
{
	struct weir_engine *g = n->worker->engine;
	struct weir_front *f = g->router->front;

	weir_world_stop(g);
	if (f && f->compile && f->compile->loads && path_load_done(f->compile->load) == fd &&
	    is_ready(fd) && put_and_go_on(f, path_load_result(f->compile->load)))
		watch(f);
	weir_world_go(g);
}

static int load_aside(struct weir_front *f)
{
	struct front_compile *c = f->compile;
	int rc = path_load_start(c->load);

	if (!rc)
		rc = weir_watch_fd(f->watcher, path_load_done(c->load), loaded);
	c->loads = !rc;
	return rc;
}

static void ended(struct weir_node *n, int fd)
{
	struct weir_engine *g = n->worker->engine;
	struct weir_front *f = g->router->front;
	int rc;

	weir_world_stop(g);
	// a handler may just have begun with another
	if (f && f->compile && f->compile->pid_fd == fd && is_ready(fd)) {
		rc = take_object(f) ?: load_aside(f);
		if (rc && put_and_go_on(f, rc))
			watch(f);
	}
	weir_world_go(g);
}

void front_compile(struct weir_front *f)
{
	front_compile_stop(f);
	if (f->watcher && !f->off && !f->opt.no_compile && go_on(f, next_start(f, 0), MOST))
		watch(f);
}

static void begin(struct weir_node *n, int fd)
{
	struct weir_engine *g = n->worker->engine;
	eventfd_t count;

	if (eventfd_read(fd, &count))
		return;
	weir_world_stop(g);
	if (g->router->front)
		front_compile(g->router->front);
	weir_world_go(g);
}

void front_compile_watch(struct weir_front *f)
{
	f->soon_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (f->soon_fd >= 0)
		weir_watch_fd(f->watcher, f->soon_fd, begin);
	front_compile(f);
}

void front_compile_soon(struct weir_front *f)
{
	if (f->soon_fd < 0)
		front_compile(f);
	else
		eventfd_write(f->soon_fd, 1);
}

void weir_front_compile(struct weir_front *f)
{
	bool more = !f->opt.no_compile && go_on(f, next_start(f, 0), MOST);

	while (more)
		more = put_and_go_on(f, take_object(f) ?: path_load_run(f->compile->load));
}

// Of those that were killed, takes those that have ended, or (with flags 0) all.
static void reap(struct weir_front *f, int flags)
{
	unsigned left = 0;

	for (unsigned i = 0; i < f->n_dying; i++)
		if (!waitpid(f->dying[i], NULL, flags))
			f->dying[left++] = f->dying[i];
	f->n_dying = left;
}

// On a busy machine the end of a process takes a while.
void front_compile_stop(struct weir_front *f)
{
	reap(f, f->n_dying < DYING ? WNOHANG : 0);
	if (!f->compile)
		return;
	if (f->compile->pid) {
		kill(f->compile->pid, SIGKILL);
		f->dying[f->n_dying++] = f->compile->pid;
	}
	forget(f);
}

void front_compile_close(struct weir_front *f)
{
	front_compile_stop(f);
	reap(f, 0);
	if (f->soon_fd < 0)
		return;
	weir_unwatch_fd(f->watcher, f->soon_fd);
	close(f->soon_fd);
	f->soon_fd = -1;
}
