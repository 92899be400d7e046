/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_FAULT_HOOK_H
#define MC_FAULT_HOOK_H

/* The function that every page fault of user memory goes through, whoever takes it. */
#define MC_FAULT_FUNCTION	handle_mm_fault

/*
 * A way to be called when a task enters MC_FAULT_FUNCTION: it then calls
 * mc_fault_count(). Others can have theirs on the same function.
 */
struct mc_fault_hook {
	const char *name;
	/* Return: 0, or an error; then nothing is left behind. Sleeps. */
	int (*attach)(void);
	/*
	 * When it returns, no task is in the hook any more. Sleeps.
	 * Return: 0, or an error: the hook is still attached, and will always be.
	 */
	int (*detach)(void);
};

extern const struct mc_fault_hook mc_fault_ftrace;
extern const struct mc_fault_hook mc_fault_kprobe;

#endif /* MC_FAULT_HOOK_H */
