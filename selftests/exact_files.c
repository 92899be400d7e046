// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: mappings of files on disk, of layered file systems, of block devices and of
 * persistent memory are counted as the kernel counts them.
 *
 * Oracle: /proc of each process; and arithmetic: what is read, written and written
 * back is decided here. Needs a system on disk, as the full root is; for persistent
 * memory, a region of it (memmap=128M!768M), and the modules for that.
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

/*
 * Persistent memory that is mapped by itself, without a page cache.
 */
#define ND	"/sys/bus/nd/devices/"
#define ND_DAX	ND "dax0.0/"

static void run(const char *command)
{
	if (system(command))
		state_skip("%s: does not work", command);
}

/* The region becomes a device whose pages can be mapped, 2 MiB at a time. */
static void make_dax_device(void)
{
	static const struct {
		const char *path;
		const char *value;
	} steps[] = {
		{ "/sys/bus/nd/drivers/nd_pmem/unbind", "namespace0.0" },
		{ ND_DAX "uuid", "6d656d63-6c61-7373-2074-657374730000" },
		{ ND_DAX "mode", "pmem" },
		{ ND_DAX "align", "2097152" },
		{ ND_DAX "namespace", "namespace0.0" },
		{ "/sys/bus/nd/drivers/dax_pmem/bind", "dax0.0" },
	};
	unsigned int i;

	run("modprobe -a nd_e820 nd_pmem dax_pmem device_dax 2>/dev/null");
	if (access(ND "namespace0.0", F_OK))
		state_skip("there is no persistent memory; memmap=128M!768M makes some");
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (!setting_write(steps[i].path, steps[i].value))
			state_skip("%s: %m", steps[i].path);
}

static bool exists(const void *path)
{
	return !access(path, F_OK);
}

/*
 * An empty ext2 file system of one group of blocks, by hand: where there are pages of
 * persistent memory there need not be a program that makes file systems.
 */
#define BLOCKS	32768	/* of a page each: 128 MiB */
#define INODES	128
#define USED	9	/* superblock, group, two bitmaps, four of inodes, the root */

static void put16(char *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void put32(char *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void make_file_system(const char *device)
{
	static char image[USED * PAGE];
	char *super = image + 1024, *group = image + PAGE, *blocks = image + 2 * PAGE;
	char *inodes = image + 3 * PAGE, *root_inode = image + 4 * PAGE + 128;
	char *root = image + 8 * PAGE;
	int fd = open(device, O_WRONLY | O_CLOEXEC);

	put32(super, INODES);
	put32(super + 4, BLOCKS);
	put32(super + 12, BLOCKS - USED);
	put32(super + 16, INODES - 10);
	put32(super + 24, 2);			/* blocks of 1024 << 2 bytes */
	put32(super + 28, 2);
	put32(super + 32, BLOCKS);		/* in each group */
	put32(super + 36, BLOCKS);
	put32(super + 40, INODES);
	put16(super + 54, 0xffff);
	put16(super + 56, 0xef53);
	put16(super + 58, 1);			/* clean */
	put16(super + 60, 1);
	put32(super + 76, 1);			/* revision */
	put32(super + 84, 11);			/* the first inode for files */
	put16(super + 88, 128);			/* bytes of an inode */
	put32(super + 96, 2);			/* entries of directories have a type */

	put32(group, 2);
	put32(group + 4, 3);
	put32(group + 8, 4);
	put16(group + 12, BLOCKS - USED);
	put16(group + 14, INODES - 10);
	put16(group + 16, 1);
	put16(blocks, (1 << USED) - 1);
	memset(inodes, 0xff, PAGE);
	memset(inodes, 0, INODES / 8);
	put16(inodes, (1 << 10) - 1);

	put16(root_inode, S_IFDIR | 0700);
	put32(root_inode + 4, PAGE);
	put16(root_inode + 26, 2);		/* links */
	put32(root_inode + 28, PAGE / 512);
	put32(root_inode + 40, 8);		/* its block */
	memcpy(root, "\2\0\0\0\x0c\0\1\2.", 9);
	memcpy(root + 12, "\2\0\0\0\xf4\x0f\2\2..", 10);
	MUST(fd >= 0 && write(fd, image, sizeof(image)) == sizeof(image) && !close(fd));
}

STATE(file_in_persistent_memory)
{
	const char *directory;
	char *mapping, *copy;
	int fd;

	if (system("modprobe -a nd_e820 nd_pmem ext4 2>/dev/null") ||
	    access("/dev/pmem0", F_OK))
		state_skip("there is no persistent memory; memmap=128M!768M makes some");
	make_file_system("/dev/pmem0");
	directory = mount_alone("/dev/pmem0", "ext4", "dax");
	if (!directory)
		state_skip("ext4 with dax: %m");
	fd = file_in(directory, "file", 0);
	fill(fd, 2 * LENGTH);
	mapping = map(fd, MAP_SHARED, 2 * LENGTH, 0);
	copy = map(fd, MAP_PRIVATE, LENGTH, 0);
	touch(mapping, LENGTH);
	look_at(mapping + LENGTH, LENGTH / 2);
	look_at(copy, LENGTH / 2);
	touch(copy, LENGTH / 4);
	expect_class(mapping, 2 * LENGTH, MEMCLASS_CLASS_DEVICE);
	expect_class(copy, LENGTH, MEMCLASS_CLASS_DEVICE);
	EXPECT_BYTES(copy, LENGTH, cow, LENGTH / 4);
	/* From 6.17 on its pages count as those of other files do. */
	EXPECT_BYTES(mapping, 2 * LENGTH, file,
		     kernel_at_least(6, 17) ? LENGTH + LENGTH / 2 : 0);
}

STATE(persistent_memory_device)
{
	char *mapping;
	int fd;

	if (access("/dev/dax0.0", F_OK))
		make_dax_device();
	MUST(wait_until(exists, "/dev/dax0.0"));
	fd = open("/dev/dax0.0", O_RDWR | O_CLOEXEC);
	MUST(fd >= 0);
	mapping = map_aligned(2 * HUGE, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	touch(mapping, HUGE);
	expect_class(mapping, 2 * HUGE, MEMCLASS_CLASS_DEVICE);
	EXPECT_BYTES(mapping, 2 * HUGE, virt, 2 * HUGE);
	if (kernel_at_least(6, 17)) {
		EXPECT_BYTES(mapping, 2 * HUGE, file, HUGE);
	} else if (kernel_at_least(6, 5)) {
		EXPECT_BYTES(mapping, 2 * HUGE, rss, 0);
	} else {
		/* smaps counts it, or the first page of it; status does not. */
		compare_slack(HUGE / PAGE);
		expect_between(mapping, 2 * HUGE, MEMCLASS_COLUMN_rss, PAGE, HUGE);
	}
}

STATES_MAIN("/sys/kernel/debug/fault_around_bytes")
