/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_TABLE_H
#define MC_TABLE_H

#include "walk.h"

unsigned long mc_table_step(struct mc_walk *walk, struct vm_area_struct *vma,
			    unsigned long addr);
void mc_table_unlock(struct mc_walk *walk);

#endif /* MC_TABLE_H */
