// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's half of the classifier: reads the facts from a VMA.
 */
#include "vma.h"

#include "compat.h"

#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/string.h>

/*
 * Shared memory without a path lies on a tmpfs mount of the kernel's own, where only
 * the kernel gives names: no user can make a file there that is called memfd:x, and
 * a memfd's name always comes after that prefix, whatever it is. Only the kernel's
 * mounts of tmpfs have SB_KERNMOUNT (i915 has another one, for its objects).
 */
static enum mc_file_kind kernel_tmpfs_kind(const struct file *file)
{
	const char *name = (const char *)file->f_path.dentry->d_name.name;

	if (str_has_prefix(name, "memfd:"))
		return MC_FILE_MEMFD;
	if (str_has_prefix(name, "SYSV"))
		return MC_FILE_SYSV;
	return MC_FILE_SHM;
}

/*
 * By the inode that the pages belong to, which is not always the file's own: that of
 * a block device's node in /dev is on a tmpfs.
 */
enum mc_file_kind mc_vma_file_kind(const struct file *file)
{
	const struct super_block *sb = file->f_mapping->host->i_sb;

	switch (sb->s_magic) {
	case TMPFS_MAGIC:
		if (sb->s_flags & SB_KERNMOUNT)
			return kernel_tmpfs_kind(file);
		return MC_FILE_TMPFS;
	case MC_SECRETMEM_MAGIC:
		return MC_FILE_MEMFD;
	default:
		return MC_FILE_OTHER;
	}
}
