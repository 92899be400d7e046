// SPDX-License-Identifier: GPL-2.0
/*
 * The files below /sys/kernel/debug/memclass. They can be read and nothing else:
 * lockdown lets no file open that could be written or has an ioctl.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "debugfs.h"

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/utsname.h>

#include "uapi/memclass.h"

static struct dentry *dir;

static int version_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "abi %d\n", MEMCLASS_ABI);
	seq_printf(m, "version %s\n", MEMCLASS_VERSION);
	seq_printf(m, "kernel %s\n", init_utsname()->release);
	seq_printf(m, "page_size %lu\n", PAGE_SIZE);
	return 0;
}

static int version_open(struct inode *inode, struct file *file)
{
	return mc_debugfs_may_open(file) ?: single_open(file, version_show, NULL);
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
	{ "records", &mc_records_fops },
	{ "vmas", &mc_vmas_fops },
};

static int create_files(void)
{
	struct dentry *file;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		file = debugfs_create_file(files[i].name, 0400, dir, NULL,
					   files[i].fops);
		if (IS_ERR(file))
			return PTR_ERR(file);
	}
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
 * To be called last, since the files can be read from then on.
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
 * Waits for reads that are under way; none can begin after it.
 */
void mc_debugfs_exit(void)
{
	debugfs_remove(dir);
}
