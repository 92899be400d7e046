// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: memclass(8) can be relied on: its examples run, and it has every command,
 * option, exit status and member of the JSON.
 * Oracle: the client.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"

#include "client/run.h"
#include "memclass.h"

/* The manual as it was when this was built. */
__asm__(".section .rodata\n"
	"manual:\n"
	".incbin \"../userspace/memclass.8\"\n"
	".byte 0\n"
	".previous");
extern const char manual[];

static const char *const command_names[] = { "ps", "show", "maps", "faults", "objects", "cgroups",
					     "system", "record", "report", "diff", "watch", "top",
					     "export", "classes", "version", "completion", "help" };

#define NR_COMMANDS	(sizeof(command_names) / sizeof(command_names[0]))

/* Return: whether @word stands by itself in the manual. */
static bool manual_has(const char *word)
{
	size_t length = strlen(word);
	const char *at = manual;

	while ((at = strstr(at, word))) {
		bool begins = at == manual || isspace((unsigned char)at[-1]);

		at += length;
		if (begins && (isspace((unsigned char)*at) || *at == ','))
			return true;
	}
	return false;
}

FIXTURE(manual) {};

FIXTURE_SETUP(manual)
{
}

FIXTURE_TEARDOWN(manual)
{
}

TEST_F(manual, commands)
{
	struct run help;
	char word[64];
	size_t i;

	run(&help, "help", NULL);
	for (i = 0; i < NR_COMMANDS; i++) {
		snprintf(word, sizeof(word), "\n.It Cm %s\n", command_names[i]);
		EXPECT_NE(NULL, strstr(manual, word))
		TH_LOG("%s", command_names[i]);
		snprintf(word, sizeof(word), "\n  %-8s", command_names[i]);
		EXPECT_NE(NULL, strstr(help.out, word))
		TH_LOG("%s", command_names[i]);
	}
	run_free(&help);
}

TEST_F(manual, options)
{
	struct run help;
	char option[64];
	const char *at;
	size_t i, length;

	for (i = 0; i < NR_COMMANDS; i++) {
		run(&help, "help", command_names[i], NULL);
		for (at = help.out; (at = strstr(at, " --")); at += length) {
			at += strlen(" --");
			length = strspn(at, "abcdefghijklmnopqrstuvwxyz-");
			snprintf(option, sizeof(option), "-%.*s", (int)length, at);
			EXPECT_TRUE(manual_has(option))
			TH_LOG("%s", option);
		}
		run_free(&help);
	}
}

/* Each line of help, as it is there. */
TEST_F(manual, keys_of_top)
{
	unsigned int keys = 0;
	struct run help;
	char line[256];
	const char *at;

	run(&help, "help", "top", NULL);
	at = strstr(help.out, "Keys:\n");
	ASSERT_NE(NULL, at);
	for (at = strchr(at, '\n') + 1; *at == ' '; at = strchr(at, '\n') + 1, keys++) {
		snprintf(line, sizeof(line), "\n%.*s\n", (int)strcspn(at, "\n"), at);
		EXPECT_NE(NULL, strstr(manual, line))
		TH_LOG("%s", line);
	}
	EXPECT_GE(keys, 15U);
	run_free(&help);
}

TEST_F(manual, exit_statuses)
{
	static const char *const statuses[] = { "0", "1", "2", "3", "4", "5" };
	char word[32];
	size_t i;

	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		snprintf(word, sizeof(word), "\n.It %s\n", statuses[i]);
		EXPECT_NE(NULL, strstr(strstr(manual, ".Sh EXIT STATUS"), word));
	}
}

static bool is_column(const char *name)
{
#define SAME(field, tier, text) \
	if (!strcmp(name, #field)) \
		return true;
	MEMCLASS_COLUMNS(SAME)
#undef SAME
#define SAME(field, text) \
	if (!strcmp(name, #field)) \
		return true;
	MEMCLASS_FAULTS(SAME)
#undef SAME
	return false;
}

static void expect_members(struct __test_metadata *_metadata, const struct json *json)
{
	for (json = json->first; json; json = json->next) {
		if (json->name && !is_column(json->name)) {
			EXPECT_TRUE(manual_has(json->name))
			TH_LOG("%s", json->name);
		}
		expect_members(_metadata, json);
	}
}

TEST_F(manual, json)
{
	struct run got;
	size_t i;

	if (!module_is_there())
		SKIP(return, "needs the module");
	for (i = 0; i < 7; i++) {
		run(&got, command_names[i], "--json", i && i < 4 ? "1" : NULL, NULL);
		EXPECT_EQ(0, got.status);
		ASSERT_TRUE(run_json(&got));
		expect_members(_metadata, got.json);
		run_free(&got);
	}
	run(&got, "watch", "--json", "--for", "0.3", "--interval", "0.1", "1", NULL);
	EXPECT_EQ(0, got.status);
	ASSERT_TRUE(run_json(&got));
	expect_members(_metadata, got.json);
	run_free(&got);
}

TEST_F_TIMEOUT(manual, examples, 150)
{
	const char *at = strstr(manual, ".Sh EXAMPLES");
	unsigned int examples = 0;
	char line[256];
	struct run got;
	bool shows;

	if (!module_is_there())
		SKIP(return, "needs the module");
	ASSERT_NE(NULL, at);
	while ((at = strstr(at, "\n.Dl "))) {
		at += strlen("\n.Dl ");
		ASSERT_TRUE(*at == '#' || *at == '$');
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n") - 2, at + 2);
		run_shell(&got, line);
		EXPECT_EQ(0, got.status)
		TH_LOG("%s: %s", line, got.err);
		EXPECT_STREQ("", got.err)
		TH_LOG("%s", line);
		shows = *got.out;
		EXPECT_EQ(!strchr(line, '>') && !strstr(line, " -o /"), shows)
		TH_LOG("%s", line);
		run_free(&got);
		examples++;
	}
	EXPECT_GE(examples, 5U);
	remove("/tmp/memory.json");
	remove("/tmp/memory.html");
	remove("/tmp/memory.mc");
}

TEST_HARNESS_MAIN
