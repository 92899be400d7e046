// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: every object of shared memory is in the file "objects" with what it holds and
 * who has it: of every kind, in every namespace, with and without a name, a mapping, a
 * descriptor.
 *
 * Oracle: what the test itself made, filled, mapped and gave away; /proc/sysvipc/shm.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "lib/child.h"
#include "lib/objects.h"
#include "lib/settings.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define PAGE	4096UL
#define HUGE	(2 * MIB)
#define PAGES	16			/* of an object, of whatever size */
#define POOL	"/proc/sys/vm/nr_hugepages"
#define SHMEM_THP "/sys/kernel/mm/transparent_hugepage/shmem_enabled"
#define SMALL	"/sys/module/memclass/parameters/objects_small"

/* An object that this process has made, and maps. */
struct made {
	char *map;
	size_t length;
	int fd;				/* or -1 */
	int shmid;			/* or -1 */
};

static char *map_fd(int fd, size_t length)
{
	char *map;

	if (fd < 0 || ftruncate(fd, length))
		return MAP_FAILED;
	map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return map;
}

static bool make_file(struct made *made, const char *path)
{
	made->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	made->map = map_fd(made->fd, made->length);
	return made->map != MAP_FAILED;
}

static bool make_tmpfs(struct made *made)
{
	return make_file(made, "/dev/shm/object");
}

static bool make_hugetlbfs(struct made *made)
{
	return make_file(made, "/dev/hugepages/object");
}

static bool make_memfd(struct made *made)
{
	made->fd = memfd_create("object", MFD_CLOEXEC);
	made->map = map_fd(made->fd, made->length);
	return made->map != MAP_FAILED;
}

static bool make_huge_memfd(struct made *made)
{
	made->fd = memfd_create("object", MFD_CLOEXEC | MFD_HUGETLB);
	made->map = map_fd(made->fd, made->length);
	return made->map != MAP_FAILED;
}

static bool make_segment(struct made *made, int flags)
{
	made->shmid = shmget(0x1234abcd, made->length, IPC_CREAT | IPC_EXCL | 0600 | flags);
	if (made->shmid < 0)
		return false;
	made->map = shmat(made->shmid, NULL, 0);
	return made->map != (void *)-1;
}

static bool make_sysv(struct made *made)
{
	return make_segment(made, 0);
}

static bool make_huge_sysv(struct made *made)
{
	return make_segment(made, SHM_HUGETLB);
}

static bool make_shm(struct made *made)
{
	made->map = mmap(NULL, made->length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	return made->map != MAP_FAILED;
}

static bool make_huge_shm(struct made *made)
{
	made->map = mmap(NULL, made->length, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	return made->map != MAP_FAILED;
}

static void fill(char *map, size_t length, size_t page)
{
	for (; length; length -= page, map += page)
		*map = 1;
}

static void unmap(struct made *made)
{
	if (made->shmid >= 0)
		shmdt(made->map);
	else
		munmap(made->map, made->length);
	made->map = NULL;
}

FIXTURE(kind)
{
	struct settings settings;
	struct made made;
	struct object_place place;
	struct object_row *row;
};

FIXTURE_VARIANT(kind)
{
	const char *kind;
	const char *path;
	const char *name;
	size_t page;
	bool (*make)(struct made *made);
};

#define KIND(variant_name, kind_name, page_size, make_it, file, object_name) \
	FIXTURE_VARIANT_ADD(kind, variant_name) \
	{ \
		.kind = kind_name, \
		.path = file, \
		.name = object_name, \
		.page = page_size, \
		.make = make_it, \
	}
KIND(tmpfs, "tmpfs", PAGE, make_tmpfs, "/dev/shm/object", "/object");
KIND(memfd, "memfd", PAGE, make_memfd, NULL, "memfd:object");
KIND(sysv, "sysv", PAGE, make_sysv, NULL, "SYSV1234abcd");
KIND(shm, "shm", PAGE, make_shm, NULL, "dev/zero");
KIND(hugetlbfs, "hugetlbfs", HUGE, make_hugetlbfs, "/dev/hugepages/object", "/object");
KIND(huge_memfd, "memfd", HUGE, make_huge_memfd, NULL, "memfd:object");
KIND(huge_sysv, "sysv", HUGE, make_huge_sysv, NULL, "SYSV1234abcd");
KIND(huge_shm, "shm", HUGE, make_huge_shm, NULL, "anon_hugepage");

/* Half of the pages are filled. */
FIXTURE_SETUP(kind)
{
	static const char *const settings[] = { POOL, SMALL, NULL };
	struct made *made = &self->made;

	settings_keep(&self->settings, settings);
	ASSERT_TRUE(setting_write(SMALL, "0"));
	*made = (struct made) { .length = PAGES * variant->page, .fd = -1, .shmid = -1 };
	if (variant->page == HUGE &&
	    (!setting_write(POOL, "16") || setting_number(POOL) < PAGES))
		SKIP(return, "there are no %d huge pages", PAGES);
	ASSERT_TRUE(variant->make(made))
	TH_LOG("%m");
	fill(made->map, made->length / 2, variant->page);
	self->place = object_at(made->map);
	ASSERT_NE(0U, self->place.dev_minor);
	self->row = object_get(self->place, variant->kind);
	ASSERT_NE(NULL, self->row);
}

FIXTURE_TEARDOWN(kind)
{
	if (self->made.map)
		unmap(&self->made);
	if (self->made.shmid >= 0)
		shmctl(self->made.shmid, IPC_RMID, NULL);
	if (self->made.fd >= 0)
		close(self->made.fd);
	if (variant->path)
		unlink(variant->path);
	settings_restore(&self->settings);
	free(self->row);
}

/* Reads the row again. */
#define AGAIN() \
	do { \
		free(self->row); \
		self->row = object_get(self->place, variant->kind); \
	} while (0)

TEST_F(kind, is_listed)
{
	struct object_rows rows;
	const struct object_row *row;
	uint64_t now = time(NULL);

	EXPECT_EQ(variant->page, self->row->page_size);
	EXPECT_EQ(1U, self->row->files);
	EXPECT_EQ(self->made.length, self->row->size);
	EXPECT_EQ(self->made.length / 2, self->row->resident);
	EXPECT_EQ(self->made.length / 2, self->row->mapped);
	EXPECT_EQ(0U, self->row->swapped);
	EXPECT_EQ(1U, self->row->mappers);
	EXPECT_EQ(0U, self->row->holders);
	EXPECT_EQ(0U, self->row->unknown);
	EXPECT_EQ(0U, self->row->uid);
	EXPECT_LE(self->row->since, now);
	EXPECT_LE(now, self->row->since + 600);
	EXPECT_STREQ("-", self->row->flags);
	ASSERT_TRUE(objects_read(&rows, 1 << 16));
	row = objects_find(&rows, self->place, variant->kind);
	ASSERT_NE(NULL, row);
	EXPECT_STREQ(variant->name, row->name);
	objects_free(&rows);
}

static void map_too(const struct child *parent, void *data)
{
	const struct made *made = data;

	/* It has all of this process's memory now; there is no need to touch it. */
	if (made->fd >= 0)
		close(made->fd);
	(void)parent;
}

TEST_F(kind, mapped_by_two)
{
	struct child child = child_start(map_too, &self->made);

	ASSERT_LT(0, child.pid);
	AGAIN();
	ASSERT_NE(NULL, self->row);
	EXPECT_EQ(2U, self->row->mappers);
	EXPECT_EQ(0U, self->row->holders);
	EXPECT_EQ(0U, self->row->unknown);
	child_end(&child);
	AGAIN();
	ASSERT_NE(NULL, self->row);
	EXPECT_EQ(1U, self->row->mappers);
}

/* One process that maps it often is one; of each page it is known that it is mapped. */
TEST_F(kind, mapped_in_pieces)
{
	size_t hole = 2 * variant->page;

	if (self->made.shmid >= 0)
		SKIP(return, "shmdt() detaches all of it");
	ASSERT_EQ(0, munmap(self->made.map + hole, hole));
	AGAIN();
	ASSERT_NE(NULL, self->row);
	EXPECT_EQ(1U, self->row->mappers);
	EXPECT_EQ(0U, self->row->unknown);
	EXPECT_EQ(self->made.length / 2, self->row->resident);
	EXPECT_EQ(self->made.length / 2 - hole, self->row->mapped);
}

/* Nobody maps it; what has a name, a key or a descriptor is still there. */
TEST_F(kind, unmapped)
{
	unmap(&self->made);
	AGAIN();
	if (self->made.fd < 0 && self->made.shmid < 0) {
		EXPECT_EQ(NULL, self->row);
		return;
	}
	ASSERT_NE(NULL, self->row);
	EXPECT_EQ(self->made.length / 2, self->row->resident);
	EXPECT_EQ(0U, self->row->mapped);
	EXPECT_EQ(0U, self->row->mappers);
	EXPECT_EQ(self->made.fd >= 0 ? 1U : 0U, self->row->holders);
	EXPECT_EQ(0U, self->row->unknown);
}

/* Its name is deleted; a descriptor holds it, and then nothing. */
TEST_F(kind, unlinked)
{
	if (!variant->path)
		SKIP(return, "it has no name to delete");
	ASSERT_EQ(0, unlink(variant->path));
	unmap(&self->made);
	AGAIN();
	ASSERT_NE(NULL, self->row);
	EXPECT_TRUE(object_has_flag(self->row, "unlinked"));
	EXPECT_EQ(self->made.length / 2, self->row->resident);
	EXPECT_EQ(0U, self->row->mappers);
	EXPECT_EQ(1U, self->row->holders);
	EXPECT_EQ(0U, self->row->unknown);
	close(self->made.fd);
	self->made.fd = -1;
	AGAIN();
	EXPECT_EQ(NULL, self->row);
}

/* Threads with a table of descriptors each; of these, only one has the object. */
#define TABLES	6

struct tables {
	pthread_barrier_t made, done;
	int fd;
	unsigned int next;
	bool failed;
};

static void *have_table(void *data)
{
	struct tables *tables = data;
	const bool keep = __atomic_fetch_add(&tables->next, 1, __ATOMIC_RELAXED) == TABLES / 2;

	if (unshare(CLONE_FILES) || (!keep && close(tables->fd)))
		tables->failed = true;
	pthread_barrier_wait(&tables->made);
	pthread_barrier_wait(&tables->done);
	return NULL;
}

TEST_F(kind, held_by_a_thread)
{
	struct tables tables = { .fd = self->made.fd };
	pthread_t threads[TABLES];
	unsigned int i;

	if (self->made.fd < 0)
		SKIP(return, "it has no descriptor to be had");
	unmap(&self->made);
	pthread_barrier_init(&tables.made, NULL, TABLES + 1);
	pthread_barrier_init(&tables.done, NULL, TABLES + 1);
	for (i = 0; i < TABLES; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, have_table, &tables));
	pthread_barrier_wait(&tables.made);
	ASSERT_FALSE(tables.failed);
	close(self->made.fd);
	self->made.fd = -1;
	AGAIN();
	pthread_barrier_wait(&tables.done);
	for (i = 0; i < TABLES; i++)
		pthread_join(threads[i], NULL);
	ASSERT_NE(NULL, self->row);
	EXPECT_EQ(0U, self->row->mappers);
	EXPECT_EQ(1U, self->row->holders);
	EXPECT_EQ(0U, self->row->unknown);
}

/* Neither maps it nor has a descriptor: it is in a socket. */
TEST_F(kind, in_flight)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS } };
	char text[1] = "";
	struct iovec byte = { .iov_base = text, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int sockets[2];

	if (self->made.fd < 0)
		SKIP(return, "it has no descriptor to be passed");
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	memcpy(CMSG_DATA(&control.head), &self->made.fd, sizeof(int));
	ASSERT_EQ(1, sendmsg(sockets[0], &message, 0));
	unmap(&self->made);
	close(self->made.fd);
	self->made.fd = -1;
	AGAIN();
	ASSERT_NE(NULL, self->row);
	EXPECT_EQ(0U, self->row->mappers);
	EXPECT_EQ(0U, self->row->holders);
	EXPECT_EQ(1U, self->row->unknown);
	ASSERT_EQ(1, recvmsg(sockets[1], &message, 0));
	AGAIN();
	ASSERT_NE(NULL, self->row);
	EXPECT_EQ(1U, self->row->holders);
	EXPECT_EQ(0U, self->row->unknown);
	memcpy(&self->made.fd, CMSG_DATA(&control.head), sizeof(int));
	close(sockets[0]);
	close(sockets[1]);
}

/* A segment's figures are in /proc, too. */
static bool proc_segment(int shmid, uint64_t *rss, uint64_t *swap)
{
	FILE *file = fopen("/proc/sysvipc/shm", "re");
	char line[512];
	int id;
	bool found = false;

	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%*d %d %*o %*u %*d %*d %*u %*u %*u %*u %*u %*u %*u %*u %lu %lu",
			       &id, rss, swap) == 3 &&
			id == shmid;
	fclose(file);
	return found;
}

static bool is_swap_on(void)
{
	char line[256];
	FILE *file = fopen("/proc/swaps", "re");
	bool on = file && fgets(line, sizeof(line), file) && fgets(line, sizeof(line), file);

	if (file)
		fclose(file);
	return on;
}

TEST_F(kind, swapped_out)
{
	uint64_t filled = self->made.length / 2, rss, swap;
	struct rounds rounds = { .seconds = 20 };

	if (variant->page != PAGE)
		SKIP(return, "huge pages stay");
	if (!is_swap_on())
		SKIP(return, "there is no swap");
	while (self->row && self->row->swapped < filled / 2 && again(&rounds, 1000)) {
		madvise(self->made.map, self->made.length, MADV_PAGEOUT);
		AGAIN();
	}
	ASSERT_NE(NULL, self->row);
	EXPECT_LE(filled / 2, self->row->swapped);
	EXPECT_EQ(filled, self->row->resident + self->row->swapped);
	if (self->made.shmid < 0)
		return;
	ASSERT_TRUE(proc_segment(self->made.shmid, &rss, &swap));
	EXPECT_EQ(rss, self->row->resident);
	EXPECT_EQ(swap, self->row->swapped);
}

TEST_F(kind, locked)
{
	if (self->made.shmid < 0)
		SKIP(return, "only segments can be locked");
	if (variant->page != PAGE)
		SKIP(return, "huge pages need no lock");
	ASSERT_EQ(0, shmctl(self->made.shmid, SHM_LOCK, NULL));
	AGAIN();
	ASSERT_NE(NULL, self->row);
	EXPECT_TRUE(object_has_flag(self->row, "locked"));
}

/*
 * Large pages: mapped as a whole, and then, since there is a hole, in part. What is
 * mapped in part has to be touched again first.
 */
TEST(large_pages)
{
	static const char *const settings[] = { SHMEM_THP, NULL };
	struct made made = { .length = 2 * HUGE, .shmid = -1 };
	struct settings kept;
	struct object_row *row;

	settings_keep(&kept, settings);
	if (!setting_write(SHMEM_THP, "force"))
		SKIP(return, "no transparent huge pages for shmem");
	ASSERT_TRUE(make_memfd(&made));
	fill(made.map, made.length, PAGE);
	row = object_get(object_at(made.map), "memfd");
	ASSERT_NE(NULL, row);
	EXPECT_EQ(PAGE, row->page_size);
	EXPECT_EQ(2 * HUGE, row->resident);
	EXPECT_EQ(2 * HUGE, row->mapped);
	free(row);
	ASSERT_EQ(0, munmap(made.map, 5 * PAGE));
	fill(made.map + 5 * PAGE, made.length - 5 * PAGE, PAGE);
	row = object_get(object_of_fd(made.fd), "memfd");
	ASSERT_NE(NULL, row);
	EXPECT_EQ(2 * HUGE, row->resident);
	EXPECT_EQ(2 * HUGE - 5 * PAGE, row->mapped);
	free(row);
	settings_restore(&kept);
}

static void map_and_unmap(const struct child *parent, void *data)
{
	const struct made *made = data;

	child_tell(parent);
	for (;;)
		munmap(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, made->fd, 0), PAGE);
}

/* All mappings are looked at, but not while another process wants to make one more. */
TEST(mapped_many_times)
{
	struct made made = { .length = PAGE, .shmid = -1 };
	struct rounds rounds = { .seconds = 20 };
	struct object_row *row;
	struct child child;
	bool many = false;
	unsigned int i;

	ASSERT_TRUE(make_memfd(&made));
	for (i = 0; i < 6000; i++)
		ASSERT_NE(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, made.fd, 0));
	row = object_get(object_of_fd(made.fd), "memfd");
	ASSERT_NE(NULL, row);
	EXPECT_EQ(1U, row->mappers);
	EXPECT_FALSE(object_has_flag(row, "many"));
	free(row);
	child = child_start(map_and_unmap, &made);
	ASSERT_LT(0, child.pid);
	while (!many && again(&rounds, 10000)) {
		row = object_get(object_of_fd(made.fd), "memfd");
		ASSERT_NE(NULL, row);
		many = object_has_flag(row, "many");
		EXPECT_LE(1U, row->mappers);
		EXPECT_GE(2U, row->mappers);
		free(row);
	}
	EXPECT_TRUE(many)
	TH_LOG("%u reads", rounds.number);
	child_end(&child);
}

TEST_HARNESS_MAIN
