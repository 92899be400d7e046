/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_FAULT_READ_H
#define MC_FAULT_READ_H

#include "fault_count.h"

void mc_fault_read_start(void);
void mc_fault_read_process(struct task_struct *task, struct mc_faults *faults);
void mc_fault_read_all(struct mc_faults *faults);

#endif /* MC_FAULT_READ_H */
