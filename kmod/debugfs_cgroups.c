// SPDX-License-Identifier: GPL-2.0
/*
 * cgroups: for each memory cgroup a row of all its processes, and one for each class of
 * memory that they have.
 */
#include "debugfs.h"

#include <linux/bitops.h>
#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

#include "cgroups.h"
#include "class.h"

/*
 * Row 0 is the header; after it a row's number tells which cgroup, and which of its
 * rows: the first is all classes.
 */
#define ROWS_PER_CGROUP	64

static_assert(MEMCLASS_NR_CLASSES < ROWS_PER_CGROUP);

struct cgroups_file {
	loff_t first;			/* cgroup of the batch */
	int error;			/* that broke off the last batch */
	struct mc_cgroups cgroups;
	char path[PATH_MAX];
};

/* The rows of a cgroup, as bits. */
static unsigned long rows_of(const struct mc_cgroup *cgroup)
{
	return cgroup->used << 1 | 1;
}

/* The first row at or after @pos; sets @pos to it. */
static void *cgroups_row(struct cgroups_file *file, loff_t *pos)
{
	loff_t index = (*pos - 1) / ROWS_PER_CGROUP;
	unsigned long row = (*pos - 1) % ROWS_PER_CGROUP, rows;
	int ret;

	for (;; index++, row = 0) {
		if (index == file->first + file->cgroups.nr) {
			file->first = index;
			ret = mc_cgroups_next(&file->cgroups);
			file->error = min(ret, 0);
			if (ret <= 0)
				return ERR_PTR(ret);
		}
		if (index < file->first || index > file->first + file->cgroups.nr)
			return NULL;
		rows = rows_of(&file->cgroups.batch[index - file->first]);
		row = find_next_bit(&rows, ROWS_PER_CGROUP, row);
		if (row < ROWS_PER_CGROUP) {
			*pos = 1 + index * ROWS_PER_CGROUP + row;
			return pos;
		}
	}
}

static void *cgroups_start(struct seq_file *m, loff_t *pos)
{
	struct cgroups_file *file = m->private;

	if (*pos)
		return file->error ? mc_broken_off(file->error) : cgroups_row(file, pos);
	file->error = 0;
	file->first = 0;
	mc_cgroups_start(&file->cgroups);
	return pos;
}

static void *cgroups_next(struct seq_file *m, void *row, loff_t *pos)
{
	++*pos;
	if (fatal_signal_pending(current))
		return ERR_PTR(-EINTR);
	return cgroups_row(m->private, pos);
}

static void cgroups_stop(struct seq_file *m, void *row)
{
}

static void show_path(struct seq_file *m, struct cgroups_file *file,
		      const struct mc_cgroup *cgroup)
{
	/* Longer ones are cut: a directory within a directory, and so on. */
	if (cgroup_path(cgroup->css->cgroup, file->path, sizeof(file->path)) < 0)
		strscpy(file->path, "?", sizeof(file->path));
	seq_putc(m, ' ');
	mc_show_name(m, file->path);
}

static int cgroups_show(struct seq_file *m, void *row)
{
	struct cgroups_file *file = m->private;
	loff_t number = *(loff_t *)row - 1;
	const struct mc_cgroup *cgroup;
	int class;

	if (number < 0) {
		seq_puts(m, "inode parent class processes");
		mc_show_column_names(m);
		mc_show_fault_names(m);
		seq_puts(m, " path\n");
		return 0;
	}
	cgroup = &file->cgroups.batch[number / ROWS_PER_CGROUP - file->first];
	class = (int)(number % ROWS_PER_CGROUP) - 1;
	seq_put_decimal_ull(m, "", cgroup->inode);
	seq_put_decimal_ull(m, " ", cgroup->parent);
	seq_putc(m, ' ');
	seq_puts(m, class < 0 ? "total" : mc_class_name(class));
	seq_put_decimal_ull(m, " ", class < 0 ? cgroup->nr_processes : cgroup->processes[class]);
	mc_show_columns(m, class < 0 ? &cgroup->total : &cgroup->classes[class]);
	/* Where there are no processes, nobody has been told whether faults are counted. */
	mc_show_faults(m, cgroup->faults_on || !cgroup->nr_processes,
		       class < 0 ? &cgroup->faults_total : &cgroup->faults[class]);
	show_path(m, file, cgroup);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations cgroups_ops = {
	.start = cgroups_start,
	.next = cgroups_next,
	.stop = cgroups_stop,
	.show = cgroups_show,
};

static int cgroups_open(struct inode *inode, struct file *file)
{
	struct cgroups_file *cgroups;
	int ret;

	if (!mc_cgroups_version())
		return -EOPNOTSUPP;
	cgroups = kvzalloc(sizeof(*cgroups), GFP_KERNEL_ACCOUNT);
	if (!cgroups)
		return -ENOMEM;
	ret = seq_open(file, &cgroups_ops);
	if (ret)
		kvfree(cgroups);
	else
		((struct seq_file *)file->private_data)->private = cgroups;
	return ret;
}

static int cgroups_release(struct inode *inode, struct file *file)
{
	struct cgroups_file *cgroups = ((struct seq_file *)file->private_data)->private;

	mc_cgroups_start(&cgroups->cgroups);
	kvfree(cgroups);
	return seq_release(inode, file);
}

const struct file_operations mc_cgroups_fops = {
	.owner = THIS_MODULE,
	.open = cgroups_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = cgroups_release,
};
