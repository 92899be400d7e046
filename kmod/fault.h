/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_FAULT_H
#define MC_FAULT_H

#include "fault_count.h"

/* What there is to say about counting faults. */
struct mc_fault_state {
	const char *hook;		/* its name, or NULL: */
	const char *why;		/* why there is none */
	unsigned int threads, threads_max;
	struct mc_faults faults;
};

void mc_fault_init(void);
void mc_fault_exit(void);

bool mc_fault_process(struct task_struct *task, struct mc_faults *faults);
bool mc_fault_all(struct mc_faults *faults);
void mc_fault_state(struct mc_fault_state *state);

#endif /* MC_FAULT_H */
