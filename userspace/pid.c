// SPDX-License-Identifier: GPL-2.0
/* Process ids that someone typed, and what /proc knows about those without memory. */
#include "pid.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "say.h"

/* In /proc/PID/stat, since Linux 2.6. */
#define PF_EXITING	0x00000004
#define PF_KTHREAD	0x00200000

bool pid_parse(const char *text, pid_t *pid)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || !value || value > INT_MAX)
		return false;
	*pid = value;
	return true;
}

/* From the end of the name: fields 3 and 9. */
#define STAT_FORMAT	") %c %*d %*d %*d %*d %*d %lu"

struct facts {
	pid_t tgid;
	char state;
	unsigned long flags;
};

static bool read_proc(pid_t pid, const char *file, char *text, size_t size)
{
	char path[64];
	size_t length;
	FILE *proc;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	proc = fopen(path, "re");
	if (!proc)
		return false;
	length = fread(text, 1, size - 1, proc);
	fclose(proc);
	text[length] = '\0';
	return length;
}

/* Return: false when there is no such task. */
static bool find_facts(pid_t pid, struct facts *facts)
{
	char text[4096];
	const char *at;

	memset(facts, 0, sizeof(*facts));
	if (!read_proc(pid, "status", text, sizeof(text)))
		return false;
	at = strstr(text, "\nTgid:");
	if (at)
		facts->tgid = strtol(at + strlen("\nTgid:"), NULL, 10);
	if (!read_proc(pid, "stat", text, sizeof(text)))
		return false;
	/* The name before it can hold anything, ") Z" too. */
	at = strrchr(text, ')');
	if (at)
		sscanf(at, STAT_FORMAT, &facts->state, &facts->flags);
	return true;
}

/* The module has no record of @pid: says why. */
void pid_say_why_missing(pid_t pid)
{
	struct facts facts;

	if (!find_facts(pid, &facts))
		say_error("there is no process %d", pid);
	else if (facts.tgid && facts.tgid != pid)
		say_error("%d is a thread of process %d: their memory is the process's", pid,
			  facts.tgid);
	else if (facts.flags & PF_KTHREAD)
		say_error("%d is a kernel thread: it has no memory of its own", pid);
	else if (facts.state == 'Z' || facts.state == 'X')
		say_error("%d is a zombie: it has ended and given up its memory", pid);
	else
		say_error("process %d has no memory: it is about to end", pid);
}

/* pid_watch_end() ends what begins here. */
void pid_watch_begin(struct pid_watch *watch, pid_t pid)
{
	watch->pid = pid;
	watch->fd = syscall(SYS_pidfd_open, pid, 0);
}

/* An ending process gives up its memory before it can be waited for. */
static bool is_ending(const struct pid_watch *watch)
{
	struct pollfd pollfd = { .fd = watch->fd, .events = POLLIN };
	struct facts facts;

	return poll(&pollfd, 1, 0) > 0 || !find_facts(watch->pid, &facts) ||
	       facts.flags & PF_EXITING;
}

/* The rest of its mappings could not be read: says why. */
void pid_watch_say_why_cut_off(const struct pid_watch *watch)
{
	say_error("process %d %s meanwhile: mappings are missing", watch->pid,
		  is_ending(watch) ? "ended" : "became another program");
}

void pid_watch_end(struct pid_watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
}
