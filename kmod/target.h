/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_TARGET_H
#define MC_TARGET_H

#include <linux/mm_types.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>

/* A process that is looked at. Holds a reference to its leader and to its memory. */
struct mc_target {
	struct task_struct *task;
	struct mm_struct *mm;
	pid_t pid;			/* in the reader's pid namespace */
	bool shared_mm;			/* a process before it has the same memory */
};

bool mc_target_next(struct pid_namespace *ns, pid_t pid, struct mc_target *target);
void mc_target_put(struct mc_target *target);
bool mc_target_has_left(const struct mc_target *target);

/*
 * User stack pointers of a process's threads. There is room for some; of more threads
 * than that, those with the lowest are held, and the others collected when they are
 * asked for.
 */
#define MC_STACKS_MAX	1024

struct mc_stacks {
	unsigned long floor, limit;	/* all from floor up to below limit are held */
	unsigned int count;
	unsigned long pointers[MC_STACKS_MAX];	/* ascending */
};

/* Nothing is known yet. */
static inline void mc_stacks_init(struct mc_stacks *stacks)
{
	stacks->floor = 0;
	stacks->limit = 0;
	stacks->count = 0;
}

void mc_stacks_collect(struct mc_stacks *stacks, struct task_struct *task);
int mc_stacks_find(struct mc_stacks *stacks, unsigned long start, unsigned long end);

/**
 * mc_stacks_hit() - is a live thread's stack pointer in an address range?
 * @stacks: of the process
 * @start: the range
 * @end: its end
 *
 * Locking: none needed; does not sleep.
 * Return: 0 or 1; -EAGAIN when that must be collected first.
 */
static __always_inline int mc_stacks_hit(struct mc_stacks *stacks, unsigned long start,
					 unsigned long end)
{
	/* A process of one thread has none. */
	if (!stacks->count && start >= stacks->floor && end <= stacks->limit)
		return 0;
	return mc_stacks_find(stacks, start, end);
}

#endif /* MC_TARGET_H */
