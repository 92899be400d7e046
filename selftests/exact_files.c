// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: mappings of files on disk, of layered file systems and of block devices are
 * counted as the kernel counts them.
 *
 * Oracle: /proc of each process; and arithmetic: what is read, written and written
 * back is decided here. Needs a system on disk, as the full root is.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "lib/kernel.h"
#include "lib/small_program.h"
#include "lib/state_test.h"

#define PAGES	64UL
#define LENGTH	(PAGES * PAGE)
#define ON_DISK	"/var/tmp"

static void need_disk(void)
{
	struct statfs fs;

	MUST(!statfs(ON_DISK, &fs));
	if (fs.f_type == TMPFS_MAGIC || fs.f_type == OVERLAYFS_SUPER_MAGIC)
		state_skip(ON_DISK " is not on a disk");
}

static void fill(int fd, size_t length)
{
	static const char page[PAGE] = { 1 };

	for (; length; length -= PAGE)
		MUST(write(fd, page, PAGE) == (ssize_t)PAGE);
}

/* A file on disk, of which nothing is in memory; it is gone when it is closed. */
static int cold_file(size_t length)
{
	int fd;

	need_disk();
	fd = open(ON_DISK, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	MUST(fd >= 0);
	fill(fd, length);
	MUST(!fsync(fd));
	MUST(!posix_fadvise(fd, 0, length, POSIX_FADV_DONTNEED));
	return fd;
}

static char *map(int fd, int flags, size_t length, off_t offset)
{
	return map_alone(length, PROT_READ | PROT_WRITE, flags, fd, offset);
}

/*
 * On disk.
 */
STATE(read_only)
{
	char *mapping = map(cold_file(LENGTH), MAP_SHARED, LENGTH, 0);

	look_at(mapping, LENGTH);
	expect_class(mapping, LENGTH, MEMCLASS_CLASS_FILE);
	EXPECT_BYTES(mapping, LENGTH, file, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, private_clean, LENGTH);
}

STATE(read_in_part)
{
	char *mapping;

	MUST(setting_write("/sys/kernel/debug/fault_around_bytes", "4096"));
	mapping = map(cold_file(LENGTH), MAP_SHARED, LENGTH, 0);
	look_at(mapping, LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, file, LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, private_clean, LENGTH / 4);
}

/* The kernel maps what is near and in memory already: how much, is its business. */
STATE(read_with_neighbours)
{
	char *mapping = map(cold_file(LENGTH), MAP_SHARED, LENGTH, 0);

	look_at(mapping + LENGTH / 2, PAGE);
	expect_between(mapping, LENGTH, MEMCLASS_COLUMN_file, PAGE, LENGTH);
}

static int common_file;

static void read_too(const void *argument)
{
	char *mapping = map(common_file, MAP_PRIVATE, LENGTH, 0);

	look_at(mapping, LENGTH);
	touch(mapping, LENGTH / 4);
	expect_class(mapping, LENGTH, MEMCLASS_CLASS_DATA);
	EXPECT_BYTES(mapping, LENGTH, shared_clean, LENGTH - LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, cow, LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, private_dirty, LENGTH / 4);
}

STATE(read_by_two)
{
	char *mapping;

	common_file = cold_file(LENGTH);
	mapping = map(common_file, MAP_SHARED, LENGTH, 0);
	look_at(mapping, LENGTH);
	state_fork(read_too, NULL);
	EXPECT_BYTES(mapping, LENGTH, shared_clean, LENGTH - LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, private_clean, LENGTH / 4);
}

STATE(written)
{
	char *mapping = map(cold_file(LENGTH), MAP_SHARED, LENGTH, 0);

	look_at(mapping, LENGTH);
	touch(mapping, LENGTH / 4);
	EXPECT_BYTES(mapping, LENGTH, file, LENGTH);
	/* It may be on its way to the disk, but not if it is a page of a large folio. */
	expect_between(mapping, LENGTH, MEMCLASS_COLUMN_private_dirty, LENGTH / 4, LENGTH);
}

STATE(written_back)
{
	char *mapping = map(cold_file(LENGTH), MAP_SHARED, LENGTH, 0);

	touch(mapping, LENGTH);
	MUST(!msync(mapping, LENGTH, MS_SYNC));
	EXPECT_BYTES(mapping, LENGTH, file, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, private_clean, LENGTH);
}

STATE(locked)
{
	char *mapping = map(cold_file(LENGTH), MAP_PRIVATE, LENGTH, 0);

	MUST(!mlock(mapping, LENGTH));
	EXPECT_BYTES(mapping, LENGTH, locked, LENGTH);
}

/*
 * The page cache may hold it in folios of any size, and map those of 2 MiB as such:
 * ext4 does so from 6.16 on.
 */
static bool is_on_ext4(int fd)
{
	struct statfs fs;

	MUST(!fstatfs(fd, &fs));
	return fs.f_type == EXT4_SUPER_MAGIC;
}

STATE(large)
{
	int fd = cold_file(2 * HUGE);
	char *mapping = map_aligned(2 * HUGE, HUGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	char *shifted = map_aligned(HUGE, HUGE, PROT_READ, MAP_PRIVATE, fd, 16 * PAGE);
	char *copy = map_aligned(HUGE, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	madvise(mapping, 2 * HUGE, MADV_HUGEPAGE);
	look_at(mapping, 2 * HUGE);
	look_at(shifted, HUGE);
	look_at(copy, HUGE);
	touch(copy + HUGE / 2, 16 * PAGE);
	EXPECT_BYTES(mapping, 2 * HUGE, file, 2 * HUGE);
	if (kernel_at_least(6, 16) && is_on_ext4(fd))
		expect_between(mapping, 2 * HUGE, MEMCLASS_COLUMN_thp_file, HUGE, 2 * HUGE);
	EXPECT_BYTES(shifted, HUGE, file, HUGE);
	EXPECT_BYTES(copy, HUGE, cow, 16 * PAGE);
}

STATE(deleted_program)
{
	struct small_program program = { .bits = 64, .bss = PAGE };
	char path[] = ON_DISK "/memclass-XXXXXX";
	int fd;

	need_disk();
	fd = mkstemp(path);
	MUST(fd >= 0 && !close(fd) && !chmod(path, 0700));
	program.path = path;
	expect_of(small_program_start(&program));
	MUST(!unlink(path));
	expect_class((void *)SMALL_TEXT, PAGE, MEMCLASS_CLASS_TEXT);
	expect_class((void *)SMALL_DATA, PAGE, MEMCLASS_CLASS_DATA);
	EXPECT_BYTES((void *)SMALL_TEXT, PAGE, file, PAGE);
	expect_of(0);
}

/*
 * A disk itself. Its node lies on a tmpfs, its pages do not.
 */
STATE(block_device)
{
	char *mapping = MAP_FAILED;
	struct dirent *entry;
	char path[300];
	DIR *disks = opendir("/sys/block");

	while (disks && mapping == MAP_FAILED && (entry = readdir(disks))) {
		int fd;

		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (lseek(fd, 0, SEEK_END) >= (off_t)LENGTH)
			mapping = mmap(NULL, LENGTH, PROT_READ, MAP_SHARED, fd, 0);
	}
	if (mapping == MAP_FAILED)
		state_skip("there is no disk to map");
	look_at(mapping, LENGTH);
	expect_class(mapping, LENGTH, MEMCLASS_CLASS_FILE);
	EXPECT_BYTES(mapping, LENGTH, file, LENGTH);
}

/*
 * overlayfs, over what is on disk, and with new files on a tmpfs or on disk: it shows
 * a file of its own, the pages are those of the layer.
 */
static void make_directory(char *path, size_t room, const char *in, const char *name)
{
	snprintf(path, room, "%s/%s", in, name);
	MUST(!mkdir(path, 0700));
}

static const char *mount_overlay(const char *upper_layer)
{
	char lower[128], upper[128], work[128], options[512];
	const char *directory;
	int fd;

	make_directory(lower, sizeof(lower), upper_layer, "lower");
	make_directory(upper, sizeof(upper), upper_layer, "upper");
	make_directory(work, sizeof(work), upper_layer, "work");
	fd = file_in(lower, "file", LENGTH);
	MUST(!close(fd));
	snprintf(options, sizeof(options), "lowerdir=%s:/usr,upperdir=%s,workdir=%s", lower,
		 upper, work);
	directory = mount_alone("overlay", "overlay", options);
	if (!directory)
		state_skip("overlayfs: %m");
	return directory;
}

STATE(overlay)
{
	const char *directory = mount_overlay(tmpfs_directory());
	char path[160], *reader, *writer, *code;
	int fd;

	/* From the lower layer, as long as it was only read. */
	snprintf(path, sizeof(path), "%s/file", directory);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	MUST(fd >= 0);
	reader = map_alone(LENGTH, PROT_READ, MAP_PRIVATE, fd, 0);
	look_at(reader, LENGTH);
	/* And now a new file in the upper one. */
	fd = open(path, O_RDWR | O_CLOEXEC);
	MUST(fd >= 0);
	writer = map(fd, MAP_SHARED, LENGTH, 0);
	touch(writer, LENGTH / 2);
	snprintf(path, sizeof(path), "%s/bin/env", directory);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		state_skip("%s: %m", path);
	code = map_alone(4 * PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	look_at(code, 4 * PAGE);

	expect_class(reader, LENGTH, MEMCLASS_CLASS_RODATA);
	EXPECT_BYTES(reader, LENGTH, shmem, LENGTH);
	expect_class(writer, LENGTH, MEMCLASS_CLASS_TMPFS);
	EXPECT_BYTES(writer, LENGTH, shmem, LENGTH / 2);
	expect_class(code, 4 * PAGE, MEMCLASS_CLASS_TEXT);
	EXPECT_BYTES(code, 4 * PAGE, file, 4 * PAGE);
}

STATE(overlay_on_ramfs)
{
	const char *directory = mount_overlay(file_directory());
	char path[160], *writer;
	int fd;

	snprintf(path, sizeof(path), "%s/new", directory);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	MUST(fd >= 0 && !ftruncate(fd, LENGTH));
	writer = map(fd, MAP_SHARED, LENGTH, 0);
	touch(writer, LENGTH);
	expect_class(writer, LENGTH, MEMCLASS_CLASS_FILE);
	EXPECT_BYTES(writer, LENGTH, file, LENGTH);
}

STATES_MAIN("/sys/kernel/debug/fault_around_bytes")
