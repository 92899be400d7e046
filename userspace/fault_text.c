// SPDX-License-Identifier: GPL-2.0
/*
 * The module's text file "faults": names of columns, then a row for each class, in the
 * order of their numbers, and one for what was dropped.
 */
#include "fault_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Return: the fault column of that name, or -1 for one that only a newer module has. */
static int fault_column(const char *name)
{
#define COMPARE(field, text) \
	if (!strcmp(name, #field)) \
		return FAULT_COLUMN_##field;
	MEMCLASS_FAULTS(COMPARE)
#undef COMPARE
	return -1;
}

/* A row of the file; a word of it that is "off" is not known. */
static void parse_faults(const char *heading, char *row, struct counts *counts)
{
	char names[1024], *next_name, *next_word, *word, *end;
	const char *name;
	uint64_t value;
	int column;

	memset(counts, 0, sizeof(*counts));
	snprintf(names, sizeof(names), "%s", heading);
	name = strtok_r(names, " ", &next_name);
	word = strtok_r(row, " ", &next_word);
	while (name && word) {
		column = fault_column(name);
		value = strtoull(word, &end, 10);
		if (column >= 0 && !strcmp(word, "off")) {
			counts->faults_off = true;
		} else if (column >= 0 && !*end) {
			counts->faults[column] = value;
			counts->faults_filled |= 1ULL << column;
		}
		name = strtok_r(NULL, " ", &next_name);
		word = strtok_r(NULL, " ", &next_word);
	}
}

static bool add_class(struct all_faults *faults, const struct counts *counts)
{
	struct class_counts *more;

	more = realloc(faults->classes, (faults->nr_classes + 1) * sizeof(*more));
	if (!more)
		return false;
	faults->classes = more;
	more[faults->nr_classes].class = faults->nr_classes;
	more[faults->nr_classes++].counts = *counts;
	counts_add(&faults->total, counts);
	return true;
}

/* Return: false when there is no memory for it. */
bool fault_text_parse(char *text, struct all_faults *faults)
{
	const char *heading;
	struct counts counts;
	char *line, *next;

	memset(faults, 0, sizeof(*faults));
	counts_clear(&faults->total);
	heading = strtok_r(text, "\n", &next);
	while ((line = strtok_r(NULL, "\n", &next))) {
		if (strncmp(line, "dropped ", strlen("dropped "))) {
			parse_faults(heading, line, &counts);
			if (!add_class(faults, &counts))
				return false;
			continue;
		}
		parse_faults(heading, line, &counts);
		counts_get_faults(&counts, FAULT_BIT(minor_read), &faults->dropped_minor);
		counts_get_faults(&counts, FAULT_BIT(major_read), &faults->dropped_major);
	}
	return true;
}
