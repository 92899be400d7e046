/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VMA_ROW_H
#define VMA_ROW_H

#include "listing.h"

/* No process has this pid: the sum of all. */
#define VMA_ROW_TOTAL	0

/* An item begins with a struct vma. */
void vma_row_start(const void *item, struct cell *cell);
void vma_row_end(const void *item, struct cell *cell);
void vma_row_perms(const void *item, struct cell *cell);
void vma_row_class(const void *item, struct cell *cell);
void vma_row_type(const void *item, struct cell *cell);
void vma_row_offset(const void *item, struct cell *cell);
void vma_row_dev(const void *item, struct cell *cell);
void vma_row_inode(const void *item, struct cell *cell);
void vma_row_name(const void *item, struct cell *cell);
const struct counts *vma_row_counts(const void *item);

#define VMA_ROW_FIELDS \
	{ .name = "start", .help = "first address", .get = vma_row_start }, \
		{ .name = "end", .help = "address after the last", .get = vma_row_end }, \
		{ .name = "perms", .help = "read, write, execute, shared or private", .get = vma_row_perms, .left = true }, \
		{ .name = "class", .help = "finer kind of the mapping", .get = vma_row_class, .left = true }, \
		{ .name = "type", .help = "how it was asked for", .get = vma_row_type, .left = true }, \
		{ .name = "offset", .help = "in the file", .get = vma_row_offset }, \
		{ .name = "dev", .help = "device of the file", .get = vma_row_dev }, \
		{ .name = "inode", .help = "of the file", .get = vma_row_inode }, \
		{ .name = "name", .help = "its file, or name", .get = vma_row_name, .left = true, .cut = true },

#endif /* VMA_ROW_H */
