// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: whatever state base pages and the entries that map them are in, they are
 * counted as the kernel counts them.
 *
 * Oracle: /proc of each process; and arithmetic, since it is decided here which page
 * gets into which state. Swap, huge pages and files on disk have programs of their own.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/kernel.h"
#include "lib/state_test.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif
#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
#ifndef UFFD_FEATURE_WP_HUGETLBFS_SHMEM
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM (1 << 12)
#endif
#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#endif

#define PAGES	64UL
#define LENGTH	(PAGES * PAGE)

#define FAULT_AROUND "/sys/kernel/debug/fault_around_bytes"

/* A mapping of its own, in which all pages were written to. */
static char *written(const struct memory *memory)
{
	char *mapping = memory_map(memory, memory_open(memory, LENGTH), LENGTH, 0);

	touch(mapping, LENGTH);
	return mapping;
}

/*
 * The zero page.
 */
STATE(zero_page)
{
	char *mapping = map_anon(LENGTH);

	look_at(mapping, LENGTH);
	touch(mapping, LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, zero, LENGTH - LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, anon, LENGTH / 4);
}

static char *zeroes;

static void write_to_zeroes(const void *argument)
{
	touch(zeroes, LENGTH / 2);
	EXPECT_BYTES(zeroes, LENGTH, zero, LENGTH / 2);
	EXPECT_BYTES(zeroes, LENGTH, private_dirty, LENGTH / 2);
}

/* fork() copies entries only where there is at least one page of one's own. */
STATE(zero_page_after_fork)
{
	zeroes = map_anon(LENGTH);
	look_at(zeroes, LENGTH);
	touch(zeroes, PAGE);
	state_fork(write_to_zeroes, NULL);
	EXPECT_BYTES(zeroes, LENGTH, zero, LENGTH - PAGE);
	EXPECT_BYTES(zeroes, LENGTH, rss, PAGE);
}

/*
 * Locked pages: those of which the mapping says so count, by their PSS.
 */
static char *locked_mapping;

static void lock_too(const void *argument)
{
	const struct memory *memory = argument;

	MUST(!mlock(locked_mapping, LENGTH));
	if (memory->shared)
		EXPECT_BYTES(locked_mapping, LENGTH, locked, LENGTH / 2);
}

static void locked(const void *argument)
{
	const struct memory *memory = argument;
	char *mapping = memory_map(memory, memory_open(memory, LENGTH), LENGTH, 0);

	MUST(!mlock(mapping, LENGTH));
	expect_class(mapping, LENGTH, memory->class);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	locked_mapping = mapping;
	if (memory->shared) {
		state_fork(lock_too, memory);
		EXPECT_BYTES(mapping, LENGTH, locked, LENGTH / 2);
	} else {
		EXPECT_BYTES(mapping, LENGTH, locked, LENGTH);
	}
}

STATE_OVER(locked, anon);
STATE_OVER(locked, shm);
STATE_OVER(locked, memfd);
STATE_OVER(locked, tmpfs);
STATE_OVER(locked, file);
STATE_OVER(locked, private_tmpfs);
STATE_OVER(locked, private_file);

static void partly_locked(const void *argument)
{
	char *mapping = written(argument);

	MUST(!mlock(mapping + LENGTH / 4, LENGTH / 4));
	EXPECT_BYTES(mapping, LENGTH, locked, LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	expect_vmas(mapping, LENGTH, 3);
}

STATE_OVER(partly_locked, anon);
STATE_OVER(partly_locked, shm);
STATE_OVER(partly_locked, private_file);

static void locked_on_fault(const void *argument)
{
	const struct memory *memory = argument;
	char *mapping = memory_map(memory, memory_open(memory, LENGTH), LENGTH, 0);

	MUST(!mlock2(mapping, LENGTH, MLOCK_ONFAULT));
	touch(mapping, LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, locked, LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, virt, LENGTH);
}

STATE_OVER(locked_on_fault, anon);
STATE_OVER(locked_on_fault, shm);
STATE_OVER(locked_on_fault, file);

/*
 * What madvise() does to pages.
 */
static char *free_pages;

static void write_to_freed(const void *argument)
{
	touch(free_pages, LENGTH / 4);
}

STATE(freed_and_forked)
{
	stay_on_this_cpu();
	free_pages = written(&anon);
	MUST(!madvise(free_pages, LENGTH, MADV_FREE));
	MUST(!madvise(free_pages, LENGTH, MADV_FREE));
	state_fork(write_to_freed, NULL);
	EXPECT_BYTES(free_pages, LENGTH, anon, LENGTH);
	EXPECT_BYTES(free_pages, LENGTH, lazyfree, LENGTH);
}

STATE(freed)
{
	char *mapping = written(&anon);

	stay_on_this_cpu();
	/* The second call is for what the first one left collected. */
	MUST(!madvise(mapping, LENGTH, MADV_FREE));
	MUST(!madvise(mapping, LENGTH, MADV_FREE));
	EXPECT_BYTES(mapping, LENGTH, anon, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, lazyfree, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, private_clean, LENGTH);
}

STATE(freed_and_written_again)
{
	char *mapping = written(&anon);

	stay_on_this_cpu();
	MUST(!madvise(mapping, LENGTH, MADV_FREE));
	MUST(!madvise(mapping, LENGTH, MADV_FREE));
	touch(mapping, LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, anon, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, lazyfree, LENGTH - LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, private_dirty, LENGTH / 4);
}

/* 6.11: memory that the kernel may take back whenever it likes. */
STATE(droppable)
{
	char *mapping = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
			     MAP_ANONYMOUS | MAP_DROPPABLE, -1, 0);

	if (mapping == MAP_FAILED)
		state_skip("MAP_DROPPABLE: %m; from 6.11 on");
	touch(mapping, LENGTH / 2);
	expect_class(mapping, LENGTH, MEMCLASS_CLASS_ANON);
	EXPECT_BYTES(mapping, LENGTH, anon, LENGTH / 2);
}

static void cold(const void *argument)
{
	char *mapping = written(argument);

	stay_on_this_cpu();
	MUST(!madvise(mapping, LENGTH, MADV_COLD));
	touch(mapping, LENGTH / 4);
	/* Pages on their way to a list have a mark of their own, which can stay. */
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
}

STATE_OVER(cold, anon);
STATE_OVER(cold, shm);
STATE_OVER(cold, memfd);

static void not_needed(const void *argument)
{
	const struct memory *memory = argument;
	char *mapping = written(memory);

	MUST(!madvise(mapping + LENGTH / 4, LENGTH / 4, MADV_DONTNEED));
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH - LENGTH / 4);
	expect_bytes(mapping, LENGTH, memory->written, LENGTH - LENGTH / 4);
	expect_vmas(mapping, LENGTH, 1);
}

STATE_OVER(not_needed, anon);
STATE_OVER(not_needed, shm);
STATE_OVER(not_needed, file);
STATE_OVER(not_needed, private_memfd);
STATE_OVER(not_needed, private_file);

static void hole_punched(const void *argument)
{
	char *mapping = written(argument);

	MUST(!madvise(mapping + LENGTH / 4, LENGTH / 4, MADV_REMOVE));
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH - LENGTH / 4);
}

STATE_OVER(hole_punched, shm);
STATE_OVER(hole_punched, memfd);
STATE_OVER(hole_punched, tmpfs);

static void truncated(const void *argument)
{
	const struct memory *memory = argument;
	int fd = memory_open(memory, LENGTH);
	char *mapping = memory_map(memory, fd, LENGTH, 0);

	touch(mapping, LENGTH);
	MUST(!ftruncate(fd, LENGTH / 4));
	EXPECT_BYTES(mapping, LENGTH, virt, LENGTH);
	/* Copies go, too. */
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH / 4);
}

STATE_OVER(truncated, memfd);
STATE_OVER(truncated, tmpfs);
STATE_OVER(truncated, file);
STATE_OVER(truncated, private_memfd);
STATE_OVER(truncated, private_file);

/*
 * Present entries that say little or no.
 */
static void accessed(const void *argument)
{
	char *mapping = written(argument);

	MUST(setting_write("/proc/self/clear_refs", "1"));
	/* The processor does not know that yet; this makes it look again. */
	MUST(!mprotect(mapping, LENGTH, PROT_READ));
	look_at(mapping, LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, referenced, LENGTH / 4);
}

STATE_OVER(accessed, anon);
STATE_OVER(accessed, shm);
STATE_OVER(accessed, tmpfs);
STATE_OVER(accessed, file);
STATE_OVER(accessed, private_file);

static void soft_dirty(const void *argument)
{
	const struct memory *memory = argument;
	char *mapping = written(memory);

	if (!setting_write("/proc/self/clear_refs", "4"))
		state_skip("clear_refs: %m");
	touch(mapping, LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, private_dirty, LENGTH);
}

STATE_OVER(soft_dirty, anon);
STATE_OVER(soft_dirty, shm);
STATE_OVER(soft_dirty, file);
STATE_OVER(soft_dirty, private_file);

/* Entries that map a page without letting anybody at it. */
static void no_permission(const void *argument)
{
	const struct memory *memory = argument;
	char *mapping = written(memory);

	MUST(!mprotect(mapping + LENGTH / 4, LENGTH / 4, PROT_NONE));
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	EXPECT_BYTES(mapping + LENGTH / 4, LENGTH / 4, rss, LENGTH / 4);
	expect_vmas(mapping, LENGTH, 3);
}

STATE_OVER(no_permission, anon);
STATE_OVER(no_permission, shm);
STATE_OVER(no_permission, tmpfs);
STATE_OVER(no_permission, file);
STATE_OVER(no_permission, private_file);

/* Something else has a reference to the pages: they are not mapped any more often. */
static void in_a_pipe(const void *argument)
{
	char *mapping = written(argument);
	struct iovec pages = { mapping, 8 * PAGE };
	int pipe_fds[2];

	MUST(!pipe(pipe_fds));
	MUST(vmsplice(pipe_fds[1], &pages, 1, 0) == 8 * PAGE);
	expect_bytes(mapping, LENGTH, ORACLE_PRIVATE, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, pss, LENGTH);
}

STATE_OVER(in_a_pipe, anon);
STATE_OVER(in_a_pipe, shm);
STATE_OVER(in_a_pipe, file);

/* Pages and holes that go elsewhere together. */
STATE(moved)
{
	char *mapping = map_anon(LENGTH), *target = map_anon(LENGTH);

	touch(mapping, LENGTH / 4);
	look_at(mapping + LENGTH / 2, LENGTH / 4);
	MUST(mremap(mapping, LENGTH, LENGTH, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
	expect_vmas(mapping, LENGTH, 0);
	EXPECT_BYTES(target, LENGTH, anon, LENGTH / 4);
	EXPECT_BYTES(target, LENGTH, zero, LENGTH / 4);
}

/* A mapping of which the file shows another order. */
STATE(remapped)
{
	int fd = memory_open(&memfd, LENGTH);
	char *mapping = memory_map(&memfd, fd, LENGTH, 0);

	touch(mapping, LENGTH);
	if (remap_file_pages(mapping, 8 * PAGE, 0, 16, 0))
		state_skip("remap_file_pages: %m");
	touch(mapping, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	expect_bytes(mapping, LENGTH, ORACLE_SHARED, 16 * PAGE);
}

/*
 * userfaultfd.
 */
static int uffd_open(__u64 features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		state_skip("userfaultfd: %m");
	if (ioctl(fd, UFFDIO_API, &api))
		state_skip("userfaultfd has not the features %#llx", features);
	return fd;
}

static void uffd_register(int fd, char *addr, size_t length, __u64 mode)
{
	struct uffdio_register registration = {
		.range = { (uintptr_t)addr, length },
		.mode = mode,
	};

	MUST(!ioctl(fd, UFFDIO_REGISTER, &registration));
}

static void uffd_missing(const void *argument)
{
	static char content[4 * PAGE] __attribute__((aligned(4096))) = { 1 };
	const struct memory *memory = argument;
	int fd = uffd_open(0), memory_fd = memory_open(memory, LENGTH);
	char *mapping = memory_map(memory, memory_fd, LENGTH, 0);
	struct uffdio_copy copy = {
		.dst = (uintptr_t)mapping,
		.src = (uintptr_t)content,
		.len = 4 * PAGE,
	};
	struct uffdio_zeropage zero = { .range = { (uintptr_t)mapping + LENGTH / 2, 8 * PAGE } };

	uffd_register(fd, mapping, LENGTH, UFFDIO_REGISTER_MODE_MISSING);
	MUST(!ioctl(fd, UFFDIO_COPY, &copy));
	MUST(!ioctl(fd, UFFDIO_ZEROPAGE, &zero));
	expect_class(mapping, LENGTH, memory->class);
	if (memory == &anon) {
		EXPECT_BYTES(mapping, LENGTH, anon, 4 * PAGE);
		EXPECT_BYTES(mapping, LENGTH, zero, 8 * PAGE);
	} else {
		EXPECT_BYTES(mapping, LENGTH, shmem, 12 * PAGE);
		EXPECT_BYTES(mapping, LENGTH, zero, 0);
	}
}

STATE_OVER(uffd_missing, anon);
STATE_OVER(uffd_missing, shm);
STATE_OVER(uffd_missing, memfd);

static void protect(int fd, char *addr, size_t length)
{
	struct uffdio_writeprotect protection = {
		.range = { (uintptr_t)addr, length },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	MUST(!ioctl(fd, UFFDIO_WRITEPROTECT, &protection));
}

STATE(uffd_protected)
{
	int fd = uffd_open(UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	char *mapping = map_anon(LENGTH);

	touch(mapping, LENGTH / 2);
	uffd_register(fd, mapping, LENGTH, UFFDIO_REGISTER_MODE_WP);
	protect(fd, mapping, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, anon, LENGTH / 2);
	EXPECT_BYTES(mapping, LENGTH, swap, 0);
}

/* Entries that only remember that there was protection. */
static void uffd_markers(const void *argument)
{
	const struct memory *memory = argument;
	__u64 features = memory == &anon ? UFFD_FEATURE_WP_UNPOPULATED :
					   UFFD_FEATURE_WP_HUGETLBFS_SHMEM;
	int fd = uffd_open(UFFD_FEATURE_PAGEFAULT_FLAG_WP | features);
	char *mapping = memory_map(memory, memory_open(memory, LENGTH), LENGTH, 0);

	touch(mapping, LENGTH / 2);
	uffd_register(fd, mapping, LENGTH, UFFDIO_REGISTER_MODE_WP);
	protect(fd, mapping, LENGTH);
	MUST(!madvise(mapping, LENGTH / 4, MADV_DONTNEED));
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, swap, 0);
}

STATE_OVER(uffd_markers, anon);
STATE_OVER(uffd_markers, shm);
STATE_OVER(uffd_markers, memfd);

/*
 * 6.13: guards, which are entries that no page comes to. Those in files are younger.
 */
static void guarded(const void *argument)
{
	char *mapping = written(argument);

	if (madvise(mapping + 8 * PAGE, 16 * PAGE, MADV_GUARD_INSTALL))
		state_skip("MADV_GUARD_INSTALL: %m; from 6.13 on, for files from 6.15 on");
	MUST(!madvise(mapping + 12 * PAGE, 4 * PAGE, MADV_GUARD_REMOVE));
	touch(mapping + 12 * PAGE, PAGE);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH - 15 * PAGE);
	EXPECT_BYTES(mapping, LENGTH, swap, 0);
}

STATE_OVER(guarded, anon);
STATE_OVER(guarded, shm);
STATE_OVER(guarded, memfd);
STATE_OVER(guarded, private_file);

/*
 * Pages whose memory has failed. That is injected: the page's memory is lost until
 * the next boot. Since 5.14 smaps counts such an entry as the page that it was, which
 * status does not.
 */
static void go_on(int signal)
{
}

static void poisoned(const void *argument)
{
	const struct memory *memory = argument;
	char *mapping = written(memory);

	signal(SIGBUS, go_on);
	if (madvise(mapping + 8 * PAGE, PAGE, MADV_HWPOISON))
		state_skip("MADV_HWPOISON: %m");
	expect_class(mapping, LENGTH, memory->class);
	if (kernel_at_least(5, 14)) {
		compare_slack(1);
		EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	} else {
		EXPECT_BYTES(mapping, LENGTH, rss, LENGTH - PAGE);
	}
}

STATE_OVER(poisoned, anon);
STATE_OVER(poisoned, memfd);

STATE(soft_offlined)
{
	char *mapping = written(&anon);

	if (madvise(mapping + 8 * PAGE, PAGE, MADV_SOFT_OFFLINE))
		state_skip("MADV_SOFT_OFFLINE: %m");
	EXPECT_BYTES(mapping, LENGTH, private_dirty, LENGTH);
}

/*
 * KSM: pages with the same content become one.
 */
#define KSM "/sys/kernel/mm/ksm/"

static bool are_merged(const void *argument)
{
	return setting_number(KSM "pages_shared") + setting_number(KSM "pages_sharing") >=
	       *(const unsigned long *)argument;
}

static bool are_zero_pages(const void *argument)
{
	struct oracle_options options = {};
	struct oracle oracle;
	size_t i;
	bool gone = false;

	if (oracle_take(&oracle, getpid(), &options))
		return false;
	for (i = 0; i < oracle.nr_vmas; i++)
		if (oracle.vmas[i].start == (uintptr_t)argument)
			gone = !oracle.vmas[i].smaps.low[MEMCLASS_COLUMN_rss];
	oracle_free(&oracle);
	return gone;
}

/* Lets ksmd work until that is so, and stops it: then what is merged stays so. */
static void merge_until(bool (*condition)(const void *argument), const void *argument)
{
	if (!setting_write(KSM "pages_to_scan", "2000") ||
	    !setting_write(KSM "sleep_millisecs", "5") || !setting_write(KSM "run", "1"))
		state_skip("KSM: %m");
	MUST(wait_until(condition, argument));
	MUST(setting_write(KSM "run", "0"));
}

static char *merged;

static void write_to_merged(const void *argument)
{
	touch(merged, LENGTH / 4);
	EXPECT_BYTES(merged, LENGTH, ksm, LENGTH - LENGTH / 4);
	expect_bytes(merged, LENGTH, ORACLE_PRIVATE, LENGTH / 4);
}

STATE(ksm)
{
	unsigned long pages = PAGES;

	merged = map_anon(LENGTH);
	memset(merged, 0x5a, LENGTH);
	MUST(!madvise(merged, LENGTH, MADV_MERGEABLE));
	merge_until(are_merged, &pages);
	state_fork(write_to_merged, NULL);
	EXPECT_BYTES(merged, LENGTH, ksm, LENGTH);
	EXPECT_BYTES(merged, LENGTH, anon, LENGTH);
	expect_bytes(merged, LENGTH, ORACLE_SHARED, LENGTH);
	/* One page, and those who map it: PAGES here and three quarters in the child. */
	EXPECT_BYTES(merged, LENGTH, pss,
		     PAGES * ((PAGE << 12) / (PAGES + PAGES * 3 / 4)) >> 12);
}

STATE(ksm_of_zeroes)
{
	char *mapping = map_anon(LENGTH);

	if (!setting_write(KSM "use_zero_pages", "1"))
		state_skip("KSM: %m");
	memset(mapping, 0, LENGTH);
	MUST(!madvise(mapping, LENGTH, MADV_MERGEABLE));
	merge_until(are_zero_pages, mapping);
	EXPECT_BYTES(mapping, LENGTH, zero, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, rss, 0);
	EXPECT_BYTES(mapping, LENGTH, ksm, 0);
}

STATES_MAIN(FAULT_AROUND, KSM "pages_to_scan", KSM "sleep_millisecs", KSM "use_zero_pages",
	    KSM "run")
