// SPDX-License-Identifier: GPL-2.0
#include "columns.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	enum memclass_type type;
} classes[MEMCLASS_NR_CLASSES] = {
#define ROW(class, name, type, text)	{ name, MEMCLASS_TYPE_##type },
	MEMCLASS_CLASSES(ROW)
#undef ROW
};

static const char *const types[MEMCLASS_NR_TYPES] = {
#define ROW(type, name, text)	name,
	MEMCLASS_TYPES(ROW)
#undef ROW
};

/*
 * The names that a newer module has beyond those of memclass.h: by number, "" where it
 * has none. They are the module's for as long as this program runs.
 */
#define NAMES_MAX	64

static char newer[NR_NAMES][NAMES_MAX][CLASS_NAME_MAX];

/* Takes in all names, of which there is a blank between any two. */
void names_learn(enum names names, const char *words)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	unsigned int i;

	for (i = 0; *words && i < NAMES_MAX; i++) {
		size_t length = strcspn(words, " ");

		if (length < CLASS_NAME_MAX && strspn(words, allowed) == length)
			snprintf(newer[names][i], CLASS_NAME_MAX, "%.*s", (int)length, words);
		words += length;
		words += *words == ' ';
	}
}

/* Return: NULL when the module has none. */
static const char *newer_name(enum names names, unsigned int number)
{
	return number < NAMES_MAX && *newer[names][number] ? newer[names][number] : NULL;
}

/* Return: whether all of @columns are known; then @sum is theirs. */
bool counts_get(const struct counts *counts, uint64_t columns, uint64_t *sum)
{
	if (columns & ~counts->filled)
		return false;
	for (*sum = 0; columns; columns &= columns - 1)
		*sum += counts->values[__builtin_ctzll(columns)];
	return true;
}

/* The same for page faults. */
bool counts_get_faults(const struct counts *counts, uint64_t columns, uint64_t *sum)
{
	if (columns & ~counts->faults_filled)
		return false;
	for (*sum = 0; columns; columns &= columns - 1)
		*sum += counts->faults[__builtin_ctzll(columns)];
	return true;
}

/* The sum of nothing is known. */
void counts_clear(struct counts *sum)
{
	memset(sum, 0, sizeof(*sum));
	sum->filled = ~0ULL;
	sum->faults_filled = ~0ULL;
}

void counts_add(struct counts *restrict sum, const struct counts *restrict counts)
{
	uint64_t rest = counts->filled >> MEMCLASS_NR_COLUMNS;
	unsigned int i;

	sum->filled &= counts->filled;
	for (i = 0; i < MEMCLASS_NR_COLUMNS; i++)
		sum->values[i] += counts->values[i];
	/* Those of a newer module. */
	for (; rest; i++, rest >>= 1)
		sum->values[i] += counts->values[i];
	counts_add_faults(sum, counts);
}

/* Memory that processes share is counted once; their page faults are their own. */
void counts_add_faults(struct counts *restrict sum, const struct counts *restrict counts)
{
	unsigned int i;

	sum->faults_filled &= counts->faults_filled;
	sum->faults_off |= counts->faults_off;
	for (i = 0; i < NR_FAULT_COLUMNS; i++)
		sum->faults[i] += counts->faults[i];
}

/* A class that nobody has a name for is "class-N". */
const char *class_name(char buffer[CLASS_NAME_MAX], unsigned int class)
{
	const char *name = newer_name(NAMES_CLASSES, class);

	if (class < MEMCLASS_NR_CLASSES)
		return classes[class].name;
	if (name)
		return name;
	snprintf(buffer, CLASS_NAME_MAX, "class-%u", class);
	return buffer;
}

/* Return: NULL when it is not known. */
const char *class_type_name(unsigned int class)
{
	return class < MEMCLASS_NR_CLASSES ? types[classes[class].type] :
					     newer_name(NAMES_CLASS_TYPES, class);
}

enum memclass_type class_type(unsigned int class)
{
	enum memclass_type type = 0;

	if (class < MEMCLASS_NR_CLASSES)
		return classes[class].type;
	while (type < MEMCLASS_NR_TYPES && !class_has_type(class, type))
		type++;
	return type;
}

bool class_has_type(unsigned int class, enum memclass_type type)
{
	const char *name;

	if (class < MEMCLASS_NR_CLASSES)
		return classes[class].type == type;
	name = class_type_name(class);
	return name && !strcmp(name, types[type]);
}

/* Return: NULL for a column that memclass.h has, and where there is none. */
const char *newer_column_name(unsigned int column)
{
	return column < MEMCLASS_NR_COLUMNS ? NULL : newer_name(NAMES_COLUMNS, column);
}

/* Return: NULL where there is none. */
const char *column_name(unsigned int column)
{
	static const char *const names[] = {
#define ROW(field, tier, text)	#field,
		MEMCLASS_COLUMNS(ROW)
#undef ROW
	};

	return column < MEMCLASS_NR_COLUMNS ? names[column] : newer_column_name(column);
}

/* The other way round: the class that class_name() calls so. */
bool class_find(const char *name, unsigned int *class)
{
	char buffer[CLASS_NAME_MAX];

	for (*class = 0; *class < NAMES_MAX; ++*class)
		if (!strcmp(class_name(buffer, *class), name))
			return true;
	return sscanf(name, "class-%u", class) == 1;
}
