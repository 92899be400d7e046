// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: how many mappings, threads or processes there are does not matter.
 *
 * Oracle: /proc of each process; and the test's own numbers. The limits that it meets
 * are vm.max_map_count and kernel.threads-max, as they are by default.
 */
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The oracle reads tens of thousands of mappings. */
#define STATE_TIMEOUT	600

#include "lib/kernel.h"
#include "lib/state_test.h"

/* As many as there can be by default, nearly; fewer for a kernel that checks itself. */
#define MAPPINGS		60000UL
#define MAPPINGS_WHERE_SLOW	6000UL

/* Neighbours differ in what may be done with them, so that they do not become one. */
STATE(as_many_mappings_as_can_be)
{
	const unsigned long nr = kernel_checks_itself() ? MAPPINGS_WHERE_SLOW : MAPPINGS;
	size_t length = nr * PAGE;
	char *space = map_alone(length, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned long i;

	small_pages(space, length);
	for (i = 0; i < nr; i += 3)
		space[i * PAGE] = 1;
	for (i = 1; i < nr; i += 2)
		if (mprotect(space + i * PAGE, PAGE, PROT_READ))
			state_skip("%lu mappings: %m; vm.max_map_count is %lu", i,
				   setting_number("/proc/sys/vm/max_map_count"));
	expect_class(space, length, MEMCLASS_CLASS_ANON);
	expect_vmas(space, length, nr);
	EXPECT_BYTES(space, length, virt, length);
	EXPECT_BYTES(space, length, rss, nr / 3 * PAGE);
	EXPECT_BYTES(space, length, private_dirty, nr / 3 * PAGE);
}

/*
 * Threads: more of them than memclass has room for where their stacks are, which is
 * MC_STACKS_MAX; so it has to look for them again on its way.
 */
#define THREADS	1100UL
#define STACK	(32 * PAGE)	/* there are processors that want 128 KiB */

static pthread_barrier_t all_are_there;

__attribute__((noreturn)) static void *hold(void *argument)
{
	give_back_counts();
	/* What it takes to wait is brought in before anybody looks. */
	poll(NULL, 0, 0);
	pthread_barrier_wait(&all_are_there);
	give_back_counts();
	for (;;)
		poll(NULL, 0, -1);
}

static void *end_soon(void *argument)
{
	return NULL;
}

static pthread_t start(void *(*run)(void *argument), char *stack)
{
	pthread_attr_t attributes;
	pthread_t thread;

	MUST(!pthread_attr_init(&attributes));
	MUST(!pthread_attr_setstack(&attributes, stack, STACK));
	if (pthread_create(&thread, &attributes, run, NULL))
		state_skip("not so many threads");
	return thread;
}

static void start_all(char *(*stack_of)(unsigned long i), unsigned long nr)
{
	unsigned long i;

	MUST(!pthread_barrier_init(&all_are_there, NULL, nr + 1));
	for (i = 0; i < nr; i++)
		pthread_detach(start(hold, stack_of(i)));
	pthread_barrier_wait(&all_are_there);
}

/* Each has a mapping of its own; between them are those of threads that are gone. */
static char *stacks;

static char *every_other(unsigned long i)
{
	return stacks + i * 4 * STACK;
}

STATE(more_threads_than_there_is_room_for)
{
	const unsigned long nr = THREADS;
	const size_t length = nr * 4 * STACK;
	unsigned long i;

	stacks = map_alone(length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < 2 * nr; i++)
		MUST(!mprotect(stacks + i * 2 * STACK, STACK, PROT_READ | PROT_WRITE));
	for (i = 0; i < nr; i++)
		MUST(!pthread_join(start(end_soon, every_other(i) + 2 * STACK), NULL));
	start_all(every_other, nr);
	expect_in_class(MEMCLASS_CLASS_TSTACK, MEMCLASS_COLUMN_vmas, nr);
	expect_in_class(MEMCLASS_CLASS_TSTACK, MEMCLASS_COLUMN_virt, nr * STACK);
	expect_vmas(stacks, length, 4 * nr);
}

static char *one_by_one(unsigned long i)
{
	return stacks + i * STACK;
}

/* All of them in one mapping, and one more behind it. */
STATE(threads_in_one_mapping)
{
	const unsigned long nr = 150;
	const size_t length = nr * STACK;

	stacks = map_anon(length);
	start_all(one_by_one, nr);
	expect_class(stacks, length, MEMCLASS_CLASS_TSTACK);
	expect_in_class(MEMCLASS_CLASS_TSTACK, MEMCLASS_COLUMN_vmas, 1);
	expect_in_class(MEMCLASS_CLASS_TSTACK, MEMCLASS_COLUMN_virt, length);
}

STATES_MAIN()
