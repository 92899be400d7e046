// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: the file "objects" has what lies on every tmpfs, in any namespace, each object
 * once, however many there are and whatever is deleted, mounted and unmounted meanwhile;
 * and a reader keeps no mount.
 *
 * Oracle: what the test itself made; statfs() of each mount; Shmem and HugePages of
 * /proc/meminfo; /proc/sysvipc/shm.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "lib/child.h"
#include "lib/kernel.h"
#include "lib/objects.h"
#include "lib/settings.h"

#define FILE_NAME	"/sys/kernel/debug/memclass/objects"
#define SMALL		"/sys/module/memclass/parameters/objects_small"
#define MOUNT		"/tmp/objects"
#define PAGE		4096UL
#define READ		(1 << 16)
#define FILES		600U		/* more than two batches of the module's */

/* A tmpfs that this process and its children see, and nobody else. */
FIXTURE(mount)
{
	struct settings settings;
	struct object_rows rows;
	unsigned int dev_minor;
};

FIXTURE_SETUP(mount)
{
	static const char *const settings[] = { SMALL, NULL };
	struct stat status;

	settings_keep(&self->settings, settings);
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	mkdir(MOUNT, 0700);
	ASSERT_EQ(0, mount("objects", MOUNT, "tmpfs", 0, "size=512M"));
	ASSERT_EQ(0, stat(MOUNT, &status));
	self->dev_minor = minor(status.st_dev);
	ASSERT_EQ(0, chdir(MOUNT));
}

FIXTURE_TEARDOWN(mount)
{
	objects_free(&self->rows);
	chdir("/");
	umount2(MOUNT, MNT_DETACH);
	settings_restore(&self->settings);
}

/* Return: whether it could be made. */
static bool make_file(const char *name, size_t bytes)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	bool made = fd >= 0 && !posix_fallocate(fd, 0, bytes ?: 1) && !ftruncate(fd, bytes);

	if (fd >= 0)
		close(fd);
	return made;
}

static bool make_numbered(unsigned int first, unsigned int count, size_t bytes)
{
	char name[32];
	bool made = true;

	for (; made && count--; first++) {
		snprintf(name, sizeof(name), "file%u", first);
		made = make_file(name, bytes);
	}
	return made;
}

/* The sum over the rows of a mount, in @sum; how many rows there are. */
static unsigned int sum_of(const struct object_rows *rows, unsigned int dev_minor,
			   struct object_row *sum)
{
	const struct object_row *row;
	unsigned int nr = 0;

	memset(sum, 0, sizeof(*sum));
	for (row = rows->all; row < rows->all + rows->count; row++) {
		if (row->dev_minor != dev_minor)
			continue;
		sum->files += row->files;
		sum->size += row->size;
		sum->resident += row->resident;
		sum->swapped += row->swapped;
		nr++;
	}
	return nr;
}

TEST_F(mount, small_files_are_one_row)
{
	struct object_row *row, sum;

	ASSERT_TRUE(make_numbered(0, 1000, 1000));
	ASSERT_TRUE(make_numbered(1000, 2, 15 * PAGE));
	ASSERT_TRUE(make_numbered(1002, 2, 16 * PAGE));
	row = object_get((struct object_place) { 0, self->dev_minor, 0 }, "small");
	ASSERT_NE(NULL, row);
	EXPECT_EQ(1002U, row->files);
	EXPECT_EQ(1000 * 1000 + 30 * PAGE, row->size);
	EXPECT_EQ(1030 * PAGE, row->resident);
	EXPECT_EQ(OBJECT_UNKNOWN, row->mappers);
	free(row);
	ASSERT_TRUE(objects_read(&self->rows, READ));
	EXPECT_EQ(3U, sum_of(&self->rows, self->dev_minor, &sum));
	EXPECT_EQ(1004U, sum.files);
	EXPECT_EQ(1062 * PAGE, sum.resident);
}

/* Many rows, with little room to read them: each file is there once. */
TEST_F(mount, every_file_is_a_row)
{
	static const size_t at_once[] = { 100, 4096, 1 << 20 };
	struct object_row sum;
	unsigned char seen[FILES];
	unsigned int i, number;
	size_t j;

	ASSERT_TRUE(make_numbered(0, FILES, 1));
	ASSERT_TRUE(setting_write(SMALL, "0"));
	for (i = 0; i < 3; i++) {
		memset(seen, 0, sizeof(seen));
		ASSERT_TRUE(objects_read(&self->rows, at_once[i]));
		EXPECT_EQ(FILES, sum_of(&self->rows, self->dev_minor, &sum));
		EXPECT_EQ(FILES, sum.files);
		for (j = 0; j < self->rows.count; j++)
			if (self->rows.all[j].dev_minor == self->dev_minor &&
			    sscanf(self->rows.all[j].name, "/file%u", &number) == 1 &&
			    number < FILES)
				seen[number]++;
		for (j = 0; j < FILES; j++)
			EXPECT_EQ(1, seen[j]);
		objects_free(&self->rows);
	}
}

/* Counts the rows of numbered files on a mount. */
static void take_rows(char *text, unsigned int dev_minor, unsigned char *seen)
{
	unsigned int device, number;
	char *line, *next;

	for (line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next))
		if (sscanf(line, "%*s 0:%u", &device) == 1 && device == dev_minor &&
		    strrchr(line, '/') && sscanf(strrchr(line, '/'), "/file%u", &number) == 1 &&
		    number < FILES)
			seen[number]++;
}

/*
 * The newest come first. When some have been read, all of those are deleted, and with
 * them wherever the reader remembers to be; new ones are made.
 */
TEST_F(mount, deleted_and_made_while_it_is_read)
{
	static char text[4 << 20];
	unsigned char seen[FILES] = { 0 };
	size_t length = 0, nr_seen = 0, i;
	char name[32];
	ssize_t got;
	int fd;

	ASSERT_TRUE(make_numbered(0, FILES, 1));
	ASSERT_TRUE(setting_write(SMALL, "0"));
	fd = open(FILE_NAME, O_RDONLY);
	ASSERT_LE(0, fd);
	while (nr_seen < 300) {
		static char copy[sizeof(text)];

		got = read(fd, text + length, 1000);
		ASSERT_LT(0, got);
		length += got;
		memcpy(copy, text, length);
		copy[length] = '\0';
		/* The last line may not be complete. */
		*(strrchr(copy, '\n') ?: copy) = '\0';
		memset(seen, 0, sizeof(seen));
		take_rows(copy, self->dev_minor, seen);
		for (nr_seen = 0, i = 0; i < FILES; i++)
			nr_seen += seen[i];
	}
	/* Those that have been read, and some more: the batch is ahead of its reader. */
	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "file%zu", i);
		if (seen[i])
			EXPECT_EQ(0, unlink(name));
	}
	ASSERT_TRUE(make_numbered(2000, 100, 1));
	while ((got = read(fd, text + length, 1000)) > 0)
		length += got;
	EXPECT_EQ(0, got);
	EXPECT_EQ(0, read(fd, text + length, 1000));
	close(fd);
	memset(seen, 0, sizeof(seen));
	take_rows(text, self->dev_minor, seen);
	for (i = 0; i < FILES; i++)
		EXPECT_EQ(1, seen[i]);
}

/* A reader that has begun keeps nothing: the mount goes, and the read comes to an end. */
TEST_F(mount, unmounted_while_it_is_read)
{
	static char text[READ];
	ssize_t got;
	int fd;

	ASSERT_TRUE(make_numbered(0, FILES, 1));
	ASSERT_TRUE(setting_write(SMALL, "0"));
	fd = open(FILE_NAME, O_RDONLY);
	do {
		got = read(fd, text, 1000);
		ASSERT_LT(0, got);
		text[got] = '\0';
	} while (!strstr(text, "/file"));
	ASSERT_EQ(0, chdir("/"));
	EXPECT_EQ(0, umount(MOUNT))
	TH_LOG("%m");
	while ((got = read(fd, text, sizeof(text))) > 0)
		;
	EXPECT_EQ(0, got);
	close(fd);
	ASSERT_TRUE(objects_read(&self->rows, READ));
	EXPECT_EQ(NULL, objects_find(&self->rows,
				     (struct object_place) { 0, self->dev_minor, 0 }, "small"));
}

static void read_all_the_time(const struct child *parent, void *data)
{
	struct object_rows rows;
	bool *stop = data;

	child_tell(parent);
	while (!*(volatile bool *)stop) {
		if (!objects_read(&rows, READ))
			_exit(1);
		objects_free(&rows);
	}
	_exit(0);
}

/* Mounts come and go; none is ever busy because of the reader. */
TEST_F(mount, mounts_come_and_go)
{
	bool *stop = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct child child = child_start(read_all_the_time, stop);
	struct rounds rounds = { 0 };
	int status = -1;

	ASSERT_LT(0, child.pid);
	mkdir("mount", 0700);
	while (again(&rounds, 200)) {
		ASSERT_EQ(0, mount("objects", "mount", "tmpfs", 0, ""));
		EXPECT_TRUE(make_file("mount/large", 32 * PAGE));
		EXPECT_TRUE(make_file("mount/small", 1));
		EXPECT_EQ(0, umount("mount"))
		TH_LOG("%m");
	}
	*stop = true;
	ASSERT_EQ(child.pid, waitpid(child.pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* What a process in namespaces of its own has told of its file. */
struct elsewhere {
	bool made;
	int error;
	struct object_place place;
};

static void hide(struct elsewhere *elsewhere)
{
	int fd;

	if (mount("objects", "/tmp", "tmpfs", 0, "") || !make_file("/tmp/hidden", 48 * PAGE))
		return;
	fd = open("/tmp/hidden", O_RDONLY | O_CLOEXEC);
	elsewhere->place = object_of_fd(fd);
	close(fd);
	elsewhere->made = true;
}

static void in_mount_namespace(const struct child *parent, void *data)
{
	(void)parent;
	if (!unshare(CLONE_NEWNS))
		hide(data);
}

/* A user's own namespace, in which he is root. */
static void in_user_namespace(const struct child *parent, void *data)
{
	(void)parent;
	/* Who changes his uid may not look at himself any more, unless he says so. */
	if (!setgid(65534) && !setuid(65534) && !unshare(CLONE_NEWUSER | CLONE_NEWNS) &&
	    !prctl(PR_SET_DUMPABLE, 1) && setting_write("/proc/self/uid_map", "0 65534 1") &&
	    setting_write("/proc/self/setgroups", "deny") &&
	    setting_write("/proc/self/gid_map", "0 65534 1"))
		hide(data);
	((struct elsewhere *)data)->error = errno;
}

FIXTURE(namespace)
{
	struct elsewhere *elsewhere;
};

FIXTURE_VARIANT(namespace)
{
	void (*make)(const struct child *parent, void *data);
	uint64_t uid;
};

FIXTURE_VARIANT_ADD(namespace, mount) { .make = in_mount_namespace, .uid = 0 };
FIXTURE_VARIANT_ADD(namespace, user) { .make = in_user_namespace, .uid = 65534 };

FIXTURE_SETUP(namespace)
{
	self->elsewhere = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			       -1, 0);
	ASSERT_NE(MAP_FAILED, self->elsewhere);
}

FIXTURE_TEARDOWN(namespace)
{
	munmap(self->elsewhere, PAGE);
}

static bool is_there(const struct elsewhere *elsewhere)
{
	struct object_row *row = object_get(elsewhere->place, "tmpfs");

	free(row);
	return row;
}

TEST_F(namespace, is_seen)
{
	struct child child = child_start(variant->make, self->elsewhere);
	struct rounds rounds = { .seconds = 30 };
	struct object_row *row;

	ASSERT_LT(0, child.pid);
	ASSERT_TRUE(self->elsewhere->made)
	TH_LOG("%s", strerror(self->elsewhere->error));
	row = object_get(self->elsewhere->place, "tmpfs");
	EXPECT_NE(NULL, row);
	if (row) {
		EXPECT_EQ(48 * PAGE, row->resident);
		EXPECT_EQ(variant->uid, row->uid);
		EXPECT_EQ(0U, row->mappers);
		free(row);
	}
	/* With the last process the namespace goes, and the mount, by the kernel's worker. */
	child_end(&child);
	while (is_there(self->elsewhere) && again(&rounds, 100000))
		usleep(1000);
	EXPECT_FALSE(is_there(self->elsewhere));
}

/* A name of 255 line ends and backslashes; a path of more than a page, and one of more
 * than is shown: of that the end.
 */
TEST_F(mount, names)
{
	static char long_name[256];
	struct object_place odd, deep[2];
	const struct object_row *row;
	unsigned int i, depth = 0;
	int fd;

	for (i = 0; i < 255; i++)
		long_name[i] = i % 2 ? '\n' : '\\';
	fd = open(long_name, O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, PAGE));
	odd = object_of_fd(fd);
	memset(long_name, 'x', 255);
	for (i = 0; i < 2; i++) {
		for (; depth < (i ? 40 : 20); depth++) {
			ASSERT_EQ(0, mkdir(long_name, 0700));
			ASSERT_EQ(0, chdir(long_name));
		}
		fd = open("end", O_RDWR | O_CREAT, 0600);
		ASSERT_LE(0, fd);
		deep[i] = object_of_fd(fd);
	}
	ASSERT_TRUE(setting_write(SMALL, "0"));
	ASSERT_TRUE(objects_read(&self->rows, READ));

	row = objects_find(&self->rows, odd, "tmpfs");
	ASSERT_NE(NULL, row);
	EXPECT_EQ(1U + 4 * 255, strlen(row->name));
	EXPECT_EQ(0, strncmp("/\\134\\012\\134", row->name, 13));
	EXPECT_STREQ("-", row->flags);
	row = objects_find(&self->rows, deep[0], "tmpfs");
	ASSERT_NE(NULL, row);
	EXPECT_EQ(20U * 256 + 4, strlen(row->name));
	EXPECT_STREQ("-", row->flags);
	row = objects_find(&self->rows, deep[1], "tmpfs");
	ASSERT_NE(NULL, row);
	EXPECT_TRUE(object_has_flag(row, "cut"));
	EXPECT_LT(4U, strlen(row->name));
	EXPECT_STREQ("/end", row->name + strlen(row->name) - 4);
}

/* The kernel's own accounting of each mount: blocks that are used, in memory or swap. */
TEST_F(mount, adds_up_to_statfs)
{
	struct object_row sum;
	struct statfs status;
	char target[300];
	int fd;

	ASSERT_TRUE(make_numbered(0, 100, 5000));
	ASSERT_TRUE(make_numbered(100, 5, 40 * PAGE + 1));
	fd = open("unlinked", O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unlink("unlinked"));
	ASSERT_EQ(0, posix_fallocate(fd, 0, 7 * PAGE));
	/* So long that it takes a page. */
	memset(target, 'y', sizeof(target) - 1);
	target[sizeof(target) - 1] = '\0';
	ASSERT_EQ(0, symlink(target, "link"));
	ASSERT_EQ(0, statfs(".", &status));
	EXPECT_EQ(200U + 5 * 41 + 7 + 1, status.f_blocks - status.f_bfree);
	ASSERT_TRUE(objects_read(&self->rows, READ));
	sum_of(&self->rows, self->dev_minor, &sum);
	EXPECT_EQ((status.f_blocks - status.f_bfree) * PAGE, sum.resident + sum.swapped);
}

/* All of them: of the boot, of this test, and what the kernel made for itself. */
TEST_F(mount, adds_up_to_meminfo)
{
	uint64_t shmem = 0, mapped = 0, huge = 0, segments = 0, ipcs = 0;
	uint64_t length = 4 * MIB, before, after, rss, swap;
	const struct object_row *row;
	char line[512], *shared;
	int shmid, fd;
	FILE *file;

	ASSERT_TRUE(make_numbered(0, 10, 100 * PAGE));
	fd = memfd_create("sum", 0);
	ASSERT_EQ(0, ftruncate(fd, length));
	ASSERT_EQ(0, posix_fallocate(fd, 0, length));
	shared = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(shared, 1, length);
	shmid = shmget(IPC_PRIVATE, length, 0600);
	memset(shmat(shmid, NULL, 0), 1, length);
	before = meminfo("Shmem");
	ASSERT_TRUE(objects_read(&self->rows, READ));
	after = meminfo("Shmem");
	for (row = self->rows.all; row < self->rows.all + self->rows.count; row++) {
		if (row->page_size != PAGE) {
			huge += row->resident;
			continue;
		}
		shmem += row->resident;
		mapped += row->mapped;
		if (!strcmp(row->kind, "sysv"))
			segments += row->resident + row->swapped;
		EXPECT_LE(row->mapped, row->resident);
	}
	file = fopen("/proc/sysvipc/shm", "re");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*d %*d %*o %*u %*d %*d %*u %*u %*u %*u %*u %*u %*u %*u %lu %lu",
			   &rss, &swap) == 2)
			ipcs += rss + swap;
	fclose(file);
	shmctl(shmid, IPC_RMID, NULL);
	/* The kernel's counters are summed from those of each processor, now and then. */
	EXPECT_LE(before, shmem + MIB);
	EXPECT_LE(shmem, after + MIB);
	EXPECT_LE(2 * length, mapped);
	EXPECT_EQ((meminfo("HugePages_Total") - meminfo("HugePages_Free")) * 2 * MIB, huge);
	EXPECT_EQ(ipcs, segments);
}

/* Wherever it is read from. */
TEST_F(mount, is_read_as_a_text_file)
{
	char one[1], heading[5] = "";
	int fd = open(FILE_NAME, O_RDONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(1, read(fd, one, 1));
	EXPECT_EQ('k', one[0]);
	EXPECT_EQ(4, pread(fd, heading, 4, 0));
	EXPECT_STREQ("kind", heading);
	EXPECT_EQ(3, read(fd, heading, 3));
	EXPECT_EQ(0, strncmp("ind", heading, 3));
	EXPECT_EQ(-1, lseek(fd, -1, SEEK_SET));
	EXPECT_EQ(-1, write(fd, one, 1));
	close(fd);
}

TEST_HARNESS_MAIN
