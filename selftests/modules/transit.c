// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps pages between two places, as a migration has them for a moment: they are unmapped,
 * and the page tables of all who had them say that they are on their way. A process writes
 * "START LENGTH", in hexadecimal, to memclass-transit in debugfs; its pages there are back
 * when the file is closed. Until then whoever touches one of them waits.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

struct transit {
	/* Without it the pages would lose their anon_vma, which leads the way back. */
	struct mm_struct *mm;
	struct migrate_vma pages;
};

static void transit_end(struct transit *transit)
{
	migrate_vma_finalize(&transit->pages);
	mmput(transit->mm);
	kvfree(transit->pages.src);
	kvfree(transit->pages.dst);
	kfree(transit);
}

/* All of the pages, or none. */
static int transit_begin(struct transit *transit, unsigned long start, unsigned long end)
{
	unsigned long nr = (end - start) >> PAGE_SHIFT;
	struct migrate_vma *pages = &transit->pages;
	int err = -EFAULT;

	pages->start = start;
	pages->end = end;
	pages->flags = MIGRATE_VMA_SELECT_SYSTEM;
	pages->src = kvcalloc(nr, sizeof(*pages->src), GFP_KERNEL);
	pages->dst = kvcalloc(nr, sizeof(*pages->dst), GFP_KERNEL);
	if (!pages->src || !pages->dst)
		return -ENOMEM;
	mmap_read_lock(transit->mm);
	pages->vma = find_vma(transit->mm, start);
	if (pages->vma && pages->vma->vm_start <= start && end <= pages->vma->vm_end)
		err = migrate_vma_setup(pages);
	mmap_read_unlock(transit->mm);
	/* Somebody else has one of them in use. */
	if (!err && pages->cpages != nr)
		err = -EAGAIN;
	return err;
}

static ssize_t transit_write(struct file *file, const char __user *buffer, size_t count,
			     loff_t *offset)
{
	unsigned long start, length;
	struct transit *transit;
	char text[64] = "";
	int err;

	if (file->private_data)
		return -EBUSY;
	if (count >= sizeof(text) || copy_from_user(text, buffer, count))
		return -EFAULT;
	if (sscanf(text, "%lx %lx", &start, &length) != 2 || !length ||
	    !PAGE_ALIGNED(start | length))
		return -EINVAL;
	transit = kzalloc(sizeof(*transit), GFP_KERNEL);
	if (!transit)
		return -ENOMEM;
	transit->mm = current->mm;
	mmget(transit->mm);
	err = transit_begin(transit, start, start + length);
	if (err) {
		transit_end(transit);
		return err;
	}
	file->private_data = transit;
	return count;
}

static int transit_release(struct inode *inode, struct file *file)
{
	if (file->private_data)
		transit_end(file->private_data);
	return 0;
}

static const struct file_operations transit_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.write = transit_write,
	.release = transit_release,
};

static struct dentry *transit_file;

static int __init transit_init(void)
{
	transit_file = debugfs_create_file("memclass-transit", 0200, NULL, NULL, &transit_fops);
	return PTR_ERR_OR_ZERO(transit_file);
}

static void __exit transit_exit(void)
{
	debugfs_remove(transit_file);
}

module_init(transit_init);
module_exit(transit_exit);

MODULE_DESCRIPTION("Pages in the middle of a migration, for tests of how they are counted");
MODULE_AUTHOR("The memclass authors");
MODULE_LICENSE("GPL");
