// SPDX-License-Identifier: GPL-2.0
/*
 * 6.1, "mm: remove the vma linked list": VMAs are in a maple tree and vm_next is
 * gone. Decides how all VMAs of a process are visited.
 */
#include <linux/mm.h>

struct vm_area_struct *probe(struct vma_iterator *vmi, struct mm_struct *mm);
struct vm_area_struct *probe(struct vma_iterator *vmi, struct mm_struct *mm)
{
	vma_iter_init(vmi, mm, 0);
	return vma_next(vmi);
}
