// SPDX-License-Identifier: GPL-2.0
/*
 * client_kinds FILE: a process with a mapping of each kind, which holds still. FILE is
 * made, on whatever file system it is. Writes a byte to standard output when all is
 * ready. A program of its own, so that no page of it is anyone else's.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <unistd.h>

#define SIZE	(64 * 1024UL)
#define PAGE	4096

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* Maps, and writes to the first @pages of it. */
static char *map(int prot, int flags, int fd, size_t pages)
{
	char *at = mmap(NULL, SIZE, prot, flags, fd, 0);
	size_t i;

	if (at == MAP_FAILED)
		fail("mmap");
	for (i = 0; i < pages; i++)
		at[i * PAGE] = 1;
	return at;
}

static void map_file(const char *path, size_t pages)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, SIZE))
		fail(path);
	map(PROT_READ | PROT_WRITE, MAP_SHARED, fd, pages);
	/* One page read, one copied. */
	*(volatile char *)(map(PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 1) + 2 * PAGE);
	*(volatile char *)map(PROT_READ, MAP_PRIVATE, fd, 0);
	unlink(path);
}

static void map_zero(void)
{
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail("/dev/zero");
	map(PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 3);
	map(PROT_READ | PROT_WRITE, MAP_SHARED, fd, 2);
}

static void map_segment(void)
{
	int id = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
	char *at = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

	if (at == (void *)-1)
		fail("shmat");
	memset(at, 1, 5 * PAGE);
	shmctl(id, IPC_RMID, NULL);
}

static void *stay(void *ready)
{
	pthread_barrier_wait(ready);
	pause();
	return NULL;
}

static void start_threads(unsigned int count)
{
	pthread_barrier_t ready;
	pthread_t thread;
	unsigned int i;

	pthread_barrier_init(&ready, NULL, count + 1);
	for (i = 0; i < count; i++)
		if (pthread_create(&thread, NULL, stay, &ready))
			fail("pthread_create");
	pthread_barrier_wait(&ready);
}

int main(int argc, char **argv)
{
	int memfd = memfd_create("a memfd", 0);
	char *heap = sbrk(SIZE);

	if (argc != 2 || memfd < 0 || ftruncate(memfd, SIZE) || heap == (void *)-1)
		return EXIT_FAILURE;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memset(heap, 1, SIZE);
	map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 7);
	mlock(map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), SIZE);
	map(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 6);
	map(PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 4);
	map(PROT_READ | PROT_WRITE, MAP_PRIVATE, memfd, 2);
	map_segment();
	map_zero();
	map_file("/dev/shm/client_kinds", 3);
	map_file(argv[1], 2);
	start_threads(3);
	if (write(STDOUT_FILENO, "", 1) != 1)
		return EXIT_FAILURE;
	for (;;)
		pause();
}
