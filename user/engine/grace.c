// SPDX-License-Identifier: BSD-2-Clause
#include <weir/grace.h>

#include <linux/membarrier.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <urcu/urcu-qsbr.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t wanted;		    // last period asked for; guarded by lock
static atomic_uint_least64_t ended; // writer: the thread, readers: control

static void *wait_for_periods(void *)
{
	uint64_t number;

	do {
		pthread_mutex_lock(&lock);
		while (wanted == atomic_load(&ended))
			pthread_cond_wait(&asked, &lock);
		number = wanted;
		pthread_mutex_unlock(&lock);
		urcu_qsbr_synchronize_rcu();
		if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
			return NULL; // what waits is never used again
		atomic_store(&ended, number);
	} while (true);
}

// Signals are for those who wait for them.
static void start(void)
{
	sigset_t all, before;
	pthread_t thread;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	if (!pthread_create(&thread, NULL, wait_for_periods, NULL))
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

uint64_t weir_grace_begin(void)
{
	uint64_t number;

	pthread_once(&once, start);
	pthread_mutex_lock(&lock);
	number = ++wanted;
	pthread_cond_signal(&asked);
	pthread_mutex_unlock(&lock);
	return number;
}

bool weir_grace_works(void)
{
	long can = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

	return can >= 0 && can & MEMBARRIER_CMD_GLOBAL;
}

bool weir_grace_over(uint64_t number)
{
	return atomic_load(&ended) >= number;
}
