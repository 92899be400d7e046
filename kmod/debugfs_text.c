// SPDX-License-Identifier: GPL-2.0
/*
 * classes, processes and faults: what the records say, as text. A header line with the
 * names of the columns, then a row a line.
 */
#include "debugfs.h"

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

#include "class.h"
#include "record.h"

/*
 * Parts of rows, each after a blank.
 */

void mc_show_column_names(struct seq_file *m)
{
#define NAME(field, tier, text) seq_puts(m, " " #field);
	MEMCLASS_COLUMNS(NAME)
#undef NAME
}

void mc_show_columns(struct seq_file *m, const struct memclass_counts *counts)
{
#define VALUE(field, tier, text) seq_put_decimal_ull(m, " ", counts->field);
	MEMCLASS_COLUMNS(VALUE)
#undef VALUE
}

void mc_show_fault_names(struct seq_file *m)
{
#define NAME(field, text) seq_puts(m, " " #field);
	MEMCLASS_FAULTS(NAME)
#undef NAME
}

/* A count that is not made is no 0. */
void mc_show_faults(struct seq_file *m, bool on, const struct memclass_faults *faults)
{
#define VALUE(field, text) \
	if (on) \
		seq_put_decimal_ull(m, " ", faults->field); \
	else \
		seq_puts(m, " off");
	MEMCLASS_FAULTS(VALUE)
#undef VALUE
}

/**
 * mc_show_name() - a name that anyone can choose, as the last field of a row
 * @m: where
 * @name: a comm or a path, of whatever bytes
 *
 * What is no printable ASCII is written as \ooo, the octal value of the byte, as /proc
 * does: a terminal would obey it, and a line end would begin a row. So is the backslash
 * itself. A blank stays, since no field comes after it.
 */
void mc_show_name(struct seq_file *m, const char *name)
{
	for (; *name; name++) {
		if (isascii(*name) && isprint(*name) && *name != '\\')
			seq_putc(m, *name);
		else
			seq_printf(m, "\\%03o", (unsigned char)*name);
	}
}

static void rows_stop(struct seq_file *m, void *row)
{
}

/* Row 0 is the header, row N + 1 is class N. The sums are made when row 0 is. */
struct classes_file {
	struct mc_process_reader reader;
	struct memclass_counts sums[MEMCLASS_NR_CLASSES];
};

/* Memory that several processes have in common was counted with the first of them. */
static void classes_add(struct classes_file *classes)
{
	const struct memclass_record *record = &classes->reader.record;
	unsigned int class;

	if (record->flags & MEMCLASS_SHARED_MM)
		return;
	for_each_set_bit(class, &classes->reader.used, MEMCLASS_NR_CLASSES)
		mc_stats_add(container_of(&classes->sums[class], struct mc_stats, counts),
			     container_of(&record->classes[class], const struct mc_stats,
					  counts));
}

static int classes_sum(struct classes_file *classes)
{
	pid_t pid = 1;
	int ret;

	memset(classes->sums, 0, sizeof(classes->sums));
	while ((ret = mc_record_next(&classes->reader, pid, false)) > 0) {
		classes_add(classes);
		pid = classes->reader.record.pid + 1;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return ret;
}

static void *classes_start(struct seq_file *m, loff_t *pos)
{
	int ret;

	if (!*pos) {
		ret = classes_sum(m->private);
		if (ret)
			return ERR_PTR(ret);
	}
	return *pos <= MEMCLASS_NR_CLASSES ? pos : NULL;
}

static void *classes_next(struct seq_file *m, void *row, loff_t *pos)
{
	return ++*pos <= MEMCLASS_NR_CLASSES ? pos : NULL;
}

static int classes_show(struct seq_file *m, void *row)
{
	const struct classes_file *classes = m->private;
	loff_t index = *(loff_t *)row;

	if (!index) {
		seq_puts(m, "class type");
		mc_show_column_names(m);
	} else {
		seq_puts(m, mc_class_name(index - 1));
		seq_putc(m, ' ');
		seq_puts(m, mc_class_type_name(index - 1));
		mc_show_columns(m, &classes->sums[index - 1]);
	}
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations classes_ops = {
	.start = classes_start,
	.next = classes_next,
	.stop = rows_stop,
	.show = classes_show,
};

static int classes_open(struct inode *inode, struct file *file)
{
	return __seq_open_private(file, &classes_ops, sizeof(struct classes_file)) ?
		       0 :
		       -ENOMEM;
}

const struct file_operations mc_classes_fops = {
	.owner = THIS_MODULE,
	.open = classes_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

/*
 * Row 0 is the header; after it a row's number tells pid and class. A process is
 * walked when its first row is asked for, and its record serves all its rows.
 */
#define ROWS_PER_PID	64

static_assert(MEMCLASS_NR_CLASSES <= ROWS_PER_PID);

struct processes_file {
	struct mc_process_reader reader;
	bool filled;
};

/* The first row at or after @pos; sets @pos to it. */
static void *processes_row(struct processes_file *processes, loff_t *pos)
{
	struct mc_process_reader *reader = &processes->reader;
	loff_t pid = (*pos - 1) / ROWS_PER_PID;
	unsigned int class = (*pos - 1) % ROWS_PER_PID;
	unsigned long used;
	int ret;

	for (; pid <= INT_MAX; pid++, class = 0) {
		if (!processes->filled || reader->record.pid != pid) {
			processes->filled = false;
			ret = mc_record_next(reader, pid, false);
			if (ret <= 0)
				return ERR_PTR(ret);
			processes->filled = true;
			if (reader->record.pid != pid)
				class = 0;
			pid = reader->record.pid;
		}
		used = reader->used | reader->faults.used;
		class = find_next_bit(&used, MEMCLASS_NR_CLASSES, class);
		if (class < MEMCLASS_NR_CLASSES) {
			*pos = 1 + pid * ROWS_PER_PID + class;
			return pos;
		}
	}
	return NULL;
}

static void *processes_start(struct seq_file *m, loff_t *pos)
{
	struct processes_file *processes = m->private;

	if (!*pos) {
		processes->filled = false;
		return pos;
	}
	return processes_row(processes, pos);
}

static void *processes_next(struct seq_file *m, void *row, loff_t *pos)
{
	++*pos;
	if (fatal_signal_pending(current))
		return ERR_PTR(-EINTR);
	return processes_row(m->private, pos);
}

static int processes_show(struct seq_file *m, void *row)
{
	const struct processes_file *processes = m->private;
	const struct memclass_record *record = &processes->reader.record;
	loff_t index = *(loff_t *)row;
	enum memclass_class class;

	if (!index) {
		seq_puts(m, "pid start_ns mm class");
		mc_show_column_names(m);
		mc_show_fault_names(m);
		seq_puts(m, " comm\n");
		return 0;
	}
	class = (index - 1) % ROWS_PER_PID;
	seq_put_decimal_ull(m, "", record->pid);
	seq_put_decimal_ull(m, " ", record->start_ns);
	seq_puts(m, record->flags & MEMCLASS_SHARED_MM ? " shared " : " own ");
	seq_puts(m, mc_class_name(class));
	mc_show_columns(m, &record->classes[class]);
	mc_show_faults(m, record->flags & MEMCLASS_FAULTS_ON, &record->faults[class]);
	seq_putc(m, ' ');
	mc_show_name(m, record->comm);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations processes_ops = {
	.start = processes_start,
	.next = processes_next,
	.stop = rows_stop,
	.show = processes_show,
};

static int processes_open(struct inode *inode, struct file *file)
{
	return __seq_open_private(file, &processes_ops, sizeof(struct processes_file)) ?
		       0 :
		       -ENOMEM;
}

const struct file_operations mc_processes_fops = {
	.owner = THIS_MODULE,
	.open = processes_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

/* Row 0 is the header, row N + 1 is class N, then comes what no class is known of. */
#define FAULTS_DROPPED	(MEMCLASS_NR_CLASSES + 1)

struct faults_file {
	bool on;
	struct mc_faults faults;
};

static void *faults_start(struct seq_file *m, loff_t *pos)
{
	struct faults_file *file = m->private;

	if (!*pos) {
		memset(&file->faults, 0, sizeof(file->faults));
		file->on = mc_fault_all(&file->faults);
	}
	return *pos <= FAULTS_DROPPED ? pos : NULL;
}

static void *faults_next(struct seq_file *m, void *row, loff_t *pos)
{
	return ++*pos <= FAULTS_DROPPED ? pos : NULL;
}

static int faults_show(struct seq_file *m, void *row)
{
	const struct faults_file *file = m->private;
	loff_t index = *(loff_t *)row;

	if (!index) {
		seq_puts(m, "class type");
		mc_show_fault_names(m);
	} else if (index == FAULTS_DROPPED) {
		/* Of these, not even who read and who wrote is known. */
		struct memclass_faults dropped = {
			.minor_read = file->faults.dropped_minor,
			.major_read = file->faults.dropped_major,
		};

		seq_puts(m, "dropped -");
		mc_show_faults(m, file->on, &dropped);
	} else {
		seq_puts(m, mc_class_name(index - 1));
		seq_putc(m, ' ');
		seq_puts(m, mc_class_type_name(index - 1));
		mc_show_faults(m, file->on, &file->faults.classes[index - 1]);
	}
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations faults_ops = {
	.start = faults_start,
	.next = faults_next,
	.stop = rows_stop,
	.show = faults_show,
};

static int faults_open(struct inode *inode, struct file *file)
{
	return __seq_open_private(file, &faults_ops, sizeof(struct faults_file)) ? 0 : -ENOMEM;
}

const struct file_operations mc_faults_fops = {
	.owner = THIS_MODULE,
	.open = faults_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};
