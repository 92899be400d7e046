// SPDX-License-Identifier: GPL-2.0
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

bool again(struct rounds *rounds, unsigned int often)
{
	const uint64_t most_ns = rounds->seconds ? rounds->seconds * SEC : SEC / 2;

	if (!rounds->number)
		rounds->began_ns = now_ns();
	if (rounds->number == often ||
	    (rounds->number >= 3 && now_ns() - rounds->began_ns > most_ns))
		return false;
	rounds->number++;
	return true;
}

void child_tell(const struct child *other)
{
	char byte = 0;

	/* When it is gone, whoever waits for it will notice. */
	if (send(other->socket, &byte, 1, MSG_NOSIGNAL) != 1)
		return;
}

bool child_wait(const struct child *other)
{
	char byte;
	ssize_t got;

	do {
		got = read(other->socket, &byte, 1);
	} while (got < 0 && errno == EINTR);
	return got == 1;
}

bool child_wait_now(const struct child *other)
{
	char byte;

	return recv(other->socket, &byte, 1, MSG_DONTWAIT) == 1;
}

bool child_step(const struct child *child)
{
	child_tell(child);
	return child_wait(child);
}

void child_idle(const struct child *parent)
{
	while (child_wait(parent))
		;
	_exit(0);
}

void die_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

struct child child_start(void (*body)(const struct child *parent, void *data), void *data)
{
	struct child child = { .pid = -1 }, parent = {};
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return child;
	parent.pid = getpid();
	parent.socket = sockets[1];
	child.socket = sockets[0];
	child.pid = fork();
	if (!child.pid) {
		die_with_parent();
		if (getppid() != parent.pid)
			_exit(1);
		close(sockets[0]);
		if (body)
			body(&parent, data);
		child_tell(&parent);
		child_idle(&parent);
	}
	close(sockets[1]);
	if (child.pid > 0 && !child_wait(&child)) {
		kill(child.pid, SIGKILL);
		waitpid(child.pid, NULL, 0);
		child.pid = -1;
	}
	return child;
}

int child_end(struct child *child)
{
	int status = -1;

	/* Signals to -1 are for everybody. */
	if (child->pid <= 0)
		return status;
	kill(child->pid, SIGKILL);
	waitpid(child->pid, &status, 0);
	close(child->socket);
	child->pid = -1;
	return status;
}

char *map_sparse(size_t gib)
{
	size_t i;
	char *map = mmap(NULL, gib << 30, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return NULL;
	madvise(map, gib << 30, MADV_NOHUGEPAGE);
	for (i = 0; i < gib; i++)
		*(volatile char *)&map[i << 30];
	return map;
}

void *want_mmap_lock(void *page)
{
	void *map = page;

	if (!map)
		map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		_exit(1);
	for (;;) {
		mprotect(map, 4096, PROT_NONE);
		mprotect(map, 4096, PROT_READ);
	}
	return NULL;
}

uint64_t proc_start_ticks(pid_t pid)
{
	char path[32], text[512], *field;
	unsigned int number;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		return 0;
	text[got] = 0;
	/* The second field can hold blanks, but ends with the last of these. */
	field = strrchr(text, ')');
	for (number = 2; field && number < 22; number++)
		field = strchr(field + 1, ' ');
	return field ? strtoull(field, NULL, 10) : 0;
}

bool start_is(uint64_t start_ns, uint64_t ticks)
{
	return start_ns / (SEC / sysconf(_SC_CLK_TCK)) == ticks;
}
