// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: where the kernel has no memory cgroups, the file "cgroups" and the client say so,
 * and all else goes on. Oracle: what the kernel was told at its start.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "client/run.h"

#define FILE_NAME	"/sys/kernel/debug/memclass/cgroups"

static bool is_told(const char *words)
{
	char line[4096] = "";
	FILE *file = fopen("/proc/cmdline", "re");
	bool told = file && fgets(line, sizeof(line), file) && strstr(line, words);

	if (file)
		fclose(file);
	return told;
}

static bool version_has(const char *line)
{
	struct run got;
	bool has;

	run(&got, "version", NULL);
	has = strstr(got.out, line);
	run_free(&got);
	return has;
}

TEST(say_so)
{
	struct run got;

	if (!is_told("cgroup_disable=memory"))
		SKIP(return, "this kernel has memory cgroups");
	EXPECT_TRUE(version_has("\nmodule cgroups off: "));
	EXPECT_EQ(-1, open(FILE_NAME, O_RDONLY));
	EXPECT_EQ(EOPNOTSUPP, errno);
	run(&got, "cgroups", NULL);
	EXPECT_EQ(1, got.status);
	EXPECT_STREQ("", got.out);
	EXPECT_NE(NULL, strstr(got.err, "no memory cgroups"));
	run_free(&got);
	/* What does not need them goes on. */
	run(&got, "objects", NULL);
	EXPECT_EQ(0, got.status);
	run_free(&got);
}

TEST_HARNESS_MAIN
