// SPDX-License-Identifier: GPL-2.0
/*
 * Figures from /proc, without the module. They are counted by the same kernel, but
 * some it does not count, sizes are cut to kB, and a process waits while it is read.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/kcmp.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc_maps.h"
#include "say.h"
#include "source_ops.h"

/* A process that becomes another program while it is read is read again. */
#define TRIES	3

struct proc {
	struct source source;
	bool cheap;
	struct proc_devices *devices;
	DIR *pids;			/* in their order */
	void *memories;			/* a tree of the processes that were read */

	/* Between first_vma() and its end. */
	pid_t pid;
	struct proc_stat stat;
	struct proc_maps *maps;
};

static struct proc *proc_of(struct source *source)
{
	return (struct proc *)source;
}

static bool read_file(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	length = fread(text, 1, size - 1, file);
	text[length] = '\0';
	fclose(file);
	return length;
}

static bool read_stat(pid_t pid, struct proc_stat *stat)
{
	char text[4096];

	return read_file(pid, "stat", text, sizeof(text)) && proc_parse_stat(text, stat);
}

static bool read_status(pid_t pid, struct proc_status *status)
{
	char text[8192];

	if (!read_file(pid, "status", text, sizeof(text)))
		return false;
	proc_parse_status(text, status);
	return true;
}

/* The same program in the same process. */
static bool is_same(const struct proc_stat *stat, const struct proc_stat *later)
{
	return stat->start_ticks == later->start_ticks &&
	       stat->start_code == later->start_code &&
	       stat->start_stack == later->start_stack && stat->arg_start == later->arg_start;
}

static bool is_still(pid_t pid, const struct proc_stat *stat)
{
	struct proc_stat now;

	return read_stat(pid, &now) && is_same(stat, &now);
}

static uint64_t start_ns(const struct proc_stat *stat)
{
	return stat->start_ticks * (1000000000 / sysconf(_SC_CLK_TCK));
}

/*
 * Memory that several processes have as a whole.
 */

/* The kernel has an order of all memories, and tells how two of them stand in it. */
static int compare_memories(const void *left, const void *right)
{
	pid_t a = (pid_t)(intptr_t)left, b = (pid_t)(intptr_t)right;

	switch (syscall(SYS_kcmp, a, b, KCMP_VM, 0, 0)) {
	case 0:
		return 0;
	case 1:
		return -1;
	default:
		return 1;
	}
}

/* Has a process of a lower pid, which was read before, the same memory? */
static bool is_known_memory(struct proc *proc, pid_t pid)
{
	void **found = tsearch((void *)(intptr_t)pid, &proc->memories, compare_memories);

	return found && *found != (void *)(intptr_t)pid;
}

static void forget(void *pid)
{
	(void)pid;
}

static void forget_memories(struct proc *proc)
{
	tdestroy(proc->memories, forget);
	proc->memories = NULL;
}

static bool can_compare_memories(pid_t pid)
{
	return !syscall(SYS_kcmp, pid, pid, KCMP_VM, 0, 0);
}

/*
 * Processes.
 */

static const uint64_t cheap_columns = 0
#define CHEAP(field)	| COLUMN_BIT(field)
#define FULL(field)
#define ADD(field, tier, text)	tier(field)
	MEMCLASS_COLUMNS(ADD)
#undef ADD
#undef FULL
#undef CHEAP
	;

static void keep_cheap(struct counts *counts)
{
	unsigned int i;

	counts->filled &= cheap_columns;
	for (i = 0; i < COUNTED_MAX; i++)
		if (!(counts->filled & 1ULL << i))
			counts->values[i] = 0;
}

/* Page faults by class are the module's alone. */
static void clear(struct counts *counts)
{
	counts_clear(counts);
	counts->faults_filled = 0;
}

/* Sums up the mappings of each class. Return: false when there is none. */
static bool add_mappings(struct proc_maps *maps, struct process *process)
{
	struct counts *sums[MEMCLASS_NR_CLASSES] = { NULL };
	struct vma vma;
	unsigned int i;

	/* Room for all, so that nobody has to move; in the order of their numbers. */
	for (i = 0; i < MEMCLASS_NR_CLASSES; i++) {
		process->classes[i].class = i;
		clear(&process->classes[i].counts);
	}
	clear(&process->total);
	while (proc_maps_next(maps, &vma)) {
		sums[vma.class] = &process->classes[vma.class].counts;
		counts_add(sums[vma.class], &vma.counts);
		counts_add(&process->total, &vma.counts);
	}
	for (i = 0; i < MEMCLASS_NR_CLASSES; i++)
		if (sums[i])
			process->classes[process->nr_classes++] = process->classes[i];
	return process->nr_classes;
}

/* What can be known without permission to look at its mappings, or cheaply. */
static void take_status(const struct proc_status *status, struct process *process)
{
	process->classes_unknown = true;
	memset(&process->total, 0, sizeof(process->total));
	process->total.values[MEMCLASS_COLUMN_virt] = status->vm_size;
	process->total.values[MEMCLASS_COLUMN_rss] = status->vm_rss;
	process->total.filled = COLUMN_BIT(virt) | COLUMN_BIT(rss);
}

/* They could not be opened, and errno says why. */
static enum source_result do_without_mappings(const struct proc_status *status,
					      struct process *process)
{
	switch (errno) {
	case EACCES:
	case EPERM:
		take_status(status, process);
		return SOURCE_GOT;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		say_error("cannot read the mappings of process %d: %s", process->pid,
			  strerror(errno));
		return SOURCE_FAILED;
	default:
		return SOURCE_END;
	}
}

static enum source_result take_mappings(struct proc *proc, const struct proc_stat *stat,
					const struct proc_status *status,
					struct process *process)
{
	struct proc_maps *maps;
	bool any;

	process->classes = calloc(MEMCLASS_NR_CLASSES, sizeof(*process->classes));
	if (!process->classes) {
		say_error("out of memory");
		return SOURCE_FAILED;
	}
	maps = proc_maps_open(process->pid, stat, status->threads, proc->devices);
	if (!maps)
		return do_without_mappings(status, process);
	any = add_mappings(maps, process);
	proc_maps_close(maps);
	return any && is_still(process->pid, stat) ? SOURCE_GOT : SOURCE_END;
}

static void take_identity(struct proc *proc, const struct proc_stat *stat,
			  const struct proc_status *status, struct process *process)
{
	process->ppid = stat->ppid;
	process->uid = status->uid;
	process->threads = status->threads;
	process->start_ns = start_ns(stat);
	process->page_tables = status->vm_pte;
	process->cheap = proc->cheap;
	process->cost.unknown = true;
	snprintf(process->comm, sizeof(process->comm), "%s", stat->comm);
	process->shared_mm_unknown = !can_compare_memories(process->pid);
}

/* Return: END when there is nothing to be read of it, or no longer. */
static enum source_result try_process(struct proc *proc, pid_t pid, struct process *process)
{
	enum source_result result = SOURCE_GOT;
	struct proc_status status;
	struct proc_stat stat;

	memset(process, 0, sizeof(*process));
	process->pid = pid;
	if (!read_stat(pid, &stat) || !read_status(pid, &status) || !status.has_memory)
		return SOURCE_END;
	take_identity(proc, &stat, &status, process);
	if (proc->cheap)
		take_status(&status, process);
	else
		result = take_mappings(proc, &stat, &status, process);
	if (result != SOURCE_GOT)
		process_free(process);
	return result;
}

static enum source_result read_process(struct proc *proc, pid_t pid, struct process *process)
{
	enum source_result result = SOURCE_END;
	unsigned int tries;

	for (tries = 0; tries < TRIES && result == SOURCE_END; tries++)
		result = try_process(proc, pid, process);
	return result;
}

/* Return: 0 at the end. The kernel lists them from the lowest on. */
static pid_t next_pid(struct proc *proc)
{
	struct dirent *entry;

	while ((entry = readdir(proc->pids)))
		if (isdigit((unsigned char)*entry->d_name))
			return atoi(entry->d_name);
	return 0;
}

static enum source_result next_process(struct source *source, struct process *process)
{
	struct proc *proc = proc_of(source);
	enum source_result result;
	pid_t pid;

	while ((pid = next_pid(proc))) {
		result = try_process(proc, pid, process);
		if (result == SOURCE_END)
			continue;
		if (result == SOURCE_GOT && !process->shared_mm_unknown)
			process->shared_mm = is_known_memory(proc, pid);
		return result;
	}
	return SOURCE_END;
}

static enum source_result first_process(struct source *source, struct process *process)
{
	struct proc *proc = proc_of(source);

	forget_memories(proc);
	rewinddir(proc->pids);
	return next_process(source, process);
}

/* A thread has a directory as well, although none that is listed. */
static bool is_listed(struct proc *proc, pid_t pid)
{
	pid_t listed;

	rewinddir(proc->pids);
	while ((listed = next_pid(proc)))
		if (listed == pid)
			return true;
	return false;
}

static bool is_memory_of_lower(struct proc *proc, pid_t pid)
{
	pid_t lower;

	rewinddir(proc->pids);
	while ((lower = next_pid(proc)) && lower < pid)
		if (!compare_memories((void *)(intptr_t)lower, (void *)(intptr_t)pid))
			return true;
	return false;
}

static enum source_result get_process(struct source *source, pid_t pid,
				      struct process *process)
{
	struct proc *proc = proc_of(source);
	enum source_result result;

	if (!is_listed(proc, pid))
		return SOURCE_END;
	result = read_process(proc, pid, process);
	if (result == SOURCE_GOT && !process->shared_mm_unknown)
		process->shared_mm = is_memory_of_lower(proc, pid);
	return result;
}

/*
 * Mappings.
 */

static void end_maps(struct proc *proc)
{
	if (proc->maps)
		proc_maps_close(proc->maps);
	proc->maps = NULL;
}

/* Return: whether they can be read. */
static bool begin_maps(struct proc *proc, pid_t pid)
{
	struct proc_status status;

	end_maps(proc);
	proc->pid = pid;
	errno = ESRCH;
	if (read_stat(pid, &proc->stat) && read_status(pid, &status) && status.has_memory)
		proc->maps = proc_maps_open(pid, &proc->stat, status.threads, proc->devices);
	return proc->maps;
}

static enum source_result next_vma(struct source *source, struct vma *vma)
{
	struct proc *proc = proc_of(source);

	for (;;) {
		if (proc->maps && proc_maps_next(proc->maps, vma)) {
			vma->start_ns = start_ns(&proc->stat);
			vma->cheap = proc->cheap;
			if (proc->cheap)
				keep_cheap(&vma->counts);
			return SOURCE_GOT;
		}
		if (proc->maps && !is_still(proc->pid, &proc->stat)) {
			end_maps(proc);
			return SOURCE_CUT_OFF;
		}
		proc->pid = next_pid(proc);
		if (!proc->pid)
			break;
		begin_maps(proc, proc->pid);
	}
	end_maps(proc);
	return SOURCE_END;
}

static enum source_result first_vma(struct source *source, pid_t pid, struct vma *vma)
{
	struct proc *proc = proc_of(source);

	if (pid && !is_listed(proc, pid))
		return SOURCE_END;
	if (!pid)
		rewinddir(proc->pids);
	if (pid && !begin_maps(proc, pid) && (errno == EACCES || errno == EPERM)) {
		say_error("not permitted: the mappings of process %d need its user, or root", pid);
		return SOURCE_NOT_PERMITTED;
	}
	return next_vma(source, vma);
}

static void set_cheap(struct source *source, bool cheap)
{
	proc_of(source)->cheap = cheap;
}

static void proc_close(struct source *source)
{
	struct proc *proc = proc_of(source);

	end_maps(proc);
	forget_memories(proc);
	closedir(proc->pids);
	proc_devices_free(proc->devices);
	free(proc);
}

static const struct source_ops proc_ops = {
	.name = "proc",
	.process = get_process,
	.first_process = first_process,
	.next_process = next_process,
	.first_vma = first_vma,
	.next_vma = next_vma,
	.set_cheap = set_cheap,
	.close = proc_close,
};

enum status source_proc_open(struct source **source, const struct request *request)
{
	struct proc *proc = calloc(1, sizeof(*proc));

	if (!proc)
		goto no_memory;
	proc->source.ops = &proc_ops;
	proc->cheap = request->cheap;
	proc->devices = proc_devices_new();
	if (!proc->devices)
		goto no_devices;
	proc->pids = opendir("/proc");
	if (!proc->pids)
		goto no_pids;
	*source = &proc->source;
	return STATUS_OK;

no_pids:
	say_error("cannot read /proc: %s", strerror(errno));
	proc_devices_free(proc->devices);
	free(proc);
	return STATUS_FAILURE;
no_devices:
	free(proc);
no_memory:
	say_error("out of memory");
	return STATUS_FAILURE;
}
