// SPDX-License-Identifier: GPL-2.0
/* memclass classes: the vocabulary. */
#include <stdio.h>

#include "columns.h"
#include "command.h"

/* Every class of the type that is asked for. */
static void print_classes(enum memclass_type type)
{
#define PRINT(class, name, class_type, text) \
	if (MEMCLASS_TYPE_##class_type == type) \
		printf("    %-14s %s\n", name, text);
	MEMCLASS_CLASSES(PRINT)
#undef PRINT
}

static enum status run(const struct request *request, char **operands, int count)
{
	(void)request;
	(void)operands;
	(void)count;

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
	return STATUS_OK;
}

const struct command classes_command = {
	.name = "classes",
	.operands = "",
	.summary = "the words that the others use, explained",
	.details = "Types, classes and columns. Works without the module.\n",
	.options = 0,
	.min_operands = 0,
	.max_operands = 0,
	.run = run,
};
