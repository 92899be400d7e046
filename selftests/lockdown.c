// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: all files open and can be read when the kernel is locked down, as it is under
 * Secure Boot. Oracle: a debugfs file of the kernel's own that can be written, which
 * does not open any more. There is no way back until the next boot.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "lib/reading.h"
#include "lib/rows.h"

#define LOCKDOWN	"/sys/kernel/security/lockdown"

/* Return: 0, or an error; ENOENT when the kernel has no such thing. */
static int lock_down(const char *level)
{
	int fd, ret;

	if (access(LOCKDOWN, F_OK))
		mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL);
	fd = open(LOCKDOWN, O_WRONLY);
	if (fd < 0)
		return errno;
	ret = write(fd, level, strlen(level)) < 0 ? errno : 0;
	close(fd);
	return ret;
}

TEST(files_open_under_integrity)
{
	static struct memclass_record record;
	char text[8192];
	size_t i;
	int fd;

	if (lock_down("integrity") == ENOENT)
		SKIP(return, "this kernel cannot be locked down");
	/* It is: a file that anybody could open before does not. */
	EXPECT_EQ(-1, open("/sys/kernel/debug/sched/verbose", O_RDWR));
	EXPECT_EQ(-1, open("/dev/mem", O_RDONLY));
	EXPECT_EQ(EPERM, errno);
	for (i = 0; i < READING_NR_FILES; i++) {
		fd = open(reading_files[i], O_RDONLY);
		ASSERT_GE(fd, 0);
		EXPECT_GT(read(fd, text, sizeof(text)), 0);
		close(fd);
	}
	ASSERT_TRUE(record_of(records_open(), getpid(), &record));
	EXPECT_RIGHT(record_fault(&record));
}

TEST_HARNESS_MAIN
