/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests that need a file on a disk: one in memory, which is a device all the same.
 */
#ifndef FAULT_DISK_H
#define FAULT_DISK_H

#include "fault.h"
#include "lib/module.h"

#define DISK		"/tmp/fault_disk"
#define DISK_FILE	DISK "/file"

/*
 * What the file has: code that returns at once. Further apart than what is read ahead or
 * mapped around, or the largest folio. In between there is nothing on the disk.
 */
#define PLACES		12U
#define APART		(4 * MIB)
#define PLACE		(64 * PAGE)

static inline bool shell(const char *command)
{
	const int status = system(command);

	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static inline bool disk_fill(void)
{
	const int fd = open(DISK_FILE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	static char code[PLACE];
	unsigned int i;
	bool filled;

	memset(code, 0xc3, sizeof(code));
	filled = fd >= 0 && !ftruncate(fd, PLACES * APART);
	for (i = 0; filled && i < PLACES; i++)
		filled = pwrite(fd, code, PLACE, i * APART) == (ssize_t)PLACE;
	filled = filled && !fsync(fd);
	close(fd);
	return filled;
}

static inline bool disk_make(void)
{
	module_want("zram");
	module_want("ext4");
	return shell("disk=$(cat /sys/class/zram-control/hot_add) &&"
		     "echo 80M >/sys/block/zram$disk/disksize &&"
		     "mke2fs -b 4096 /dev/zram$disk >/dev/null &&"
		     "mkdir -p " DISK " && mount -t ext4 /dev/zram$disk " DISK) &&
	       disk_fill();
}

static inline bool disk_remove(void)
{
	return shell("disk=$(sed -n 's,^/dev/zram\\([0-9]*\\) " DISK " .*,\\1,p' /proc/mounts)"
		     " && umount " DISK " && rmdir " DISK
		     " && echo 1 >/sys/block/zram$disk/reset"
		     " && echo $disk >/sys/class/zram-control/hot_remove");
}

#endif /* FAULT_DISK_H */
