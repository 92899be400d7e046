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
 * User stack pointers of a process's threads, in ascending order. There is room for
 * some; of more threads than that, the lowest ones at or above @floor are held, and
 * when a caller has passed the last of them, the next ones are collected.
 */
#define MC_STACKS_MAX	256

struct mc_stacks {
	struct task_struct *task;	/* NULL: no thread but the main one */
	unsigned int count;
	unsigned int next;		/* those before it are below what was asked for */
	bool more;			/* there are higher ones than the last */
	unsigned long pointers[MC_STACKS_MAX];
};

void mc_stacks_init(struct mc_stacks *stacks, struct task_struct *task);
bool mc_stacks_hit(struct mc_stacks *stacks, unsigned long start, unsigned long end);

#endif /* MC_TARGET_H */
