// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: persistent memory that is mapped by itself, without a page cache, is counted as
 * the kernel counts it, in pages of every size; and stays mapped as it is.
 *
 * Oracle: /proc of each process; and arithmetic. Needs two regions of such memory
 * (memmap=128M!768M memmap=2G!4G), and the modules for that.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/kernel.h"
#include "lib/state_test.h"

#define PAGES	64UL
#define LENGTH	(PAGES * PAGE)
#define GIGABYTE	(1UL << 30)

#define ND	"/sys/bus/nd/devices/"
#define NO_MEMORY	"there is no persistent memory; memmap=128M!768M memmap=2G!4G makes some"

/*
 * The region becomes a device whose pages can be mapped, @align bytes at a time. Returns
 * its path, or NULL with the reason.
 */
static const char *dax_device(unsigned int region, unsigned long align, char *why, size_t size)
{
	static char path[32];
	char nd[64], name[16], uuid[40], bytes[24], spaces[24];
	const struct {
		const char *file;
		const char *value;
	} steps[] = {
		{ "/sys/bus/nd/drivers/nd_pmem/unbind", spaces },
		{ "uuid", uuid },
		{ "mode", "pmem" },
		{ "align", bytes },
		{ "namespace", spaces },
		{ "/sys/bus/nd/drivers/dax_pmem/bind", name },
	};
	unsigned int i;

	snprintf(path, sizeof(path), "/dev/dax%u.0", region);
	if (!access(path, F_OK))
		return path;
	snprintf(name, sizeof(name), "dax%u.0", region);
	snprintf(spaces, sizeof(spaces), "namespace%u.0", region);
	snprintf(uuid, sizeof(uuid), "6d656d63-6c61-7373-2074-65737473000%u", region);
	snprintf(bytes, sizeof(bytes), "%lu", align);
	snprintf(nd, sizeof(nd), ND "%s", spaces);
	if (system("modprobe -a nd_e820 nd_pmem dax_pmem device_dax 2>/dev/null") ||
	    access(nd, F_OK)) {
		snprintf(why, size, NO_MEMORY);
		return NULL;
	}
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		snprintf(nd, sizeof(nd), ND "%s/%s", name, steps[i].file);
		if (!setting_write(*steps[i].file == '/' ? steps[i].file : nd, steps[i].value)) {
			snprintf(why, size, "%s: %m", steps[i].file);
			return NULL;
		}
	}
	return path;
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
	static const char content[2 * LENGTH] = { 1 };
	const char *directory;
	char *mapping, *copy;
	int fd;

	if (system("modprobe -a nd_e820 nd_pmem ext4 2>/dev/null") ||
	    access("/dev/pmem0", F_OK))
		state_skip(NO_MEMORY);
	make_file_system("/dev/pmem0");
	directory = mount_alone("/dev/pmem0", "ext4", "dax");
	if (!directory)
		state_skip("ext4 with dax: %m");
	fd = file_in(directory, "file", 0);
	MUST(write(fd, content, sizeof(content)) == sizeof(content));
	mapping = map_alone(2 * LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	copy = map_alone(LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	touch(mapping, LENGTH);
	look_at(mapping + LENGTH, LENGTH / 2);
	look_at(copy, LENGTH / 2);
	touch(copy, LENGTH / 4);
	expect_class(mapping, 2 * LENGTH, MEMCLASS_CLASS_DEVICE);
	expect_class(copy, LENGTH, MEMCLASS_CLASS_DEVICE);
	EXPECT_BYTES(copy, LENGTH, cow, LENGTH / 4);
	EXPECT_BYTES(mapping, 2 * LENGTH, zero, 0);
	/* From 6.17 on its pages count as those of other files do. */
	EXPECT_BYTES(mapping, 2 * LENGTH, file,
		     kernel_at_least(6, 17) ? LENGTH + LENGTH / 2 : 0);
}

STATE(persistent_memory_device)
{
	const char *device;
	char *mapping, why[128];
	int fd;

	device = dax_device(0, HUGE, why, sizeof(why));
	if (!device)
		state_skip("%s", why);
	MUST(wait_until(exists, device));
	fd = open(device, O_RDWR | O_CLOEXEC);
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

static uint64_t rss_of_files(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long kib = 0;
	char line[128];

	while (status && fgets(line, sizeof(line), status) &&
	       sscanf(line, "RssFile: %lu", &kib) != 1)
		;
	if (status)
		fclose(status);
	return kib << 10;
}

static long page_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/*
 * One page of a gigabyte: one entry, a level above those of huge pages. To read smaps
 * would take it apart, hence the test is no state.
 */
TEST(page_of_a_gigabyte)
{
	const struct memclass_counts *counts;
	struct reading reading;
	uint64_t expected, files;
	const char *device;
	char *mapping, why[128];
	long faults;
	size_t i;

	if (!memclass_is_loaded())
		SKIP(return, "memclass is not loaded");
	device = dax_device(1, GIGABYTE, why, sizeof(why));
	if (!device)
		SKIP(return, "%s", why);
	ASSERT_TRUE(wait_until(exists, device));
	mapping = map_aligned(GIGABYTE, GIGABYTE, PROT_READ | PROT_WRITE, MAP_SHARED,
			      open(device, O_RDWR | O_CLOEXEC), 0);
	files = rss_of_files();
	faults = page_faults();
	mapping[0] = 1;
	EXPECT_EQ(faults + 1, page_faults());
	/* From 6.17 on they count as those of other files do. */
	expected = kernel_at_least(6, 17) ? GIGABYTE : 0;
	EXPECT_EQ(files + expected, rss_of_files());

	ASSERT_EQ(0, reading_take(&reading, getpid(), false));
	counts = &reading.record.classes[MEMCLASS_CLASS_DEVICE];
	EXPECT_EQ(GIGABYTE, counts->virt);
	EXPECT_EQ(expected, counts->rss);
	EXPECT_EQ(expected, counts->file);
	for (i = 0; i < reading.nr_vmas; i++)
		if (reading.vmas[i].start == (uintptr_t)mapping)
			break;
	ASSERT_LT(i, reading.nr_vmas);
	EXPECT_EQ(expected, reading.vmas[i].counts.file);
	reading_free(&reading);

	/* It is one still: no page of it is missing. */
	faults = page_faults();
	mapping[GIGABYTE / 2] = 1;
	mapping[GIGABYTE - 1] = 1;
	EXPECT_EQ(faults, page_faults());
	munmap(mapping, GIGABYTE);
}

STATES_MAIN()
