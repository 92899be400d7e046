// SPDX-License-Identifier: GPL-2.0
#include "kind.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE		4096UL
#define REGION		(256 * MIB)
#define HUGE		(2 * MIB)
#define HUGE_REGION	(48 * HUGE)
#define UNITS		(256 * 1024UL)

/* Nothing here can go on without what it asked for. */
static void must(int done, const char *what)
{
	if (done)
		return;
	perror(what);
	exit(EXIT_FAILURE);
}

static void *map(size_t length, int prot, int flags, int fd)
{
	void *map = mmap(NULL, length, prot, flags, fd, 0);

	must(map != MAP_FAILED, "mmap");
	return map;
}

/* Pieces by their number. */
static void *units[UNITS];

static void keep(size_t i, void *unit)
{
	must(i < UNITS, "too many units");
	units[i] = unit;
}

/*
 * Pieces that are asked for one by one.
 */

static void heap_prepare(void)
{
	/* What is freed at the top goes back at once. */
	mallopt(M_TRIM_THRESHOLD, 0);
	mallopt(M_TOP_PAD, 0);
}

/* Small ones, but not so small that malloc() keeps those that are freed at hand. */
#define PIECE	(2 * KIB)

static void heap_take(size_t i)
{
	keep(i, malloc(PIECE - 16));
	must(!!units[i], "malloc");
	memset(units[i], 1, PIECE - 16);
}

static void heap_give_back(size_t i)
{
	free(units[i]);
}

#define CHUNK	(16 * KIB)

/* Next to each other, these become one mapping. */
static void anon_take(size_t i)
{
	keep(i, map(CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1));
	memset(units[i], 1, CHUNK);
}

static void anon_give_back(size_t i)
{
	munmap(units[i], CHUNK);
}

#define RESERVE	(64 * KIB)

static void address_space_take(size_t i)
{
	keep(i, map(RESERVE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1));
}

static void address_space_give_back(size_t i)
{
	munmap(units[i], RESERVE);
}

/* A page that cannot be accessed keeps each apart from the next one. */
static void mapping_take(size_t i)
{
	keep(i, map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1));
	must(!mprotect((char *)units[i] + PAGE, PAGE, PROT_NONE), "mprotect");
	*(char *)units[i] = 1;
}

static void mapping_give_back(size_t i)
{
	munmap(units[i], 2 * PAGE);
}

static void *wait_forever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void threads_take(size_t i)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, RESERVE);
	must(!pthread_create(&thread, &attributes, wait_forever, NULL), "pthread_create");
	pthread_attr_destroy(&attributes);
	keep(i, (void *)thread);
}

/* Each takes two files. */
static void pipe_prepare(void)
{
	struct rlimit limit, more = { 65536, 65536 };

	if (!setrlimit(RLIMIT_NOFILE, &more))
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* What was written and is not read is memory of the kernel's. */
static void pipe_take(size_t i)
{
	static const char content[RESERVE];
	int fds[2];

	must(!pipe2(fds, O_NONBLOCK | O_CLOEXEC), "pipe2");
	must(write(fds[1], content, sizeof(content)) == (ssize_t)sizeof(content), "write");
	keep(i, (void *)(((unsigned long)fds[0] << 32) | fds[1]));
}

static void pipe_give_back(size_t i)
{
	close((unsigned long)units[i] >> 32);
	close((unsigned long)units[i] & 0xffffffff);
}

/*
 * A region that is there from the beginning, and is written to or read page by page.
 */

static char *region;
static int region_fd = -1;

static void region_write(size_t i)
{
	must(i < REGION / PAGE, "the region is full");
	region[i * PAGE] = 1;
}

static void region_read(size_t i)
{
	must(i < REGION / PAGE, "the region is full");
	*(volatile char *)&region[i * PAGE];
}

/* Out of this process's page tables. */
static void region_drop(size_t i)
{
	must(!madvise(region + i * PAGE, PAGE, MADV_DONTNEED), "MADV_DONTNEED");
}

/* And out of the object behind them. */
static void region_remove(size_t i)
{
	must(!madvise(region + i * PAGE, PAGE, MADV_REMOVE), "MADV_REMOVE");
}

/* Mounts that nobody else sees and that end with this process. */
static int file_on(const char *type)
{
	char path[64];
	int fd;

	must(!unshare(CLONE_NEWNS), "unshare");
	must(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "making mounts private");
	must(!mount(type, "/mnt", type, 0, NULL), "mount");
	snprintf(path, sizeof(path), "/mnt/%s", type);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	must(fd >= 0, path);
	return fd;
}

static void map_file(int fd, int prot, int flags)
{
	must(fd >= 0, "opening a file");
	must(!ftruncate(fd, REGION), "ftruncate");
	region = map(REGION, prot, flags, fd);
}

static void shm_prepare(void)
{
	region = map(REGION, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
}

static void sysv_prepare(void)
{
	int id = shmget(IPC_PRIVATE, REGION, IPC_CREAT | SHM_NORESERVE | 0600);

	must(id >= 0, "shmget");
	region = shmat(id, NULL, 0);
	must(region != (void *)-1, "shmat");
	/* It ends with the process. */
	shmctl(id, IPC_RMID, NULL);
}

static void memfd_prepare(void)
{
	map_file(memfd_create("workload", MFD_CLOEXEC), PROT_READ | PROT_WRITE, MAP_SHARED);
}

static void tmpfs_prepare(void)
{
	map_file(file_on("tmpfs"), PROT_READ | PROT_WRITE, MAP_SHARED);
}

static void file_prepare(void)
{
	map_file(file_on("ramfs"), PROT_READ | PROT_WRITE, MAP_SHARED);
}

static void cow_prepare(void)
{
	map_file(file_on("ramfs"), PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

static void cache_prepare(void)
{
	map_file(file_on("ramfs"), PROT_READ, MAP_SHARED);
}

/* The same without a mapping. */
static void tmpfs_file_prepare(void)
{
	region_fd = file_on("tmpfs");
}

static void tmpfs_file_take(size_t i)
{
	static const char content[PAGE] = { 1 };

	must(pwrite(region_fd, content, PAGE, i * PAGE) == PAGE, "pwrite");
}

static void tmpfs_file_give_back(size_t i)
{
	must(!ftruncate(region_fd, i * PAGE), "ftruncate");
}

/* The pool must have as many. */
static void hugetlb_prepare(void)
{
	region = map(HUGE_REGION, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
}

static void hugetlb_take(size_t i)
{
	must(i < HUGE_REGION / HUGE, "the region is full");
	region[i * HUGE] = 1;
}

/* Each page of zeroes that is mapped so far from the next needs a table of its own. */
static void page_tables_prepare(void)
{
	region = map(UNITS / 8 * HUGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	/* Fails where there are no huge pages, and none are wanted. */
	madvise(region, UNITS / 8 * HUGE, MADV_NOHUGEPAGE);
}

static void page_tables_take(size_t i)
{
	must(i < UNITS / 8, "the region is full");
	*(volatile char *)&region[i * HUGE];
}

static const struct kind kinds[] = {
	{ "heap", PIECE, heap_prepare, heap_take, heap_give_back },
	{ "anon", CHUNK, NULL, anon_take, anon_give_back },
	{ "mapping", PAGE, NULL, mapping_take, mapping_give_back },
	{ "address-space", RESERVE, NULL, address_space_take, address_space_give_back },
	{ "threads", RESERVE, NULL, threads_take, NULL },
	{ "shm", PAGE, shm_prepare, region_write, region_remove },
	{ "sysv", PAGE, sysv_prepare, region_write, region_remove },
	{ "tmpfs", PAGE, tmpfs_prepare, region_write, region_remove },
	{ "tmpfs-file", PAGE, tmpfs_file_prepare, tmpfs_file_take, tmpfs_file_give_back },
	{ "memfd", PAGE, memfd_prepare, region_write, region_remove },
	{ "file", PAGE, file_prepare, region_write, region_drop },
	{ "cache", PAGE, cache_prepare, region_read, region_drop },
	{ "cow", PAGE, cow_prepare, region_write, region_drop },
	{ "page-tables", PAGE, page_tables_prepare, page_tables_take, NULL },
	{ "hugetlb", HUGE, hugetlb_prepare, hugetlb_take, NULL },
	{ "pipe", RESERVE, pipe_prepare, pipe_take, pipe_give_back },
};

#define NR_KINDS	(sizeof(kinds) / sizeof(kinds[0]))

const struct kind *kind_find(const char *name)
{
	size_t i;

	for (i = 0; i < NR_KINDS; i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

void kind_list(void)
{
	size_t i;

	for (i = 0; i < NR_KINDS; i++)
		fprintf(stderr, " %s", kinds[i].name);
}
