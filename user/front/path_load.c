// SPDX-License-Identifier: BSD-2-Clause
#include "path_load.h"

#include <linux/bpf.h>

#include <bpf/bpf.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct path_load {
	struct bpf_insn *v;
	size_t n;
	int attach_type;
	int *maps, n_maps;
	int done;	   // eventfd
	int fd;		   // of the program, or -errno
	atomic_uint users; // who made it, and the thread
};

struct path_load *path_load_new(int attach_type)
{
	struct path_load *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->attach_type = attach_type;
	l->fd = -EINPROGRESS;
	l->users = 1;
	l->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->done >= 0)
		return l;
	free(l);
	return NULL;
}

int path_load_map(struct path_load *l, int fd)
{
	int *more = reallocarray(l->maps, (size_t)l->n_maps + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	l->maps = more;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	return l->maps[l->n_maps++] = fd;
}

int path_load_code(struct path_load *l, const struct bpf_insn *v, size_t n)
{
	l->v = malloc(n * sizeof(*v));
	if (!l->v)
		return -ENOMEM;
	memcpy(l->v, v, n * sizeof(*v));
	l->n = n;
	return 0;
}

int path_load_run(struct path_load *l)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opt,
		    .expected_attach_type = (enum bpf_attach_type)l->attach_type);

	l->fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "weir_compiled", "Dual BSD/GPL", l->v, l->n, &opt);
	return l->fd;
}

static void *run(void *arg)
{
	struct path_load *l = arg;

	path_load_run(l);
	eventfd_write(l->done, 1);
	path_load_leave(l);
	return NULL;
}

// Signals are for those who wait for them, and the CPU of a worker for packets.
int path_load_start(struct path_load *l)
{
	sigset_t all, before;
	pthread_t thread;
	cpu_set_t cpus;
	int rc;

	atomic_fetch_add(&l->users, 1);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = -pthread_create(&thread, NULL, run, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc) {
		atomic_fetch_sub(&l->users, 1);
		return rc;
	}
	if (!sched_getaffinity(getpid(), sizeof(cpus), &cpus))
		pthread_setaffinity_np(thread, sizeof(cpus), &cpus);
	pthread_detach(thread);
	return 0;
}

int path_load_done(const struct path_load *l)
{
	return l->done;
}

int path_load_result(const struct path_load *l)
{
	return l->fd;
}

void path_load_leave(struct path_load *l)
{
	if (!l || atomic_fetch_sub(&l->users, 1) > 1)
		return;
	while (l->n_maps)
		close(l->maps[--l->n_maps]);
	if (l->fd >= 0)
		close(l->fd);
	close(l->done);
	free(l->maps);
	free(l->v);
	free(l);
}
