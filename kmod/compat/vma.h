/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_COMPAT_VMA_H
#define MC_COMPAT_VMA_H

#include "compat/config.h"

#include <linux/magic.h>
#include <linux/fs.h>
#include <linux/mm.h>

/*
 * The VMAs of an mm, in address order.
 *
 * 6.1, "mm: start tracking VMAs with maple tree": the list through vm_next is
 * gone. The tree that took its place keeps a cursor, so that a step costs as
 * little as the list's did; find_vma() for every VMA would not.
 *
 * Locking: mmap_lock, held for reading from mc_vma_iter_init() on. After it was
 * dropped, start again from an address.
 */
#ifdef MC_HAVE_VMA_ITERATOR

struct mc_vma_iter {
	struct vma_iterator vmi;
};

static inline void mc_vma_iter_init(struct mc_vma_iter *iter,
				    struct mm_struct *mm, unsigned long addr)
{
	vma_iter_init(&iter->vmi, mm, addr);
}

static inline struct vm_area_struct *mc_vma_next(struct mc_vma_iter *iter)
{
	return vma_next(&iter->vmi);
}

#else

struct mc_vma_iter {
	struct vm_area_struct *next;
};

static inline void mc_vma_iter_init(struct mc_vma_iter *iter,
				    struct mm_struct *mm, unsigned long addr)
{
	iter->next = find_vma(mm, addr);
}

static inline struct vm_area_struct *mc_vma_next(struct mc_vma_iter *iter)
{
	struct vm_area_struct *vma = iter->next;

	if (vma)
		iter->next = vma->vm_next;
	return vma;
}

#endif

/*
 * What the owner of a mapping knows its file as.
 *
 * 6.7, "fs: store real path instead of fake path in backing file f_path": a mapping
 * on overlayfs has the file of the layer below; /proc/PID/maps shows the file that
 * was opened, and so does this. Before, the mapping's file said so itself.
 */
static inline const struct path *mc_file_path(const struct file *file)
{
#ifdef MC_HAVE_FILE_USER_PATH
	return file_user_path(file);
#else
	return &file->f_path;
#endif
}

static inline const struct inode *mc_file_inode(const struct file *file)
{
#ifdef MC_HAVE_FILE_USER_PATH
	return file_user_inode(file);
#else
	return file_inode(file);
#endif
}

/* From the VMA that holds or follows the address that @iter was set to. */
#define mc_for_each_vma(iter, vma) \
	for (; ((vma) = mc_vma_next(iter));)

/* 5.14, "mm: introduce memfd_secret system call to create "secret" memory areas" */
#ifdef SECRETMEM_MAGIC
#define MC_SECRETMEM_MAGIC SECRETMEM_MAGIC
#else
#define MC_SECRETMEM_MAGIC 0x5345434d
#endif

#endif /* MC_COMPAT_VMA_H */
