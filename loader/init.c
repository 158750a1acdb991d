// SPDX-License-Identifier: BSD-2-Clause

// `weir init`: looks at interfaces, says what it finds, and writes a configuration for them.

#include <bpf/libbpf.h>

#include <cmd.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <init.h>
#include <mirror.h>
#include <net/if_arp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char usage[] =
	"usage: weir init [options] IF ...\n"
	"Writes a configuration that routes between these interfaces, and the VLANs on them, by "
	"the\n"
	"routes of the kernel, and says what it found.\n"
	"\n"
	"  -o, --output FILE  writes to FILE, which must not be there (standard output)\n"
	"      --force        FILE may be there\n";

enum { MOST_IFACES = 64, LINK_LOCAL = 0xfe80 >> 6 };

struct init {
	const struct rib *rib;
	struct init_iface v[MOST_IFACES];
	uint32_t index[MOST_IFACES]; // the kernel's
	unsigned n;
	int rc; // 0, or that of a mistake
};

static void __attribute__((format(printf, 1, 2))) note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("weir init: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

// --- what interfaces are ---
static bool is_ethernet(const char *name)
{
	struct ifreq r = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	is = fd >= 0 && !ioctl(fd, SIOCGIFHWADDR, &r) && r.ifr_hwaddr.sa_family == ARPHRD_ETHER;
	if (fd >= 0)
		close(fd);
	return is;
}

static const char *name_of(const struct rib *rib, uint32_t index)
{
	const struct rib_link *l = rib_find_link(rib, index);

	return l ? l->name : "another interface";
}

// Why a router cannot have it; NULL: it can.
static const char *why_not(const struct init *s, const struct rib_link *l)
{
	static char why[128];
	const struct rib_link *master = l->master ? rib_find_link(s->rib, l->master) : NULL;

	if (l->vlan_protocol)
		snprintf(why, sizeof(why), "it is a VLAN on %s: give that, and its VLANs come too",
			 name_of(s->rib, l->lower));
	else if (master && !master->vrf_table)
		snprintf(why, sizeof(why), "its packets are those of %s", master->name);
	else if (!is_ethernet(l->name))
		snprintf(why, sizeof(why), "it is no Ethernet interface");
	else
		return NULL;
	return why;
}

static int find_link_local(void *arg, const struct rib_addr *a)
{
	return a->link == *(const uint32_t *)arg && a->family == AF_INET6 &&
	       a->addr.hi >> 54 == LINK_LOCAL;
}

static void add(struct init *s, const struct rib_link *l, int port)
{
	const struct rib_link *master = l->master ? rib_find_link(s->rib, l->master) : NULL;
	struct init_iface *f = &s->v[s->n];

	if (s->n == MOST_IFACES) {
		note("%s: a router written by this has at most %d interfaces", l->name,
		     MOST_IFACES);
		s->rc = -E2BIG;
		return;
	}
	*f = (struct init_iface){
		.mtu = l->mtu,
		.port = port,
		.vlan = l->vlan_id,
		.tagged = l->vlan_protocol,
		.link_local = rib_walk_addrs(s->rib, find_link_local, (void *)&l->index),
	};
	snprintf(f->name, sizeof(f->name), "%s", l->name);
	if (master && master->vrf_table)
		snprintf(f->vrf, sizeof(f->vrf), "%s", master->name);
	s->index[s->n++] = l->index;
}

static void add_port(struct init *s, const char *name)
{
	const struct rib_link *l = rib_find_name(s->rib, name);
	const char *why = l ? why_not(s, l) : "there is no such interface";

	for (unsigned i = 0; i < s->n; i++)
		if (!strcmp(s->v[i].name, name))
			why = "it is given twice";
	if (why) {
		note("%s: %s", name, why);
		s->rc = -EINVAL;
		return;
	}
	add(s, l, -1);
}

// --- VLANs ---
static int take_vlan(void *arg, const struct rib_link *l)
{
	struct init *s = arg;
	const struct rib_link *master = l->master ? rib_find_link(s->rib, l->master) : NULL;

	if (!l->vlan_protocol)
		return 0;
	for (unsigned i = 0; i < s->n; i++) {
		if (s->index[i] != l->lower)
			continue;
		if (s->v[i].port >= 0)
			note("%s: a VLAN within a VLAN is left to the kernel", l->name);
		else if (master && !master->vrf_table)
			note("%s: its packets are those of %s, and are left to the kernel", l->name,
			     master->name);
		else
			add(s, l, (int)i);
		return 0;
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct init_iface *f = a, *g = b;

	return f->port != g->port ? f->port - g->port : f->vlan - g->vlan;
}

// VLANs of VLANs may be told before those that they are on.
static void add_vlans(struct init *s)
{
	const unsigned ports = s->n;

	rib_walk_links(s->rib, take_vlan, s);
	qsort(s->v + ports, s->n - ports, sizeof(*s->v), by_number);
}

// --- what it says ---
static int read_number(const char *fmt, const char *name)
{
	char path[128];
	FILE *f;
	int n = 0;

	snprintf(path, sizeof(path), fmt, name);
	f = fopen(path, "re");
	if (f && fscanf(f, "%d", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

static int count_addr(void *arg, const struct rib_addr *a)
{
	uint32_t *v = arg;

	if (a->link == v[0])
		v[a->family == AF_INET ? 1 : 2]++;
	return 0;
}

static void say_iface(const struct init *s, unsigned i)
{
	const struct init_iface *f = &s->v[i];
	const struct rib_link *l = rib_find_name(s->rib, f->name);
	uint32_t addrs[3] = {l ? l->index : 0};

	rib_walk_addrs(s->rib, count_addr, addrs);
	fprintf(stderr, "weir init: %s: MTU %u, addresses: %u of IPv4, %u of IPv6", f->name, f->mtu,
		addrs[1], addrs[2]);
	if (f->port >= 0)
		fprintf(stderr, ", VLAN %u on %s", f->vlan, s->v[f->port].name);
	if (*f->vrf)
		fprintf(stderr, ", in VRF %s", f->vrf);
	fprintf(stderr, "%s%s\n", f->link_local ? "" : ", no redirects of IPv6",
		l && l->up ? "" : ", down");
}

static void say_port(const char *name, bool has_vlans)
{
	uint32_t id = 0;

	if (!bpf_xdp_query_id((int)if_nametoindex(name), 0, &id) && id)
		note("%s: XDP program %u is on it; weir takes no interface from another", name, id);
	if (has_vlans)
		note("%s: should it take VLAN tags off in hardware, weir switches that off while "
		     "it runs",
		     name);
}

static void say_rp_filter(const struct init *s)
{
	const int all = read_number("/proc/sys/net/ipv4/conf/%s/rp_filter", "all");

	for (unsigned i = 0; i < s->n; i++)
		if (all || read_number("/proc/sys/net/ipv4/conf/%s/rp_filter", s->v[i].name))
			note("%s: rp_filter holds for what the kernel gets, not for what weir "
			     "forwards",
			     s->v[i].name);
}

static void say(const struct init *s)
{
	for (unsigned i = 0; i < s->n; i++)
		say_iface(s, i);
	for (unsigned i = 0; i < s->n; i++)
		if (s->v[i].port < 0)
			say_port(s->v[i].name, s->v[s->n - 1].port >= 0);
	say_rp_filter(s);
	for (unsigned i = 1; i < s->n; i++)
		if (s->v[i].mtu != s->v[0].mtu) {
			note("MTUs differ: what is too long for an interface is cut, or refused "
			     "by ICMP");
			break;
		}
	if (!read_number("%s", "/proc/sys/net/ipv4/ip_forward"))
		note("net.ipv4.ip_forward is 0: IPv4 that weir leaves to the kernel is not "
		     "forwarded");
	if (!read_number("%s", "/proc/sys/net/ipv6/conf/all/forwarding"))
		note("net.ipv6.conf.all.forwarding is 0: IPv6 that weir leaves to the kernel is "
		     "not forwarded");
}

// --- the command ---
static int write_file(const char *file, bool force, const struct weir_buf *text)
{
	int fd = STDOUT_FILENO, rc = 0;
	FILE *out = stdout;

	if (file) {
		fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL), 0666);
		out = fd < 0 ? NULL : fdopen(fd, "w");
	}
	if (!out || fwrite(text->text, 1, text->len, out) != text->len)
		rc = -errno;
	if (file && out && fclose(out) && !rc)
		rc = -errno;
	if (rc == -EEXIST)
		note("%s is there already; --force writes over it", file);
	else if (rc)
		note("%s: %s", file ?: "standard output", strerror(-rc));
	return rc;
}

static int write_router(struct init *s, int n, char **names, const char *file, bool force)
{
	struct init_router r = {.v = s->v};
	struct weir_buf text = {};
	int rc;

	for (int i = 0; i < n; i++)
		add_port(s, names[i]);
	if (!s->rc)
		add_vlans(s);
	if (s->rc)
		return s->rc;
	say(s);
	r.n = s->n;
	init_text(&r, &text);
	rc = text.failed ? -ENOMEM : write_file(file, force, &text);
	weir_buf_free(&text);
	return rc;
}

static int init(int n, char **names, const char *file, bool force)
{
	const struct weir_kernel_options o = {};
	struct init *s = calloc(1, sizeof(*s));
	struct weir_err err = {};
	struct weir_kernel *k = s ? weir_kernel_new(&o, &err) : NULL;
	int rc = k ? weir_kernel_start(k, NULL, &err) : -ENOMEM;

	if (!rc) {
		weir_kernel_hold(k, true);
		s->rib = k->rib;
		rc = write_router(s, n, names, file, force);
		weir_kernel_hold(k, false);
	}
	if (err.text)
		fputs(err.text, stderr);
	weir_kernel_free(k);
	weir_err_free(&err);
	free(s);
	return rc;
}

int cmd_init(int argc, char **argv)
{
	enum { FORCE = 256 };
	static const struct option longs[] = {
		{"output", required_argument, NULL, 'o'},
		{"force", no_argument, NULL, FORCE},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	const char *file = NULL;
	bool force = false;
	int c;

	while ((c = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
		if (c == 'h')
			return fputs(usage, stdout) < 0;
		if (c == 'o')
			file = optarg;
		else if (c == FORCE)
			force = true;
		else
			goto wrong;
	}
	if (optind < argc)
		return init(argc - optind, argv + optind, file, force) ? 1 : 0;
wrong:
	fputs(usage, stderr);
	return 2;
}
