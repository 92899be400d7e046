/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_DEBUGFS_H
#define MC_DEBUGFS_H

#include <linux/fs.h>
#include <linux/seq_file.h>

extern const struct file_operations mc_classes_fops;
extern const struct file_operations mc_faults_fops;
extern const struct file_operations mc_processes_fops;
extern const struct file_operations mc_records_fops;
extern const struct file_operations mc_vmas_fops;

void mc_show_name(struct seq_file *m, const char *name);

int mc_debugfs_init(void);
void mc_debugfs_exit(void);

#endif /* MC_DEBUGFS_H */
