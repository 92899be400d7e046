// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: memory cgroups of v1 are shown like those of v2. Oracle: what the test mounts
 * and sets up. Until it ends there are none of v2.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "client/run.h"

#define MOUNT		"/tmp/memory"

static bool version_has(const char *line)
{
	struct run got;
	bool has;

	run(&got, "version", NULL);
	has = strstr(got.out, line);
	run_free(&got);
	return has;
}

static const struct json *find(const struct json *json, const char *path)
{
	for (json = json_member(json, "cgroups")->first; json; json = json->next)
		if (!strcmp(json_string(json, "path"), path))
			break;
	return json;
}

TEST(are_shown)
{
	const struct json *cgroup, *limit;
	struct run got;
	FILE *file;

	EXPECT_TRUE(version_has("\nmodule cgroups v2"));
	mkdir(MOUNT, 0755);
	if (mount("memory", MOUNT, "cgroup", 0, "memory"))
		SKIP(return, "no memory cgroups of v1: %s", strerror(errno));
	EXPECT_TRUE(version_has("\nmodule cgroups v1"));
	ASSERT_EQ(0, mkdir(MOUNT "/inner", 0755));
	file = fopen(MOUNT "/inner/memory.limit_in_bytes", "w");
	fprintf(file, "67108864");
	fclose(file);
	file = fopen(MOUNT "/inner/cgroup.procs", "w");
	fprintf(file, "%d", getpid());
	fclose(file);
	run(&got, "cgroups", "--json", NULL);
	EXPECT_EQ(0, got.status)
	TH_LOG("%s", got.err);
	ASSERT_TRUE(run_json(&got));
	cgroup = find(got.json, "/inner");
	ASSERT_NE(NULL, cgroup);
	/* This process, and the client itself. */
	EXPECT_EQ(2U, json_number(cgroup, "processes"));
	EXPECT_EQ(67108864U, json_number(cgroup, "limit"));
	EXPECT_GT(67108864U, json_number(cgroup, "headroom"));
	limit = json_find(json_member(cgroup, "limits"), "limit", "memory.limit_in_bytes");
	ASSERT_NE(NULL, limit);
	EXPECT_EQ(67108864U, json_number(limit, "max"));
	EXPECT_STREQ("/inner", json_string(limit, "cgroup"));
	EXPECT_NE(NULL, find(got.json, "/"));
	run_free(&got);
	file = fopen(MOUNT "/cgroup.procs", "w");
	fprintf(file, "%d", getpid());
	fclose(file);
	rmdir(MOUNT "/inner");
	umount(MOUNT);
}

TEST_HARNESS_MAIN
