/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_DEBUGFS_H
#define MC_DEBUGFS_H

#include <linux/fs.h>

extern const struct file_operations mc_classes_fops;
extern const struct file_operations mc_processes_fops;
extern const struct file_operations mc_records_fops;
extern const struct file_operations mc_vmas_fops;

/*
 * Root can open a file for writing whatever its mode says. There is nothing that
 * could be written, and whoever tries is told so at once.
 */
static inline int mc_debugfs_may_open(const struct file *file)
{
	return file->f_mode & FMODE_WRITE ? -EACCES : 0;
}

int mc_debugfs_init(void);
void mc_debugfs_exit(void);

#endif /* MC_DEBUGFS_H */
