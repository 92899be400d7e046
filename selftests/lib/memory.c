// SPDX-License-Identifier: GPL-2.0
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "state.h"

/* Seconds that something may take. The harness ends a test that takes longer. */
#define PATIENCE	100

char *map_aligned(size_t length, size_t align, int prot, int flags, int fd, off_t offset)
{
	char *space = mmap(NULL, length + 2 * align, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *at, *addr;

	MUST(space != MAP_FAILED);
	at = (char *)(((uintptr_t)space + 2 * align - 1) / align * align);
	addr = mmap(at, length, prot, flags | MAP_FIXED, fd, offset);
	MUST(addr != MAP_FAILED);
	return addr;
}

char *map_alone(size_t length, int prot, int flags, int fd, off_t offset)
{
	return map_aligned(length, PAGE, prot, flags, fd, offset);
}

char *map_anon(size_t length)
{
	return map_alone(length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

void small_pages(void *addr, size_t length)
{
	MUST(!madvise(addr, length, MADV_NOHUGEPAGE) || errno == EINVAL);
}

void touch(void *addr, size_t length)
{
	volatile char *at = addr, *end = at + length;

	for (; at < end; at += PAGE)
		*at = 1;
}

void look_at(const void *addr, size_t length)
{
	const volatile char *at = addr, *end = at + length;

	for (; at < end; at += PAGE)
		(void)*at;
}

static int open_nothing(size_t length)
{
	return -1;
}

static int open_memfd(size_t length)
{
	int fd = memfd_create("selftest", MFD_CLOEXEC);

	MUST(fd >= 0 && !ftruncate(fd, length));
	return fd;
}

static int open_tmpfs(size_t length)
{
	return file_in(tmpfs_directory(), "file", length);
}

static int open_file(size_t length)
{
	return file_in(file_directory(), "file", length);
}

#define PAGES_OF(kind) MEMCLASS_COLUMN_##kind

const struct memory anon = {
	MEMCLASS_CLASS_ANON,
	PAGES_OF(zero),
	PAGES_OF(anon),
	false,
	open_nothing,
};

const struct memory shm = {
	MEMCLASS_CLASS_SHM,
	PAGES_OF(shmem),
	PAGES_OF(shmem),
	true,
	open_nothing,
};

const struct memory memfd = {
	MEMCLASS_CLASS_MEMFD,
	PAGES_OF(shmem),
	PAGES_OF(shmem),
	true,
	open_memfd,
};

const struct memory tmpfs = {
	MEMCLASS_CLASS_TMPFS,
	PAGES_OF(shmem),
	PAGES_OF(shmem),
	true,
	open_tmpfs,
};

const struct memory file = {
	MEMCLASS_CLASS_FILE,
	PAGES_OF(file),
	PAGES_OF(file),
	true,
	open_file,
};

const struct memory private_memfd = {
	MEMCLASS_CLASS_DATA,
	PAGES_OF(shmem),
	PAGES_OF(anon),
	false,
	open_memfd,
};

const struct memory private_tmpfs = {
	MEMCLASS_CLASS_DATA,
	PAGES_OF(shmem),
	PAGES_OF(anon),
	false,
	open_tmpfs,
};

const struct memory private_file = {
	MEMCLASS_CLASS_DATA,
	PAGES_OF(file),
	PAGES_OF(anon),
	false,
	open_file,
};

int memory_open(const struct memory *memory, size_t length)
{
	return memory->open(length);
}

char *memory_map(const struct memory *memory, int fd, size_t length, off_t offset)
{
	return map_alone(length, PROT_READ | PROT_WRITE,
			 (memory->shared ? MAP_SHARED : MAP_PRIVATE) |
				 (fd < 0 ? MAP_ANONYMOUS : 0),
			 fd, offset);
}

/*
 * A place for mounts that nobody else sees and that end with this process: a tmpfs
 * over /mnt.
 */
#define PLACE "/mnt"

static void make_place(void)
{
	static bool made;

	if (made)
		return;
	MUST(!unshare(CLONE_NEWNS));
	MUST(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	MUST(!mount("tmpfs", PLACE, "tmpfs", 0, NULL));
	made = true;
}

const char *mount_alone(const char *source, const char *type, const char *options)
{
	static unsigned int nr;
	char *directory;

	make_place();
	MUST(asprintf(&directory, PLACE "/%u", nr++) > 0);
	MUST(!mkdir(directory, 0700));
	return mount(source, directory, type, 0, options) ? NULL : directory;
}

const char *tmpfs_directory(void)
{
	static const char *directory;

	if (!directory)
		directory = mount_alone("tmpfs", "tmpfs", "size=50%");
	MUST(directory);
	return directory;
}

const char *file_directory(void)
{
	static const char *directory;

	if (!directory)
		directory = mount_alone("ramfs", "ramfs", NULL);
	MUST(directory);
	return directory;
}

int file_in(const char *directory, const char *name, size_t length)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	MUST(fd >= 0);
	MUST(!ftruncate(fd, length));
	return fd;
}

void stay_on_this_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	MUST(!sched_setaffinity(0, sizeof(cpus), &cpus));
}

bool wait_until(bool (*condition)(const void *argument), const void *argument)
{
	struct timespec now, end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += PATIENCE;
	do {
		if (condition(argument))
			return true;
		usleep(10000);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec);
	return false;
}
