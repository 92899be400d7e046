// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: whatever offset, buffer, descriptor or permission a reader comes with, it
 * gets the answer that uapi/memclass.h states, and the next read is served as if it
 * had not asked. Oracle: that header, the system's own list of processes, and for what
 * is not memclass's to answer, the error that the system call's manual gives.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "lib/reading.h"
#include "lib/rows.h"

#define NOBODY		65534

/* Both binary files answer alike: a row is a record or a mapping. */
FIXTURE(binary)
{
	int fd;
	loff_t here;		/* of the test itself */
	char *row;		/* room for some */
};

FIXTURE_VARIANT(binary)
{
	const char *path;
	size_t size;
	uint64_t rows_per_pid;
};

FIXTURE_VARIANT_ADD(binary, records) {
	.path = FILE_PATH("records"),
	.size = sizeof(struct memclass_record),
	.rows_per_pid = 1,
};

FIXTURE_VARIANT_ADD(binary, vmas) {
	.path = FILE_PATH("vmas"),
	.size = sizeof(struct memclass_vma),
	.rows_per_pid = MEMCLASS_VMA_ORDINALS,
};

#define ROWS	64

FIXTURE_SETUP(binary)
{
	self->fd = open(variant->path, O_RDONLY);
	ASSERT_GE(self->fd, 0);
	self->here = getpid() * variant->rows_per_pid * variant->size;
	self->row = calloc(ROWS, variant->size);
	ASSERT_NE(NULL, self->row);
}

FIXTURE_TEARDOWN(binary)
{
	free(self->row);
	close(self->fd);
}

static pid_t pid_in(const FIXTURE_VARIANT(binary) * variant, const void *row)
{
	if (variant->size == sizeof(struct memclass_record))
		return ((const struct memclass_record *)row)->pid;
	return ((const struct memclass_vma *)row)->pid;
}

static bool is_cheap(const FIXTURE_VARIANT(binary) * variant, const void *row)
{
	if (variant->size == sizeof(struct memclass_record))
		return ((const struct memclass_record *)row)->flags & MEMCLASS_CHEAP;
	return ((const struct memclass_vma *)row)->flags & MEMCLASS_CHEAP;
}

static const char *row_fault(const FIXTURE_VARIANT(binary) * variant, const void *row)
{
	return variant->size == sizeof(struct memclass_record) ? record_fault(row) :
								 vma_fault(row);
}

/* A call must fail, and with this error. */
#define EXPECT_ERROR(error, call) \
	do { \
		errno = 0; \
		EXPECT_EQ(-1, (long long)(call)); \
		EXPECT_EQ(error, errno); \
	} while (0)

/* The file still answers, and the file position is where it was. */
#define EXPECT_WELL(position) \
	do { \
		EXPECT_EQ(position, lseek(self->fd, 0, SEEK_CUR)); \
		EXPECT_EQ((ssize_t)variant->size, \
			  pread(self->fd, self->row, variant->size, self->here)); \
		EXPECT_EQ(getpid(), pid_in(variant, self->row)); \
		EXPECT_RIGHT(row_fault(variant, self->row)); \
	} while (0)

TEST_F(binary, offset_negative)
{
	EXPECT_ERROR(EINVAL, pread(self->fd, self->row, variant->size, -1));
	EXPECT_ERROR(EINVAL, pread(self->fd, self->row, variant->size,
				   -(loff_t)variant->size));
	EXPECT_ERROR(EINVAL, pread(self->fd, self->row, variant->size, LLONG_MIN));
	EXPECT_ERROR(EINVAL, lseek(self->fd, -1, SEEK_SET));
	EXPECT_ERROR(EINVAL, lseek(self->fd, -1, SEEK_CUR));
	EXPECT_WELL(0);
}

TEST_F(binary, offset_unaligned)
{
	const loff_t off[] = { 1, 7, 8, variant->size / 2, variant->size - 1 };
	const loff_t from[] = { 0, variant->size, self->here, MEMCLASS_OFFSET_CHEAP,
				MEMCLASS_OFFSET_CHEAP | self->here };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(off); i++) {
		for (j = 0; j < ARRAY_SIZE(from); j++)
			EXPECT_ERROR(EINVAL, pread(self->fd, self->row, variant->size,
						   from[j] + off[i]));
	}
	/* The position may be set to such a place; reading there fails. */
	EXPECT_EQ(self->here + 1, lseek(self->fd, self->here + 1, SEEK_SET));
	EXPECT_ERROR(EINVAL, read(self->fd, self->row, variant->size));
	EXPECT_WELL(self->here + 1);
}

TEST_F(binary, offset_past_the_last_pid)
{
	const uint64_t pids[] = { 4194304, 4194305, 16777216, INT_MAX - 1ULL, INT_MAX,
				  INT_MAX + 1ULL, UINT_MAX, UINT_MAX + 1ULL };
	const uint64_t per_pid = variant->rows_per_pid * variant->size;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		if (pids[i] > (MEMCLASS_OFFSET_CHEAP - 1) / per_pid)
			break;
		EXPECT_EQ(0, pread(self->fd, self->row, variant->size, pids[i] * per_pid));
		EXPECT_EQ(0, pread(self->fd, self->row, variant->size,
				   pids[i] * per_pid | MEMCLASS_OFFSET_CHEAP));
	}
	/* Enough of them were numbers. */
	EXPECT_GE(i, 3U);
	EXPECT_WELL(0);
}

TEST_F(binary, offset_huge)
{
	const uint64_t cheap = MEMCLASS_OFFSET_CHEAP;
	const uint64_t size = variant->size, last = (cheap - 1) / size * size;

	EXPECT_EQ(0, pread(self->fd, self->row, size, last));
	EXPECT_EQ(0, pread(self->fd, self->row, size, last - size));
	EXPECT_EQ(0, pread(self->fd, self->row, size, (last - size) | cheap));
	EXPECT_EQ(0, pread(self->fd, self->row, size, (last - 64 * size) | cheap));
	EXPECT_ERROR(EINVAL, pread(self->fd, self->row, size, LLONG_MAX));
	EXPECT_ERROR(EINVAL, pread(self->fd, self->row, size, LLONG_MAX - size));
	EXPECT_ERROR(EINVAL, pread(self->fd, self->row, size, LLONG_MAX - size + 1));
	EXPECT_ERROR(EINVAL, pread(self->fd, self->row, size, cheap - 1));
	EXPECT_WELL(0);
}

/* The bit chooses the tier and nothing else, and the file position keeps it. */
TEST_F(binary, offset_cheap)
{
	const loff_t cheap = MEMCLASS_OFFSET_CHEAP;

	ASSERT_EQ((ssize_t)variant->size, pread(self->fd, self->row, variant->size, cheap));
	EXPECT_TRUE(is_cheap(variant, self->row));
	EXPECT_RIGHT(row_fault(variant, self->row));

	ASSERT_EQ(cheap | self->here, lseek(self->fd, cheap | self->here, SEEK_SET));
	ASSERT_EQ((ssize_t)variant->size, read(self->fd, self->row, variant->size));
	EXPECT_EQ(getpid(), pid_in(variant, self->row));
	EXPECT_TRUE(is_cheap(variant, self->row));
	EXPECT_RIGHT(row_fault(variant, self->row));
	EXPECT_EQ((cheap | self->here) + (loff_t)variant->size,
		  lseek(self->fd, 0, SEEK_CUR));
	ASSERT_EQ((ssize_t)variant->size, pread(self->fd, self->row, variant->size,
						self->here));
	EXPECT_FALSE(is_cheap(variant, self->row));
}

TEST_F(binary, buffer_too_small)
{
	const size_t sizes[] = { 0, 1, 8, variant->size / 2, variant->size - 1 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_ERROR(EINVAL, pread(self->fd, self->row, sizes[i], self->here));
		EXPECT_ERROR(EINVAL, read(self->fd, self->row, sizes[i]));
	}
	EXPECT_WELL(0);
}

/* Nothing is written behind the last whole row that fits. */
TEST_F(binary, buffer_between_two_rows)
{
	const size_t sizes[] = { variant->size, variant->size + 1, 2 * variant->size - 1,
				 2 * variant->size, 3 * variant->size - 1 };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		const size_t whole = sizes[i] / variant->size * variant->size;
		ssize_t got;

		memset(self->row, 0x5a, ROWS * variant->size);
		got = pread(self->fd, self->row, sizes[i], 0);
		EXPECT_GT(got, 0);
		EXPECT_LE(got, (ssize_t)whole);
		EXPECT_EQ(0, got % (ssize_t)variant->size);
		for (j = whole; j < ROWS * variant->size; j++)
			ASSERT_EQ(0x5a, self->row[j]);
	}
	EXPECT_WELL(0);
}

TEST_F(binary, buffer_unmapped)
{
	const size_t length = 64 * sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *volatile nowhere = NULL;

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_ERROR(EFAULT, pread(self->fd, map, variant->size, self->here));
	EXPECT_ERROR(EFAULT, read(self->fd, map, variant->size));
	ASSERT_EQ(0, munmap(map, length));
	EXPECT_ERROR(EFAULT, pread(self->fd, map, variant->size, self->here));
	EXPECT_ERROR(EFAULT, pread(self->fd, nowhere, variant->size, self->here));
	/* An address of the kernel's, and one that is none. */
	EXPECT_ERROR(EFAULT, pread(self->fd, (void *)-0x10000L, variant->size, self->here));
	EXPECT_ERROR(EFAULT, pread(self->fd, (void *)(1UL << 62), variant->size, self->here));
	EXPECT_WELL(0);
}

/*
 * A buffer that ends before the caller says: whole rows are what fits, or it fails
 * as a whole when not even the first one could be given.
 */
TEST_F(binary, buffer_ends_early)
{
	const size_t page = sysconf(_SC_PAGESIZE), length = 32 * page;
	char *map = mmap(NULL, 2 * length, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t room;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + length, length));
	for (room = 0; room < 4; room++) {
		char *start = map + length - room * variant->size - variant->size / 2;
		loff_t before = lseek(self->fd, self->here, SEEK_SET);
		ssize_t got = read(self->fd, start, ROWS * variant->size);

		if (got < 0) {
			EXPECT_EQ(EFAULT, errno);
			EXPECT_EQ(before, lseek(self->fd, 0, SEEK_CUR));
			/* A row by itself can always be had where there is room. */
			if (room)
				got = read(self->fd, start, variant->size);
		}
		if (!room) {
			EXPECT_EQ(-1, got);
			continue;
		}
		ASSERT_GE(got, (ssize_t)variant->size);
		EXPECT_LE(got, (ssize_t)(room * variant->size));
		EXPECT_EQ(0, got % (ssize_t)variant->size);
		EXPECT_EQ(getpid(), pid_in(variant, start));
		EXPECT_RIGHT(row_fault(variant, start));
	}
	lseek(self->fd, 0, SEEK_SET);
	EXPECT_WELL(0);
}

/* The count is a promise that need not be true. */
TEST_F(binary, buffer_count_huge)
{
	const size_t counts[] = { 1UL << 31, 1UL << 32, 1UL << 40 };
	/* The compiler knows that this one is wrong. */
	volatile size_t negative = SIZE_MAX;
	const size_t length = 32 * sysconf(_SC_PAGESIZE);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		char *map = mmap(NULL, length, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ssize_t got;

		ASSERT_NE(MAP_FAILED, map);
		got = pread(self->fd, map, counts[i], self->here);
		if (got < 0) {
			EXPECT_EQ(EFAULT, errno);
		} else {
			EXPECT_EQ(0, got % (ssize_t)variant->size);
		}
		munmap(map, length);
	}
	EXPECT_EQ(-1, pread(self->fd, self->row, negative, self->here));
	EXPECT_WELL(0);
}

/* A vector is a row of reads: each part gets its own answer until one fails. */
TEST_F(binary, vectors)
{
	const size_t size = variant->size;
	struct iovec whole[] = { { self->row, size }, { self->row + size, size } };
	struct iovec short_second[] = { { self->row, size }, { self->row + size, size - 1 } };
	struct iovec short_first[] = { { self->row, 1 }, { self->row + size, size } };
	struct iovec bad_second[] = { { self->row, size }, { NULL, size } };
	loff_t first;

	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ((ssize_t)(2 * size), readv(self->fd, whole, 2));
	EXPECT_RIGHT(row_fault(variant, self->row));
	EXPECT_RIGHT(row_fault(variant, self->row + size));
	EXPECT_NE(0, memcmp(self->row, self->row + size, size));
	EXPECT_EQ((ssize_t)(2 * size), preadv(self->fd, whole, 2, 0));
	EXPECT_EQ(1, pid_in(variant, self->row));

	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ((ssize_t)size, readv(self->fd, short_second, 2));
	first = lseek(self->fd, 0, SEEK_CUR);
	EXPECT_GT(first, 0);
	EXPECT_ERROR(EINVAL, readv(self->fd, short_first, 2));
	EXPECT_EQ(first, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ((ssize_t)size, preadv(self->fd, bad_second, 2, 0));
	EXPECT_WELL(first);
}

/* Two descriptors of one open file have one position, two open files have two. */
TEST_F(binary, descriptors)
{
	int copy = dup(self->fd), other = open(variant->path, O_RDONLY), status;
	loff_t after;
	pid_t pid;

	ASSERT_GE(copy, 0);
	ASSERT_GE(other, 0);
	ASSERT_EQ(self->here, lseek(self->fd, self->here, SEEK_SET));
	ASSERT_EQ((ssize_t)variant->size, read(copy, self->row, variant->size));
	EXPECT_EQ(getpid(), pid_in(variant, self->row));
	after = lseek(self->fd, 0, SEEK_CUR);
	EXPECT_EQ(self->here + (loff_t)variant->size, after);
	EXPECT_EQ(0, lseek(other, 0, SEEK_CUR));
	ASSERT_EQ((ssize_t)variant->size, read(other, self->row, variant->size));
	EXPECT_EQ(1, pid_in(variant, self->row));
	EXPECT_EQ(after, lseek(copy, 0, SEEK_CUR));

	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(lseek(self->fd, self->here, SEEK_SET) != self->here ||
		      read(self->fd, self->row, variant->size) != (ssize_t)variant->size ||
		      pid_in(variant, self->row) != getppid());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(after, lseek(self->fd, 0, SEEK_CUR));
	close(copy);
	close(other);
	EXPECT_WELL(after);
}

TEST_F(binary, seek)
{
	const loff_t size = variant->size, far = (1ULL << 61) / size * size;

	/* Any place can be asked for: the file is not as long as its rows. */
	EXPECT_EQ(far, lseek(self->fd, far, SEEK_SET));
	EXPECT_EQ(far, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(far - size, lseek(self->fd, -size, SEEK_CUR));
	EXPECT_EQ(0, read(self->fd, self->row, size));
	EXPECT_EQ(far - size, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(self->here, lseek(self->fd, self->here, SEEK_SET));
	/* It has no end: that counts as 0. */
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(self->here, lseek(self->fd, self->here, SEEK_END));
	EXPECT_ERROR(EINVAL, lseek(self->fd, -1, SEEK_END));
	EXPECT_ERROR(ENXIO, lseek(self->fd, self->here, SEEK_DATA));
	EXPECT_ERROR(ENXIO, lseek(self->fd, self->here, SEEK_HOLE));
	EXPECT_ERROR(EINVAL, lseek(self->fd, 0, 42));
	EXPECT_WELL(self->here);
}

/* Reading on to the end, and from there, where there is nothing more. */
TEST_F(binary, end)
{
	unsigned int reads;
	ssize_t got;
	loff_t end;

	for (reads = 0; reads < 1000000; reads++) {
		got = read(self->fd, self->row, ROWS * variant->size);
		/* A process that goes away meanwhile is not the end. */
		if (!got || (got < 0 && errno != ESRCH))
			break;
	}
	EXPECT_EQ(0, got);
	end = lseek(self->fd, 0, SEEK_CUR);
	EXPECT_GT(end, self->here);
	EXPECT_EQ(0, read(self->fd, self->row, ROWS * variant->size));
	EXPECT_EQ(end, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ((ssize_t)variant->size, read(self->fd, self->row, variant->size));
	EXPECT_EQ(1, pid_in(variant, self->row));
}

/* Every file, whatever it holds. */
#define FOR_EACH_FILE(path) \
	for (struct file_list list = { .dir = opendir(DIR_PATH) }; \
	     ((path) = next_file(&list));)

struct file_list {
	DIR *dir;
	char path[PATH_MAX];
};

static const char *next_file(struct file_list *list)
{
	struct dirent *entry;

	if (!list->dir)
		return NULL;
	do {
		entry = readdir(list->dir);
	} while (entry && entry->d_name[0] == '.');
	if (!entry) {
		closedir(list->dir);
		return NULL;
	}
	snprintf(list->path, sizeof(list->path), "%s/%s", DIR_PATH, entry->d_name);
	return list->path;
}

TEST(files_are_root_s_alone)
{
	const char *path;
	struct stat st;
	int files = 0;

	FOR_EACH_FILE(path) {
		ASSERT_EQ(0, stat(path, &st));
		EXPECT_EQ(S_IFREG | 0400U, st.st_mode)
		{
			TH_LOG("%s", path);
		}
		EXPECT_EQ(0U, st.st_uid);
		EXPECT_EQ(0U, st.st_gid);
		files++;
	}
	EXPECT_GE(files, 8);
}

/* As somebody else, but past the directories that would stop him already. */
static int open_as_nobody(void)
{
	int dir = open(DIR_PATH, O_PATH | O_DIRECTORY), opened = 0;
	const char *path;

	if (dir < 0 || setgid(NOBODY) || setuid(NOBODY))
		return -1;
	FOR_EACH_FILE(path)
		return -1;
	for (path = "version\0classes\0processes\0faults\0objects\0cgroups\0records\0vmas\0"; *path;
	     path += strlen(path) + 1) {
		if (openat(dir, path, O_RDONLY) >= 0 || errno != EACCES)
			opened++;
	}
	return opened;
}

TEST(open_as_somebody_else)
{
	int status;
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(open_as_nobody());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Who may read is asked when a file is opened, as of any file; then it can be given away. */
TEST(open_file_is_given_to_somebody_else)
{
	struct memclass_record record;
	const int fd = records_open();
	int status;
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(setgid(NOBODY) || setuid(NOBODY) || !record_of(fd, getpid(), &record) ||
		      record.uid != NOBODY);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(fd);
}

static int open_files(void)
{
	const char *path;
	int opened = 0;

	FOR_EACH_FILE(path)
		opened += open(path, O_RDONLY) >= 0 || errno != EACCES;
	return opened;
}

/* As root, with all that root may do, of a user namespace that nobody has made. */
static int open_as_root_of_a_namespace(void)
{
	char map[32];
	int fd;

	prctl(PR_SET_DUMPABLE, 1);
	if (unshare(CLONE_NEWUSER))
		return 0;
	snprintf(map, sizeof(map), "0 %u 1", NOBODY);
	fd = open("/proc/self/uid_map", O_WRONLY);
	if (fd < 0 || write(fd, map, strlen(map)) < 0 || setuid(0) || geteuid())
		return 202;
	close(fd);
	return open_files();
}

/* debugfs can be opened up for others as a whole; memclass stays root's. */
TEST(open_when_debugfs_is_open_to_all)
{
	const char *path;
	struct stat before, st;
	int status;
	pid_t pid;

	ASSERT_EQ(0, stat("/sys/kernel/debug", &before));
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("debugfs", "/sys/kernel/debug", "debugfs", MS_REMOUNT,
			   "mode=755,uid=65534,gid=65534"));
	pid = fork();
	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(200);
		/* The directory can now be looked into, or the test is in vain. */
		if (access(DIR_PATH, R_OK | X_OK))
			_exit(201);
		_exit(open_files() ?: open_as_root_of_a_namespace());
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	FOR_EACH_FILE(path) {
		ASSERT_EQ(0, stat(path, &st));
		EXPECT_EQ(S_IFREG | 0400U, st.st_mode);
		EXPECT_EQ(0U, st.st_uid);
	}
	/* The options are the file system's, not the mount's. */
	EXPECT_EQ(0, mount("debugfs", "/sys/kernel/debug", "debugfs", MS_REMOUNT,
			   "mode=700,uid=0,gid=0"));
	EXPECT_EQ(0, chmod("/sys/kernel/debug", before.st_mode & 07777));
}

/* There is nothing in any of them that could be changed, by root either. */
TEST(nothing_can_be_written)
{
	const char *path;
	char byte = 0;
	int fd;

	FOR_EACH_FILE(path) {
		EXPECT_ERROR(EACCES, open(path, O_WRONLY));
		EXPECT_ERROR(EACCES, open(path, O_RDWR));
		EXPECT_ERROR(EACCES, open(path, O_RDWR | O_APPEND));
		fd = open(path, O_RDONLY);
		ASSERT_GE(fd, 0);
		EXPECT_ERROR(EBADF, write(fd, &byte, 1));
		EXPECT_ERROR(EINVAL, ftruncate(fd, 0));
		EXPECT_ERROR(EBADF, fallocate(fd, 0, 0, 4096));
		EXPECT_ERROR(ENOTTY, ioctl(fd, TCGETS, &byte));
		EXPECT_ERROR(ENOTTY, ioctl(fd, 0xc0ffee, &byte));
		EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
		EXPECT_EQ(ENODEV, errno);
		EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
		EXPECT_EQ(ENODEV, errno);
		close(fd);
		EXPECT_ERROR(EPERM, unlink(path));
		EXPECT_ERROR(EPERM, rename(path, DIR_PATH "/other"));
		EXPECT_ERROR(EPERM, link(path, DIR_PATH "/other"));
	}
	EXPECT_EQ(-1, open(DIR_PATH "/other", O_RDWR | O_CREAT, 0600));
	EXPECT_EQ(-1, mkdir(DIR_PATH "/other", 0700));
	EXPECT_EQ(-1, rmdir(DIR_PATH));
}

FIXTURE(text)
{
	int fd;
};

FIXTURE_VARIANT(text)
{
	const char *path;
};

FIXTURE_VARIANT_ADD(text, version) {
	.path = FILE_PATH("version"),
};

FIXTURE_VARIANT_ADD(text, classes) {
	.path = FILE_PATH("classes"),
};

FIXTURE_VARIANT_ADD(text, processes) {
	.path = FILE_PATH("processes"),
};

FIXTURE_SETUP(text)
{
	self->fd = open(variant->path, O_RDONLY);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(text)
{
	close(self->fd);
}

TEST_F(text, offsets)
{
	char byte;

	EXPECT_ERROR(EINVAL, pread(self->fd, &byte, 1, -1));
	EXPECT_ERROR(EINVAL, pread(self->fd, &byte, 1, LLONG_MIN));
	EXPECT_EQ(0, pread(self->fd, &byte, 1, 1LL << 40));
	EXPECT_EQ(0, pread(self->fd, &byte, 1, LLONG_MAX - 4096));
	EXPECT_ERROR(EINVAL, lseek(self->fd, -1, SEEK_SET));
	EXPECT_ERROR(EINVAL, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(1LL << 40, lseek(self->fd, 1LL << 40, SEEK_SET));
	EXPECT_EQ(0, read(self->fd, &byte, 1));
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(1, read(self->fd, &byte, 1));
}

TEST_F(text, buffers)
{
	char byte, *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *volatile nowhere = NULL;

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(0, read(self->fd, &byte, 0));
	EXPECT_ERROR(EFAULT, read(self->fd, map, 4096));
	EXPECT_ERROR(EFAULT, read(self->fd, nowhere, 4096));
	munmap(map, 4096);
	EXPECT_ERROR(EFAULT, read(self->fd, map, 4096));
	EXPECT_EQ(1, pread(self->fd, &byte, 1, 0));
}

/*
 * However little is read at a time, the text is whole: rows have as many fields as
 * the header says, or more for a name with blanks in it; pids go up. "version" has
 * neither.
 */
TEST_F(text, byte_by_byte)
{
	const bool rows = !strstr(variant->path, "version");
	const bool names = strstr(variant->path, "processes");
	unsigned int columns = 0, fields = 1, lines = 0;
	unsigned long pid = 0, last_pid = 0;
	bool first = true;
	char byte;

	while (read(self->fd, &byte, 1) == 1) {
		ASSERT_TRUE(byte == '\n' || (byte >= ' ' && byte < 0x7f));
		if (first && byte >= '0' && byte <= '9')
			pid = 10 * pid + byte - '0';
		if (byte == ' ') {
			fields++;
			first = false;
		}
		if (byte != '\n')
			continue;
		if (!lines)
			columns = fields;
		if (rows) {
			EXPECT_LE(columns, fields);
			EXPECT_TRUE(names || columns == fields);
		}
		EXPECT_LE(last_pid, pid);
		last_pid = pid;
		pid = 0;
		fields = 1;
		first = true;
		lines++;
	}
	EXPECT_EQ(1U, fields);
	EXPECT_LT(3U, lines);
	if (names) {
		EXPECT_LE((unsigned long)getpid(), last_pid);
	}
}

#define KERNEL_ADDRESSES	0xffff800000000000ULL

/* Numbers, as text: the last field of a row can be any name, but is no number either. */
static unsigned int addresses_in_text(int fd)
{
	static char text[1 << 20];
	unsigned int found = 0;
	size_t length = 0;
	char *field, *next = text;
	ssize_t got;

	while (length < sizeof(text) - 1 &&
	       (got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += got;
	text[length] = 0;
	while ((field = strsep(&next, " \n")))
		found += *field != '-' && (strtoull(field, NULL, 10) >= KERNEL_ADDRESSES ||
					   strtoull(field, NULL, 16) >= KERNEL_ADDRESSES);
	return found;
}

static unsigned int addresses_in_rows(int fd, size_t size)
{
	unsigned long long row[sizeof(struct memclass_record) / sizeof(long long)];
	unsigned int found = 0;
	size_t i;

	while (read(fd, row, size) == (ssize_t)size)
		for (i = 0; i < size / sizeof(row[0]); i++)
			found += row[i] >= KERNEL_ADDRESSES;
	return found;
}

/* Nor what memory had that was not written to. */
TEST(no_kernel_addresses)
{
	unsigned int found;
	const char *path;
	int fd;

	FOR_EACH_FILE(path) {
		fd = open(path, O_RDONLY);
		ASSERT_GE(fd, 0);
		if (!strcmp(path, FILE_PATH("records")))
			found = addresses_in_rows(fd, sizeof(struct memclass_record));
		else if (!strcmp(path, FILE_PATH("vmas")))
			found = addresses_in_rows(fd, sizeof(struct memclass_vma));
		else
			found = addresses_in_text(fd);
		close(fd);
		EXPECT_EQ(0U, found)
		{
			TH_LOG("%s", path);
		}
	}
}

TEST_HARNESS_MAIN
