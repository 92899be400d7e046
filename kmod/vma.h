/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_VMA_H
#define MC_VMA_H

#include "class.h"

#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/shmem_fs.h>

enum mc_file_kind mc_vma_file_kind(const struct file *file);

/*
 * A character device or an anonymous inode (perf, io_uring, KVM) has no pages of a
 * file to map: what it shows is its driver's, even where the VMA does not say so.
 */
static inline bool mc_vma_file_is_device(const struct file *file)
{
	const struct inode *host = file->f_mapping->host;

	return S_ISCHR(file_inode(file)->i_mode) || IS_DAX(host) ||
	       host->i_sb->s_magic == ANON_INODE_FS_MAGIC;
}

/* Which shared memory it is takes time, and matters only where it is shared. */
static inline enum mc_file_kind mc_vma_file(const struct vm_area_struct *vma)
{
	if (!vma->vm_file)
		return MC_FILE_NONE;
	return vma->vm_flags & VM_MAYSHARE ? mc_vma_file_kind(vma->vm_file) : MC_FILE_OTHER;
}

/**
 * mc_vma_facts() - what decides a VMA's class
 * @vma: the VMA
 * @stack_pointer: a live thread's user stack pointer is in it
 * @facts: filled in
 *
 * MAP_SHARED is VM_MAYSHARE, as in /proc/PID/maps: VM_SHARED is taken away when the
 * file was opened for reading only.
 *
 * Locking: mmap_lock of vma->vm_mm, or the VMA's own; then the process's part can be
 * changing.
 */
static __always_inline void mc_vma_facts(const struct vm_area_struct *vma,
					 bool stack_pointer,
					 struct mc_class_facts *facts)
{
	const struct mm_struct *mm = vma->vm_mm;
	const struct file *file = vma->vm_file;
	bool anonymous = !vma->vm_ops;

	*facts = (struct mc_class_facts) {
		.start = vma->vm_start,
		.end = vma->vm_end,
		.file = mc_vma_file(vma),
		.anonymous = anonymous,
		.shared = vma->vm_flags & VM_MAYSHARE,
		.exec = vma->vm_flags & VM_EXEC,
		.write = vma->vm_flags & VM_WRITE,
		.hugetlb = vma->vm_flags & VM_HUGETLB,
		.device = vma->vm_flags & (VM_PFNMAP | VM_IO | VM_MIXEDMAP) ||
			  (file && !anonymous && mc_vma_file_is_device(file)),
		.stack_pointer = stack_pointer,
		.start_stack = mm->start_stack,
		.bss_start = PAGE_ALIGN(mm->end_data),
		.start_brk = mm->start_brk,
		.brk = mm->brk,
	};
}

/* Has it pages of its own in place of a file's, once they were written to? */
static inline bool mc_vma_is_private_file(const struct vm_area_struct *vma)
{
	return vma->vm_file && vma->vm_ops && !(vma->vm_flags & VM_MAYSHARE);
}

/**
 * mc_vma_is_shmem() - are the pages of its file those of a shmem object?
 * @vma: the VMA
 *
 * What is swapped out of such an object is in the object's page cache, as nowhere
 * else. Where the kernel says so itself, shmem_mapping(), it is not exported before
 * 6.12.
 */
static inline bool mc_vma_is_shmem(const struct vm_area_struct *vma)
{
	const struct inode *host = vma->vm_file ? vma->vm_file->f_mapping->host : NULL;

	return host && host->i_sb->s_magic == TMPFS_MAGIC && S_ISREG(host->i_mode);
}

#endif /* MC_VMA_H */
