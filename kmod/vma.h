/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_VMA_H
#define MC_VMA_H

#include "class.h"

#include <linux/mm.h>
#include <linux/shmem_fs.h>

void mc_vma_facts(const struct vm_area_struct *vma, bool stack_pointer,
		  struct mc_class_facts *facts);

/* Has it pages of its own in place of a file's, once they were written to? */
static inline bool mc_vma_is_private_file(const struct vm_area_struct *vma)
{
	return vma->vm_file && vma->vm_ops && !(vma->vm_flags & VM_MAYSHARE);
}

bool mc_vma_is_shmem(const struct vm_area_struct *vma);

#endif /* MC_VMA_H */
