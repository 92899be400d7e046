// SPDX-License-Identifier: GPL-2.0
/*
 * How much longer a process that is read has to wait when the machine is busy: beside each
 * of the campaigns in the file, a name and options for COMMAND in a line, and before each
 * of them. To be run with a clock that counts instructions. Prints a JSON row a line.
 *
 * bench_wait MIB CAMPAIGNS COMMAND
 */
#include "bench_row.h"
#include "harm_target.h"

#include <err.h>
#include <signal.h>
#include <sys/wait.h>

#define ROUNDS	4
/* More than that is harm, whatever happens beside it. */
#define BAR	2

struct campaign {
	char name[64];
	char options[512];
	struct harm_waits unread, read;
};

static void measure(struct harm *harm, pid_t target, enum harm_reader reader,
		    struct harm_waits *waits)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++)
		if (!harm_round_add(harm, target, reader, waits))
			errx(1, "the target cannot be read");
}

/* A process group of its own, so that all of it can be ended. */
static pid_t begin(const char *command, const char *options)
{
	const pid_t pid = fork();
	char *line;

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		die_with_parent();
		setpgid(0, 0);
		if (asprintf(&line, "exec %s %s", command, options) >= 0)
			execl("/bin/sh", "sh", "-c", line, NULL);
		err(1, "%s", command);
	}
	setpgid(pid, pid);
	return pid;
}

static void row(const char *what, const char *name, uint64_t ns, uint64_t quiet_ns)
{
	char text[128];

	snprintf(text, sizeof(text), "longest %s, beside %s", what, name);
	bench_row(text, ns / 1e3, "us", quiet_ns ? "quiet" : NULL,
		  quiet_ns ? (double)ns / quiet_ns : 0, quiet_ns ? BAR : 0);
}

/* Beside what was begun, which must be there for all that time. */
static void measure_beside(struct campaign *campaign, struct harm *harm, pid_t target,
			   const char *command)
{
	const pid_t stressor = begin(command, campaign->options);

	sleep(2);
	measure(harm, target, HARM_NOBODY, &campaign->unread);
	measure(harm, target, HARM_RECORDS, &campaign->read);
	if (waitpid(stressor, NULL, WNOHANG))
		errx(1, "%s %s has ended by itself", command, campaign->options);
	kill(-stressor, SIGKILL);
	waitpid(stressor, NULL, 0);
}

int main(int argc, char **argv)
{
	static struct campaign campaigns[16];
	struct harm_waits quiet = {};
	struct harm *harm;
	struct child target;
	unsigned int nr = 0, i;
	FILE *file;

	if (argc != 4)
		errx(2, "usage: bench_wait MIB CAMPAIGNS COMMAND");
	file = fopen(argv[2], "re");
	if (!file)
		err(1, "%s", argv[2]);
	harm = harm_alloc(atol(argv[1]) * MIB, 1);
	target = harm ? harm_begin(harm) : (struct child) { .pid = -1 };
	if (target.pid < 0)
		errx(1, "there is no room for %s MiB", argv[1]);

	while (nr < 16 && fscanf(file, "%63s %511[^\n]", campaigns[nr].name,
				 campaigns[nr].options) == 2) {
		measure(harm, target.pid, HARM_RECORDS, &quiet);
		measure_beside(&campaigns[nr++], harm, target.pid, argv[3]);
	}
	child_end(&target);
	fclose(file);
	row("mmap, records", "nothing", quiet.map_ns, 0);
	row("hold, records", "nothing", quiet.hold_ns, 0);
	for (i = 0; i < nr; i++) {
		row("mmap, nobody", campaigns[i].name, campaigns[i].unread.map_ns, 0);
		row("mmap, records", campaigns[i].name, campaigns[i].read.map_ns, quiet.map_ns);
		row("hold, records", campaigns[i].name, campaigns[i].read.hold_ns, quiet.hold_ns);
	}
	return !nr;
}
