// SPDX-License-Identifier: GPL-2.0
/*
 * The files below /sys/kernel/debug/memclass. They can be read and nothing else:
 * lockdown lets no file open that could be written or has an ioctl.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "debugfs.h"

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/utsname.h>

#include "cgroups.h"
#include "class.h"
#include "fault.h"
#include "objects.h"
#include "uapi/memclass.h"

static struct dentry *dir;
/*
 * All files are there. Before, none opens: when the next one cannot be made, the module
 * goes at once, whoever has a reference to it.
 */
static bool all_there;

static int version_show_faults(struct seq_file *m)
{
	struct mc_fault_state *state = kvmalloc(sizeof(*state), GFP_KERNEL);

	if (!state)
		return -ENOMEM;
	mc_fault_state(state);
	if (state->hook)
		seq_printf(m, "faults %s\n", state->hook);
	else
		seq_printf(m, "faults off: %s\n", state->why);
	seq_printf(m, "fault_process_bytes %zu\n", mc_fault_process_bytes);
	seq_printf(m, "fault_task_bytes %zu\n", mc_fault_thread_bytes);
	seq_printf(m, "fault_tasks %u\n", state->threads);
	seq_printf(m, "fault_tasks_max %u\n", state->threads_max);
	seq_printf(m, "fault_dropped %llu\n",
		   state->faults.dropped_minor + state->faults.dropped_major);
	seq_printf(m, "fault_missed %llu\n", state->faults.missed);
	kvfree(state);
	return 0;
}

#define CLASS_NAME(class, name, type, text)	" " name
#define COLUMN_NAME(field, tier, text)		" " #field

/* A key and its value a line. Clients look for keys; uapi/memclass.h explains some. */
static int version_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	seq_printf(m, "abi %d\n", MEMCLASS_ABI);
	seq_printf(m, "version %s\n", MEMCLASS_VERSION);
	seq_printf(m, "kernel %s\n", init_utsname()->release);
	seq_printf(m, "page_size %lu\n", PAGE_SIZE);
	seq_printf(m, "record_size %zu\n", sizeof(struct memclass_record));
	seq_printf(m, "vma_size %zu\n", sizeof(struct memclass_vma));
	seq_puts(m, "class_names" MEMCLASS_CLASSES(CLASS_NAME) "\n");
	seq_puts(m, "class_types");
	for (i = 0; i < MEMCLASS_NR_CLASSES; i++)
		seq_printf(m, " %s", mc_class_type_name(i));
	seq_putc(m, '\n');
	seq_puts(m, "column_names" MEMCLASS_COLUMNS(COLUMN_NAME) "\n");
	seq_printf(m, "objects_small %lu\n", mc_objects_small());
	seq_printf(m, "cgroups %s\n",
		   mc_cgroups_version() ?: "off: this kernel has no memory cgroups");
	return version_show_faults(m);
}

static int version_open(struct inode *inode, struct file *file)
{
	return single_open(file, version_show, NULL);
}

static const struct file_operations version_fops = {
	.owner = THIS_MODULE,
	.open = version_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

static const struct {
	const char *name;
	const struct file_operations *fops;
} files[] = {
	{ "version", &version_fops },
	{ "classes", &mc_classes_fops },
	{ "processes", &mc_processes_fops },
	{ "faults", &mc_faults_fops },
	{ "objects", &mc_objects_fops },
	{ "cgroups", &mc_cgroups_fops },
	{ "records", &mc_records_fops },
	{ "vmas", &mc_vmas_fops },
};

/*
 * Where every file is opened. debugfs would take a reference to the module by itself,
 * but warns when it gets none and the module is not yet marked as going, as it is for
 * a moment in every rmmod. So what debugfs has belongs to nobody; the reference comes
 * with the file's own operations, and goes with them, after their release() and
 * outside of the module.
 *
 * Locking: debugfs lets nobody remove the file, and so the module, meanwhile.
 */
static int file_open(struct inode *inode, struct file *file)
{
	const struct file_operations *fops;

	/*
	 * Root can do this whatever the mode says. There is nothing that could be
	 * written, and whoever tries is told so at once.
	 */
	if (file->f_mode & FMODE_WRITE)
		return -EACCES;
	if (!READ_ONCE(all_there))
		return -ENXIO;
	fops = fops_get((const struct file_operations *)inode->i_private);
	if (!fops)
		return -ENXIO;
	replace_fops(file, fops);
	return fops->open(inode, file);
}

static const struct file_operations open_fops = {
	.open = file_open,
};

static int create_files(void)
{
	struct dentry *file;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		/* "Unsafe" for files that could be removed while they are open. */
		file = debugfs_create_file_unsafe(files[i].name, 0400, dir,
						  (void *)files[i].fops, &open_fops);
		if (IS_ERR(file))
			return PTR_ERR(file);
	}
	WRITE_ONCE(all_there, true);
	return 0;
}

static const char *why(int error)
{
	switch (error) {
	case -ENODEV:
		return "this kernel was built without debugfs";
	case -EPERM:
	case -ENOENT:
		return "this kernel was booted without debugfs";
	case -EEXIST:
		return "something else has that name";
	default:
		return "debugfs failed";
	}
}

/**
 * mc_debugfs_init() - make the directory and all files
 *
 * The files can be read from then on.
 *
 * Return: 0, or debugfs's error, after one line in the log that says why.
 */
int mc_debugfs_init(void)
{
	int ret;

	dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	ret = PTR_ERR_OR_ZERO(dir);
	if (ret)
		goto out;
	ret = create_files();
	if (ret)
		debugfs_remove(dir);
out:
	if (ret)
		pr_err("cannot make /sys/kernel/debug/%s: %s (%pe)\n",
		       KBUILD_MODNAME, why(ret), ERR_PTR(ret));
	/* insmod would take -ENOENT for a symbol that the kernel does not have. */
	return ret == -ENOENT ? -ENODEV : ret;
}

/**
 * mc_debugfs_exit() - remove the directory and all files
 *
 * No file is open: each has a reference to the module. Waits for those that try.
 */
void mc_debugfs_exit(void)
{
	debugfs_remove(dir);
}
