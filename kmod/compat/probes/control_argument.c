// SPDX-License-Identifier: GPL-2.0
/*
 * Control: hands find_vma() a pointer to something else. When it compiles, no
 * probe would notice a function whose arguments have changed.
 */
#include <linux/mm.h>

struct vm_area_struct *probe(struct task_struct *task);
struct vm_area_struct *probe(struct task_struct *task)
{
	return find_vma(task, 0);
}
