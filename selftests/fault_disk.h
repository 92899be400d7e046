/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests that need a file on a disk: one in memory, which is a device all the same.
 */
#ifndef FAULT_DISK_H
#define FAULT_DISK_H

#include "fault.h"

#define DISK		"/tmp/fault_disk"
#define DISK_FILE	DISK "/file"		/* 50 MiB, that return when they are called */

static inline bool shell(const char *command)
{
	const int status = system(command);

	return WIFEXITED(status) && !WEXITSTATUS(status);
}

/*
 * In a minimal guest the modules lie ready, unless they are loaded already; elsewhere
 * they come by themselves.
 */
static inline bool disk_make(void)
{
	return shell("load() {"
		     "	for file in $(sed -n \"s/^$1://p\" /modules/order 2>/dev/null); do"
		     "		[ ! -e /modules/$file ] || insmod /modules/$file;"
		     "		rm -f /modules/$file;"
		     "	done; };"
		     "load zram; load ext4;"
		     "disk=$(cat /sys/class/zram-control/hot_add) &&"
		     "echo 80M >/sys/block/zram$disk/disksize &&"
		     "mke2fs -b 4096 /dev/zram$disk >/dev/null &&"
		     "mkdir -p " DISK " && mount -t ext4 /dev/zram$disk " DISK " &&"
		     "dd if=/dev/zero bs=1M count=50 2>/dev/null | tr '\\0' '\\303' >" DISK_FILE
		     " && sync");
}

static inline bool disk_remove(void)
{
	return shell("disk=$(sed -n 's,^/dev/zram\\([0-9]*\\) " DISK " .*,\\1,p' /proc/mounts)"
		     " && umount " DISK " && rmdir " DISK
		     " && echo 1 >/sys/block/zram$disk/reset"
		     " && echo $disk >/sys/class/zram-control/hot_remove");
}

#endif /* FAULT_DISK_H */
