// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: the module can be unloaded at any moment when none of its files is open, and
 * at no other; it leaves nothing behind and can be loaded again. Oracle: the errors
 * that delete_module() and finit_module() document, and the files themselves.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "lib/child.h"
#include "lib/module.h"
#include "lib/reading.h"
#include "lib/unserved.h"

static int module_unload(void)
{
	return module_remove("memclass");
}

static int module_load(void)
{
	return module_insert(MODULE_KO, "");
}

/* Whatever a test did: it is there for the next one. */
FIXTURE(module) {};

FIXTURE_SETUP(module)
{
	if (access(MODULE_KO, R_OK))
		SKIP(return, MODULE_KO " is not there");
	ASSERT_EQ(0, access(DIR_PATH, F_OK));
}

FIXTURE_TEARDOWN(module)
{
	if (access(DIR_PATH, F_OK))
		module_load();
	EXPECT_EQ(0, access(FILE_PATH("records"), R_OK));
}

#define EXPECT_IN_USE() \
	do { \
		EXPECT_EQ(-1, module_unload()); \
		EXPECT_EQ(EWOULDBLOCK, errno); \
	} while (0)

TEST_F(module, loaded_twice)
{
	EXPECT_EQ(-1, module_load());
	EXPECT_EQ(EEXIST, errno);
	EXPECT_EQ(0, access(FILE_PATH("records"), R_OK));
}

/* One open file is enough, read from or not, whoever has it. */
TEST_F(module, in_use_while_a_file_is_open)
{
	char text[8192];
	size_t i;
	int fd, copy, sockets[2];
	pid_t pid;

	for (i = 0; i < READING_NR_FILES; i++) {
		fd = open(reading_files[i], O_RDONLY);
		ASSERT_GE(fd, 0);
		EXPECT_IN_USE();
		EXPECT_GT(read(fd, text, sizeof(text)), 0);
		EXPECT_IN_USE();
		copy = dup(fd);
		close(fd);
		EXPECT_IN_USE();

		/* In another process, which then ends without closing it. */
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid) {
			close(sockets[1]);
			_exit(read(sockets[0], text, 1) != 1);
		}
		close(copy);
		EXPECT_IN_USE();
		ASSERT_EQ(1, write(sockets[1], text, 1));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		close(sockets[0]);
		close(sockets[1]);
	}
	EXPECT_EQ(0, module_unload());
}

/* A reader whose buffer is memory that nobody will ever serve. */
struct sleeper {
	const char *path;
	char *(*buffer)(size_t length, void (*asked)(const void *data), const void *data);
};

#define BUFFER	65536UL

static void tell_parent(const void *parent)
{
	child_tell(parent);
}

static void fall_asleep(const struct child *parent, void *data)
{
	const struct sleeper *sleeper = data;
	/* It tells when this sleeps, and has no file of memclass. */
	char *buffer = sleeper->buffer(BUFFER, tell_parent, parent);
	const int fd = open(sleeper->path, O_RDONLY);

	if (fd < 0 || !buffer)
		_exit(1);
	_exit(read(fd, buffer, BUFFER) > 0 ? 2 : 3);
}

/*
 * The module stays as long as such a reader does, who keeps no other from reading, not even
 * from reading him; when he is killed, the module can go.
 */
static void read_beside_sleeper(struct __test_metadata *_metadata, struct sleeper sleeper)
{
	struct child child = child_start(fall_asleep, &sleeper);
	static struct memclass_record record;
	int fd, status;

	ASSERT_LT(0, child.pid);
	EXPECT_IN_USE();
	fd = records_open();
	EXPECT_TRUE(record_of(fd, child.pid, &record));
	close(fd);
	/* Its own file is not the reason. */
	EXPECT_IN_USE();
	/* And who should serve him, where that is another process. */
	kill(-child.pid, SIGKILL);
	status = child_end(&child);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(0, module_unload());
	ASSERT_EQ(0, module_load());
}

TEST_F(module, reader_is_asleep_for_good)
{
	size_t i;

	for (i = 0; i < READING_NR_FILES; i++)
		read_beside_sleeper(_metadata,
				    (struct sleeper) { reading_files[i], unserved_by_userfaultfd });
}

/* One that waits for a file system in user space, which does not answer. */
TEST_F(module, reader_waits_for_file_system)
{
	module_want("fuse");
	if (access("/dev/fuse", F_OK))
		SKIP(return, "this kernel has no FUSE");
	read_beside_sleeper(_metadata, (struct sleeper) { FILE_PATH("records"), unserved_by_fuse });
	read_beside_sleeper(_metadata, (struct sleeper) { FILE_PATH("objects"), unserved_by_fuse });
}

TEST_F(module, nothing_is_left)
{
	int dir = open(DIR_PATH, O_PATH | O_DIRECTORY), path_only;
	size_t i;

	ASSERT_GE(dir, 0);
	/* Not open: neither a directory nor what only names a file. */
	path_only = open(FILE_PATH("records"), O_PATH);
	ASSERT_GE(path_only, 0);
	ASSERT_EQ(0, module_unload());
	EXPECT_EQ(-1, access(DIR_PATH, F_OK));
	EXPECT_EQ(ENOENT, errno);
	for (i = 0; i < READING_NR_FILES; i++)
		EXPECT_EQ(-1, open(reading_files[i], O_RDONLY));
	EXPECT_EQ(-1, openat(dir, "records", O_RDONLY));
	EXPECT_EQ(-1, module_unload());
	EXPECT_EQ(ENOENT, errno);
	ASSERT_EQ(0, module_load());
	/* What named the file before does not reach the new one. */
	EXPECT_EQ(-1, openat(dir, "records", O_RDONLY));
	EXPECT_EQ(0, access(FILE_PATH("records"), R_OK));
	close(dir);
	close(path_only);
}

struct load {
	bool stop;
	unsigned int reads;
};

/* Reads from whatever there is: a file that is not there now is no error. */
static void *read_what_there_is(void *data)
{
	unsigned int i, seed = (uintptr_t)pthread_self() >> 12;
	static _Thread_local char buffer[4 * sizeof(struct memclass_record)];
	struct load *load = data;

	while (!__atomic_load_n(&load->stop, __ATOMIC_RELAXED)) {
		int fd = open(reading_files[rand_r(&seed) % READING_NR_FILES], O_RDONLY);

		for (i = 0; fd >= 0 && i < 3; i++) {
			if (read(fd, buffer, sizeof(buffer)) <= 0)
				break;
			__atomic_add_fetch(&load->reads, 1, __ATOMIC_RELAXED);
		}
		if (fd >= 0)
			close(fd);
		/* Between files, there must be a moment without any. */
		usleep(rand_r(&seed) % 10000);
	}
	return NULL;
}

#define READERS	3

/* How long it takes to be let in between readers is anybody's guess. */
TEST_F_TIMEOUT(module, reloaded_while_it_is_read, 250)
{
	struct load *load = calloc(1, sizeof(*load));
	unsigned int i, refused = 0;
	pthread_t readers[READERS];
	struct rounds rounds = { .seconds = 4 };

	for (i = 0; i < READERS; i++)
		ASSERT_EQ(0, pthread_create(&readers[i], NULL, read_what_there_is, load));
	while (again(&rounds, 100)) {
		while (module_unload()) {
			ASSERT_EQ(EWOULDBLOCK, errno);
			refused++;
			sched_yield();
		}
		ASSERT_EQ(0, module_load());
	}
	__atomic_store_n(&load->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	TH_LOG("%u times, with %u reads; refused %u times", rounds.number, load->reads, refused);
	EXPECT_NE(0U, load->reads);
	free(load);
}

TEST_HARNESS_MAIN
