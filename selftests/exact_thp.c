// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: transparent huge pages, mapped as a whole, page by page or in parts, are
 * counted as the kernel counts them; and so are folios of other sizes.
 *
 * Oracle: /proc of each process; and arithmetic: which part of a huge page is mapped
 * by whom is decided here. That there is a huge page at all is part of what each
 * state expects.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/kernel.h"
#include "lib/state_test.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define THP		"/sys/kernel/mm/transparent_hugepage/"
#define LENGTH		(2 * HUGE)
#define HUGE_PAGES	(HUGE / PAGE)

/* What so many pages that are mapped so often add to PSS, as the kernel cuts it. */
static uint64_t pss(uint64_t pages, uint64_t times)
{
	return pages * ((PAGE << 12) / times);
}

/*
 * From here on khugepaged changes nothing any more: it ends when no size is enabled.
 */
static void no_more(void)
{
	setting_write(THP "enabled", "never");
	setting_write(THP "shmem_enabled", "never");
}

static char *map_huge(size_t length)
{
	char *mapping = map_aligned(length, HUGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!setting_write(THP "enabled", "madvise"))
		state_skip("transparent huge pages: %m");
	setting_write(THP "defrag", "madvise");
	MUST(!madvise(mapping, length, MADV_HUGEPAGE));
	return mapping;
}

static char *written_huge(void)
{
	char *mapping = map_huge(LENGTH);

	touch(mapping, LENGTH);
	no_more();
	return mapping;
}

/*
 * Anonymous ones.
 */
STATE(whole)
{
	char *mapping = written_huge();

	expect_class(mapping, LENGTH, MEMCLASS_CLASS_ANON);
	EXPECT_BYTES(mapping, LENGTH, thp_anon, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, private_dirty, LENGTH);
}

STATE(touched_once)
{
	char *mapping = map_huge(LENGTH);

	mapping[HUGE + 5 * PAGE] = 1;
	no_more();
	EXPECT_BYTES(mapping, LENGTH, thp_anon, HUGE);
	EXPECT_BYTES(mapping, LENGTH, rss, HUGE);
}

static char *parents;

/* A write to one page makes page-table entries of one of the two: it is copied alone. */
static void write_one_page(const void *argument)
{
	parents[HUGE] = 2;
	EXPECT_BYTES(parents, LENGTH, rss, LENGTH);
	EXPECT_BYTES(parents, LENGTH, thp_anon, HUGE);
	expect_bytes(parents, LENGTH, ORACLE_PRIVATE, PAGE);
	EXPECT_BYTES(parents, LENGTH, pss, (pss(1, 1) + pss(2 * HUGE_PAGES - 1, 2)) >> 12);
}

STATE(forked)
{
	parents = written_huge();
	state_fork(write_one_page, NULL);
	EXPECT_BYTES(parents, LENGTH, rss, LENGTH);
	EXPECT_BYTES(parents, LENGTH, thp_anon, LENGTH);
	expect_bytes(parents, LENGTH, ORACLE_PRIVATE, PAGE);
	EXPECT_BYTES(parents, LENGTH, pss, (pss(1, 1) + pss(2 * HUGE_PAGES - 1, 2)) >> 12);
}

static void unmap_most(const void *argument)
{
	MUST(!munmap(parents + PAGE, HUGE - PAGE));
	EXPECT_BYTES(parents, PAGE, rss, PAGE);
	EXPECT_BYTES(parents, PAGE, pss, PAGE / 3);
	EXPECT_BYTES(parents + HUGE, HUGE, thp_anon, HUGE);
}

static void unmap_all_but_most(const void *argument)
{
	state_fork(unmap_most, NULL);
	MUST(!munmap(parents + HUGE, HUGE));
	EXPECT_BYTES(parents, HUGE, thp_anon, HUGE);
}

STATE(forked_twice_and_unmapped)
{
	parents = written_huge();
	state_fork(unmap_all_but_most, NULL);
	EXPECT_BYTES(parents, LENGTH, thp_anon, LENGTH);
	EXPECT_BYTES(parents, LENGTH, pss,
		     (pss(1, 3) + pss(HUGE_PAGES - 1, 2) + pss(HUGE_PAGES, 2)) >> 12);
}

STATE(split_by_mprotect)
{
	char *mapping = written_huge();

	MUST(!mprotect(mapping + 16 * PAGE, 16 * PAGE, PROT_READ));
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, thp_anon, HUGE);
	expect_vmas(mapping, LENGTH, 3);
}

STATE(split_by_munmap)
{
	char *mapping = written_huge();

	MUST(!munmap(mapping + HUGE / 2, HUGE / 4));
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH - HUGE / 4);
	EXPECT_BYTES(mapping, LENGTH, thp_anon, HUGE);
	EXPECT_BYTES(mapping, LENGTH, pss, LENGTH - HUGE / 4);
}

STATE(split_by_dontneed)
{
	char *mapping = written_huge();

	MUST(!madvise(mapping + 100 * PAGE, 50 * PAGE, MADV_DONTNEED));
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH - 50 * PAGE);
	EXPECT_BYTES(mapping, LENGTH, thp_anon, HUGE);
	expect_vmas(mapping, LENGTH, 1);
}

/* Nothing follows the one page that is left of it: first in a mapping, and after others. */
STATE(split_and_one_left)
{
	char *mapping = written_huge();

	MUST(!madvise(mapping + PAGE, HUGE - PAGE, MADV_DONTNEED));
	touch(mapping + HUGE / 2, 10 * PAGE);
	MUST(!madvise(mapping + HUGE + PAGE, HUGE - PAGE, MADV_DONTNEED));
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH - 2 * HUGE + 12 * PAGE);
	EXPECT_BYTES(mapping, LENGTH, private_dirty, LENGTH - 2 * HUGE + 12 * PAGE);
	EXPECT_BYTES(mapping, LENGTH, swap, 0);
}

/* Pages of a huge page beside ones that never were part of one. */
STATE(split_and_filled_again)
{
	char *mapping = written_huge();

	MUST(!madvise(mapping + 100 * PAGE, 50 * PAGE, MADV_DONTNEED));
	touch(mapping + 110 * PAGE, 10 * PAGE);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH - 40 * PAGE);
	EXPECT_BYTES(mapping, LENGTH, thp_anon, HUGE);
	EXPECT_BYTES(mapping, LENGTH, private_dirty, LENGTH - 40 * PAGE);
}

STATE(without_permission)
{
	char *mapping = written_huge();

	MUST(!mprotect(mapping, HUGE, PROT_NONE));
	if (kernel_at_least(6, 1) && !kernel_at_least(6, 5)) {
		/* smaps does not count it, status does. */
		compare_slack(HUGE_PAGES);
		EXPECT_BYTES(mapping, LENGTH, rss, LENGTH - HUGE);
	} else {
		EXPECT_BYTES(mapping, LENGTH, thp_anon, LENGTH);
		EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	}
}

STATE(locked)
{
	char *mapping = written_huge();

	MUST(!mlock(mapping, HUGE));
	EXPECT_BYTES(mapping, LENGTH, thp_anon, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, locked, HUGE);
}

STATE(freed)
{
	char *mapping = written_huge();

	MUST(!madvise(mapping, LENGTH, MADV_FREE));
	mapping[HUGE] = 1;
	EXPECT_BYTES(mapping, LENGTH, thp_anon, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, lazyfree, HUGE);
	EXPECT_BYTES(mapping, LENGTH, private_dirty, HUGE);
}

STATE(freed_in_part)
{
	char *mapping = written_huge();

	MUST(!madvise(mapping + HUGE / 2, HUGE / 4, MADV_FREE));
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
}

STATE(accessed)
{
	char *mapping = written_huge();

	MUST(setting_write("/proc/self/clear_refs", "1"));
	/* The processor does not know that yet; this makes it look again. */
	MUST(!mprotect(mapping, LENGTH, PROT_READ));
	look_at(mapping, PAGE);
	EXPECT_BYTES(mapping, LENGTH, thp_anon, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, referenced, HUGE);
}

STATE(soft_dirty)
{
	char *mapping = written_huge();

	if (!setting_write("/proc/self/clear_refs", "4"))
		state_skip("clear_refs: %m");
	touch(mapping, PAGE);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, private_dirty, LENGTH);
}

STATE(moved)
{
	char *mapping = written_huge(), *target = map_huge(LENGTH);

	no_more();
	MUST(mremap(mapping, LENGTH, LENGTH, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
	EXPECT_BYTES(target, LENGTH, thp_anon, LENGTH);
}

STATE(moved_by_a_page)
{
	char *mapping = written_huge(), *target = map_huge(LENGTH + HUGE);

	no_more();
	MUST(mremap(mapping, LENGTH, LENGTH, MREMAP_MAYMOVE | MREMAP_FIXED, target + PAGE) ==
	     target + PAGE);
	EXPECT_BYTES(target, LENGTH + HUGE, rss, LENGTH);
	EXPECT_BYTES(target, LENGTH + HUGE, thp_anon, 0);
}

STATE(protected_by_userfaultfd)
{
	struct uffdio_api api = { UFFD_API, UFFD_FEATURE_PAGEFAULT_FLAG_WP, 0 };
	char *mapping = written_huge();
	struct uffdio_register registration = {
		.range = { (uintptr_t)mapping, LENGTH },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect protection = {
		.range = { (uintptr_t)mapping, HUGE + HUGE / 2 },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		state_skip("userfaultfd: %m");
	MUST(!ioctl(fd, UFFDIO_REGISTER, &registration));
	MUST(!ioctl(fd, UFFDIO_WRITEPROTECT, &protection));
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, thp_anon, HUGE);
}

/* 6.1: base pages that the process itself asks to become a huge one. */
STATE(collapsed)
{
	char *mapping = map_huge(LENGTH);

	MUST(!madvise(mapping, LENGTH, MADV_NOHUGEPAGE));
	touch(mapping, LENGTH);
	MUST(!madvise(mapping, LENGTH, MADV_HUGEPAGE));
	if (madvise(mapping, HUGE, MADV_COLLAPSE))
		state_skip("MADV_COLLAPSE: %m; from 6.1 on");
	no_more();
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	/* khugepaged may have come by for the rest. */
	expect_between(mapping, LENGTH, MEMCLASS_COLUMN_thp_anon, HUGE, LENGTH);
}

/*
 * The huge page of zeroes.
 */
static char *zeroes;

static void write_to_zeroes(const void *argument)
{
	zeroes[0] = 1;
	/* It gets one page, or a huge one. */
	expect_between(zeroes, 2 * LENGTH, MEMCLASS_COLUMN_zero, LENGTH - HUGE, LENGTH - PAGE);
	expect_between(zeroes, 2 * LENGTH, MEMCLASS_COLUMN_anon, HUGE + PAGE, 2 * HUGE);
}

STATE(zero_page)
{
	if (!setting_write(THP "use_zero_page", "1"))
		state_skip("huge zero page: %m");
	zeroes = map_huge(2 * LENGTH);
	look_at(zeroes, LENGTH);
	touch(zeroes + LENGTH, HUGE);
	/* fork() copies entries only where there is a page of one's own. */
	state_fork(write_to_zeroes, NULL);
	no_more();
	EXPECT_BYTES(zeroes, 2 * LENGTH, zero, LENGTH);
	EXPECT_BYTES(zeroes, 2 * LENGTH, rss, HUGE);
	EXPECT_BYTES(zeroes, 2 * LENGTH, thp_anon, HUGE);
}

STATE(zero_page_split)
{
	if (!setting_write(THP "use_zero_page", "1"))
		state_skip("huge zero page: %m");
	zeroes = map_huge(LENGTH);
	look_at(zeroes, LENGTH);
	no_more();
	MUST(!madvise(zeroes + 10 * PAGE, 10 * PAGE, MADV_DONTNEED));
	EXPECT_BYTES(zeroes, LENGTH, rss, 0);
	EXPECT_BYTES(zeroes, LENGTH, zero, LENGTH - 10 * PAGE);
}

/*
 * 6.8: folios that are larger than a page and smaller than a huge one. Page-table
 * entries map them; they count like other pages, and not as huge ones.
 */
struct size {
	const char *name;
	unsigned long pages;
};

static const struct size kb16 = { "16kB", 4 }, kb64 = { "64kB", 16 }, kb1024 = { "1024kB", 256 };

static char *written_folios(const struct size *size)
{
	size_t length = 4 * size->pages * PAGE;
	char *mapping = map_aligned(length, HUGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char path[96];

	snprintf(path, sizeof(path), THP "hugepages-%s/enabled", size->name);
	no_more();
	if (!setting_write(path, "madvise"))
		state_skip("folios of %s: %m; from 6.8 on", size->name);
	MUST(!madvise(mapping, length, MADV_HUGEPAGE));
	/* One page of each brings in all of it. */
	for (; length; length -= size->pages * PAGE)
		mapping[length - PAGE] = 1;
	setting_write(path, "never");
	EXPECT_BYTES(mapping, 4 * size->pages * PAGE, thp_anon, 0);
	return mapping;
}

static void folios(const void *argument)
{
	const struct size *size = argument;
	size_t length = 4 * size->pages * PAGE;
	char *mapping = written_folios(size);

	EXPECT_BYTES(mapping, length, rss, length);
	EXPECT_BYTES(mapping, length, pss, length);
	EXPECT_BYTES(mapping, length, private_dirty, length);
}

STATE_OVER(folios, kb16);
STATE_OVER(folios, kb64);
STATE_OVER(folios, kb1024);

static void folios_in_part(const void *argument)
{
	const struct size *size = argument;
	size_t folio = size->pages * PAGE;
	char *mapping = written_folios(size);

	MUST(!madvise(mapping + folio / 2, folio, MADV_DONTNEED));
	MUST(!mprotect(mapping + 3 * folio, folio / 2, PROT_READ));
	EXPECT_BYTES(mapping, 4 * folio, rss, 3 * folio);
	EXPECT_BYTES(mapping, 4 * folio, private_dirty, 3 * folio);
}

STATE_OVER(folios_in_part, kb16);
STATE_OVER(folios_in_part, kb64);
STATE_OVER(folios_in_part, kb1024);

static void write_to_folios(const void *argument)
{
	const struct size *size = argument;
	size_t folio = size->pages * PAGE;

	touch(parents + folio / 2, folio);
	MUST(!munmap(parents + 3 * folio, folio));
	EXPECT_BYTES(parents, 3 * folio, rss, 3 * folio);
	expect_bytes(parents, 3 * folio, ORACLE_PRIVATE, folio);
	EXPECT_BYTES(parents, 3 * folio, pss,
		     (pss(size->pages, 1) + pss(2 * size->pages, 2)) >> 12);
}

static void folios_forked(const void *argument)
{
	const struct size *size = argument;
	size_t folio = size->pages * PAGE;

	parents = written_folios(size);
	state_fork(write_to_folios, size);
	EXPECT_BYTES(parents, 4 * folio, rss, 4 * folio);
	/* What the child copied and what it unmapped. */
	expect_bytes(parents, 4 * folio, ORACLE_PRIVATE, 2 * folio);
}

STATE_OVER(folios_forked, kb16);
STATE_OVER(folios_forked, kb64);
STATE_OVER(folios_forked, kb1024);

/*
 * Of shared memory.
 */
static int huge_tmpfs_file(size_t length)
{
	const char *directory = mount_alone("huge", "tmpfs", "huge=always,size=50%");

	if (!directory)
		state_skip("tmpfs with huge=always: %m");
	setting_write(THP "enabled", "madvise");
	return file_in(directory, "huge", length);
}

static char *map_file(int fd, int flags, size_t length, off_t offset)
{
	return map_aligned(length, HUGE, PROT_READ | PROT_WRITE, flags, fd, offset);
}

STATE(tmpfs_whole)
{
	char *mapping = map_file(huge_tmpfs_file(LENGTH), MAP_SHARED, LENGTH, 0);

	touch(mapping, LENGTH);
	no_more();
	expect_class(mapping, LENGTH, MEMCLASS_CLASS_TMPFS);
	EXPECT_BYTES(mapping, LENGTH, thp_shmem, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, shmem, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, private_dirty, LENGTH);
}

STATE(shared_whole)
{
	char *mapping;

	if (!setting_write(THP "shmem_enabled", "advise"))
		state_skip("shmem_enabled: %m");
	setting_write(THP "enabled", "madvise");
	mapping = map_aligned(LENGTH, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			      -1, 0);
	MUST(!madvise(mapping, LENGTH, MADV_HUGEPAGE));
	touch(mapping, LENGTH);
	no_more();
	expect_class(mapping, LENGTH, MEMCLASS_CLASS_SHM);
	EXPECT_BYTES(mapping, LENGTH, thp_shmem, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
}

/* The same pages: as a whole, at an offset that does not fit, and only some of them. */
static int shared_file;

static void map_at_another_offset(const void *argument)
{
	char *shifted = map_file(shared_file, MAP_SHARED, HUGE, 16 * PAGE);
	char *part = map_file(shared_file, MAP_SHARED, 32 * PAGE, HUGE);

	touch(shifted, HUGE);
	touch(part, 32 * PAGE);
	EXPECT_BYTES(shifted, HUGE, rss, HUGE);
	EXPECT_BYTES(shifted, HUGE, thp_shmem, 0);
	EXPECT_BYTES(shifted, HUGE, pss, (pss(HUGE_PAGES - 16, 2) + pss(16, 3)) >> 12);
	EXPECT_BYTES(part, 32 * PAGE, pss, (pss(16, 3) + pss(16, 2)) >> 12);
}

STATE(tmpfs_in_two_processes)
{
	char *mapping;

	shared_file = huge_tmpfs_file(LENGTH);
	mapping = map_file(shared_file, MAP_SHARED, LENGTH, 0);
	touch(mapping, LENGTH);
	state_fork(map_at_another_offset, NULL);
	no_more();
	EXPECT_BYTES(mapping, LENGTH, thp_shmem, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, pss,
		     (pss(16, 1) + pss(HUGE_PAGES - 16, 2) + pss(16, 3) + pss(16, 2) +
		      pss(HUGE_PAGES - 32, 1)) >>
			     12);
}

STATE(tmpfs_private)
{
	int fd = huge_tmpfs_file(LENGTH);
	char *content = map_file(fd, MAP_SHARED, LENGTH, 0);
	char *copy = map_file(fd, MAP_PRIVATE, LENGTH, 0);

	touch(content, LENGTH);
	look_at(copy, LENGTH);
	touch(copy + HUGE, 16 * PAGE);
	no_more();
	expect_class(copy, LENGTH, MEMCLASS_CLASS_DATA);
	EXPECT_BYTES(content, LENGTH, thp_shmem, LENGTH);
	EXPECT_BYTES(copy, LENGTH, cow, 16 * PAGE);
}

STATE(tmpfs_split_by_mprotect)
{
	char *mapping = map_file(huge_tmpfs_file(LENGTH), MAP_SHARED, LENGTH, 0);

	touch(mapping, LENGTH);
	no_more();
	/* Page-table entries of a file are not made anew before they are needed. */
	MUST(!mprotect(mapping + 16 * PAGE, 16 * PAGE, PROT_READ));
	look_at(mapping, HUGE / 4);
	EXPECT_BYTES(mapping, LENGTH, thp_shmem, HUGE);
	expect_vmas(mapping, LENGTH, 3);
}

STATE(tmpfs_with_a_hole)
{
	char *mapping = map_file(huge_tmpfs_file(LENGTH), MAP_SHARED, LENGTH, 0);

	touch(mapping, LENGTH);
	no_more();
	MUST(!madvise(mapping + HUGE / 2, HUGE / 4, MADV_REMOVE));
	look_at(mapping, HUGE / 4);
	EXPECT_BYTES(mapping, LENGTH, thp_shmem, HUGE);
}

STATES_MAIN(THP "enabled", THP "shmem_enabled", THP "defrag", THP "use_zero_page",
	    THP "hugepages-16kB/enabled", THP "hugepages-64kB/enabled",
	    THP "hugepages-1024kB/enabled")
