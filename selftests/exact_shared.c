// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: pages that several processes map are counted for each of them as the kernel
 * does, and so are the copies that writing makes.
 *
 * Oracle: /proc of each process; and arithmetic: who maps which page and who writes
 * to it after fork() is decided here, so that the mappings of each page are known.
 */
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/state_test.h"

#define PAGES	128UL
#define LENGTH	(PAGES * PAGE)

/* What so many pages that are mapped so often add to PSS, as the kernel cuts it. */
static uint64_t pss(uint64_t pages, uint64_t times)
{
	return pages * ((PAGE << 12) / times);
}

static char *mapping;

/*
 * Three levels of fork(): the first process writes to all pages, each further one to
 * half as many as the one that it comes from. So its last part is that of all four,
 * and the parts before are common to itself and those that come from it.
 */
static const struct generation {
	unsigned long writes;	/* pages, from the first on */
	struct {
		unsigned long pages;
		unsigned int times;	/* that each of them is mapped */
	} parts[4];
} generations[] = {
	{ PAGES, { { 16, 1 }, { 16, 1 }, { 32, 1 }, { 64, 4 } } },
	{ 64, { { 16, 1 }, { 16, 1 }, { 32, 3 }, { 64, 4 } } },
	{ 32, { { 16, 1 }, { 16, 2 }, { 32, 3 }, { 64, 4 } } },
	{ 16, { { 16, 1 }, { 16, 2 }, { 32, 3 }, { 64, 4 } } },
};

static unsigned int level;

static void expect_generation(const struct memory *memory, const struct generation *generation)
{
	uint64_t sum = 0, private = 0;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		sum += pss(generation->parts[i].pages, generation->parts[i].times);
		if (generation->parts[i].times == 1)
		private += generation->parts[i].pages;
	}
	expect_class(mapping, LENGTH, memory->class);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, anon, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, pss, sum >> 12);
	EXPECT_BYTES(mapping, LENGTH, pss_anon, sum >> 12);
	EXPECT_BYTES(mapping, LENGTH, cow, memory == &anon ? 0 : LENGTH);
	expect_bytes(mapping, LENGTH, ORACLE_PRIVATE, private * PAGE);
	expect_bytes(mapping, LENGTH, ORACLE_SHARED, (PAGES - private) * PAGE);
}

static void fork_levels(const void *argument)
{
	const struct memory *memory = argument;

	if (!level)
		mapping = memory_map(memory, memory_open(memory, LENGTH), LENGTH, 0);
	touch(mapping, generations[level].writes * PAGE);
	expect_generation(memory, &generations[level]);
	if (++level < 4)
		state_fork(fork_levels, argument);
}

STATE_OVER(fork_levels, anon);
STATE_OVER(fork_levels, private_memfd);
STATE_OVER(fork_levels, private_tmpfs);
STATE_OVER(fork_levels, private_file);

/* fork() copies no page table of a shared mapping: the child begins with an empty one. */
static void use_in_child(const void *argument)
{
	const struct memory *memory = argument;

	touch(mapping + 16 * PAGE, 16 * PAGE);
	expect_class(mapping, LENGTH, memory->class);
	EXPECT_BYTES(mapping, LENGTH, virt, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, rss, 16 * PAGE);
	EXPECT_BYTES(mapping, LENGTH, pss, pss(16, 2) >> 12);
	EXPECT_BYTES(mapping, LENGTH, cow, 0);
}

static void fork_and_use(const void *argument)
{
	const struct memory *memory = argument;

	mapping = memory_map(memory, memory_open(memory, LENGTH), LENGTH, 0);
	touch(mapping, 64 * PAGE);
	state_fork(use_in_child, argument);
	expect_class(mapping, LENGTH, memory->class);
	expect_bytes(mapping, LENGTH, memory->written, 64 * PAGE);
	EXPECT_BYTES(mapping, LENGTH, pss, (pss(48, 1) + pss(16, 2)) >> 12);
	EXPECT_BYTES(mapping, LENGTH, shared_clean, 0);
	EXPECT_BYTES(mapping, LENGTH, shared_dirty, 16 * PAGE);
	EXPECT_BYTES(mapping, LENGTH, private_dirty, 48 * PAGE);
}

STATE_OVER(fork_and_use, shm);
STATE_OVER(fork_and_use, memfd);
STATE_OVER(fork_and_use, tmpfs);
STATE_OVER(fork_and_use, file);

/* A private mapping of which a part was written to: two kinds of pages in one VMA. */
static void partly_copied(const void *argument)
{
	const struct memory *memory = argument;
	int fd = memory_open(memory, LENGTH);
	char *content = map_alone(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *copy = memory_map(memory, fd, LENGTH, 0);

	MUST(setting_write("/sys/kernel/debug/fault_around_bytes", "4096"));
	touch(content, LENGTH);
	look_at(copy, 64 * PAGE);
	touch(copy + 32 * PAGE, 64 * PAGE);

	expect_class(copy, LENGTH, memory->class);
	EXPECT_BYTES(copy, LENGTH, rss, 96 * PAGE);
	EXPECT_BYTES(copy, LENGTH, anon, 64 * PAGE);
	EXPECT_BYTES(copy, LENGTH, cow, 64 * PAGE);
	expect_bytes(copy, LENGTH, memory->resident, 32 * PAGE);
	EXPECT_BYTES(copy, LENGTH, pss, (pss(64, 1) + pss(32, 2)) >> 12);
	EXPECT_BYTES(copy, LENGTH, pss_anon, pss(64, 1) >> 12);
	EXPECT_BYTES(content, LENGTH, cow, 0);
	EXPECT_BYTES(content, LENGTH, pss, (pss(96, 1) + pss(32, 2)) >> 12);
}

STATE_OVER(partly_copied, private_memfd);
STATE_OVER(partly_copied, private_tmpfs);
STATE_OVER(partly_copied, private_file);

/*
 * Three processes with different parts of one object, the third one twice:
 *
 *	first	0..79
 *	second	     48..127
 *	third	          64..95 and 72..103
 */
static int object;

static void map_part(const struct memory *memory, unsigned long from, unsigned long pages,
		     uint64_t expected)
{
	char *part = memory_map(memory, object, pages * PAGE, from * PAGE);

	touch(part, pages * PAGE);
	expect_class(part, pages * PAGE, memory->class);
	expect_bytes(part, pages * PAGE, memory->written, pages * PAGE);
	EXPECT_BYTES(part, pages * PAGE, pss, expected >> 12);
}

static void second_part(const void *argument)
{
	map_part(argument, 48, 80,
		 pss(16, 2) + pss(8, 3) + pss(8, 4) + pss(16, 3) + pss(8, 2) + pss(24, 1));
}

static void third_parts(const void *argument)
{
	map_part(argument, 64, 32, pss(8, 3) + pss(8, 4) + pss(16, 3));
	map_part(argument, 72, 32, pss(8, 4) + pss(16, 3) + pss(8, 2));
}

static void three_at_different_offsets(const void *argument)
{
	object = memory_open(argument, LENGTH);
	state_fork(second_part, argument);
	state_fork(third_parts, argument);
	map_part(argument, 0, 80, pss(48, 1) + pss(16, 2) + pss(8, 3) + pss(8, 4));
}

STATE_OVER(three_at_different_offsets, memfd);
STATE_OVER(three_at_different_offsets, tmpfs);
STATE_OVER(three_at_different_offsets, file);

/* Not copied to, and emptied in, a child. */
static void look_in_child(const void *argument)
{
	char *kept = mapping, *wiped = mapping + LENGTH / 2;

	look_at(wiped, PAGE);
	expect_vmas(kept, LENGTH / 2, 0);
	EXPECT_BYTES(wiped, LENGTH / 2, rss, 0);
	EXPECT_BYTES(wiped, LENGTH / 2, zero, PAGE);
}

STATE(dontfork_and_wipeonfork)
{
	mapping = map_anon(LENGTH);
	touch(mapping, LENGTH);
	MUST(!madvise(mapping, LENGTH / 2, MADV_DONTFORK));
	MUST(!madvise(mapping + LENGTH / 2, LENGTH / 2, MADV_WIPEONFORK));
	state_fork(look_in_child, NULL);
	EXPECT_BYTES(mapping, LENGTH, private_dirty, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, pss, LENGTH);
}

/*
 * Two processes with the same memory. The one with the lower pid is the one that it
 * is counted for.
 */
static char stack[65536] __attribute__((aligned(16)));

static int hold_with_same_memory(void *argument)
{
	expect_shared_mm();
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	state_hold();
}

STATE(clone_vm)
{
	mapping = map_anon(LENGTH);
	touch(mapping, LENGTH);
	state_join();
	MUST(clone(hold_with_same_memory, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL) > 0);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, private_dirty, LENGTH);
}

/* vfork() does not return before the child has ended: it tells for the parent. */
STATE(vfork_child)
{
	pid_t parent = getpid();

	mapping = map_anon(LENGTH);
	touch(mapping, LENGTH);
	give_back_counts();
	state_join();
	if (!vfork()) {
		expect_shared_mm();
		EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
		state_holds(parent);
		state_hold();
	}
	state_fail("vfork() returned");
}

/* The leader has ended, its threads have not: the memory is still the process's. */
static void *outlive_leader(void *leader)
{
	MUST(!pthread_join(*(pthread_t *)leader, NULL));
	compare_thread(gettid());
	EXPECT_BYTES(mapping, LENGTH, private_dirty, LENGTH);
	state_hold();
}

STATE(zombie_leader)
{
	static pthread_t leader;
	pthread_t thread;

	leader = pthread_self();
	mapping = map_anon(LENGTH);
	touch(mapping, LENGTH);
	MUST(!pthread_create(&thread, NULL, outlive_leader, &leader));
	pthread_exit(NULL);
}

STATES_MAIN("/sys/kernel/debug/fault_around_bytes")
