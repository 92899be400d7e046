// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: what is swapped out is counted where the kernel counts it: pages of the
 * process by its page tables, pages of shared objects by the part of the object that
 * a mapping shows.
 *
 * Oracle: /proc of each process; and arithmetic: which pages go out and which come
 * back is decided here. Needs swap.
 */
#include <sched.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "lib/kernel.h"
#include "lib/state_test.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define THP	"/sys/kernel/mm/transparent_hugepage/"
#define PAGES	64UL
#define LENGTH	(PAGES * PAGE)

/* Single pages come back as single pages. */
#define CLUSTER	"/proc/sys/vm/page-cluster"

struct part {
	char *addr;
	size_t length;
	uint64_t swapped;	/* bytes that should be, by smaps */
};

/* Asks for it as long as it takes: pages that are still on their way stay. */
static bool is_out(const void *argument)
{
	const struct part *part = argument;
	const struct oracle_options options = {};
	struct oracle oracle;
	uint64_t swapped = 0;
	size_t i;

	MUST(!madvise(part->addr, part->length, MADV_PAGEOUT));
	if (oracle_take(&oracle, getpid(), &options))
		return false;
	for (i = 0; i < oracle.nr_vmas; i++)
		if (oracle.vmas[i].start < (uintptr_t)part->addr + part->length &&
		    oracle.vmas[i].end > (uintptr_t)part->addr)
			swapped += oracle.vmas[i].smaps.low[MEMCLASS_COLUMN_swap];
	oracle_free(&oracle);
	return swapped >= part->swapped;
}

static void swap_out(char *addr, size_t length)
{
	const struct part part = { addr, length, length };
	struct sysinfo info;

	MUST(!sysinfo(&info));
	if (!info.totalswap)
		state_skip("there is no swap");
	MUST(setting_write(CLUSTER, "0"));
	MUST(wait_until(is_out, &part));
}

/*
 * Pages of the process.
 */
STATE(all)
{
	char *mapping = map_anon(LENGTH);

	touch(mapping, LENGTH);
	swap_out(mapping, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, swap, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, swap_shmem, 0);
	EXPECT_BYTES(mapping, LENGTH, rss, 0);
}

STATE(half_brought_back_by_reading)
{
	char *mapping = map_anon(LENGTH);

	touch(mapping, LENGTH);
	swap_out(mapping, LENGTH);
	look_at(mapping, LENGTH / 2);
	EXPECT_BYTES(mapping, LENGTH, swap, LENGTH / 2);
	EXPECT_BYTES(mapping, LENGTH, anon, LENGTH / 2);
}

STATE(half_brought_back_by_writing)
{
	char *mapping = map_anon(LENGTH);

	touch(mapping, LENGTH);
	swap_out(mapping, LENGTH);
	touch(mapping + LENGTH / 4, LENGTH / 2);
	EXPECT_BYTES(mapping, LENGTH, swap, LENGTH / 2);
	EXPECT_BYTES(mapping, LENGTH, private_dirty, LENGTH / 2);
}

static char *swapped;

static void bring_back_and_unmap(const void *argument)
{
	look_at(swapped, 16 * PAGE);
	touch(swapped + 16 * PAGE, 16 * PAGE);
	MUST(!munmap(swapped + LENGTH / 2, 8 * PAGE));
	EXPECT_BYTES(swapped, LENGTH / 2, swap, LENGTH / 2 - 32 * PAGE);
	EXPECT_BYTES(swapped, LENGTH / 2, rss, 32 * PAGE);
	EXPECT_BYTES(swapped + LENGTH / 2, LENGTH / 2, swap, LENGTH / 2 - 8 * PAGE);
}

STATE(forked)
{
	swapped = map_anon(LENGTH);
	touch(swapped, LENGTH);
	swap_out(swapped, LENGTH);
	state_fork(bring_back_and_unmap, NULL);
	EXPECT_BYTES(swapped, LENGTH, swap, LENGTH);
}

static void copies_of_a_file(const void *argument)
{
	const struct memory *memory = argument;
	int fd = memory_open(memory, LENGTH);
	char *content = map_alone(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *copy = memory_map(memory, fd, LENGTH, 0);

	touch(content, LENGTH);
	touch(copy, LENGTH / 2);
	swap_out(copy, LENGTH / 2);
	EXPECT_BYTES(copy, LENGTH, swap, LENGTH / 2);
	EXPECT_BYTES(copy, LENGTH, swap_shmem, 0);
	EXPECT_BYTES(copy, LENGTH, cow, 0);
	EXPECT_BYTES(content, LENGTH, rss, LENGTH);
}

STATE_OVER(copies_of_a_file, private_memfd);
STATE_OVER(copies_of_a_file, private_tmpfs);
STATE_OVER(copies_of_a_file, private_file);

STATE(without_permission)
{
	char *mapping = map_anon(LENGTH);

	touch(mapping, LENGTH);
	swap_out(mapping, LENGTH);
	MUST(!mprotect(mapping, LENGTH / 2, PROT_NONE));
	EXPECT_BYTES(mapping, LENGTH, swap, LENGTH);
}

STATE(locked_after_it_was_out)
{
	char *mapping = map_anon(LENGTH);

	touch(mapping, LENGTH);
	swap_out(mapping, LENGTH);
	MUST(!mlock(mapping, LENGTH / 2));
	EXPECT_BYTES(mapping, LENGTH, swap, LENGTH / 2);
	EXPECT_BYTES(mapping, LENGTH, locked, LENGTH / 2);
}

/* What was given up is not swapped out but gone. */
STATE(freed)
{
	char *mapping = map_anon(LENGTH);

	touch(mapping, LENGTH);
	MUST(!madvise(mapping, LENGTH / 2, MADV_FREE));
	MUST(!madvise(mapping, LENGTH / 2, MADV_FREE));
	swap_out(mapping + LENGTH / 2, LENGTH / 2);
	MUST(!madvise(mapping, LENGTH / 2, MADV_PAGEOUT));
	expect_between(mapping, LENGTH, MEMCLASS_COLUMN_swap, LENGTH / 2, LENGTH);
}

static void huge(bool bring_back)
{
	char *mapping = map_aligned(2 * HUGE, HUGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!setting_write(THP "enabled", "madvise"))
		state_skip("transparent huge pages: %m");
	MUST(!madvise(mapping, 2 * HUGE, MADV_HUGEPAGE));
	touch(mapping, 2 * HUGE);
	setting_write(THP "enabled", "never");
	swap_out(mapping, HUGE);
	if (bring_back)
		look_at(mapping, HUGE / 2);
	EXPECT_BYTES(mapping, 2 * HUGE, swap, bring_back ? HUGE / 2 : HUGE);
	EXPECT_BYTES(mapping, 2 * HUGE, rss, bring_back ? HUGE + HUGE / 2 : HUGE);
	EXPECT_BYTES(mapping, 2 * HUGE, thp_anon, HUGE);
}

STATE(huge_page)
{
	huge(false);
}

STATE(huge_page_half_brought_back)
{
	huge(true);
}

/*
 * Pages of objects: what is out of an object counts for all who map that part of it,
 * whether they ever touched it or not.
 */
static int object_of(const struct memory *memory, char **mapping)
{
	int fd = memory_open(memory, LENGTH);

	*mapping = memory_map(memory, fd, LENGTH, 0);
	touch(*mapping, LENGTH);
	return fd;
}

static void object(const void *argument)
{
	const struct memory *memory = argument;
	char *mapping;

	object_of(memory, &mapping);
	swap_out(mapping, LENGTH);
	look_at(mapping, LENGTH / 4);
	expect_class(mapping, LENGTH, memory->class);
	EXPECT_BYTES(mapping, LENGTH, swap, LENGTH - LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, swap_shmem, LENGTH - LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, shmem, LENGTH / 4);
}

STATE_OVER(object, shm);
STATE_OVER(object, memfd);
STATE_OVER(object, tmpfs);

STATE(system_v)
{
	char *space = map_alone(LENGTH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int id;

	MUST(!unshare(CLONE_NEWIPC));
	id = shmget(IPC_PRIVATE, LENGTH, 0600);
	MUST(id >= 0 && shmat(id, space, SHM_REMAP) == space);
	touch(space, LENGTH);
	swap_out(space, LENGTH);
	expect_class(space, LENGTH, MEMCLASS_CLASS_SYSV);
	EXPECT_BYTES(space, LENGTH, swap, LENGTH);
	EXPECT_BYTES(space, LENGTH, swap_shmem, LENGTH);
	EXPECT_BYTES(space, LENGTH, rss, 0);
}

/* Other views of the object: a part, a part with nothing of it, more than there is. */
static void views_of_an_object(const void *argument)
{
	const struct memory *memory = argument;
	char *mapping, *part, *beyond, *read_only;
	int fd = object_of(memory, &mapping);

	swap_out(mapping, LENGTH);
	look_at(mapping + LENGTH / 2, LENGTH / 4);
	part = memory_map(memory, fd, LENGTH / 2, LENGTH / 4);
	beyond = memory_map(memory, fd, LENGTH, LENGTH - 8 * PAGE);
	read_only = map_alone(LENGTH, PROT_READ, MAP_SHARED, fd, 0);
	EXPECT_BYTES(mapping, LENGTH, swap_shmem, LENGTH - LENGTH / 4);
	EXPECT_BYTES(part, LENGTH / 2, swap, LENGTH / 4);
	EXPECT_BYTES(part, LENGTH / 2, rss, 0);
	EXPECT_BYTES(beyond, LENGTH, swap, 8 * PAGE);
	EXPECT_BYTES(read_only, LENGTH, swap, LENGTH - LENGTH / 4);
}

STATE_OVER(views_of_an_object, memfd);
STATE_OVER(views_of_an_object, tmpfs);

static int object_fd;

static void view_from_a_child(const void *argument)
{
	char *view = memory_map(argument, object_fd, LENGTH / 2, 0);

	EXPECT_BYTES(view, LENGTH / 2, swap, LENGTH / 2);
	EXPECT_BYTES(view, LENGTH / 2, swap_shmem, LENGTH / 2);
	EXPECT_BYTES(view, LENGTH / 2, rss, 0);
}

/* Nobody has it in a page table; it is out, and counts for both that map it. */
static void object_of_two(const void *argument)
{
	char *mapping;

	object_fd = object_of(argument, &mapping);
	swap_out(mapping, LENGTH);
	state_fork(view_from_a_child, argument);
	EXPECT_BYTES(mapping, LENGTH, swap, LENGTH);
}

STATE_OVER(object_of_two, memfd);
STATE_OVER(object_of_two, tmpfs);

/*
 * Private views, for writing and for reading. Where they have copies of their own, the
 * object's page behind does not count. Before 5.16 smaps missed what is behind the
 * parts without any page table; these here have one, but the last.
 */
static void private_views(const void *argument)
{
	const struct memory *memory = argument;
	size_t size = 4 * HUGE;
	int fd = memory_open(memory, size);
	char *content = map_aligned(size, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *copy = map_aligned(size, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *reader = map_aligned(size, HUGE, PROT_READ, MAP_PRIVATE, fd, 0);

	touch(content, LENGTH);
	touch(content + HUGE, LENGTH);
	touch(content + 3 * HUGE, LENGTH);
	swap_out(content, LENGTH);
	swap_out(content + HUGE, LENGTH);
	swap_out(content + 3 * HUGE, LENGTH);
	/* Comes in as a page of the object's, and is copied: both are there then. */
	touch(copy, LENGTH / 4);
	touch(copy + HUGE + LENGTH, PAGE);

	expect_class(copy, size, MEMCLASS_CLASS_DATA);
	EXPECT_BYTES(content, size, swap, 3 * LENGTH - LENGTH / 4);
	EXPECT_BYTES(copy, size, cow, LENGTH / 4 + PAGE);
	/* Behind the last part there is no page table. */
	EXPECT_BYTES(copy, size, swap,
		     (kernel_at_least(5, 16) ? 3 : 2) * LENGTH - LENGTH / 4);
	EXPECT_BYTES(reader, size, swap, 3 * LENGTH - LENGTH / 4);
	EXPECT_BYTES(reader, size, rss, 0);
}

STATE_OVER(private_views, private_memfd);
STATE_OVER(private_views, private_tmpfs);

/* Own pages out, and the object's as well: the same place counts once. */
static void both_are_out(const void *argument)
{
	const struct memory *memory = argument;
	int fd = memory_open(memory, LENGTH);
	char *content = map_alone(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *copy = memory_map(memory, fd, LENGTH, 0);

	touch(content, LENGTH);
	touch(copy, LENGTH / 2);
	swap_out(copy, LENGTH / 2);
	swap_out(content, LENGTH);
	EXPECT_BYTES(content, LENGTH, swap, LENGTH);
	EXPECT_BYTES(copy, LENGTH, swap, LENGTH);
	EXPECT_BYTES(copy, LENGTH, swap_shmem, LENGTH / 2);
}

STATE_OVER(both_are_out, private_memfd);
STATE_OVER(both_are_out, private_tmpfs);

/*
 * From 6.12 on a huge page of an object goes out as one entry, and smaps counts all of
 * it for a mapping that shows a part.
 */
STATE(huge_page_of_an_object)
{
	const char *directory = mount_alone("huge", "tmpfs", "huge=always,size=50%");
	char *mapping, *part;
	int fd;

	if (!directory)
		state_skip("tmpfs with huge=always: %m");
	setting_write(THP "enabled", "madvise");
	fd = file_in(directory, "huge", 2 * HUGE);
	mapping = map_aligned(2 * HUGE, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	touch(mapping, 2 * HUGE);
	setting_write(THP "enabled", "never");
	setting_write(THP "shmem_enabled", "never");
	swap_out(mapping, HUGE);
	part = map_aligned(HUGE, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, HUGE / 2);
	EXPECT_BYTES(mapping, 2 * HUGE, swap, HUGE);
	EXPECT_BYTES(mapping, 2 * HUGE, swap_shmem, HUGE);
	expect_between(part, HUGE, MEMCLASS_COLUMN_swap, HUGE / 2, HUGE);
}

STATES_MAIN(CLUSTER, THP "enabled", THP "shmem_enabled")
