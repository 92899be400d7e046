// SPDX-License-Identifier: GPL-2.0
/* memclass classes: the vocabulary. */
#include <stdio.h>

#include "columns.h"
#include "command.h"
#include "emit.h"

/* Every class of the type that is asked for. */
static void print_classes(enum memclass_type type)
{
#define PRINT(class, name, class_type, text) \
	if (MEMCLASS_TYPE_##class_type == type) \
		printf("    %-14s %s\n", name, text);
	MEMCLASS_CLASSES(PRINT)
#undef PRINT
}

static void print_words(void)
{
	printf("Every mapping is of one class, every class of one type.\n\n");
#define PRINT(type, name, text) \
	printf("%-18s %s\n", name, text); \
	print_classes(MEMCLASS_TYPE_##type);
	MEMCLASS_TYPES(PRINT)
#undef PRINT

	printf("\nWhat is counted of each; bytes, except for vmas (* also with --cheap):\n\n");
#define CHEAP "*"
#define FULL ""
#define PRINT(field, tier, text) \
	printf("  %-16s %1s%s\n", #field, tier, text);
	MEMCLASS_COLUMNS(PRINT)
#undef PRINT
#undef FULL
#undef CHEAP
#define PRINT(field, columns, text) \
	printf("  %-17s%s; in tables only\n", #field, text);
	DERIVED_COLUMNS(PRINT)
#undef PRINT

	printf("\nPage faults, by the class of what they hit:\n\n");
#define PRINT(field, text) \
	printf("  %-17s%s\n", #field, text);
	MEMCLASS_FAULTS(PRINT)
#undef PRINT
#define PRINT(field, columns, text) \
	printf("  %-17s%s; in tables only\n", #field, text);
	DERIVED_FAULTS(PRINT)
#undef PRINT
}

/*
 * As JSON: what memclass itself can count, nothing that only tables have.
 */

struct word {
	const char *name;
	const char *text;
	const char *key;		/* of what more there is to say */
	const char *value;
};

static void emit_words(struct json *json, const char *key, const struct word *words, size_t count)
{
	size_t i;

	json_open_array(json, key);
	for (i = 0; i < count; i++) {
		json_line(json);
		json_open_object(json, NULL);
		json_string(json, "name", words[i].name);
		if (words[i].key)
			json_string(json, words[i].key, words[i].value);
		json_string(json, "text", words[i].text);
		json_close_object(json);
	}
	json_line(json);
	json_close_array(json);
}

#define EMIT(json, key, words)	emit_words(json, key, words, sizeof(words) / sizeof(words[0]))

static void print_json(void)
{
#define NAME(type, name, text)	[MEMCLASS_TYPE_##type] = name,
	static const char *const type_names[] = { MEMCLASS_TYPES(NAME) };
#undef NAME
#define WORD(type, name, text)	{ name, text, NULL, NULL },
	static const struct word types[] = { MEMCLASS_TYPES(WORD) };
#undef WORD
#define WORD(class, name, type, text)	{ name, text, "type", type_names[MEMCLASS_TYPE_##type] },
	const struct word classes[] = { MEMCLASS_CLASSES(WORD) };
#undef WORD
#define CHEAP "cheap"
#define FULL "full"
#define WORD(field, tier, text)	{ #field, text, "tier", tier },
	static const struct word columns[] = { MEMCLASS_COLUMNS(WORD) };
#undef WORD
#undef FULL
#undef CHEAP
#define WORD(field, text)	{ #field, text, NULL, NULL },
	static const struct word faults[] = { MEMCLASS_FAULTS(WORD) };
#undef WORD
	struct json json;

	json_begin(&json, stdout);
	json_open_object(&json, NULL);
	json_number(&json, "schema", JSON_SCHEMA);
	EMIT(&json, "types", types);
	EMIT(&json, "classes", classes);
	EMIT(&json, "columns", columns);
	EMIT(&json, "faults", faults);
	json_close_object(&json);
	json_end(&json);
}

static enum status run(const struct request *request, char **operands, int count)
{
	(void)operands;
	(void)count;

	if (request->json)
		print_json();
	else
		print_words();
	return STATUS_OK;
}

const struct command classes_command = {
	.name = "classes",
	.operands = "",
	.summary = "the words that the others use, explained",
	.details = "Types, classes and columns. Works without the module.\n",
	.options = OPTION_JSON,
	.min_operands = 0,
	.max_operands = 0,
	.run = run,
};
