// SPDX-License-Identifier: BSD-2-Clause
#include "share.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };

struct front_share *front_share_find(struct front_share *all, const struct weir_share *s)
{
	for (; all; all = all->next)
		if (all->what.data == s->data && all->what.moves == s->moves &&
		    all->what.n == s->n && all->what.value_size == s->value_size)
			return all;
	return NULL;
}

static struct front_share *add(struct front_share **all, const struct weir_share *s, int fd)
{
	struct front_share *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	*x = (struct front_share){.what = *s, .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0), .next = *all};
	if (x->fd < 0) {
		free(x);
		return NULL;
	}
	*all = x;
	return x;
}

struct front_share *front_share_use(struct front_share **all, const struct weir_share *s, int fd)
{
	struct front_share *x = front_share_find(*all, s) ?: add(all, s, fd);

	if (x)
		x->users++;
	return x;
}

void front_share_leave(struct front_share **all, struct front_share *s)
{
	if (--s->users)
		return;
	while (*all != s)
		all = &(*all)->next;
	*all = s->next;
	close(s->fd);
	free(s);
}

static int map(const struct front_share *s)
{
	const size_t used = s->what.value_size * s->what.n;
	const size_t bytes = (used + PAGE - 1) & ~(size_t)(PAGE - 1);
	void *m;

	m = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (m == MAP_FAILED)
		return -errno;
	memcpy(m, s->what.data, used);
	if (mremap(m, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, s->what.data) == MAP_FAILED) {
		int e = -errno;

		munmap(m, bytes);
		return e;
	}
	return 0;
}

int front_share_map(struct front_share *s)
{
	int rc = s->mapped ? 0 : map(s);

	s->mapped |= !rc;
	return rc;
}
