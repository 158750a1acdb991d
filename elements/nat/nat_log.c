// SPDX-License-Identifier: BSD-2-Clause
#include "nat_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RING = 4096, LINE = 192, PAUSE_NS = 20000000, BUFFER = 65536, PER_SECOND = 1000000000 };

// Of one worker. Positions count up and wrap around.
struct ring {
	struct nat_log_event v[RING];
	_Alignas(128) uint32_t tail; // writer: the worker
	uint64_t lost;		     // writer: the worker
	_Alignas(128) uint32_t head; // writer: the thread
};

struct nat_log {
	int fd;
	uint32_t rate;
	bool stop;     // atomic
	uint64_t lost; // by the rate, or by what the file said; writer: the thread
	uint64_t second, lines;
	pthread_t thread;
	unsigned n;
	size_t len;
	char text[BUFFER];
	struct ring ring[];
};

void nat_log_put(struct nat_log *log, unsigned worker, const struct nat_log_event *e)
{
	struct ring *r = &log->ring[worker];
	const uint32_t tail = r->tail;

	if (tail - __atomic_load_n(&r->head, __ATOMIC_ACQUIRE) >= RING) {
		__atomic_store_n(&r->lost, r->lost + 1, __ATOMIC_RELAXED);
		return;
	}
	r->v[tail % RING] = *e;
	__atomic_store_n(&r->tail, tail + 1, __ATOMIC_RELEASE);
}

uint64_t nat_log_lost(const struct nat_log *log)
{
	uint64_t sum = __atomic_load_n(&log->lost, __ATOMIC_RELAXED);

	for (unsigned i = 0; i < log->n; i++)
		sum += __atomic_load_n(&log->ring[i].lost, __ATOMIC_RELAXED);
	return sum;
}

static const char *proto_name(uint8_t proto, char text[8])
{
	switch (proto) {
	case IPPROTO4_TCP:
		return "tcp";
	case IPPROTO4_UDP:
		return "udp";
	case IPPROTO4_ICMP:
		return "icmp";
	default:
		snprintf(text, 8, "%u", proto);
		return text;
	}
}

struct text_ip {
	char s[16];
};

static struct text_ip ip_text(be32 a)
{
	const uint32_t v = rd32(a);
	struct text_ip t;

	snprintf(t.s, sizeof(t.s), "%u.%u.%u.%u", v >> 24, v >> 16 & 255, v >> 8 & 255, v & 255);
	return t;
}

int nat_log_line(char *to, unsigned size, const struct nat_log_event *e)
{
	static const char *const names[] = {
		"block-assign",	  "block-release",  "mapping-create",  "mapping-delete",
		"session-create", "session-delete", "ports-exhausted", "limit-reached",
	};
	const time_t seconds = (time_t)(e->wall / PER_SECOND);
	char when[24], proto[8], rest[96];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	switch (e->what) {
	case NAT_LOG_BLOCK_ADD:
	case NAT_LOG_BLOCK_DELETE:
		snprintf(rest, sizeof(rest), "%s %s:%u-%u", ip_text(e->inside).s,
			 ip_text(e->external).s, e->external_port, e->port);
		break;
	case NAT_LOG_EXHAUSTED:
	case NAT_LOG_LIMIT:
		snprintf(rest, sizeof(rest), "%s %s", proto_name(e->proto, proto),
			 ip_text(e->inside).s);
		break;
	case NAT_LOG_SESSION_ADD:
	case NAT_LOG_SESSION_DELETE:
		snprintf(rest, sizeof(rest), "%s %s:%u %s:%u %s:%u", proto_name(e->proto, proto),
			 ip_text(e->inside).s, e->port, ip_text(e->external).s, e->external_port,
			 ip_text(e->remote).s, e->remote_port);
		break;
	default:
		snprintf(rest, sizeof(rest), "%s %s:%u %s:%u", proto_name(e->proto, proto),
			 ip_text(e->inside).s, e->port, ip_text(e->external).s, e->external_port);
	}
	return snprintf(to, size, "%s.%06uZ nat44 %s %s\n", when,
			(unsigned)(e->wall % PER_SECOND / 1000), names[e->what], rest);
}

// To whatever takes it; a full disk loses lines, not the router.
static void flush(struct nat_log *log)
{
	size_t at = 0;

	while (at < log->len) {
		ssize_t n = write(log->fd, log->text + at, log->len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			__atomic_store_n(&log->lost, log->lost + 1, __ATOMIC_RELAXED);
			break;
		}
		at += (size_t)n;
	}
	log->len = 0;
}

static bool may_write(struct nat_log *log, const struct nat_log_event *e)
{
	const uint64_t second = e->wall / PER_SECOND;

	if (log->second != second) {
		log->second = second;
		log->lines = 0;
	}
	return !log->rate || log->lines++ < log->rate;
}

static bool drain(struct nat_log *log, struct ring *r)
{
	const uint32_t tail = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);
	const bool any = r->head != tail;

	for (uint32_t head = r->head; head != tail; head++) {
		const struct nat_log_event e = r->v[head % RING];

		__atomic_store_n(&r->head, head + 1, __ATOMIC_RELEASE);
		if (log->len + LINE > BUFFER)
			flush(log);
		if (may_write(log, &e))
			log->len += (size_t)nat_log_line(log->text + log->len, LINE, &e);
		else
			__atomic_store_n(&log->lost, log->lost + 1, __ATOMIC_RELAXED);
	}
	return any;
}

static void *run(void *arg)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	struct nat_log *log = arg;
	bool stop, any;

	do {
		stop = __atomic_load_n(&log->stop, __ATOMIC_ACQUIRE);
		any = false;
		for (unsigned i = 0; i < log->n; i++)
			any |= drain(log, &log->ring[i]);
		flush(log);
		if (!any && !stop)
			nanosleep(&pause, NULL);
	} while (any || !stop);
	return NULL;
}

int nat_log_open(struct nat_log **out, const char *file, unsigned n_workers, uint32_t rate)
{
	const size_t size = sizeof(struct nat_log) + n_workers * sizeof(struct ring);
	struct nat_log *log = aligned_alloc(128, (size + 127) / 128 * 128);
	int rc;

	if (!log)
		return -ENOMEM;
	memset(log, 0, size);
	log->n = n_workers;
	log->rate = rate;
	log->fd = strcmp(file, "-") ? open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640)
				    : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	rc = log->fd < 0 ? -errno : -pthread_create(&log->thread, NULL, run, log);
	if (rc) {
		if (log->fd >= 0)
			close(log->fd);
		free(log);
		return rc;
	}
	*out = log;
	return 0;
}

void nat_log_close(struct nat_log *log)
{
	if (!log)
		return;
	__atomic_store_n(&log->stop, true, __ATOMIC_RELEASE);
	pthread_join(log->thread, NULL);
	close(log->fd);
	free(log);
}
