// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: pages of hugetlbfs are counted as private or shared, and never as resident: those
 * of 2 MiB as the kernel counts them, those of 1 GiB as they are.
 *
 * Oracle: /proc of each process; and arithmetic: who touches which page is decided
 * here. Needs memory for a pool of 64 MiB, and for pages of 1 GiB that much more.
 */
#include <linux/userfaultfd.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/kernel.h"
#include "lib/state_test.h"

#ifndef MAP_HUGE_1GB
#define MAP_HUGE_1GB (30 << 26)
#endif
#ifndef UFFD_FEATURE_WP_HUGETLBFS_SHMEM
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM (1 << 12)
#endif

#define POOL	"/proc/sys/vm/nr_hugepages"
#define POOL_1G	"/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"
#define GIGA	(1UL << 30)
#define USED	(32UL << 20)
#define PAGES	4UL
#define LENGTH	(PAGES * HUGE)

static void fill_pool(void)
{
	if (!setting_write(POOL, "32") || setting_number(POOL) < 32)
		state_skip("there are no 32 pages for hugetlbfs");
}

static void touch_huge(char *addr, unsigned long pages)
{
	for (; pages--; addr += HUGE)
		*addr = 1;
}

static char *map_huge(int flags, int fd, size_t length, off_t offset)
{
	return map_aligned(length, HUGE, PROT_READ | PROT_WRITE, flags, fd, offset);
}

static char *anonymous(int flags)
{
	fill_pool();
	return map_huge(flags | MAP_ANONYMOUS | MAP_HUGETLB, -1, LENGTH, 0);
}

static void expect_pages(char *mapping, size_t length, unsigned long private,
			 unsigned long shared)
{
	expect_class(mapping, length, MEMCLASS_CLASS_HUGETLB);
	EXPECT_BYTES(mapping, length, hugetlb_private, private * HUGE);
	EXPECT_BYTES(mapping, length, hugetlb_shared, shared * HUGE);
	EXPECT_BYTES(mapping, length, rss, 0);
	EXPECT_BYTES(mapping, length, pss, 0);
	EXPECT_BYTES(mapping, length, virt, length);
}

STATE(private)
{
	char *mapping = anonymous(MAP_PRIVATE);

	touch_huge(mapping, 3);
	expect_pages(mapping, LENGTH, 3, 0);
}

static char *common;

static void copy_one(const void *argument)
{
	touch_huge(common, 1);
	expect_pages(common, LENGTH, 1, 2);
}

STATE(private_forked)
{
	common = anonymous(MAP_PRIVATE);
	touch_huge(common, 3);
	state_fork(copy_one, NULL);
	expect_pages(common, LENGTH, 1, 2);
}

/* Whether fork() copies the entries of a shared mapping depends on the kernel. */
static void use_one_more(const void *argument)
{
	touch_huge(common, 3);
	expect_pages(common, LENGTH, 1, 2);
}

STATE(shared_forked)
{
	common = anonymous(MAP_SHARED);
	touch_huge(common, 2);
	state_fork(use_one_more, NULL);
	expect_pages(common, LENGTH, 0, 2);
}

STATE(of_a_memfd)
{
	int fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB);
	char *mapping, *part;

	if (fd < 0)
		state_skip("MFD_HUGETLB: %m");
	fill_pool();
	MUST(!ftruncate(fd, LENGTH));
	mapping = map_huge(MAP_SHARED, fd, LENGTH, 0);
	part = map_huge(MAP_SHARED, fd, 2 * HUGE, 2 * HUGE);
	touch_huge(mapping, 4);
	touch_huge(part, 1);
	expect_pages(mapping, LENGTH, 3, 1);
	expect_pages(part, 2 * HUGE, 0, 1);
}

STATE(of_a_file)
{
	const char *directory = mount_alone("huge", "hugetlbfs", NULL);
	char *mapping, *copy;
	int fd;

	if (!directory)
		state_skip("hugetlbfs: %m");
	fill_pool();
	fd = file_in(directory, "memfd:file", LENGTH);
	mapping = map_huge(MAP_SHARED, fd, LENGTH, 0);
	copy = map_huge(MAP_PRIVATE, fd, LENGTH, 0);
	touch_huge(mapping, 4);
	look_at(copy, 2 * HUGE);
	touch_huge(copy + HUGE, 1);
	expect_pages(mapping, LENGTH, 3, 1);
	expect_pages(copy, LENGTH, 1, 1);
}

STATE(of_system_v)
{
	char *space;
	int id;

	MUST(!unshare(CLONE_NEWIPC));
	fill_pool();
	id = shmget(IPC_PRIVATE, LENGTH, SHM_HUGETLB | 0600);
	if (id < 0)
		state_skip("SHM_HUGETLB: %m");
	space = map_huge(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, LENGTH, 0);
	MUST(shmat(id, space, SHM_REMAP) == space);
	touch_huge(space, 1);
	expect_pages(space, LENGTH, 1, 0);
}

STATE(without_permission)
{
	char *mapping = anonymous(MAP_PRIVATE);

	touch_huge(mapping, 4);
	MUST(!mprotect(mapping + HUGE, HUGE, PROT_NONE));
	MUST(!mprotect(mapping + 2 * HUGE, HUGE, PROT_READ));
	expect_pages(mapping, LENGTH, 4, 0);
	expect_vmas(mapping, LENGTH, 4);
}

STATE(locked)
{
	char *mapping = anonymous(MAP_PRIVATE);

	MUST(!mlock(mapping, LENGTH));
	touch_huge(mapping, 4);
	expect_pages(mapping, LENGTH, 4, 0);
	/* smaps goes by what is resident, and this never is. */
	EXPECT_BYTES(mapping, LENGTH, locked, 0);
}

STATE(not_needed)
{
	char *mapping = anonymous(MAP_PRIVATE);

	touch_huge(mapping, 4);
	if (madvise(mapping + HUGE, HUGE, MADV_DONTNEED))
		state_skip("MADV_DONTNEED of hugetlbfs: %m; from 5.18 on");
	expect_pages(mapping, LENGTH, 3, 0);
}

STATE(markers_of_userfaultfd)
{
	struct uffdio_api api = {
		UFFD_API,
		UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM,
		0,
	};
	char *mapping = anonymous(MAP_SHARED);
	struct uffdio_register registration = {
		.range = { (uintptr_t)mapping, LENGTH },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect protection = {
		.range = { (uintptr_t)mapping, LENGTH },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		state_skip("userfaultfd for hugetlbfs: %m; from 5.19 on");
	touch_huge(mapping, 2);
	MUST(!ioctl(fd, UFFDIO_REGISTER, &registration));
	MUST(!ioctl(fd, UFFDIO_WRITEPROTECT, &protection));
	expect_pages(mapping, LENGTH, 2, 0);
}

/* The memory of one base page is lost until the next boot. */
static void go_on(int signal)
{
}

STATE(poisoned)
{
	char *mapping = anonymous(MAP_PRIVATE);

	signal(SIGBUS, go_on);
	touch_huge(mapping, 4);
	if (madvise(mapping + HUGE, PAGE, MADV_HWPOISON))
		state_skip("MADV_HWPOISON: %m");
	expect_class(mapping, LENGTH, MEMCLASS_CLASS_HUGETLB);
	if (kernel_at_least(5, 14)) {
		/* smaps counts what was there; status and pagemap do not. */
		compare_slack(HUGE / PAGE);
		expect_bytes(mapping, LENGTH, ORACLE_HUGETLB, LENGTH);
	} else {
		expect_pages(mapping, LENGTH, 3, 0);
	}
}

static void fill_pool_1g(void)
{
	if (!setting_write(POOL_1G, "1") || setting_number(POOL_1G) < 1)
		state_skip("there is no page of 1 GiB");
}

static char *touch_a_gigabyte(char *address)
{
	char *mapping = mmap(address, GIGA, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_1GB, -1, 0);

	MUST(mapping != MAP_FAILED && (!address || mapping == address));
	*mapping = 1;
	return mapping;
}

static void expect_a_gigabyte(char *mapping, unsigned long private, unsigned long shared)
{
	expect_class(mapping, GIGA, MEMCLASS_CLASS_HUGETLB);
	EXPECT_BYTES(mapping, GIGA, hugetlb_private, private * GIGA);
	EXPECT_BYTES(mapping, GIGA, hugetlb_shared, shared * GIGA);
	EXPECT_BYTES(mapping, GIGA, rss, 0);
}

STATE(of_a_gigabyte)
{
	fill_pool_1g();
	expect_a_gigabyte(touch_a_gigabyte(NULL), 1, 0);
}

/* Not by fork(): where smaps errs, that leaves the page out as well. */
STATE(of_a_gigabyte_mapped_twice)
{
	int fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB | MAP_HUGE_1GB);
	char *mappings[2];
	unsigned int i;

	if (fd < 0)
		state_skip("memfd_create() of pages of 1 GiB: %m");
	fill_pool_1g();
	MUST(!ftruncate(fd, GIGA));
	for (i = 0; i < 2; i++) {
		mappings[i] = map_aligned(GIGA, GIGA, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		*mappings[i] = 1;
	}
	for (i = 0; i < 2; i++)
		expect_a_gigabyte(mappings[i], 0, 1);
}

/*
 * The page table with its entry was a page of a file before. One of ramfs comes from where
 * tables do, and its struct page keeps where in the file it was: see sharing_is_told().
 */
STATE(of_a_gigabyte_below_a_used_page)
{
	char *far_from_all_else = (char *)(64UL << 40);
	int fd = file_in(file_directory(), "file", USED);
	char *pages;

	stay_on_this_cpu();
	fill_pool_1g();
	pages = map_alone(USED, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	touch(pages, USED);
	MUST(!munmap(pages, USED) && !ftruncate(fd, 0));
	expect_a_gigabyte(touch_a_gigabyte(far_from_all_else), 1, 0);
}

/*
 * Two processes that map the same 1 GiB of a file at such a multiple have one page
 * table for it: what one of them touches, both have, and it is mapped once.
 */
static void use_the_same_table(const void *argument)
{
	common[0] = 2;
	/* status tells only what this process itself brought in. */
	compare_slack(3 * HUGE / PAGE);
	expect_pages(common, GIGA, 0, 3);
}

STATE(with_a_page_table_in_common)
{
	int fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB);

	if (fd < 0)
		state_skip("MFD_HUGETLB: %m");
	fill_pool();
	MUST(!ftruncate(fd, GIGA));
	common = map_aligned(GIGA, GIGA, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
			     fd, 0);
	touch_huge(common, 3);
	state_fork(use_the_same_table, NULL);
	expect_pages(common, GIGA, 0, 3);
}

STATES_MAIN(POOL, POOL_1G)
