// SPDX-License-Identifier: GPL-2.0
/* Rows of tables that have one for each mapping, and one for their sum. */
#include "vma_row.h"

#include <sys/mman.h>

#include "source.h"

static bool is_total(const struct vma *vma)
{
	return vma->pid == VMA_ROW_TOTAL;
}

void vma_row_start(const void *item, struct cell *cell)
{
	const struct vma *vma = item;

	if (!is_total(vma))
		cell_format(cell, "%llx", (unsigned long long)vma->start);
	else
		cell_text(cell, "total");
}

void vma_row_end(const void *item, struct cell *cell)
{
	const struct vma *vma = item;

	if (!is_total(vma))
		cell_format(cell, "%llx", (unsigned long long)vma->end);
}

void vma_row_perms(const void *item, struct cell *cell)
{
	const struct vma *vma = item;

	if (!is_total(vma))
		cell_format(cell, "%c%c%c%c", vma->prot & PROT_READ ? 'r' : '-',
			    vma->prot & PROT_WRITE ? 'w' : '-',
			    vma->prot & PROT_EXEC ? 'x' : '-', vma->shared ? 's' : 'p');
}

void vma_row_class(const void *item, struct cell *cell)
{
	const struct vma *vma = item;
	char name[CLASS_NAME_MAX];

	if (!is_total(vma))
		cell_format(cell, "%s", class_name(name, vma->class));
}

void vma_row_type(const void *item, struct cell *cell)
{
	const struct vma *vma = item;

	if (is_total(vma))
		return;
	cell->kind = CELL_UNKNOWN;
	if (class_type_name(vma->class))
		cell_text(cell, class_type_name(vma->class));
}

void vma_row_offset(const void *item, struct cell *cell)
{
	const struct vma *vma = item;

	if (!is_total(vma))
		cell_format(cell, "%llx", (unsigned long long)vma->offset);
}

void vma_row_dev(const void *item, struct cell *cell)
{
	const struct vma *vma = item;

	if (!is_total(vma))
		cell_format(cell, "%02x:%02x", vma->dev_major, vma->dev_minor);
}

void vma_row_inode(const void *item, struct cell *cell)
{
	const struct vma *vma = item;

	if (!is_total(vma))
		cell_number(cell, vma->inode);
}

void vma_row_name(const void *item, struct cell *cell)
{
	const struct vma *vma = item;

	if (vma->name_cut)
		cell_format(cell, "...%s", vma->name);
	else
		cell_text(cell, vma->name);
}

const struct counts *vma_row_counts(const void *item)
{
	return &((const struct vma *)item)->counts;
}
