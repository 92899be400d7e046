// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: memclass classes explains every word, as text and as JSON.
 * Oracle: memclass.h.
 */
#include <string.h>

#include "kselftest_harness.h"

#include "client/run.h"
#include "lib/patience.h"
#include "memclass.h"

/* Return: whether a line of @text begins with @name and ends with @explanation. */
static bool has_line(const char *text, const char *name, const char *explanation)
{
	size_t length = strlen(name), end;

	for (; *text; text += end + !!text[end]) {
		text += strspn(text, " ");
		end = strcspn(text, "\n");
		if (!strncmp(text, name, length) && text[length] == ' ' &&
		    end > length + strlen(explanation) &&
		    !strncmp(text + end - strlen(explanation), explanation, strlen(explanation)))
			return true;
	}
	return false;
}

/* Every word of the header, beside what it says of it. */
TEST(as_text)
{
	static const struct {
		const char *name, *text;
	} words[] = {
#define TYPE(type, name, text) { name, text },
		MEMCLASS_TYPES(TYPE)
#undef TYPE
#define CLASS(class, name, type, text) { name, text },
			MEMCLASS_CLASSES(CLASS)
#undef CLASS
#define COLUMN(field, tier, text) { #field, text },
				MEMCLASS_COLUMNS(COLUMN)
#undef COLUMN
	};
	struct run got;
	size_t i;

	run(&got, "classes", NULL);
	EXPECT_EQ(0, got.status);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		bool has = has_line(got.out, words[i].name, words[i].text);

		EXPECT_TRUE(has)
		TH_LOG("%s", words[i].name);
	}
	run_free(&got);
}

TEST(as_json)
{
	static const struct {
		const char *list, *name, *text, *key, *value;
	} words[] = {
		{ "classes", "heap", NULL, "type", "private-anon" },
		{ "classes", "memfd", NULL, "type", "shared-anon" },
#define TYPE(type, name, text) { "types", name, text, NULL, NULL },
		MEMCLASS_TYPES(TYPE)
#undef TYPE
#define CHEAP	"cheap"
#define FULL	"full"
#define COLUMN(field, tier, text) { "columns", #field, text, "tier", tier },
			MEMCLASS_COLUMNS(COLUMN)
#undef COLUMN
#define FAULT(field, text) { "faults", #field, text, NULL, NULL },
				MEMCLASS_FAULTS(FAULT)
#undef FAULT
	};
	const struct json *word;
	struct run got;
	size_t i;

	run(&got, "classes", "--json", NULL);
	EXPECT_EQ(0, got.status);
	ASSERT_TRUE(run_json(&got));
	EXPECT_EQ((size_t)MEMCLASS_NR_CLASSES, json_length(json_member(got.json, "classes")));
	EXPECT_EQ((size_t)MEMCLASS_NR_COLUMNS, json_length(json_member(got.json, "columns")));
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		word = json_find(json_member(got.json, words[i].list), "name", words[i].name);
		ASSERT_NE(NULL, word)
		TH_LOG("%s", words[i].name);
		if (words[i].text)
			EXPECT_STREQ(words[i].text, json_string(word, "text"));
		if (words[i].key)
			EXPECT_STREQ(words[i].value, json_string(word, words[i].key));
	}
	run_free(&got);
}

TEST_HARNESS_MAIN
