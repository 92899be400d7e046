// SPDX-License-Identifier: GPL-2.0
/*
 * objects: a row for each object of shared memory, and one for the small files of each
 * mount.
 */
#include "debugfs.h"

#include <linux/err.h>
#include <linux/kdev_t.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

#include "objects.h"

#define KIND_NAME(kind, name, text) name,
static const char *const kind_names[] = { MEMCLASS_OBJECT_KINDS(KIND_NAME) };

#define FLAG_NAME(flag, bit, name, text) { bit, name },
static const struct {
	unsigned int bit;
	const char *name;
} flags[] = { MEMCLASS_OBJECT_FLAGS(FLAG_NAME) };

/* Row 0 is the header, row N + 1 is object N; the batch begins with object first. */
struct objects_file {
	loff_t first;
	int error;			/* that broke off the last batch */
	struct mc_objects objects;
};

static void *objects_row(struct objects_file *file, loff_t *pos)
{
	loff_t object = *pos - 1;
	int ret;

	if (object == file->first + file->objects.nr) {
		file->first = object;
		ret = mc_objects_next(&file->objects);
		file->error = min(ret, 0);
		if (ret <= 0)
			return ERR_PTR(ret);
	}
	/* Objects are not kept: who wants an earlier one begins anew. */
	if (object < file->first || object >= file->first + file->objects.nr)
		return NULL;
	return pos;
}

static void *objects_start(struct seq_file *m, loff_t *pos)
{
	struct objects_file *file = m->private;

	if (*pos)
		return file->error ? mc_broken_off(file->error) : objects_row(file, pos);
	file->error = 0;
	file->first = 0;
	file->objects.nr = 0;
	mc_objects_start(&file->objects);
	return pos;
}

static void *objects_next(struct seq_file *m, void *row, loff_t *pos)
{
	++*pos;
	if (fatal_signal_pending(current))
		return ERR_PTR(-EINTR);
	return objects_row(m->private, pos);
}

static void objects_stop(struct seq_file *m, void *row)
{
}

static void show_flags(struct seq_file *m, const struct mc_object *object)
{
	char before = ' ';
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		if (!(object->flags & flags[i].bit))
			continue;
		seq_putc(m, before);
		seq_puts(m, flags[i].name);
		before = ',';
	}
	if (before == ' ')
		seq_puts(m, " -");
}

/* Open files that no process is known to have. */
static void show_unknown(struct seq_file *m, const struct mc_object *object)
{
	if (object->flags & MEMCLASS_OBJECT_MANY)
		seq_puts(m, " -");
	else
		seq_put_decimal_ull(m, " ",
				    object->opens > object->known ?
					    object->opens - object->known :
					    0);
}

/* What a sum does not have is no 0. */
static void show_one(struct seq_file *m, const struct mc_object *object)
{
	seq_put_decimal_ull(m, " ", object->mappers);
	seq_put_decimal_ull(m, " ", object->holders);
	show_unknown(m, object);
	seq_put_decimal_ull(m, " ", object->uid);
	seq_put_decimal_ll(m, " ", object->since);
	show_flags(m, object);
	seq_put_decimal_ull(m, " ", object->cgroup);
	seq_putc(m, ' ');
	mc_show_name(m, object->name);
}

static int objects_show(struct seq_file *m, void *row)
{
	const struct objects_file *file = m->private;
	const struct mc_object *object;

	if (!*(loff_t *)row) {
		seq_puts(m, "kind device inode page_size files size resident swapped mapped mappers holders unknown uid since flags cgroup name\n");
		return 0;
	}
	object = &file->objects.batch[*(loff_t *)row - 1 - file->first];
	seq_printf(m, "%s %u:%u %llu", kind_names[object->kind], MAJOR(object->dev),
		   MINOR(object->dev), object->ino);
	seq_put_decimal_ull(m, " ", object->page_size);
	seq_put_decimal_ull(m, " ", object->files);
	seq_put_decimal_ull(m, " ", object->size);
	seq_put_decimal_ull(m, " ", object->resident);
	seq_put_decimal_ull(m, " ", object->swapped);
	seq_put_decimal_ull(m, " ", object->mapped);
	if (object->kind == MEMCLASS_OBJECT_SMALL)
		seq_puts(m, " - - - - - - - ");
	else
		show_one(m, object);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations objects_ops = {
	.start = objects_start,
	.next = objects_next,
	.stop = objects_stop,
	.show = objects_show,
};

static int objects_open(struct inode *inode, struct file *file)
{
	struct objects_file *objects = kvzalloc(sizeof(*objects), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!objects)
		return -ENOMEM;
	ret = seq_open(file, &objects_ops);
	if (ret)
		kvfree(objects);
	else
		((struct seq_file *)file->private_data)->private = objects;
	return ret;
}

static int objects_release(struct inode *inode, struct file *file)
{
	kvfree(((struct seq_file *)file->private_data)->private);
	return seq_release(inode, file);
}

const struct file_operations mc_objects_fops = {
	.owner = THIS_MODULE,
	.open = objects_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = objects_release,
};
