// SPDX-License-Identifier: GPL-2.0
/*
 * What memclass top costs from one screen to the next, against the top of procps on the
 * same terminal in the same guest. To be run with a clock that counts instructions
 * (vm/run --icount): processor time is then instructions, of kernel and program
 * together. Prints a JSON row a line.
 *
 * bench_top PROCESSES
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_row.h"

/* Screens. */
#define FEW	3
#define MANY	13

extern char **environ;

static int open_terminal(int *master)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int number, unlock = 0;
	char path[32];

	*master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0 || ioctl(*master, TIOCSPTLCK, &unlock) ||
	    ioctl(*master, TIOCGPTN, &number) || ioctl(*master, TIOCSWINSZ, &size))
		err(1, "/dev/ptmx");
	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	return open(path, O_RDWR | O_NOCTTY);
}

static void become(char *const *command, int terminal)
{
	int fd;

	setsid();
	ioctl(terminal, TIOCSCTTY, 0);
	for (fd = 0; fd < 3; fd++)
		dup2(terminal, fd);
	setenv("TERM", "xterm", 1);
	execvp(command[0], command);
	_exit(127);
}

/* Until it has closed the terminal. */
static void read_all(int master)
{
	char text[4096];

	while (read(master, text, sizeof(text)) > 0)
		;
}

/* Nanoseconds of a processor, for so many screens. */
static double cost_of(const char *const *program, int screens)
{
	char number[16], *command[8] = { NULL };
	int master, terminal, status, i;
	struct rusage usage;
	pid_t pid;

	for (i = 0; program[i]; i++)
		command[i] = (char *)program[i];
	snprintf(number, sizeof(number), "%d", screens);
	command[i++] = "-d1";
	command[i++] = "-n";
	command[i++] = number;
	terminal = open_terminal(&master);
	pid = fork();
	if (!pid)
		become(command, terminal);
	close(terminal);
	read_all(master);
	close(master);
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status)
		errx(1, "%s: status %d", program[0], status);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

/* What comes before the first one, and after the last, does not count. */
static double cost_of_screen(const char *const *program)
{
	double few = cost_of(program, FEW);

	return (cost_of(program, MANY) - few) / (MANY - FEW);
}

int main(int argc, char **argv)
{
	static const char *const memclass_top[] = { "memclass", "top", NULL };
	static const char *const top[] = { "top", NULL };
	char *const sleep_long[] = { "sleep", "1000000", NULL };
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 500, i;
	pid_t *pids = calloc(n + 1, sizeof(*pids));
	char unit[64];
	double cost;

	if (!pids)
		err(1, "calloc");
	for (i = 0; i < n; i++)
		if (posix_spawn(&pids[i], "/bin/sleep", NULL, NULL, sleep_long, environ))
			err(1, "/bin/sleep");
	/* All are asleep by then: the clock jumps when nobody has anything to do. */
	sleep(60);
	snprintf(unit, sizeof(unit), "instructions/screen, %zu processes", n);
	cost = cost_of_screen(memclass_top);
	bench_row("tool/memclass-top", cost, unit, "top", cost / cost_of_screen(top), 1.0);
	for (i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	return 0;
}
