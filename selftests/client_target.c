// SPDX-License-Identifier: GPL-2.0
/*
 * client_target NAME: a process with memory of several classes that holds still, and
 * one that has the same memory. Writes the pid of that one to standard output when all
 * is ready. A program of its own, so that no page of it is anyone else's.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SIZE	(1UL << 20)
#define PAGE	4096

static char stack[16384] __attribute__((aligned(16)));

static void *map(size_t size, int prot, int flags, int fd, off_t offset)
{
	void *addr = mmap(NULL, size, prot, flags, fd, offset);

	if (addr == MAP_FAILED) {
		perror("mmap");
		exit(EXIT_FAILURE);
	}
	return addr;
}

static int stay(void *unused)
{
	(void)unused;
	pause();
	return 0;
}

int main(int argc, char **argv)
{
	int file = memfd_create("a name\n\\with\x1b", 0);
	char *anon, *shared;
	pid_t sharing;

	if (argc != 2 || file < 0 || ftruncate(file, 2 * SIZE))
		return EXIT_FAILURE;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, argv[1]);
	anon = map(SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(anon, 1, SIZE / 4 * 3);
	mprotect(anon, SIZE / 2, PROT_READ);
	mlock(anon, 5 * PAGE);
	shared = map(SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(shared, 1, SIZE / 2);
	shared = map(SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, PAGE);
	memset(shared, 1, 3 * PAGE);
	anon = map(SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	anon[2 * PAGE] += anon[PAGE];
	sharing = clone(stay, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	if (sharing < 0 || write(STDOUT_FILENO, &sharing, sizeof(sharing)) != sizeof(sharing))
		return EXIT_FAILURE;
	for (;;)
		pause();
}
