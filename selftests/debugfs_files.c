// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: "version" tells a client that was built from another version of memclass.h
 * what it needs to read the other files. Oracle: this version of memclass.h, the
 * records themselves, and what the kernel says of itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "lib/reading.h"

/* The value of a key, "(none)" when there is none; it is kept until next time. */
static const char *version_of(const char *key)
{
	static char line[4096];
	FILE *file = fopen(FILE_PATH("version"), "r");
	size_t length = strlen(key);
	const char *value = NULL;

	while (file && !value && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, key, length) && line[length] == ' ')
			value = line + length + 1;
	}
	if (file)
		fclose(file);
	return value ?: "(none)";
}

TEST(version_is_of_this_module)
{
	struct utsname name;

	ASSERT_EQ(0, uname(&name));
	EXPECT_EQ(MEMCLASS_ABI, atoi(version_of("abi")));
	EXPECT_STREQ(MEMCLASS_VERSION, version_of("version"));
	EXPECT_STREQ(name.release, version_of("kernel"));
	EXPECT_EQ(sysconf(_SC_PAGESIZE), atol(version_of("page_size")));
}

/* A buffer of just that size is filled; with a byte less, it is none. */
TEST(version_has_the_sizes)
{
	static char buffer[sizeof(struct memclass_record) + sizeof(struct memclass_vma)];
	const size_t record_size = atol(version_of("record_size"));
	const size_t vma_size = atol(version_of("vma_size"));

	EXPECT_EQ(sizeof(struct memclass_record), record_size);
	EXPECT_EQ(sizeof(struct memclass_vma), vma_size);
	EXPECT_EQ((ssize_t)record_size, pread(records_open(), buffer, record_size, 0));
	EXPECT_EQ(record_size, *(uint32_t *)buffer);
	EXPECT_EQ(-1, pread(records_open(), buffer, record_size - 1, 0));
	EXPECT_EQ((ssize_t)vma_size, pread(vmas_open(), buffer, vma_size, 0));
	EXPECT_EQ(vma_size, *(uint32_t *)buffer);
	EXPECT_EQ(-1, pread(vmas_open(), buffer, vma_size - 1, 0));
}

TEST(version_has_the_names)
{
#define TYPE(type, name, text) static const char type_##type[] = " " name;
	MEMCLASS_TYPES(TYPE)
#undef TYPE
#define NAME(class, name, type, text) " " name
	EXPECT_STREQ(" " MEMCLASS_CLASSES(NAME) + 2, version_of("class_names"));
#undef NAME
#define NAME(field, tier, text) " " #field
	EXPECT_STREQ(" " MEMCLASS_COLUMNS(NAME) + 2, version_of("column_names"));
#undef NAME
	char types[1024] = "";

#define NAME(class, name, type, text) strcat(types, type_##type);
	MEMCLASS_CLASSES(NAME)
#undef NAME
	EXPECT_STREQ(types + 1, version_of("class_types"));
}

TEST_HARNESS_MAIN
