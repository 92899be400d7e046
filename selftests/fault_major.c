// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: a fault that waits for a device is tried again when the page is there, and is
 * counted once, as major.
 * Oracle: maj_flt and min_flt of /proc/PID/stat, and the pages that were on a disk
 * alone before the test touched them.
 */
#include "fault_disk.h"

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "fault_steps.h"

#define MAJOR	(after.major - before.major)
#define MINOR	(after.minor - before.minor)

FIXTURE(disk)
{
	bool made;
	int fd;
};

FIXTURE_SETUP(disk)
{
	char why[128];

	if (!faults_are_on(why))
		SKIP(return, "faults are off: %s", why);
	self->made = disk_make();
	ASSERT_TRUE(self->made);
	self->fd = open(DISK_FILE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_TRUE(settle());
}

/* Of the disk's file, which is in use as long as they are there. */
static char *maps[2];
static unsigned int nr_maps;

FIXTURE_TEARDOWN(disk)
{
	if (!self->made)
		return;
	while (nr_maps--)
		munmap(maps[nr_maps], PLACES * APART);
	close(self->fd);
	disk_remove();
}

static char *map_places(int fd, int prot, int flags)
{
	char *map = map_own(PLACES * APART, prot, flags, fd);

	if (map)
		maps[nr_maps++] = map;
	return map;
}

/* On the disk alone, and with nothing read ahead. */
static char *map_cold(int fd, int prot, int flags)
{
	char *map = map_places(fd, prot, flags);

	if (!map || madvise(map, PLACES * APART, MADV_RANDOM) || fsync(fd) ||
	    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		return NULL;
	return map;
}

TEST_F(disk, read)
{
	char *map = map_cold(self->fd, PROT_READ, MAP_PRIVATE);
	unsigned int i;

	ASSERT_NE(NULL, map);
	BEGIN();
	for (i = 0; i < PLACES; i++)
		look_at(map + i * APART, 1);
	END(GREW(RODATA, major_read, PLACES));
	/* A mapping of its own, and the page cache has it: minor. */
	map = map_places(self->fd, PROT_READ, MAP_PRIVATE);
	ASSERT_NE(NULL, map);
	BEGIN();
	for (i = 0; i < PLACES; i++)
		look_at(map + i * APART, 1);
	END(GREW(RODATA, minor_read, PLACES));
}

TEST_F(disk, execute)
{
	char *map = map_cold(self->fd, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	unsigned int i;

	ASSERT_NE(NULL, map);
	BEGIN();
	for (i = 0; i < PLACES; i++)
		((void (*)(void))(map + i * APART))();
	END(GREW(TEXT, major_exec, PLACES));
}

TEST_F(disk, copy_on_write)
{
	char *map = map_cold(self->fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	unsigned int i;

	ASSERT_NE(NULL, map);
	BEGIN();
	for (i = 0; i < PLACES; i++)
		touch(map + i * APART, 1);
	END(GREW(DATA, major_write, PLACES), GREW(DATA, cow_faults, PLACES));
}

TEST_F(disk, write_shared)
{
	char *map = map_cold(self->fd, PROT_READ | PROT_WRITE, MAP_SHARED);
	unsigned int i;

	ASSERT_NE(NULL, map);
	BEGIN();
	for (i = 0; i < PLACES; i++)
		touch(map + i * APART, 1);
	END(GREW(FILE, write, PLACES));
	/* Written back it is write-protected: the next write is a fault again. */
	ASSERT_EQ(0, msync(map, PLACES * APART, MS_SYNC));
	BEGIN();
	for (i = 0; i < PLACES; i++)
		touch(map + i * APART, 1);
	END(GREW(FILE, write, PLACES));
}

/* By the kernel, for write() of it, and by get_user_pages(). */
TEST_F(disk, in_the_kernel)
{
	char *map = map_cold(self->fd, PROT_READ | PROT_WRITE, MAP_SHARED);
	int pipes[2];
	unsigned int i;
	char byte;

	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, pipe(pipes));
	BEGIN();
	for (i = 0; i < PLACES / 2; i++) {
		ASSERT_EQ(1, write(pipes[1], map + i * APART, 1));
		ASSERT_EQ(1, read(pipes[0], &byte, 1));
	}
	ASSERT_RIGHT(fault_read(getpid(), &after));
	EXPECT_LE(PLACES / 2, MAJOR);
	END(GREW(FILE, read, MAJOR + MINOR));
	/* It begins anew when the page is there, and then it is a minor fault. */
	BEGIN();
	for (; i < PLACES; i++)
		ASSERT_EQ(0, mlock(map + i * APART, PAGE));
	ASSERT_RIGHT(fault_read(getpid(), &after));
	EXPECT_LE(PLACES / 2, MAJOR + MINOR);
	END(GREW(FILE, read, MAJOR + MINOR));
}

/*
 * Swap.
 */

FIXTURE(swap) {};

FIXTURE_SETUP(swap)
{
	char text[256], why[128];

	if (!faults_are_on(why))
		SKIP(return, "faults are off: %s", why);
	text_read("/proc/swaps", text, sizeof(text));
	if (!strchr(text, '\n') || !strchr(strchr(text, '\n') + 1, '\n'))
		SKIP(return, "no swap: --swap 256");
	ASSERT_TRUE(settle());
}

FIXTURE_TEARDOWN(swap)
{
}

/* How many of the pages are swapped out, by their bits in /proc/self/pagemap. */
static unsigned int swapped(const char *map, size_t length)
{
	const int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	static uint64_t entries[N];
	unsigned int i, nr = 0;

	if (pread(fd, entries, length / PAGE * sizeof(entries[0]),
		  (uintptr_t)map / PAGE * sizeof(entries[0])) < 0)
		nr = 0;
	for (i = 0; i < length / PAGE; i++)
		nr += entries[i] >> 62 & 1;
	close(fd);
	return nr;
}

static bool swap_out(char *map)
{
	unsigned int tries;

	for (tries = 0; tries < 50; tries++) {
		if (madvise(map, LENGTH, MADV_PAGEOUT))
			return false;
		if (swapped(map, LENGTH) == N)
			return true;
		usleep(20000);
	}
	return false;
}

TEST_F(swap, anon)
{
	char *map = map_own_anon(LENGTH);

	ASSERT_NE(NULL, map);
	touch(map, LENGTH);
	ASSERT_TRUE(swap_out(map));
	BEGIN();
	look_at(map, LENGTH / 2);
	ASSERT_RIGHT(fault_read(getpid(), &after));
	/* Unless it was still in the swap cache. */
	EXPECT_LT(0U, MAJOR);
	END(GREW(ANON, read, N / 2));
	BEGIN();
	touch(map + LENGTH / 2, LENGTH / 2);
	END(GREW(ANON, write, N / 2));
}

TEST_F(swap, heap)
{
	char *map;

	sbrk((PAGE - (uintptr_t)sbrk(0) % PAGE) % PAGE);
	map = sbrk(LENGTH);
	ASSERT_NE((void *)-1, map);
	madvise(map, LENGTH, MADV_NOHUGEPAGE);
	touch(map, LENGTH);
	ASSERT_TRUE(swap_out(map));
	BEGIN();
	touch(map, LENGTH);
	ASSERT_RIGHT(fault_read(getpid(), &after));
	EXPECT_LT(0U, MAJOR);
	END(GREW(HEAP, write, N));
}

TEST_F(swap, shm)
{
	char *map = map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	unsigned int tries;

	ASSERT_NE(NULL, map);
	touch(map, LENGTH);
	for (tries = 0; tries < 50; tries++)
		ASSERT_EQ(0, madvise(map, LENGTH, MADV_PAGEOUT));
	BEGIN();
	touch(map, LENGTH);
	ASSERT_RIGHT(fault_read(getpid(), &after));
	EXPECT_LT(0U, MAJOR + MINOR);
	END(GREW(SHM, write, MAJOR + MINOR));
}

TEST_HARNESS_MAIN
