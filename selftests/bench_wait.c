// SPDX-License-Identifier: GPL-2.0
/*
 * How much longer a process that is read has to wait when the machine is busy: while
 * nothing else happens, and then beside COMMAND, which is ended afterwards. To be run with
 * a clock that counts instructions. Prints a JSON row a line.
 *
 * bench_wait MIB NAME COMMAND [ARG...]
 */
#include "bench_row.h"
#include "harm_target.h"

#include <err.h>
#include <signal.h>
#include <sys/wait.h>

#define ROUNDS	4
/* More than that is harm, whatever happens beside it. */
#define BAR	2

/* The longest in all rounds. */
struct waits {
	uint64_t map_ns;
	uint64_t hold_ns;	/* as memclass says itself */
};

static struct waits measure(struct harm *harm, pid_t target, enum harm_reader reader)
{
	struct memclass_record record = {};
	struct waits waits = {};
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		if (!harm_round(harm, target, reader, 2, &record))
			errx(1, "the target cannot be read");
		if (waits.map_ns < harm->map_ns)
			waits.map_ns = harm->map_ns;
		if (waits.hold_ns < record.cost.max_hold_ns)
			waits.hold_ns = record.cost.max_hold_ns;
	}
	return waits;
}

/* A process group of its own, so that all of it can be ended. */
static pid_t begin(char **command)
{
	const pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		die_with_parent();
		setpgid(0, 0);
		execvp(command[0], command);
		err(1, "%s", command[0]);
	}
	setpgid(pid, pid);
	return pid;
}

static void row(const char *what, const char *name, uint64_t ns, uint64_t quiet_ns, double bar)
{
	char text[128];

	snprintf(text, sizeof(text), "longest %s, beside %s", what, name);
	bench_row(text, ns / 1e3, "us", "quiet", (double)ns / quiet_ns, bar);
}

int main(int argc, char **argv)
{
	struct waits quiet, busy, alone, unread;
	struct harm *harm;
	struct child target;
	const char *name;
	pid_t stressor;

	if (argc < 4)
		errx(2, "usage: bench_wait MIB NAME COMMAND [ARG...]");
	name = argv[2];
	harm = harm_alloc(atol(argv[1]) * MIB, 1);
	target = harm ? harm_begin(harm) : (struct child) { .pid = -1 };
	if (target.pid < 0)
		errx(1, "there is no room for %s MiB", argv[1]);

	alone = measure(harm, target.pid, HARM_NOBODY);
	quiet = measure(harm, target.pid, HARM_RECORDS);
	stressor = begin(argv + 3);
	sleep(2);
	unread = measure(harm, target.pid, HARM_NOBODY);
	busy = measure(harm, target.pid, HARM_RECORDS);
	/* It must have been there for all that time. */
	if (waitpid(stressor, NULL, WNOHANG))
		errx(1, "%s has ended by itself", argv[3]);
	kill(-stressor, SIGKILL);
	waitpid(stressor, NULL, 0);
	child_end(&target);

	row("mmap, nobody", name, unread.map_ns, alone.map_ns, 0);
	row("mmap, records", name, busy.map_ns, quiet.map_ns, BAR);
	row("hold, records", name, busy.hold_ns, quiet.hold_ns, BAR);
	return 0;
}
