// SPDX-License-Identifier: BSD-2-Clause

// File descriptors of a worker: those that are served when they are readable, and those that only
// end its sleep.
//
// The second kind is not in the epoll instance but polled, and only to sleep. A socket that has a
// waiter, asleep or not, calls it for every packet that it has sent: with AF_XDP in copy mode that
// was 10 to 15 % of the whole way of a packet.

#include <engine.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <urcu/urcu-qsbr.h>

enum {
	FD_BATCH = 16,
	QUIET_MS = 100, // that an fd with an error is left alone
};

int weir_watch_open(struct weir_worker *w)
{
	struct epoll_event ev = {.events = EPOLLIN};

	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->epoll_fd < 0 || w->wake_fd < 0)
		return -errno;
	ev.data.fd = w->wake_fd;
	if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->wake_fd, &ev))
		return -errno;
	return 0;
}

void weir_watch_close(struct weir_worker *w)
{
	while (w->watches) {
		struct weir_watch *gone = w->watches;

		w->watches = gone->next;
		free(gone);
	}
	free(w->sleep);
	free(w->inboxes);
	if (w->epoll_fd > 0)
		close(w->epoll_fd);
	if (w->wake_fd > 0)
		close(w->wake_fd);
}

static int watch_sleep(struct weir_worker *w, int fd)
{
	// the first is the epoll instance's
	struct pollfd *v = realloc(w->sleep, (w->n_sleep + 2) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	v[0] = (struct pollfd){.fd = w->epoll_fd, .events = POLLIN};
	v[++w->n_sleep] = (struct pollfd){.fd = fd, .events = POLLIN};
	w->sleep = v;
	return 0;
}

int weir_watch_fd(struct weir_node *n, int fd, void (*fn)(struct weir_node *n, int fd))
{
	struct weir_worker *w = n->worker;
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};
	struct weir_watch *watch;

	if (fd < 0)
		return -EBADF;
	if (!fn)
		return watch_sleep(w, fd);
	watch = malloc(sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &ev)) {
		int rc = -errno;

		free(watch);
		return rc;
	}
	*watch = (struct weir_watch){.fd = fd, .node = n, .fn = fn, .next = w->watches};
	w->watches = watch;
	return 0;
}

void weir_unwatch_fd(struct weir_node *n, int fd)
{
	struct weir_worker *w = n->worker;

	for (unsigned i = 1; i <= w->n_sleep; i++)
		if (w->sleep[i].fd == fd || w->sleep[i].fd == ~fd) {
			w->sleep[i] = w->sleep[w->n_sleep--];
			return;
		}
	for (struct weir_watch **at = &w->watches; *at; at = &(*at)->next)
		if ((*at)->fd == fd) {
			struct weir_watch *gone = *at;

			epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
			*at = gone->next;
			free(gone);
			return;
		}
}

static struct weir_watch *find_watch(struct weir_worker *w, int fd)
{
	for (struct weir_watch *watch = w->watches; watch; watch = watch->next)
		if (watch->fd == fd)
			return watch;
	return NULL;
}

// An fd with an error (its interface is gone, say) is ready for ever: sleep would end at once, each
// time. It is left alone for a while, by a number that poll takes no notice of.
static void hush(struct weir_worker *w)
{
	for (unsigned i = 1; i <= w->n_sleep; i++) {
		struct pollfd *p = &w->sleep[i];

		if (p->fd < 0 || p->revents & POLLIN ||
		    !(p->revents & (POLLERR | POLLHUP | POLLNVAL)))
			continue;
		p->fd = ~p->fd;
		w->hushed_until = w->now + (uint64_t)QUIET_MS * 1000 * 1000;
	}
}

static void unhush(struct weir_worker *w)
{
	for (unsigned i = 1; i <= w->n_sleep; i++)
		if (w->sleep[i].fd < 0)
			w->sleep[i].fd = ~w->sleep[i].fd;
	w->hushed_until = 0;
}

// Sleeps until an fd is ready. True if it is one of those that are served.
static bool sleep_on_all(struct weir_worker *w, int timeout)
{
	if (w->hushed_until && w->hushed_until <= w->now)
		unhush(w);
	if (w->hushed_until && timeout > QUIET_MS)
		timeout = QUIET_MS;
	if (poll(w->sleep, w->n_sleep + 1, timeout) <= 0)
		return false;
	hush(w);
	return w->sleep[0].revents;
}

int weir_watch_inbox(struct weir_node *n, bool (*ready)(const void *arg), const void *arg)
{
	struct weir_worker *w = n->worker;
	struct weir_inbox *v = realloc(w->inboxes, (w->n_inboxes + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	v[w->n_inboxes++] = (struct weir_inbox){ready, arg};
	w->inboxes = v;
	return 0;
}

void weir_unwatch_inbox(struct weir_node *n, const void *arg)
{
	struct weir_worker *w = n->worker;

	for (unsigned i = 0; i < w->n_inboxes; i++)
		if (w->inboxes[i].arg == arg) {
			w->inboxes[i] = w->inboxes[--w->n_inboxes];
			return;
		}
}

static bool has_post(const struct weir_worker *w)
{
	if (__atomic_load_n(&w->rung, __ATOMIC_RELAXED))
		return true;
	for (unsigned i = 0; i < w->n_inboxes; i++)
		if (w->inboxes[i].ready(w->inboxes[i].arg))
			return true;
	return false;
}

// One side says that it sleeps and then looks, the other puts something there and then looks
// whether the first sleeps: with a full barrier in between, one of them sees the other (Dekker).
void weir_watch_sleep(struct weir_worker *w, int timeout)
{
	atomic_store(&w->asleep, true);
	atomic_thread_fence(memory_order_seq_cst);
	weir_watch_look(w, has_post(w) ? 0 : timeout);
	atomic_store_explicit(&w->asleep, false, memory_order_relaxed);
}

void weir_notify(struct weir_node *n, unsigned worker)
{
	struct weir_worker *to = &n->worker->engine->workers[worker];

	atomic_thread_fence(memory_order_seq_cst);
	// who finds it asleep first wakes it; what comes after that is seen when it looks again
	if (atomic_load_explicit(&to->asleep, memory_order_relaxed) &&
	    atomic_exchange(&to->asleep, false))
		weir_worker_wake(to);
}

void weir_bell_open(struct weir_bell *b, struct weir_node *n, void (*fn)(struct weir_node *n))
{
	*b = (struct weir_bell){.fn = fn, .node = n};
}

void weir_bell_ring(struct weir_node *n, struct weir_bell *b)
{
	struct weir_worker *w;

	if (!b->node || __atomic_exchange_n(&b->rung, true, __ATOMIC_ACQ_REL))
		return;
	w = b->node->worker;
	b->next = __atomic_load_n(&w->rung, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&w->rung, &b->next, b, true, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		continue;
	weir_notify(n, w->id);
}

void weir_bells_run(struct weir_worker *w)
{
	struct weir_bell *b = __atomic_exchange_n(&w->rung, NULL, __ATOMIC_ACQUIRE), *next;

	for (; b; b = next) {
		next = b->next;
		// what rings from here on is a call of its own
		__atomic_store_n(&b->rung, false, __ATOMIC_SEQ_CST);
		b->fn(b->node);
	}
}

// Who sleeps reads no tables.
static int wait_for_fds(struct weir_worker *w, struct epoll_event *ev, int timeout)
{
	int n = 0;

	if (!timeout)
		return epoll_wait(w->epoll_fd, ev, FD_BATCH, 0);
	urcu_qsbr_thread_offline();
	if (!w->n_sleep)
		n = epoll_wait(w->epoll_fd, ev, FD_BATCH, timeout);
	else if (sleep_on_all(w, timeout))
		n = epoll_wait(w->epoll_fd, ev, FD_BATCH, 0);
	urcu_qsbr_thread_online();
	return n;
}

void weir_watch_look(struct weir_worker *w, int timeout)
{
	struct epoll_event ev[FD_BATCH];
	int n;

	w->busy_rounds = 0;
	n = wait_for_fds(w, ev, timeout);
	for (int i = 0; i < n; i++) {
		struct weir_watch *watch;
		uint64_t count;

		if (ev[i].data.fd == w->wake_fd) {
			if (read(w->wake_fd, &count, sizeof(count)) < 0)
				continue;
			continue;
		}
		// looked up afresh, as serving one fd may close another
		watch = find_watch(w, ev[i].data.fd);
		if (watch)
			watch->fn(watch->node, watch->fd);
	}
}

void weir_worker_wake(struct weir_worker *w)
{
	uint64_t one = 1;

	if (write(w->wake_fd, &one, sizeof(one)) < 0)
		return; // the counter is full, so the worker will wake anyway
}
