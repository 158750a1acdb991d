// SPDX-License-Identifier: BSD-2-Clause

// What elements see of the follower, and how memory that readers have moves.

#include "mirror.h"

#include <engine.h>
#include <errno.h>
#include <graph.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
	RCVBUF = 64 << 20,
	PATIENCE_NS = 100 * 1000 * 1000, // of who may have stopped the workers
};

uint64_t kernel_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void kernel_lock(struct kernel_lock *l)
{
	pthread_mutex_lock(&l->turn);
	pthread_mutex_lock(&l->inner);
	pthread_mutex_unlock(&l->turn);
}

bool kernel_lock_soon(struct kernel_lock *l)
{
	struct timespec until;
	bool has;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += PATIENCE_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	if (pthread_mutex_timedlock(&l->turn, &until))
		return false;
	has = !pthread_mutex_timedlock(&l->inner, &until);
	pthread_mutex_unlock(&l->turn);
	return has;
}

void kernel_unlock(struct kernel_lock *l)
{
	pthread_mutex_unlock(&l->inner);
}

static int copy_devices(struct weir_kernel *k, const struct weir_kernel_options *o)
{
	k->devices = calloc(o->n_devices + 1, sizeof(*k->devices));
	if (!k->devices)
		return -ENOMEM;
	for (; k->n_devices < o->n_devices; k->n_devices++) {
		k->devices[k->n_devices] = strdup(o->devices[k->n_devices]);
		if (!k->devices[k->n_devices])
			return -ENOMEM;
	}
	return 0;
}

static int make(struct weir_kernel *k, const struct weir_kernel_options *o)
{
	const struct rib_options options = {
		.devices = o->devices,
		.n_devices = o->n_devices,
		.most_routes4 = o->most_routes4,
		.most_routes6 = o->most_routes6,
	};

	k->news.fd = k->near.fd = k->asker.fd = k->wake = k->move_fd = -1;
	k->rcvbuf = o->rcvbuf ?: RCVBUF;
	pthread_mutex_init(&k->lock.turn, NULL);
	pthread_mutex_init(&k->lock.inner, NULL);
	pthread_mutex_init(&k->count_lock, NULL);
	pthread_mutex_init(&k->move_lock, NULL);
	pthread_cond_init(&k->moved, NULL);
	k->rib = rib_new(&options);
	k->room = malloc(sizeof(*k->room));
	if (!k->rib || !k->room)
		return -ENOMEM;
	return kernel_neighbors_open(&k->neighbors) ?: copy_devices(k, o);
}

struct weir_kernel *weir_kernel_new(const struct weir_kernel_options *o, struct weir_err *err)
{
	struct weir_kernel *k = calloc(1, sizeof(*k));

	if (k && !make(k, o))
		return k;
	weir_kernel_free(k);
	weir_error(err, NULL, "out of memory");
	return NULL;
}

void weir_kernel_stop(struct weir_kernel *k)
{
	if (!k->has_thread)
		return;
	pthread_mutex_lock(&k->move_lock);
	atomic_store(&k->stop, true);
	pthread_cond_broadcast(&k->moved);
	pthread_mutex_unlock(&k->move_lock);
	eventfd_write(k->wake, 1);
	pthread_join(k->thread, NULL);
	k->has_thread = false;
}

void weir_kernel_free(struct weir_kernel *k)
{
	if (!k)
		return;
	weir_kernel_stop(k);
	kernel_close(k);
	kernel_neighbors_close(&k->neighbors);
	rib_free(k->rib);
	for (unsigned i = 0; i < k->n_devices; i++)
		free(k->devices[i]);
	free(k->devices);
	free(k->on_move);
	free(k->room);
	if (k->wake >= 0)
		close(k->wake);
	if (k->move_fd >= 0)
		close(k->move_fd);
	free(k);
}

// Signals are for those who wait for them.
static int start_thread(struct weir_kernel *k)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = -pthread_create(&k->thread, NULL, kernel_thread, k);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	k->has_thread = !rc;
	return rc;
}

int weir_kernel_start(struct weir_kernel *k, struct weir_router *r, struct weir_err *err)
{
	int rc;

	k->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	k->move_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = k->wake < 0 || k->move_fd < 0 ? -errno : kernel_open(k);
	if (!rc) {
		k->started = true;
		k->router = r;
		rc = start_thread(k);
	}
	if (rc)
		weir_error(err, NULL, "cannot read the kernel's routes: %s", strerror(-rc));
	return rc;
}

void weir_kernel_hold(struct weir_kernel *k, bool on)
{
	if (on)
		kernel_lock(&k->lock);
	else
		kernel_unlock(&k->lock);
}

const struct weir_view *weir_kernel_view(struct weir_kernel *k, const char *iif)
{
	const struct weir_view *v;

	kernel_lock(&k->lock);
	v = rib_view(k->rib, iif);
	kernel_unlock(&k->lock);
	if (k->started)
		eventfd_write(k->wake, 1);
	return v;
}

bool weir_kernel_source4(const struct weir_kernel *k, const struct weir_view *v, be32 dst,
			 be32 *src)
{
	return rib_source4(k->rib, v, dst, src);
}

bool weir_kernel_source6(const struct weir_kernel *k, const struct weir_view *v,
			 struct weir_ip6 dst, struct weir_ip6 *src)
{
	return rib_source6(k->rib, v, dst, src);
}

int weir_kernel_on_move(struct weir_kernel *k, void (*ahead)(void *arg), void (*fn)(void *arg),
			void *arg)
{
	struct kernel_moved *v;
	int rc = -ENOMEM;

	pthread_mutex_lock(&k->move_lock);
	v = realloc(k->on_move, (k->n_on_move + 1) * sizeof(*v));
	if (v) {
		v[k->n_on_move++] = (struct kernel_moved){ahead, fn, arg};
		k->on_move = v;
		rc = 0;
	}
	pthread_mutex_unlock(&k->move_lock);
	return rc;
}

static void publish(struct weir_kernel *k)
{
	kernel_lock(&k->lock);
	rib_publish(k->rib);
	kernel_unlock(&k->lock);
	for (unsigned i = 0; i < k->n_on_move; i++)
		k->on_move[i].fn(k->on_move[i].arg);
}

// The follower waits meanwhile, without the lock: who reads texts has stopped the workers.
bool kernel_move_memory(struct weir_kernel *k)
{
	if (!k->router) {
		publish(k);
		return true;
	}
	for (unsigned i = 0; i < k->n_on_move && !atomic_load(&k->stop); i++)
		k->on_move[i].ahead(k->on_move[i].arg);
	pthread_mutex_lock(&k->move_lock);
	k->move_asked = true;
	eventfd_write(k->move_fd, 1);
	while (k->move_asked && !atomic_load(&k->stop))
		pthread_cond_wait(&k->moved, &k->move_lock);
	pthread_mutex_unlock(&k->move_lock);
	return !atomic_load(&k->stop);
}

int weir_kernel_move_fd(const struct weir_kernel *k)
{
	return k->move_fd;
}

void weir_kernel_move(struct weir_kernel *k)
{
	eventfd_t count;
	uint64_t start;

	eventfd_read(k->move_fd, &count);
	weir_world_stop(k->router->engine);
	start = kernel_now();
	pthread_mutex_lock(&k->move_lock);
	if (k->move_asked)
		publish(k);
	k->move_asked = false;
	pthread_cond_broadcast(&k->moved);
	pthread_mutex_unlock(&k->move_lock);
	k->pause_last = kernel_now() - start;
	if (k->pause_last > k->pause_most)
		k->pause_most = k->pause_last;
	weir_world_go(k->router->engine);
}
