/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_COMPAT_INODE_H
#define MC_COMPAT_INODE_H

#include "compat/config.h"

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/shmem_fs.h>

/*
 * The names of an inode. 7.1 moved the list's member within struct dentry, and brought
 * a macro that knows it.
 *
 * Locking: i_lock.
 */
#ifdef for_each_alias
#define mc_for_each_alias(dentry, inode) for_each_alias(dentry, inode)
#else
#define mc_for_each_alias(dentry, inode) \
	hlist_for_each_entry(dentry, &(inode)->i_dentry, d_u.d_alias)
#endif

/*
 * When an object of shared memory was made, in seconds since 1970.
 *
 * 5.19, "tmpfs: support for file creation time": before, and on hugetlbfs, it is when
 * the inode was last changed, by chmod() or write().
 */
static inline s64 mc_inode_since(const struct inode *inode)
{
#ifdef MC_HAVE_SHMEM_CRTIME
	if (inode->i_sb->s_magic == TMPFS_MAGIC)
		return SHMEM_I((struct inode *)inode)->i_crtime.tv_sec;
#endif
	return inode_get_ctime(inode).tv_sec;
}

#endif /* MC_COMPAT_INODE_H */
