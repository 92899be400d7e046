// SPDX-License-Identifier: GPL-2.0
#include "target.h"

#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void sleep_ready(int fd)
{
	if (write(fd, "", 1) != 1)
		_exit(1);
	close(fd);
	for (;;)
		pause();
}

void await_sleep(pid_t pid)
{
	char path[64], state = 0;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (state != 'S') {
		usleep(1000);
		stat = fopen(path, "r");
		if (!stat || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
			errx(1, "no process %d", pid);
		fclose(stat);
	}
}

pid_t spawn(void (*prepare)(void *arg), void *arg)
{
	char byte, fd[16];
	int ready[2];
	pid_t pid;

	if (pipe(ready))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		if (prepare) {
			prepare(arg);
			sleep_ready(ready[1]);
		}
		snprintf(fd, sizeof(fd), "%d", ready[1]);
		execl("/proc/self/exe", "small", "--sleep", fd, NULL);
		_exit(1);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		errx(1, "a target could not be prepared");
	close(ready[0]);
	await_sleep(pid);
	return pid;
}

void reap(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
