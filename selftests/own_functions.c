// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: whichever of the module's own functions fails, whoever reads is told so or spared
 * it, and the next one is served. Oracle: the kernel's fail_function, which lets them fail on
 * any kernel that lets programs for BPF say so.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "fault_module.h"
#include "lib/reading.h"
#include "lib/settings.h"

#define FAIL_FUNCTION	"/sys/kernel/debug/fail_function/"

/* With @error; or NULL: none does. */
static bool function_fails(const char *function, int error)
{
	char path[128];

	if (!function)
		return text_write(FAIL_FUNCTION "probability", "0") &&
		       text_write(FAIL_FUNCTION "inject", "\n");
	if (!text_write(FAIL_FUNCTION "inject", function))
		return false;
	snprintf(path, sizeof(path), FAIL_FUNCTION "%s/retval", function);
	return setting_write_number(path, (uint64_t)-error) &&
	       text_write(FAIL_FUNCTION "verbose", "0") &&
	       text_write(FAIL_FUNCTION "times", "-1") &&
	       text_write(FAIL_FUNCTION "probability", "100");
}

/* Reads all of each file. Returns how many said ENOMEM; none may say anything else. */
static unsigned int files_refused(struct __test_metadata *_metadata)
{
	unsigned int i, refused = 0;

	for (i = 0; i < READING_NR_FILES; i++) {
		const int fd = open(reading_files[i], O_RDONLY | O_CLOEXEC);
		const int error = read_to_end(fd);

		EXPECT_LE(0, fd);
		EXPECT_TRUE(!error || error == ENOMEM)
		{
			TH_LOG("%s: %s", reading_files[i], strerror(error));
		}
		refused += error == ENOMEM;
		close(fd);
	}
	return refused;
}

TEST(say_that_there_is_no_memory)
{
	static const char *const functions[] = {
		"mc_walk_mm",
		"mc_record_next",
		"mc_record_vmas",
		"mc_objects_next",
		"mc_objects_count_holders",
		"mc_cgroups_next",
	};
	unsigned int i, refused;

	if (access(FAIL_FUNCTION, F_OK))
		SKIP(return, "this kernel cannot let functions fail");
	ASSERT_TRUE(module_is_loaded() || !module_load(""));
	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		ASSERT_TRUE(function_fails(functions[i], ENOMEM));
		refused = files_refused(_metadata);
		ASSERT_TRUE(function_fails(NULL, 0));
		TH_LOG("%s: %u files", functions[i], refused);
		EXPECT_LT(0U, refused);
		EXPECT_EQ(0U, files_refused(_metadata));
	}

	ASSERT_TRUE(faults_set("off"));
	ASSERT_TRUE(function_fails("mc_fault_table_start", ENOMEM));
	/* Then it is not counted, and that is told. */
	EXPECT_TRUE(faults_set("auto"));
	EXPECT_FALSE(counting_is_on());
	EXPECT_EQ(0U, files_refused(_metadata));
	ASSERT_TRUE(function_fails(NULL, 0));
	EXPECT_TRUE(faults_set("auto"));
	EXPECT_TRUE(counting_is_on());
}

/* Each of two neighbours becomes another program whenever it is walked: they are passed over. */
TEST(neighbours_that_change_all_the_time)
{
	struct child children[8];
	unsigned int i;
	int fd;

	if (access(FAIL_FUNCTION, F_OK))
		SKIP(return, "this kernel cannot let functions fail");
	ASSERT_TRUE(module_is_loaded() || !module_load(""));
	fd = records_open();
	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(children); i++) {
		children[i] = child_start(NULL, NULL);
		ASSERT_NE(-1, children[i].pid);
	}
	ASSERT_TRUE(function_fails("mc_walk_mm", ESRCH));
	EXPECT_EQ(0, read_to_end(fd));
	ASSERT_TRUE(function_fails(NULL, 0));
	close(fd);
	for (i = 0; i < ARRAY_SIZE(children); i++)
		child_end(&children[i]);
}

TEST_HARNESS_MAIN
