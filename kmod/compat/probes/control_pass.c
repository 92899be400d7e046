// SPDX-License-Identifier: GPL-2.0
/*
 * Control: has been right in every kernel that memclass serves. When it does not
 * compile, flags or headers are broken and no answer of the others means a thing.
 */
#include <linux/mm.h>

struct vm_area_struct *probe(struct mm_struct *mm);
struct vm_area_struct *probe(struct mm_struct *mm)
{
	return find_vma(mm, 0);
}
