// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: memclass objects names what shared memory there is, where, and who has it, as
 * a table and as JSON; and understands the module's file when it is newer or missing.
 *
 * Oracle: what the test itself made and gave away; files that it wrote.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "client/run.h"
#include "client/synthetic.h"
#include "lib/child.h"

#define LENGTH	(3 * MIB)
#define KEY	0x5eedf00d

/* A segment nobody maps, a memfd that a child has, a file that is deleted and open. */
FIXTURE(objects)
{
	int shmid;
	int memfd;
	int file;
	char *map;			/* of the memfd */
	struct child child;
	struct run run;
};

/* It has the memfd, and does not map it. */
static void have_descriptor(const struct child *parent, void *data)
{
	(void)parent;
	munmap(*(char **)data, LENGTH);
}

FIXTURE_SETUP(objects)
{
	void *segment;

	if (!module_is_there())
		SKIP(return, "needs the module");
	self->shmid = shmget(KEY, LENGTH, IPC_CREAT | IPC_EXCL | 0600);
	ASSERT_LE(0, self->shmid);
	segment = shmat(self->shmid, NULL, 0);
	memset(segment, 1, LENGTH);
	shmdt(segment);
	self->memfd = memfd_create("a name\n\\with\x1b", MFD_CLOEXEC);
	ASSERT_EQ(0, ftruncate(self->memfd, LENGTH));
	self->map = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, self->memfd, 0);
	memset(self->map, 1, LENGTH);
	self->file = open("/dev/shm/deleted", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_EQ(0, posix_fallocate(self->file, 0, LENGTH + MIB));
	self->child = child_start(have_descriptor, &self->map);
	ASSERT_LT(0, self->child.pid);
	unlink("/dev/shm/deleted");
}

FIXTURE_TEARDOWN(objects)
{
	if (self->child.pid > 0)
		child_end(&self->child);
	shmctl(self->shmid, IPC_RMID, NULL);
	munmap(self->map, LENGTH);
	close(self->memfd);
	close(self->file);
	run_free(&self->run);
}

#define RUN(...) \
	do { \
		run(&self->run, "objects", __VA_ARGS__, NULL); \
		ASSERT_EQ(0, self->run.status) \
		TH_LOG("%s", self->run.err); \
	} while (0)

#define RUN_JSON(...) \
	do { \
		RUN("--json", ##__VA_ARGS__); \
		ASSERT_TRUE(run_json(&self->run)); \
	} while (0)

/* The row of that kind and name. */
static const struct json *find(const struct run *run, const char *kind, const char *name)
{
	const struct json *row = json_member(run->json, "objects");

	for (row = row ? row->first : NULL; row; row = row->next)
		if (!strcmp(json_string(row, "kind"), kind) &&
		    !strcmp(json_string(row, "name"), name))
			return row;
	return NULL;
}

static const struct json *holder(const struct json *row, pid_t pid)
{
	const struct json *holder = json_member(row, "holders");

	for (holder = holder ? holder->first : NULL; holder; holder = holder->next)
		if (json_number(holder, "pid") == (uint64_t)pid)
			return holder;
	return NULL;
}

TEST_F(objects, segment)
{
	const struct json *row;

	RUN_JSON("--holders");
	row = find(&self->run, "sysv", "SYSV5eedf00d");
	ASSERT_NE(NULL, row);
	EXPECT_EQ(self->shmid, (int)json_number(row, "shmid"));
	EXPECT_EQ(self->shmid, (int)json_number(row, "inode"));
	EXPECT_EQ((uint64_t)KEY, json_number(row, "key"));
	EXPECT_EQ(getpid(), (pid_t)json_number(row, "creator_pid"));
	EXPECT_EQ(LENGTH, json_number(row, "size"));
	EXPECT_EQ(LENGTH, json_number(row, "resident") + json_number(row, "swapped"));
	EXPECT_EQ(0U, json_number(row, "mapped"));
	EXPECT_EQ(json_number(row, "resident"), json_number(row, "unmapped"));
	EXPECT_EQ(0U, json_number(row, "mappers"));
	EXPECT_EQ(0U, json_number(row, "fd_holders"));
	EXPECT_EQ(0U, json_number(row, "unknown_holders"));
	EXPECT_EQ(JSON_NULL, json_type(row, "path"));
	EXPECT_EQ(0U, json_length(json_member(row, "holders")));
}

TEST_F(objects, holders)
{
	const struct json *row, *process;

	RUN_JSON("--holders");
	row = find(&self->run, "memfd", "memfd:a name\n\\with\x1b");
	ASSERT_NE(NULL, row);
	EXPECT_EQ(1U, json_number(row, "mappers"));
	EXPECT_EQ(1U, json_number(row, "fd_holders"));
	EXPECT_EQ(2U, json_length(json_member(row, "holders")));
	process = holder(row, getpid());
	ASSERT_NE(NULL, process);
	EXPECT_EQ(JSON_TRUE, json_type(process, "maps"));
	EXPECT_EQ(JSON_TRUE, json_type(process, "fd"));
	process = holder(row, self->child.pid);
	ASSERT_NE(NULL, process);
	EXPECT_EQ(JSON_FALSE, json_type(process, "maps"));
	EXPECT_EQ(JSON_TRUE, json_type(process, "fd"));

	row = find(&self->run, "tmpfs", "/deleted");
	ASSERT_NE(NULL, row);
	EXPECT_STREQ("/dev/shm/deleted", json_string(row, "path"));
	EXPECT_EQ(JSON_TRUE, json_type(row, "unlinked"));
	EXPECT_EQ(0U, json_number(row, "mappers"));
	EXPECT_EQ(2U, json_number(row, "fd_holders"));
	EXPECT_NE(NULL, holder(row, self->child.pid));
}

/* Passes @fd to nobody in particular: it is on its way as long as nobody reads. */
static bool send_away(int socket, int fd)
{
	char byte = 0;
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	struct iovec data = { &byte, 1 };
	const struct msghdr message = { .msg_iov = &data,
					.msg_iovlen = 1,
					.msg_control = control.room,
					.msg_controllen = sizeof(control.room) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1;
}

TEST_F(objects, in_flight)
{
	int fd = memfd_create("away", MFD_CLOEXEC), sockets[2];
	const struct json *row;
	const char *line;

	ASSERT_EQ(0, ftruncate(fd, LENGTH));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets));
	ASSERT_TRUE(send_away(sockets[0], fd));
	close(fd);
	RUN_JSON("--holders");
	row = find(&self->run, "memfd", "memfd:away");
	ASSERT_NE(NULL, row);
	EXPECT_EQ(0U, json_number(row, "fd_holders"));
	EXPECT_EQ(1U, json_number(row, "unknown_holders"));
	EXPECT_EQ(0U, json_length(json_member(row, "holders")));
	run_free(&self->run);
	RUN("--holders");
	line = strstr(self->run.out, " memfd:away ");
	ASSERT_NE(NULL, line);
	EXPECT_EQ(0, strncmp(line + strcspn(line, "u"), "unknown holder\n", 15))
	TH_LOG("%s", line);
	close(sockets[0]);
	close(sockets[1]);
}

TEST_F(objects, sums_and_order)
{
	const struct json *row, *total;
	uint64_t resident = 0, last = ~0ULL;
	size_t rows;

	RUN_JSON();
	total = json_member(self->run.json, "total");
	for (row = json_member(self->run.json, "objects")->first; row; row = row->next) {
		EXPECT_LE(json_number(row, "resident"), last);
		last = json_number(row, "resident");
		resident += last;
	}
	EXPECT_EQ(resident, json_number(total, "resident"));
	rows = json_length(json_member(self->run.json, "objects"));
	EXPECT_LT(3U, rows);
	run_free(&self->run);

	RUN_JSON("--top", "3");
	EXPECT_EQ(3U, json_length(json_member(self->run.json, "objects")));
	EXPECT_EQ(resident, json_number(json_member(self->run.json, "total"), "resident"));
	run_free(&self->run);

	RUN_JSON("--unmapped");
	EXPECT_GT(rows, json_length(json_member(self->run.json, "objects")));
	EXPECT_NE(NULL, find(&self->run, "sysv", "SYSV5eedf00d"));
	EXPECT_NE(NULL, find(&self->run, "tmpfs", "/deleted"));
	EXPECT_EQ(NULL, find(&self->run, "memfd", "memfd:a name\n\\with\x1b"));
	for (row = json_member(self->run.json, "objects")->first; row; row = row->next)
		EXPECT_EQ(0U, json_number(row, "mapped"));
}

TEST_F(objects, table)
{
	char line[128];

	RUN("--holders");
	snprintf(line, sizeof(line), "shmid %d, key 0x5eedf00d, made by %d", self->shmid, getpid());
	EXPECT_NE(NULL, strstr(self->run.out, line));
	EXPECT_NE(NULL, strstr(self->run.out, "memfd:a name\\012\\134with\\033"));
	EXPECT_NE(NULL, strstr(self->run.out, "/dev/shm/deleted"));
	snprintf(line, sizeof(line), "[%d] fd", self->child.pid);
	EXPECT_NE(NULL, strstr(self->run.out, line));
	snprintf(line, sizeof(line), "[%d] maps", getpid());
	EXPECT_NE(NULL, strstr(self->run.out, line));
	run_free(&self->run);

	RUN("-rn", "-o", "kind,resident,name", "--top", "1");
	EXPECT_EQ(1U, strspn(strchr(self->run.out, '\n'), "\n"));
	EXPECT_NE(NULL, strstr(self->run.out, "\ntotal "));
}

/* It is mounted where the reader cannot see it, but by way of a process that can. */
static void mount_alone(const struct child *parent, void *data)
{
	int fd;

	(void)parent;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("alone", "/mnt", "tmpfs", 0, ""))
		_exit(1);
	fd = open("/mnt/hidden", O_RDWR | O_CREAT, 0600);
	if (fd < 0 || posix_fallocate(fd, 0, MIB))
		_exit(1);
	close(fd);
	(void)data;
}

TEST_F(objects, other_namespace)
{
	struct child child = child_start(mount_alone, NULL);
	const struct json *row;
	struct stat status;
	char path[64];

	ASSERT_LT(0, child.pid);
	RUN_JSON();
	row = find(&self->run, "tmpfs", "/hidden");
	ASSERT_NE(NULL, row);
	snprintf(path, sizeof(path), "/proc/%d/root/mnt/hidden", child.pid);
	EXPECT_STREQ(path, json_string(row, "path"));
	EXPECT_EQ(0, stat(path, &status));
	EXPECT_EQ(status.st_ino, json_number(row, "inode"));
	child_end(&child);
}

TEST_F(objects, wrong_usage)
{
	static const char *const wrong[] = { "", "x", "-1", "1x", "99999999999999999999" };
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		run(&self->run, "objects", "--top", wrong[i], NULL);
		EXPECT_EQ(2, self->run.status)
		TH_LOG("'%s'", wrong[i]);
		EXPECT_STREQ("", self->run.out);
		run_free(&self->run);
	}
	run(&self->run, "objects", "operand", NULL);
	EXPECT_EQ(2, self->run.status);
}

/*
 * Files that no module has written.
 */

FIXTURE(module)
{
	struct synthetic synthetic;
	struct run run;
};

FIXTURE_SETUP(module)
{
	synthetic_make(&self->synthetic, &layout_own);
}

FIXTURE_TEARDOWN(module)
{
	char path[128];

	run_free(&self->run);
	snprintf(path, sizeof(path), "%s/objects", self->synthetic.dir);
	unlink(path);
	synthetic_remove(&self->synthetic);
}

static void run_on(FIXTURE_DATA(module) * self, const char *text)
{
	if (text)
		synthetic_write(&self->synthetic, "objects", text, strlen(text), 0);
	run(&self->run, "objects", "--json", "--debugfs", self->synthetic.dir, NULL);
}

TEST_F(module, without_the_file)
{
	run_on(self, NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.err, "older"));
	EXPECT_STREQ("", self->run.out);
}

TEST_F(module, newer)
{
	const struct json *row;

	run_on(self, "kind device inode page_size files size resident swapped mapped mappers holders unknown uid since flags colour name\n"
		     "newkind 0:9 7 4096 1 1 18446744073709551615 3 4 5 6 - 8 9 - red a b\\012\\134\n");
	EXPECT_EQ(0, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	row = find(&self->run, "newkind", "a b\n\\");
	ASSERT_NE(NULL, row);
	EXPECT_EQ(~0ULL, json_number(row, "resident"));
	EXPECT_EQ(5U, json_number(row, "mappers"));
	EXPECT_EQ(JSON_NULL, json_type(row, "unknown_holders"));
}

/* Not all could be counted: what was is the least that there can be. */
TEST_F(module, many)
{
	static const char text[] =
		"kind device inode page_size files size resident swapped mapped mappers holders unknown uid since flags name\n"
		"shm 0:9 7 4096 1 8192 8192 0 8192 6144 12 - 0 9 many dev/zero\n"
		"shm 0:9 8 4096 1 4096 4096 0 4096 7 0 0 0 9 - dev/zero\n";

	run_on(self, text);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_EQ(6144U, json_number(find(&self->run, "shm", "dev/zero"), "mappers"));
	EXPECT_EQ(JSON_TRUE, json_type(find(&self->run, "shm", "dev/zero"), "many"));
	run_free(&self->run);
	run(&self->run, "objects", "--debugfs", self->synthetic.dir, "-n", "-o", "mappers,holders",
	    NULL);
	EXPECT_NE(NULL, strstr(self->run.out, "6144+"));
	EXPECT_NE(NULL, strstr(self->run.out, " 12+\n"));
	EXPECT_EQ(NULL, strstr(self->run.out, "7+"));
	run_free(&self->run);
	run(&self->run, "objects", "--debugfs", self->synthetic.dir, "-rn", "-o",
	    "mappers,holders,flags", "-s", "mappers", NULL);
	EXPECT_EQ(0, strncmp(self->run.out, "6144 12 many\n7 0 -\n", 19))
	TH_LOG("%s", self->run.out);
}

TEST_F(module, empty)
{
	run_on(self, "kind device inode page_size files size resident swapped mapped mappers holders unknown uid since flags name\n");
	EXPECT_EQ(0, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_EQ(0U, json_length(json_member(self->run.json, "objects")));
}

TEST_F(module, malformed)
{
	static const char *const texts[] = { "", "kind\n", "\n", "kind name\nx\n" };
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/objects", self->synthetic.dir);
		unlink(path);
		run_on(self, texts[i]);
		EXPECT_EQ(1, self->run.status)
		TH_LOG("%zu", i);
		EXPECT_STREQ("", self->run.out);
		EXPECT_NE(NULL, strstr(self->run.err, "cannot read"))
		TH_LOG("%zu", i);
		run_free(&self->run);
	}
}

TEST_HARNESS_MAIN
