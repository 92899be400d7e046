// SPDX-License-Identifier: GPL-2.0
/*
 * demo_target KIND: a process that has memory of one kind and holds still, for the
 * demo and for who tries things out. Writes its pid when all is ready, and goes on in
 * the background.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#define MIB	(1UL << 20)
#define PAGE	4096

/* For calls that have to succeed. */
static void *must(void *value)
{
	if (!value || value == MAP_FAILED) {
		perror("demo_target");
		_exit(EXIT_FAILURE);
	}
	return value;
}

static char *map(size_t size, int flags, int fd)
{
	return must(mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0));
}

static int open_file(const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, size))
		must(NULL);
	return fd;
}

/* Many small pieces, none of which is freed. */
static void heap(void)
{
	size_t i;

	for (i = 0; i < 20 * MIB / 200; i++)
		memset(must(malloc(200)), 1, 200);
}

/* Asked for and hardly used. */
static void reserve(void)
{
	*map(1024 * MIB, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1) = 1;
}

/* Shared by all who call this. */
static void shared(void)
{
	memset(map(32 * MIB, MAP_SHARED, open_file("/dev/shm/demo", 32 * MIB)), 1, 32 * MIB);
}

/* A private view of a file: read as a whole, written to in part. */
static void copy(void)
{
	int fd = open_file("/tmp/demo", 16 * MIB);
	char *content = map(16 * MIB, MAP_SHARED, fd), *view;
	size_t i;

	memset(content, 1, 16 * MIB);
	munmap(content, 16 * MIB);
	view = map(16 * MIB, MAP_PRIVATE, fd);
	for (i = 0; i < 16 * MIB; i += PAGE)
		*(volatile char *)&view[i];
	memset(view, 2, 4 * MIB);
}

static void write_file(int fd, size_t size)
{
	char *content = map(size, MAP_SHARED, fd);

	memset(content, 1, size);
	munmap(content, size);
}

/* A file without a name: it is there as long as somebody has it open. */
static void lose_file(void)
{
	write_file(open_file("/dev/shm/demo-cache", 80 * MIB), 80 * MIB);
	unlink("/dev/shm/demo-cache");
}

/* A segment that was detached and not removed: nobody has it. */
static void lose_segment(void)
{
	int id = shmget(0xdead, 70 * MIB, IPC_CREAT | 0600);
	char *content = must(id < 0 ? NULL : shmat(id, NULL, 0));

	memset(content, 1, 70 * MIB);
	shmdt(content);
}

/* A memfd that was passed on, and not taken: it is in a socket. */
static void lose_memfd(void)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS } };
	struct iovec byte = { .iov_base = &control, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd = memfd_create("demo-passed-away", 0), sockets[2];

	if (fd < 0 || ftruncate(fd, 50 * MIB) || socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets))
		must(NULL);
	write_file(fd, 50 * MIB);
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	if (sendmsg(sockets[0], &message, 0) != 1)
		must(NULL);
	close(fd);
}

/* 200 MiB that no process seems to have. */
static void vanish(void)
{
	lose_file();
	lose_segment();
	lose_memfd();
}

static const struct {
	const char *name;
	void (*take_memory)(void);
} kinds[] = {
	{ "heap", heap },
	{ "reserve", reserve },
	{ "shared", shared },
	{ "copy", copy },
	{ "vanish", vanish },
};

#define NR_KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static size_t find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < NR_KINDS && strcmp(kinds[i].name, name); i++)
		;
	return i;
}

int main(int argc, char **argv)
{
	size_t kind = argc == 2 ? find_kind(argv[1]) : NR_KINDS;
	char comm[16], ready;
	int pipe_fds[2];
	pid_t pid;

	if (kind == NR_KINDS) {
		fputs("Usage: demo_target heap|reserve|shared|copy|vanish\n", stderr);
		return EXIT_FAILURE;
	}
	if (pipe(pipe_fds) || (pid = fork()) < 0) {
		perror("demo_target");
		return EXIT_FAILURE;
	}
	if (pid) {
		close(pipe_fds[1]);
		if (read(pipe_fds[0], &ready, 1) != 1)
			return EXIT_FAILURE;
		printf("%d\n", pid);
		return EXIT_SUCCESS;
	}
	snprintf(comm, sizeof(comm), "demo-%s", kinds[kind].name);
	prctl(PR_SET_NAME, comm);
	kinds[kind].take_memory();
	/* Whoever waits for the end of the output need not wait for this process. */
	close(STDOUT_FILENO);
	if (write(pipe_fds[1], "", 1) != 1)
		return EXIT_FAILURE;
	for (;;)
		pause();
}
