// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: a file that the client is to write is whole or not there, takes the place of
 * files and of nothing else, and what a killed one left is gone with the next one.
 * Oracle: the folder and what was in it before.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "client/folder.h"
#include "client/run.h"
#include "lib/patience.h"

#define FOLDER	"/tmp/client_output"
#define CAPTURE	FOLDER "/capture"
#define THERE	FOLDER "/there"
#define LINK	FOLDER "/link"
/* For what exports keep: others have a history of their own. */
#define STATE	"/tmp/client_output.state"

FIXTURE(output)
{
	struct run run;
	char pid[16];
};

/* With a capture of this process, as /proc knows it. */
FIXTURE_SETUP(output)
{
	remove_folder(FOLDER);
	remove_folder(STATE);
	ASSERT_EQ(0, mkdir(FOLDER, 0700));
	ASSERT_EQ(0, mkdir(STATE, 0700));
	snprintf(self->pid, sizeof(self->pid), "%d", getpid());
	run(&self->run, "record", "--source=proc", "-o", CAPTURE, self->pid, NULL);
	ASSERT_EQ(0, self->run.status)
	TH_LOG("%s", self->run.err);
}

FIXTURE_TEARDOWN(output)
{
	run_free(&self->run);
	remove_folder(FOLDER);
	remove_folder(STATE);
}

/* Each command that writes files, to this one. */
static const char *const writers[] = {
	"memclass record --source=proc 1 -o ",
	"memclass report " CAPTURE " -o ",
	"RUNTIME_DIRECTORY=" STATE " memclass export --source=proc --textfile ",
};

#define NR_WRITERS	(sizeof(writers) / sizeof(writers[0]))

/* @before: what the shell does before. */
static void write_after(struct run *run, const char *before, size_t writer, const char *file)
{
	char line[256];

	run_free(run);
	snprintf(line, sizeof(line), "%s%s%s", before, writers[writer], file);
	run_shell(run, line);
}

static void write_to(struct run *run, size_t writer, const char *file)
{
	write_after(run, "", writer, file);
}

TEST_F(output, is_no_file)
{
	struct stat before, after;
	size_t i;

	ASSERT_EQ(0, mkfifo(THERE, 0600));
	ASSERT_EQ(0, stat(THERE, &before));
	for (i = 0; i < NR_WRITERS; i++) {
		write_to(&self->run, i, THERE);
		EXPECT_EQ(1, self->run.status);
		EXPECT_NE(NULL, strstr(self->run.err, "not a file that could be replaced"))
		TH_LOG("%s%s", writers[i], self->run.err);
		ASSERT_EQ(0, stat(THERE, &after));
		EXPECT_EQ(before.st_mode, after.st_mode);
		EXPECT_EQ(before.st_ino, after.st_ino);
		write_to(&self->run, i, FOLDER);
		EXPECT_EQ(1, self->run.status);
	}
	EXPECT_EQ(2, files_in(FOLDER));
}

TEST_F(output, is_a_device)
{
	struct stat now;

	if (geteuid() || mknod(THERE, S_IFCHR | 0600, makedev(1, 3)))
		SKIP(return, "no device can be made here");
	write_to(&self->run, 0, THERE);
	EXPECT_EQ(1, self->run.status);
	ASSERT_EQ(0, stat(THERE, &now));
	EXPECT_TRUE(S_ISCHR(now.st_mode));
}

/* It stays one, and what it leads to is another file then. */
TEST_F(output, is_a_link)
{
	struct stat before, after;
	size_t i;
	int fd;

	for (i = 0; i < NR_WRITERS; i++) {
		fd = open(THERE, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		ASSERT_EQ(0, fstat(fd, &before));
		ASSERT_EQ(0, symlink("there", LINK));
		write_to(&self->run, i, LINK);
		EXPECT_EQ(0, self->run.status)
		TH_LOG("%s%s", writers[i], self->run.err);
		ASSERT_EQ(0, lstat(LINK, &after));
		EXPECT_TRUE(S_ISLNK(after.st_mode));
		ASSERT_EQ(0, lstat(THERE, &after));
		EXPECT_TRUE(S_ISREG(after.st_mode));
		EXPECT_LT(0, after.st_size);
		EXPECT_NE(before.st_ino, after.st_ino);
		EXPECT_EQ(3, files_in(FOLDER));
		close(fd);
		unlink(LINK);
		unlink(THERE);
	}
}

TEST_F(output, is_a_link_that_leads_nowhere)
{
	struct stat now;

	ASSERT_EQ(0, symlink("nowhere", LINK));
	write_to(&self->run, 0, LINK);
	EXPECT_EQ(1, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.err, "leads nowhere"));
	ASSERT_EQ(0, lstat(LINK, &now));
	EXPECT_TRUE(S_ISLNK(now.st_mode));
	EXPECT_EQ(2, files_in(FOLDER));
}

TEST_F(output, is_too_large)
{
	size_t i;

	for (i = 0; i < NR_WRITERS; i++) {
		write_after(&self->run, "ulimit -f 1; ", i, THERE);
		EXPECT_EQ(1, self->run.status);
		EXPECT_NE(NULL, strstr(self->run.err, "cannot write " THERE ": "))
		TH_LOG("%s%s", writers[i], self->run.err);
		EXPECT_EQ(1, files_in(FOLDER));
	}
}

/* It has begun once there is a second file. */
static void record_for_long(struct run *run, const char *pid)
{
	unsigned int tries;

	run_start(run, "record", "--source=proc", "-o", THERE, "-i", "1000", pid, NULL);
	for (tries = 0; files_in(FOLDER) == 1 && tries < 6000; tries++)
		usleep(10000);
}

TEST_F(output, was_left_by_one_that_was_killed)
{
	struct run killed;

	record_for_long(&killed, self->pid);
	kill(killed.pid, SIGKILL);
	run_finish(&killed);
	EXPECT_EQ(-SIGKILL, killed.status);
	run_free(&killed);
	EXPECT_EQ(2, files_in(FOLDER));
	EXPECT_NE(0, access(THERE, F_OK));
	write_to(&self->run, 0, THERE);
	EXPECT_EQ(0, self->run.status);
	EXPECT_EQ(0, access(THERE, F_OK));
	EXPECT_EQ(2, files_in(FOLDER));
}

/* Who still writes keeps what he has written. */
TEST_F(output, is_being_written)
{
	struct run other;

	record_for_long(&other, self->pid);
	write_to(&self->run, 0, THERE);
	EXPECT_EQ(0, self->run.status);
	EXPECT_EQ(3, files_in(FOLDER));
	kill(other.pid, SIGINT);
	run_finish(&other);
	EXPECT_EQ(0, other.status)
	TH_LOG("%s", other.err);
	run_free(&other);
	EXPECT_EQ(2, files_in(FOLDER));
}

TEST_HARNESS_MAIN
