/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_DEBUGFS_H
#define MC_DEBUGFS_H

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/seq_file.h>

#include "uapi/memclass.h"

extern const struct file_operations mc_cgroups_fops;
extern const struct file_operations mc_classes_fops;
extern const struct file_operations mc_faults_fops;
extern const struct file_operations mc_objects_fops;
extern const struct file_operations mc_processes_fops;
extern const struct file_operations mc_records_fops;
extern const struct file_operations mc_vmas_fops;

void mc_show_name(struct seq_file *m, const char *name);
void mc_show_column_names(struct seq_file *m);
void mc_show_columns(struct seq_file *m, const struct memclass_counts *counts);
void mc_show_fault_names(struct seq_file *m);
void mc_show_faults(struct seq_file *m, bool on, const struct memclass_faults *faults);

/*
 * What a read gets that would go on where another one broke off: for who has had the rows
 * before it, the reason. A reader that was killed shared the file with this one.
 */
static inline void *mc_broken_off(int error)
{
	return ERR_PTR(error == -EINTR ? -ESTALE : error);
}

int mc_debugfs_init(void);
void mc_debugfs_exit(void);

#endif /* MC_DEBUGFS_H */
