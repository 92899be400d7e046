// SPDX-License-Identifier: GPL-2.0
/*
 * 6.7, "fs: store real path instead of fake path in backing file f_path": the path
 * and inode that a file on overlayfs was opened by are asked for by these.
 */
#include <linux/fs.h>

const struct path *probe(struct file *file, const struct inode **inode);
const struct path *probe(struct file *file, const struct inode **inode)
{
	*inode = file_user_inode(file);
	return file_user_path(file);
}
