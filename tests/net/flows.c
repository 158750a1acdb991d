// SPDX-License-Identifier: BSD-2-Clause

// Sends packets of many flows, numbered within each, at a steady rate, and says what became of them
// at another interface: lost, duplicated, reordered within their flow; how long they took; and a
// sum over all their bytes that does not depend on their order. Status 1 if any was lost,
// duplicated or reordered, 2 if the receiver itself missed some.

#include <linux/if_packet.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <figure.h>
#include <getopt.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define USAGE                                                                              \
	"usage: flows [--to NS:IF] [--from NS:IF --mac MAC --src IP --dst IP] [options]\n" \
	"  --count N      packets in all (20000)\n"                                        \
	"  --flows N      that they belong to, in turn (64)\n"                             \
	"  --train N      packets of a flow behind each other (1)\n"                       \
	"  --rate PPS     (20000)\n"                                                       \
	"  --size BYTES   of a frame (128)\n"                                              \
	"  --l4 udp|tcp|ospf\n"                                                            \
	"  --sport PORT   of the first flow (10000); the others have the next ones\n"      \
	"  --dport PORT   (9)\n"                                                           \
	"  --by-dport     the flows differ in this one\n"                                  \
	"  --run N        tells packets of several senders apart (1)\n"                    \
	"  --write FILE   writes the packets to a pcap file instead of sending them\n"     \
	"  --read FILE    takes the packets from such a file instead of from --to\n"       \
	"  --seconds S    how long to wait for the first packet (5)\n"                     \
	"  --others       counts each frame that has no number as one, and sums it too\n"

enum {
	BATCH = 32, // packets sent without a pause
	TICK_NS = 200 * 1000,
	LATEST = 256,	 // packets; what is later is not made up for
	QUIET_MS = 2000, // a router on a busy machine may be without a CPU for a while
	SLOT = 2048,
	SLOTS = 16384,
	MOST_SIZE = 1514,
	MAGIC = 0x77666c6f,
	OSPF = 89, // IP protocol
};

// Behind the header of layer 4.
struct mark {
	uint32_t magic, run, flow, seq; // network byte order
};

struct options {
	const char *from, *to, *mac, *write, *read;
	uint32_t src, dst; // network byte order
	unsigned flows, train, size, sport, dport, run, l4;
	uint64_t count;
	double rate, seconds;
	bool others, by_dport;
};

struct receiver {
	int fd;
	uint8_t *ring;
	unsigned next;
	uint64_t received, duplicated, reordered, others, digest;
	uint64_t last_at; // ns, when something came
};

static struct options opt = {.flows = 64,
			     .train = 1,
			     .size = 128,
			     .sport = 10000,
			     .dport = 9,
			     .run = 1,
			     .l4 = IPPROTO_UDP,
			     .count = 20000,
			     .rate = 20000,
			     .seconds = 5};
static uint8_t *seen;	    // a bit for each packet
static uint64_t *sent_at;   // of each packet, wall clock
static uint32_t *next_seq;  // of each flow
static struct figure times; // us
static double first_us;

static void die(const char *what)
{
	fprintf(stderr, "flows: %s: %s\n", what, strerror(errno));
	exit(3);
}

static uint64_t wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// "NS:IF": a packet socket there.
static int open_end(const char *name, uint16_t protocol, uint8_t mac[6])
{
	const char *colon = strchr(name, ':');
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol)};
	struct ifreq req = {};
	char path[256];
	int ns, fd;

	if (!colon)
		errno = EINVAL, die(name);
	snprintf(path, sizeof(path), "/run/netns/%.*s", (int)(colon - name), name);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNET))
		die(name);
	close(ns);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", colon + 1);
	at.sll_ifindex = (int)if_nametoindex(colon + 1);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &req) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die(name);
	memcpy(mac, req.ifr_hwaddr.sa_data, 6);
	return fd;
}

// --- packets ---
// Packet i is of this flow, and has that number in it; and back.
static uint32_t flow_of(uint64_t i)
{
	return (uint32_t)(i / opt.train % opt.flows);
}

static uint32_t seq_of(uint64_t i)
{
	return (uint32_t)(i / opt.train / opt.flows * opt.train + i % opt.train);
}

static uint64_t index_of(uint32_t flow, uint32_t seq)
{
	return ((uint64_t)(seq / opt.train) * opt.flows + flow) * opt.train + seq % opt.train;
}

static uint16_t sum_of(const void *data, unsigned len, uint32_t sum)
{
	const uint8_t *d = data;

	for (unsigned i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)d[i] << 8 | d[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static unsigned l4_len(unsigned protocol)
{
	return protocol == IPPROTO_UDP ? 8 : protocol == IPPROTO_TCP ? 20 : 24;
}

static void write_l4(uint8_t *d, unsigned flow, unsigned len)
{
	const uint16_t sport = htons((uint16_t)(opt.sport + (opt.by_dport ? 0 : flow)));
	const uint16_t dport = htons((uint16_t)(opt.dport + (opt.by_dport ? flow : 0)));

	if (opt.l4 == IPPROTO_UDP) {
		struct udphdr h = {.source = sport, .dest = dport};

		h.len = htons((uint16_t)len);
		memcpy(d, &h, sizeof(h));
	} else if (opt.l4 == IPPROTO_TCP) {
		struct tcphdr h = {.source = sport, .dest = dport};

		h.doff = 5, h.ack = 1, h.window = htons(1000);
		memcpy(d, &h, sizeof(h));
	} else {
		d[0] = 2, d[1] = 1; // OSPF version 2, hello
		d[2] = (uint8_t)(len >> 8), d[3] = (uint8_t)len;
		memcpy(d + 4, &opt.src, sizeof(opt.src));
	}
}

static void write_sum(const struct iphdr *ip, uint8_t *d, unsigned len)
{
	unsigned at = opt.l4 == IPPROTO_UDP ? 6 : opt.l4 == IPPROTO_TCP ? 16 : 12;
	uint32_t pseudo = opt.l4 == OSPF ? 0 : sum_of(&ip->saddr, 8, opt.l4 + len);
	uint16_t sum = (uint16_t)~sum_of(d, len, pseudo);

	d[at] = (uint8_t)(sum >> 8);
	d[at + 1] = (uint8_t)sum;
}

static void write_frame(uint8_t *f, const uint8_t *src, const uint8_t *dst, uint64_t i)
{
	const unsigned len = opt.size - ETH_HLEN - sizeof(struct iphdr);
	const struct mark m = {htonl(MAGIC), htonl(opt.run), htonl(flow_of(i)), htonl(seq_of(i))};
	struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = (uint8_t)opt.l4};
	uint8_t *d = f + ETH_HLEN + sizeof(ip);

	memset(f, 0, opt.size);
	memcpy(f, dst, 6);
	memcpy(f + 6, src, 6);
	f[12] = 8;
	ip.tot_len = htons((uint16_t)(len + sizeof(ip)));
	ip.saddr = opt.src, ip.daddr = opt.dst;
	ip.check = htons((uint16_t)~sum_of(&ip, sizeof(ip), 0));
	memcpy(f + ETH_HLEN, &ip, sizeof(ip));
	write_l4(d, flow_of(i), len);
	memcpy(d + l4_len(opt.l4), &m, sizeof(m));
	write_sum(&ip, d, len);
}

static void write_pcap(const uint8_t *src, const uint8_t *dst)
{
	const uint32_t head[] = {0xa1b2c3d4, 4u << 16 | 2, 0, 0, 65535, 1};
	FILE *out = fopen(opt.write, "wb");
	uint8_t f[MOST_SIZE];

	if (!out || fwrite(head, sizeof(head), 1, out) != 1)
		die(opt.write);
	for (uint64_t i = 0; i < opt.count; i++) {
		const uint64_t us = (uint64_t)((double)i * 1e6 / opt.rate);
		const uint32_t h[] = {(uint32_t)(1 + us / 1000000), (uint32_t)(us % 1000000),
				      opt.size, opt.size};

		write_frame(f, src, dst, i);
		if (fwrite(h, sizeof(h), 1, out) != 1 || fwrite(f, opt.size, 1, out) != 1)
			die(opt.write);
	}
	if (fclose(out))
		die(opt.write);
}

// --- receiving ---
static void receiver_open(struct receiver *r)
{
	const struct tpacket_req req = {.tp_block_size = 1 << 20,
					.tp_block_nr = (SLOTS * SLOT) >> 20,
					.tp_frame_size = SLOT,
					.tp_frame_nr = SLOTS};
	const int version = TPACKET_V2, one = 1;
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	uint8_t mac[6];

	r->fd = open_end(opt.to, 0, mac);
	if (setsockopt(r->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(r->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		die("packet ring");
	r->ring = mmap(NULL, (size_t)SLOTS * SLOT, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (r->ring == MAP_FAILED)
		die("packet ring");
	// from now on it receives
	at.sll_ifindex = (int)if_nametoindex(strchr(opt.to, ':') + 1);
	if (bind(r->fd, (struct sockaddr *)&at, sizeof(at)))
		die(opt.to);
}

static const struct mark *find_mark(const uint8_t *f, unsigned len)
{
	const struct iphdr *ip = (const void *)(f + ETH_HLEN);
	const struct mark *m;
	unsigned at;

	if (len < ETH_HLEN + sizeof(*ip) || f[12] != 8 || f[13])
		return NULL;
	at = ETH_HLEN + ip->ihl * 4U + l4_len(ip->protocol);
	if (len < at + sizeof(*m))
		return NULL;
	m = (const void *)(f + at);
	return m->magic == htonl(MAGIC) && m->run == htonl(opt.run) ? m : NULL;
}

// FNV-1a, and a finish (MurmurHash3) so that sums of it mean something.
static uint64_t hash(const uint8_t *f, unsigned len)
{
	uint64_t h = 0xcbf29ce484222325;

	for (unsigned i = 0; i < len; i++)
		h = (h ^ f[i]) * 0x100000001b3;
	h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
	return h ^ h >> 33;
}

static void take_marked(struct receiver *r, const struct mark *m, uint64_t at)
{
	const uint32_t flow = ntohl(m->flow), seq = ntohl(m->seq);
	const uint64_t i = index_of(flow, seq);

	if (flow >= opt.flows || i >= opt.count)
		return;
	if (seen[i / 8] >> i % 8 & 1) {
		r->duplicated++;
		return;
	}
	seen[i / 8] |= (uint8_t)(1 << i % 8);
	r->received++;
	if (seq < next_seq[flow])
		r->reordered++;
	else
		next_seq[flow] = seq + 1;
	if (!sent_at[i])
		return;
	figure_add(&times, (double)(int64_t)(at - sent_at[i]) / 1e3);
	if (!i)
		first_us = (double)(int64_t)(at - sent_at[i]) / 1e3;
}

static void take(struct receiver *r, const uint8_t *f, unsigned len, uint64_t at)
{
	const struct mark *m = find_mark(f, len);

	if (m)
		take_marked(r, m, at);
	else
		r->others++;
	if (m || opt.others) {
		r->digest += hash(f, len);
		r->last_at = wall();
	}
}

static void receive(struct receiver *r)
{
	for (;;) {
		struct tpacket2_hdr *h = (void *)(r->ring + (size_t)r->next * SLOT);

		if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			return;
		take(r, (const uint8_t *)h + h->tp_mac, h->tp_snaplen,
		     (uint64_t)h->tp_sec * 1000000000u + h->tp_nsec);
		__atomic_store_n(&h->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		r->next = (r->next + 1) % SLOTS;
	}
}

static void read_pcap(struct receiver *r)
{
	FILE *in = fopen(opt.read, "rb");
	uint32_t head[6], h[4];
	uint8_t f[SLOT];

	if (!in || fread(head, sizeof(head), 1, in) != 1)
		die(opt.read);
	while (fread(h, sizeof(h), 1, in) == 1) {
		if (h[2] > sizeof(f) || fread(f, h[2], 1, in) != 1)
			die(opt.read);
		take(r, f, h[2], 0);
	}
	fclose(in);
}

// --- sending ---
struct sender {
	int fd;
	uint8_t src[6], dst[6], frames[BATCH][MOST_SIZE];
	struct iovec iov[BATCH];
	struct mmsghdr msgs[BATCH];
};

static void send_batch(struct sender *s, uint64_t from, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		write_frame(s->frames[i], s->src, s->dst, from + i);
		s->iov[i] = (struct iovec){s->frames[i], opt.size};
		s->msgs[i].msg_hdr = (struct msghdr){.msg_iov = &s->iov[i], .msg_iovlen = 1};
	}
	for (unsigned done = 0; done < n;) {
		int k;

		for (unsigned i = done; i < n; i++)
			sent_at[from + i] = wall();
		k = sendmmsg(s->fd, s->msgs + done, n - done, 0);
		if (k < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			die("sendmmsg");
		done += k > 0 ? (unsigned)k : 0;
	}
}

static void pause_until(uint64_t at)
{
	const struct timespec t = {(time_t)(at / 1000000000u), (long)(at % 1000000000u)};

	clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
}

static void send_all(struct sender *s, struct receiver *r)
{
	uint64_t begun = wall(), sent = 0;

	while (sent < opt.count) {
		uint64_t now = wall(), due = (uint64_t)((double)(now - begun) * opt.rate / 1e9) + 1;
		unsigned n = BATCH;

		if (due > opt.count)
			due = opt.count;
		if (due > sent + LATEST) {
			begun += (uint64_t)((double)(due - sent - LATEST) * 1e9 / opt.rate);
			due = sent + LATEST;
		}
		if (due - sent < n)
			n = (unsigned)(due - sent);
		send_batch(s, sent, n);
		sent += n;
		receive(r);
		if (sent == due)
			pause_until(now + TICK_NS);
	}
}

// Until nothing came for a while.
static void wait_for_rest(struct receiver *r)
{
	uint64_t until = wall() + (uint64_t)(opt.seconds * 1e9);

	do {
		pause_until(wall() + TICK_NS);
		receive(r);
		if (r->received == opt.count)
			return;
	} while (r->last_at ? wall() - r->last_at < QUIET_MS * 1000000ull : wall() < until);
}

// --- the command ---
static int report(struct receiver *r)
{
	struct tpacket_stats stats = {};
	socklen_t len = sizeof(stats);
	uint64_t lost = opt.count - r->received;

	if (!opt.read && getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		die("statistics");
	printf("sent %llu received %llu lost %llu duplicated %llu reordered %llu others %llu "
	       "missed %u digest %016llx",
	       (unsigned long long)opt.count, (unsigned long long)r->received,
	       (unsigned long long)lost, (unsigned long long)r->duplicated,
	       (unsigned long long)r->reordered, (unsigned long long)r->others, stats.tp_drops,
	       (unsigned long long)r->digest);
	if (times.n)
		printf(" first_us %.1f p50_us %.1f p99_us %.1f max_us %.1f", first_us,
		       figure_quantile(&times, .5), figure_quantile(&times, .99),
		       figure_quantile(&times, 1));
	printf("\n");
	return stats.tp_drops ? 2 : lost || r->duplicated || r->reordered;
}

static const struct option longs[] = {
	{"from", 1, NULL, 'f'},	    {"to", 1, NULL, 't'},
	{"mac", 1, NULL, 'm'},	    {"src", 1, NULL, 's'},
	{"dst", 1, NULL, 'd'},	    {"count", 1, NULL, 'n'},
	{"flows", 1, NULL, 'F'},    {"rate", 1, NULL, 'r'},
	{"size", 1, NULL, 'S'},	    {"l4", 1, NULL, '4'},
	{"sport", 1, NULL, 'p'},    {"dport", 1, NULL, 'P'},
	{"run", 1, NULL, 'R'},	    {"write", 1, NULL, 'w'},
	{"seconds", 1, NULL, 'q'},  {"others", 0, NULL, 'o'},
	{"by-dport", 0, NULL, 'b'}, {"read", 1, NULL, 'x'},
	{"train", 1, NULL, 'T'},    {},
};

static bool take_l4(const char *name)
{
	opt.l4 = strcmp(name, "udp") == 0   ? IPPROTO_UDP
		 : strcmp(name, "tcp") == 0 ? IPPROTO_TCP
					    : OSPF;
	return opt.l4 != OSPF || strcmp(name, "ospf") == 0;
}

static bool take_number(int c)
{
	switch (c) {
	case 'n':
		opt.count = strtoull(optarg, NULL, 0);
		return opt.count;
	case 'F':
		opt.flows = (unsigned)atoi(optarg);
		return opt.flows;
	case 'T':
		opt.train = (unsigned)atoi(optarg);
		return opt.train;
	case 'r':
		opt.rate = atof(optarg);
		return opt.rate > 0;
	case 'S':
		opt.size = (unsigned)atoi(optarg);
		return opt.size >= 80 && opt.size <= MOST_SIZE;
	case 'p':
		opt.sport = (unsigned)atoi(optarg);
		return true;
	case 'P':
		opt.dport = (unsigned)atoi(optarg);
		return true;
	case 'R':
		opt.run = (unsigned)atoi(optarg);
		return true;
	case 'q':
		opt.seconds = atof(optarg);
		return true;
	default:
		return false;
	}
}

static bool take_option(int c)
{
	switch (c) {
	case 'f':
		opt.from = optarg;
		return true;
	case 't':
		opt.to = optarg;
		return true;
	case 'm':
		opt.mac = optarg;
		return true;
	case 'w':
		opt.write = optarg;
		return true;
	case 's':
		return inet_pton(AF_INET, optarg, &opt.src) == 1;
	case 'd':
		return inet_pton(AF_INET, optarg, &opt.dst) == 1;
	case '4':
		return take_l4(optarg);
	case 'x':
		opt.read = optarg;
		return true;
	case 'o':
		return opt.others = true;
	case 'b':
		return opt.by_dport = true;
	default:
		return take_number(c);
	}
}

static bool parse(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if (!take_option(c))
			return false;
	if (opt.read)
		return !opt.from && !opt.to;
	return opt.from ? opt.mac && opt.src && opt.dst && (opt.to || opt.write) : !!opt.to;
}

static void open_sender(struct sender *s)
{
	uint8_t *m = s->dst;

	s->fd = open_end(opt.from, 0, s->src);
	if (sscanf(opt.mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2, m + 3, m + 4,
		   m + 5) != 6)
		errno = EINVAL, die(opt.mac);
}

int main(int argc, char **argv)
{
	static struct sender s;
	struct receiver r = {};

	if (!parse(argc, argv)) {
		fputs(USAGE, stderr);
		return 3;
	}
	seen = calloc(opt.count / 8 + 1, 1);
	sent_at = calloc(opt.count, sizeof(*sent_at));
	next_seq = calloc(opt.flows, sizeof(*next_seq));
	if (!seen || !sent_at || !next_seq)
		die("memory");
	if (opt.from)
		open_sender(&s);
	if (opt.write) {
		write_pcap(s.src, s.dst);
		return 0;
	}
	if (opt.read) {
		read_pcap(&r);
		return report(&r);
	}
	receiver_open(&r);
	if (opt.from)
		send_all(&s, &r);
	else
		fprintf(stderr, "ready\n");
	wait_for_rest(&r);
	return report(&r);
}
