// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: the file "cgroups" has the memory of the processes in each memory cgroup, each
 * memory once, whatever is made and removed meanwhile; and objects say who they are
 * charged to.
 *
 * Oracle: arithmetic on what the processes did; memory.stat of each cgroup.
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "lib/child.h"
#include "lib/objects.h"
#include "lib/reading.h"
#include "lib/settings.h"
#include "lib/text.h"

#define ROOT	"/sys/fs/cgroup"
#define TOP	"/memclass-test"
#define ANON	(24 * MIB)
#define SHARED	(8 * MIB)
#define SLACK	MIB			/* the kernel sums up its counters now and then */

/* What a process in the cgroup does. */
struct member {
	const char *cgroup;		/* where it goes */
	bool shares;			/* another process has all of its memory */
	struct object_place object;	/* that it makes */
	bool done;
};

static char stack[65536] __attribute__((aligned(16)));
static volatile bool stays;

/* In the same memory as its parent, with which it goes. */
static int stay(void *unused)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	stays = true;
	for (;;)
		pause();
	return 0;
}

static bool enter(const char *cgroup)
{
	char path[256];

	snprintf(path, sizeof(path), ROOT "%s/cgroup.procs", cgroup);
	return setting_write(path, "0");
}

static void live(const struct child *parent, void *data)
{
	struct member *member = data;
	char *anon, *shared;
	int fd;

	(void)parent;
	if (!enter(member->cgroup))
		return;
	fd = memfd_create("member", MFD_CLOEXEC);
	anon = mmap(NULL, ANON, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ftruncate(fd, SHARED) || anon == MAP_FAILED)
		return;
	madvise(anon, ANON, MADV_NOHUGEPAGE);
	shared = mmap(NULL, SHARED, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(anon, 1, ANON);
	memset(shared, 1, SHARED);
	member->object = object_at(shared);
	if (member->shares && clone(stay, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL) < 0)
		return;
	while (member->shares && !stays)
		usleep(1000);
	member->done = true;
}

FIXTURE(cgroups)
{
	struct member *member;
	struct child child;
	struct cgroup_row *rows;
	ssize_t nr;
};

/* Ends what is in a cgroup, and removes it: a process leaves it when it is collected. */
static bool remove_cgroup(const char *name)
{
	struct rounds rounds = { .seconds = 20 };
	char path[256];

	snprintf(path, sizeof(path), ROOT "%s", name);
	while (rmdir(path) && errno == EBUSY && again(&rounds, 100000))
		usleep(1000);
	return access(path, F_OK);
}

FIXTURE_SETUP(cgroups)
{
	self->member = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	self->child.pid = -1;
	if (!setting_write(ROOT "/cgroup.subtree_control", "+memory"))
		SKIP(return, "there is no memory controller of cgroup v2");
	ASSERT_EQ(0, mkdir(ROOT TOP, 0755));
	ASSERT_TRUE(setting_write(ROOT TOP "/cgroup.subtree_control", "+memory"));
	ASSERT_EQ(0, mkdir(ROOT TOP "/a b\033", 0755));
	ASSERT_EQ(0, mkdir(ROOT TOP "/empty", 0755));
}

FIXTURE_TEARDOWN(cgroups)
{
	if (self->child.pid > 0)
		child_end(&self->child);
	EXPECT_TRUE(remove_cgroup(TOP "/a b\033"));
	EXPECT_TRUE(remove_cgroup(TOP "/empty"));
	EXPECT_TRUE(remove_cgroup(TOP));
	free(self->rows);
	munmap(self->member, 4096);
}

/* The row of a cgroup and class, or all zeroes. */
static struct cgroup_row find(FIXTURE_DATA(cgroups) * self, const char *path, const char *class)
{
	ssize_t i;

	for (i = 0; i < self->nr; i++)
		if (!strcmp(self->rows[i].path, path) && !strcmp(self->rows[i].class, class))
			return self->rows[i];
	return (struct cgroup_row) { 0 };
}

#define READ() \
	do { \
		free(self->rows); \
		self->nr = text_cgroups(&self->rows); \
		ASSERT_LT(0, self->nr); \
	} while (0)

static uint64_t memory_stat(const char *cgroup, const char *key)
{
	char path[256], line[128];
	uint64_t value = 0;
	FILE *file;

	snprintf(path, sizeof(path), ROOT "%s/memory.stat", cgroup);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ' ')
			value = strtoull(line + strlen(key), NULL, 10);
	if (file)
		fclose(file);
	return value;
}

/*
 * As memory_stat(), once it has come to @least: the kernel sums its counters up every two
 * seconds, and between only when it believes that many have changed.
 */
static uint64_t memory_stat_summed(const char *cgroup, const char *key, uint64_t least)
{
	struct rounds rounds = { .seconds = 20 };
	uint64_t value;

	while ((value = memory_stat(cgroup, key)) < least && again(&rounds, 100000))
		usleep(1000);
	return value;
}

#define NAME	TOP "/a b\033"
#define ESCAPED	TOP "/a b\\033"

#define START_MEMBER(...) \
	do { \
		*self->member = (struct member) { .cgroup = NAME, __VA_ARGS__ }; \
		self->child = child_start(live, self->member); \
		ASSERT_LT(0, self->child.pid); \
		ASSERT_TRUE(self->member->done); \
	} while (0)

TEST_F(cgroups, places)
{
	struct cgroup_row root, top, inner, empty;
	struct stat status;

	READ();
	root = find(self, "/", "total");
	top = find(self, TOP, "total");
	inner = find(self, ESCAPED, "total");
	empty = find(self, TOP "/empty", "total");
	ASSERT_EQ(0, stat(ROOT, &status));
	EXPECT_EQ(status.st_ino, root.inode);
	EXPECT_EQ(0U, root.parent);
	EXPECT_LT(0U, root.processes);
	ASSERT_EQ(0, stat(ROOT TOP, &status));
	EXPECT_EQ(status.st_ino, top.inode);
	EXPECT_EQ(root.inode, top.parent);
	ASSERT_EQ(0, stat(ROOT NAME, &status));
	EXPECT_EQ(status.st_ino, inner.inode);
	EXPECT_EQ(top.inode, inner.parent);
	EXPECT_EQ(0U, empty.processes);
	EXPECT_EQ(0U, empty.counts.rss);
	EXPECT_STREQ("/", self->rows[0].path);
}

TEST_F(cgroups, members)
{
	struct cgroup_row total, anon, memfd;
	uint64_t charged;

	START_MEMBER();
	READ();
	total = find(self, ESCAPED, "total");
	anon = find(self, ESCAPED, "anon");
	memfd = find(self, ESCAPED, "memfd");
	EXPECT_EQ(1U, total.processes);
	EXPECT_EQ(1U, anon.processes);
	EXPECT_EQ(1U, memfd.processes);
	EXPECT_LE(ANON, anon.counts.private_dirty);
	EXPECT_LE(anon.counts.private_dirty, ANON + SLACK);
	EXPECT_EQ(SHARED, memfd.counts.pss);
	EXPECT_EQ(SHARED, memfd.counts.shmem);
	EXPECT_EQ(0U, find(self, TOP, "total").processes);
	/* It was forked, and has pages in common with its parent, which are not charged here. */
	charged = memory_stat_summed(NAME, "anon", ANON - SLACK);
	EXPECT_LE(ANON, charged + SLACK);
	EXPECT_LE(charged, total.counts.pss_anon + SLACK);
	EXPECT_LE(total.counts.pss_anon, charged + 2 * SLACK);
	charged = memory_stat_summed(NAME, "shmem", SHARED - SLACK);
	EXPECT_LE(charged, memfd.counts.shmem + SLACK);
	EXPECT_LE(memfd.counts.shmem, charged + SLACK);
}

TEST_F(cgroups, memory_in_common_is_counted_once)
{
	START_MEMBER(.shares = true);
	READ();
	EXPECT_EQ(2U, find(self, ESCAPED, "total").processes);
	EXPECT_EQ(2U, find(self, ESCAPED, "memfd").processes);
	EXPECT_EQ(SHARED, find(self, ESCAPED, "memfd").counts.rss);
	/* Nobody but its memory's other owner knows it any more. */
	kill(self->child.pid, SIGKILL);
}

TEST_F(cgroups, objects_are_charged)
{
	struct object_row *row;
	struct stat status;

	START_MEMBER();
	ASSERT_EQ(0, stat(ROOT NAME, &status));
	row = object_get(self->member->object, "memfd");
	ASSERT_NE(NULL, row);
	EXPECT_EQ(status.st_ino, row->cgroup);
	EXPECT_EQ(SHARED, row->resident);
	free(row);
}

/* All of them together have what all processes have. */
TEST_F(cgroups, add_up)
{
	uint64_t cgroups = 0, classes = 0;
	struct class_row *rows;
	ssize_t i, nr;

	START_MEMBER();
	READ();
	nr = text_classes(&rows);
	ASSERT_LT(0, nr);
	for (i = 0; i < nr; i++)
		classes += rows[i].counts.pss_shmem + rows[i].counts.pss_anon;
	for (i = 0; i < self->nr; i++)
		if (!strcmp(self->rows[i].class, "total"))
			cgroups += self->rows[i].counts.pss_shmem + self->rows[i].counts.pss_anon;
	free(rows);
	EXPECT_LE(classes, cgroups + SLACK);
	EXPECT_LE(cgroups, classes + SLACK);
}

/* Many come and go while they are read a little at a time. */
TEST_F(cgroups, removed_while_read)
{
	char path[256], text[3000];
	unsigned int i, seen = 0;
	ssize_t got;
	int fd;

	for (i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), ROOT TOP "/empty%u", i);
		ASSERT_EQ(0, mkdir(path, 0755));
	}
	fd = open(FILE_PATH("cgroups"), O_RDONLY);
	ASSERT_LE(0, fd);
	while (seen < 5) {
		got = read(fd, text, sizeof(text) - 1);
		ASSERT_LT(0, got);
		text[got] = '\0';
		seen += !!strstr(text, TOP "/empty");
	}
	for (i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), ROOT TOP "/empty%u", i);
		EXPECT_EQ(0, rmdir(path));
	}
	while ((got = read(fd, text, sizeof(text))) > 0)
		;
	EXPECT_EQ(0, got);
	/* And that is the end. */
	EXPECT_EQ(0, read(fd, text, sizeof(text)));
	close(fd);
	READ();
	EXPECT_EQ(0U, find(self, TOP "/empty50", "total").inode);
}

TEST_HARNESS_MAIN
