// SPDX-License-Identifier: BSD-2-Clause
#include "pins.h"

#include "kept.h"
#include "memory.h"
#include "parts.h"
#include "tree.h"

#include <linux/magic.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <abi/entry.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static const char BPFFS[] = "/sys/fs/bpf", BASE[] = "/sys/fs/bpf/weir", LOCKS[] = "/run/weir";
static const char FRONT[] = "front";

struct weir_pins {
	char *name;
	char dir[TREE_PATH], staging[TREE_PATH], lock_file[TREE_PATH], kept[TREE_PATH];
	int lock;
	bool keeps;
	struct front_memory memory;
};

// --- one owner of a name ---
// The file goes when its owner is done with it, so the one that was locked may be gone by then.
static int lock_name(struct weir_pins *p)
{
	struct stat locked, there;

	mkdir(LOCKS, 0755);
	for (;;) {
		int fd = open(p->lock_file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB)) {
			int e = -errno;

			close(fd);
			return e;
		}
		if (!fstat(fd, &locked) && !stat(p->lock_file, &there) &&
		    locked.st_ino == there.st_ino) {
			p->lock = fd;
			return 0;
		}
		close(fd);
	}
}

static struct weir_pins *make(const char *name)
{
	struct weir_pins *p = calloc(1, sizeof(*p));
	char quoted[NAME_MAX + 1];

	if (!p)
		return NULL;
	p->lock = -1;
	p->name = strdup(name);
	tree_quote(quoted, sizeof(quoted), name);
	snprintf(p->dir, sizeof(p->dir), "%s/%s", BASE, quoted);
	snprintf(p->staging, sizeof(p->staging), "%s/~%s", BASE, quoted);
	snprintf(p->lock_file, sizeof(p->lock_file), "%s/%s.lock", LOCKS, quoted);
	snprintf(p->kept, sizeof(p->kept), "%s/%s.kept", LOCKS, quoted);
	return p;
}

void weir_pins_close(struct weir_pins *p)
{
	if (!p)
		return;
	if (p->lock >= 0) {
		unlink(p->lock_file);
		close(p->lock);
	}
	front_memory_close(&p->memory);
	free(p->name);
	free(p);
}

// --- what killed processes left ---
static void update_link(void *arg, const char *ifname)
{
	const struct weir_pins *p = arg;
	int link = tree_get("%s/interfaces/%s/link", p->staging, ifname);
	int program = tree_get("%s/interfaces/%s/entry", p->staging, ifname);

	if (link >= 0 && program >= 0)
		bpf_link_update(link, program, NULL);
	tree_close(link);
	tree_close(program);
}

// The new one is whole and every link runs it: it takes the place of the old one.
static int publish(struct weir_pins *p)
{
	int e;

	if (tree_has("%s", p->dir)) {
		tree_unlink("%s/%s", p->dir, FRONT);
		e = renameat2(AT_FDCWD, p->staging, AT_FDCWD, p->dir, RENAME_EXCHANGE);
	} else {
		e = rename(p->staging, p->dir);
	}
	if (e)
		return -errno;
	tree_remove(p->staging);
	return 0;
}

static void mend(struct weir_pins *p)
{
	if (!tree_has("%s", p->staging))
		return;
	if (!tree_has("%s/%s", p->staging, FRONT)) {
		tree_remove(p->staging);
		return;
	}
	tree_each(update_link, p, "%s/interfaces", p->staging);
	publish(p);
}

static void mend_other(void *, const char *quoted)
{
	struct weir_pins *p;
	char name[NAME_MAX + 1];

	if (quoted[0] != '~')
		return;
	tree_unquote(name, sizeof(name), quoted + 1);
	p = make(name);
	if (p && !lock_name(p))
		mend(p);
	weir_pins_close(p);
}

// --- opening ---
static bool has_bpffs(void)
{
	struct statfs s;

	return !statfs(BPFFS, &s) && (unsigned long)s.f_type == BPF_FS_MAGIC;
}

static int no_bpffs(struct weir_err *err)
{
	weir_error(err, NULL,
		   "%s is no BPF file system, and without one nothing stays in the driver: mount "
		   "-t bpf bpf %s (`ip netns exec' hides it: nsenter --net=/run/netns/NAME)",
		   BPFFS, BPFFS);
	return -ENOENT;
}

// 1: the link of another namespace's interface; 0: of this one, or of none any more.
static bool is_elsewhere(int link, const char *ifname)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(link, &info, &size) || !info.xdp.ifindex)
		return false;
	return if_nametoindex(ifname) != info.xdp.ifindex ||
	       bpf_xdp_query((int)info.xdp.ifindex, 0, &q) || q.prog_id != info.prog_id;
}

struct elsewhere {
	const struct weir_pins *p;
	bool found;
};

static void look_elsewhere(void *arg, const char *quoted)
{
	struct elsewhere *w = arg;
	int link = tree_get("%s/interfaces/%s/link", w->p->dir, quoted);
	char ifname[NAME_MAX + 1];

	tree_unquote(ifname, sizeof(ifname), quoted);
	w->found = w->found || (link >= 0 && is_elsewhere(link, ifname));
	tree_close(link);
}

static int take(struct weir_pins *p, struct weir_err *err)
{
	int rc = lock_name(p);

	if (rc == -EWOULDBLOCK) {
		weir_error(err, NULL, "a router named `%s' runs already, choose a --name", p->name);
		return -EADDRINUSE;
	}
	if (rc)
		return weir_error(err, NULL, "%s: %s", p->lock_file, strerror(-rc));
	mend(p);
	return 0;
}

int weir_pins_open(struct weir_pins **out, const char *name, bool must, struct weir_err *err)
{
	struct weir_pins *p;
	int rc;

	*out = NULL;
	if (!*name || strchr(name, '/') || name[0] == '~' || strlen(name) > NAME_MAX - 8)
		return weir_error(err, NULL, "`%s' is no name for a router", name);
	if (!has_bpffs())
		return must ? no_bpffs(err) : 0;
	if (must && mkdir(BASE, 0755) && errno != EEXIST)
		return weir_error(err, NULL, "%s: %s", BASE, strerror(errno));
	tree_each(mend_other, NULL, "%s", BASE);
	p = make(name);
	if (!p)
		return -ENOMEM;
	if (must || tree_has("%s", p->dir))
		rc = take(p, err);
	else
		rc = -ENOENT; // nothing to own
	if (rc) {
		weir_pins_close(p);
		return rc == -ENOENT ? 0 : rc;
	}
	*out = p;
	return 0;
}

bool weir_pins_has(const struct weir_pins *p)
{
	return tree_has("%s", p->dir);
}

bool weir_pins_known(const char *name)
{
	struct weir_pins *p = make(name);
	bool has = p && weir_pins_has(p);

	weir_pins_close(p);
	return has;
}

int weir_pins_here(const struct weir_pins *p, struct weir_err *err)
{
	struct elsewhere w = {.p = p};

	tree_each(look_elsewhere, &w, "%s/interfaces", p->dir);
	return w.found ? weir_error(err, NULL,
				    "the router `%s' is in the driver already, on interfaces of "
				    "another network namespace; choose a --name",
				    p->name)
		       : 0;
}

char *weir_pins_link(void *pins, const char *ifname)
{
	const struct weir_pins *p = pins;
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	char quoted[NAME_MAX + 1], *file = NULL;
	int fd;

	tree_quote(quoted, sizeof(quoted), ifname);
	fd = tree_get("%s/interfaces/%s/link", p->dir, quoted);
	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) && info.xdp.ifindex &&
	    asprintf(&file, "%s/interfaces/%s/link", p->dir, quoted) < 0)
		file = NULL;
	tree_close(fd);
	return file;
}

static int open_memory(void *arg, struct weir_persist *k, const struct weir_element *e,
		       const char *name, uint32_t version, struct weir_err *err)
{
	struct weir_pins *p = arg;

	return front_memory_open(&p->memory, p->dir, p->keeps, k, e, name, version, err);
}

void weir_pins_memory(struct weir_pins *p, struct weir_router *r, bool keep)
{
	p->keeps = keep;
	r->memory = open_memory;
	r->memory_arg = p;
}

// --- keeping ---
static int pin_interfaces(const struct weir_pins *p, const struct weir_xsk *x)
{
	struct weir_xsk_program d;
	char quoted[NAME_MAX + 1];
	int rc = 0;

	for (unsigned i = 0; !rc && weir_xsk_program(x, i, &d); i++) {
		if (d.link < 0)
			continue;
		tree_quote(quoted, sizeof(quoted), d.ifname);
		rc = tree_pin(d.program, "%s/interfaces/%s/entry", p->staging, quoted)
			     ?: tree_pin(d.counts, "%s/interfaces/%s/counts", p->staging, quoted)
			     ?: tree_pin(d.link, "%s/interfaces/%s/link", p->staging, quoted);
	}
	return rc;
}

static int write_all(struct weir_pins *p, struct weir_front *f, struct weir_xsk *x)
{
	tree_remove(p->staging);
	return front_pin(f, p->staging)
		       ?: front_memory_pin(&p->memory, p->staging)
		       ?: tree_pin(weir_xsk_sockets(x), "%s/sockets", p->staging)
		       ?: tree_pin(weir_xsk_steering(x), "%s/steering", p->staging)
		       ?: pin_interfaces(p, x)
		       ?: tree_pin(weir_xsk_first(x), "%s/%s", p->staging, FRONT);
}

int weir_pins_keep(struct weir_pins *p, struct weir_front *f, struct weir_xsk *x,
		   const char *const *folders, struct weir_err *err)
{
	int rc = write_all(p, f, x);

	if (rc) {
		tree_remove(p->staging);
		return weir_error(err, NULL, "cannot keep the router in %s: %s", p->dir,
				  strerror(-rc));
	}
	front_stays(f, p->dir);
	rc = weir_xsk_take_over(x, err);
	if (rc)
		return rc;
	weir_front_begin(f);
	rc = publish(p) ?: front_kept_write(f, p->kept, folders);
	return rc ? weir_error(err, NULL, "%s: %s", p->dir, strerror(-rc)) : 0;
}

void weir_pins_drop(struct weir_pins *p)
{
	tree_unlink("%s/%s", p->dir, FRONT);
	tree_remove(p->dir);
	unlink(p->kept);
}

// --- looking ---
struct each {
	void (*fn)(void *arg, const char *name);
	void *arg;
};

static void each_one(void *arg, const char *quoted)
{
	const struct each *e = arg;
	char name[NAME_MAX + 1];

	if (quoted[0] == '~')
		return;
	tree_unquote(name, sizeof(name), quoted);
	e->fn(e->arg, name);
}

void weir_pins_each(void (*fn)(void *arg, const char *name), void *arg)
{
	struct each e = {fn, arg};

	if (has_bpffs())
		tree_each(each_one, &e, "%s", BASE);
}

struct look {
	const struct weir_pins *p;
	struct weir_pins_sum *sum;
};

// Every queue, every CPU.
static uint64_t seen(int counts)
{
	int n_cpus = libbpf_num_possible_cpus();
	struct weir_entry_count *v = n_cpus > 0 ? calloc((size_t)n_cpus, sizeof(*v)) : NULL;
	uint64_t n = 0;

	for (__u32 queue = 0; v && !bpf_map_lookup_elem(counts, &queue, v); queue++)
		for (int i = 0; i < n_cpus; i++)
			n += v[i].front + v[i].rest;
	free(v);
	return n;
}

static void look_interface(void *arg, const char *quoted)
{
	const struct look *l = arg;
	size_t len = strlen(l->sum->interfaces);
	char ifname[NAME_MAX + 1];
	int fd = tree_get("%s/interfaces/%s/counts", l->p->dir, quoted);

	tree_unquote(ifname, sizeof(ifname), quoted);
	snprintf(l->sum->interfaces + len, sizeof(l->sum->interfaces) - len, "%s%s", len ? " " : "",
		 ifname);
	if (fd >= 0)
		l->sum->packets += seen(fd);
	tree_close(fd);
}

struct weir_kept {
	struct weir_pins *pins;
	struct kept kept;
};

int weir_kept_open(struct weir_kept **out, const char *name, struct weir_err *err)
{
	struct weir_kept *k = calloc(1, sizeof(*k));
	int rc = -ENOMEM;

	*out = k;
	if (k)
		k->pins = make(name);
	if (k && k->pins)
		rc = weir_pins_has(k->pins) ? front_kept_open(&k->kept, k->pins->kept) : -ESRCH;
	if (rc == -ESRCH)
		weir_error(err, NULL, "nothing is known of `%s' in the driver", name);
	else if (rc)
		weir_error(err, NULL, "cannot read what is known of `%s': %s", name, strerror(-rc));
	return rc;
}

void weir_kept_close(struct weir_kept *k)
{
	if (!k)
		return;
	front_kept_close(&k->kept);
	weir_pins_close(k->pins);
	free(k);
}

const char *weir_kept_config(const struct weir_kept *k)
{
	return k->kept.config;
}

const char *const *weir_kept_folders(const struct weir_kept *k)
{
	return k->kept.folders;
}

int weir_kept_half(struct weir_front **out, struct weir_plan *plan, struct weir_router *r,
		   struct weir_kept *k)
{
	struct elsewhere w = {.p = k->pins};

	tree_each(look_elsewhere, &w, "%s/interfaces", k->pins->dir);
	return front_kept_half(out, plan, r, &k->kept, k->pins->dir, !w.found);
}

int weir_pins_look(const char *name, struct weir_pins_sum *sum)
{
	struct weir_pins *p = make(name);
	struct look l = {p, sum};

	*sum = (struct weir_pins_sum){};
	if (!p || !weir_pins_has(p)) {
		weir_pins_close(p);
		return -ENOENT;
	}
	tree_each(look_interface, &l, "%s/interfaces", p->dir);
	sum->elements = tree_count(p->dir, "program") + tree_count(p->dir, "entry");
	weir_pins_close(p);
	return 0;
}
