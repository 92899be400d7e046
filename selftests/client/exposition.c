// SPDX-License-Identifier: GPL-2.0
#include "exposition.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS	"abcdefghijklmnopqrstuvwxyz_"
#define NAME	LETTERS "0123456789"

/* Return: the end of a name, or NULL when there is none. */
static const char *skip_name(const char *at)
{
	if (!strspn(at, LETTERS))
		return NULL;
	return at + strspn(at, NAME);
}

/* Return: the end of a quoted value, or NULL: it is wrong. */
static const char *skip_value(const char *at)
{
	if (*at++ != '"')
		return NULL;
	for (; *at != '"'; at++) {
		if (!*at)
			return NULL;
		if (*at == '\\' && !strchr("\\\"n", *++at))
			return NULL;
	}
	return at + 1;
}

static const char *skip_labels(const char *at)
{
	if (*at != '{')
		return at;
	do {
		at = skip_name(at + 1);
		if (!at || *at++ != '=')
			return NULL;
		at = skip_value(at);
	} while (at && *at == ',');
	return at && *at == '}' ? at + 1 : NULL;
}

/* The family that lines belong to, and whether its head is complete. */
struct family {
	char name[128];
	bool helped;
	bool typed;
};

static bool is_family(const char *series, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(series, name, length) && (series[length] == '{' || !series[length]);
}

static const char *take_head(const struct exposition *exposition, struct family *family,
			     const char *line)
{
	char word[8], name[128], type[16];
	int end = 0;

	if (sscanf(line, "# %7s %127s %n", word, name, &end) != 2 || !end || !line[end])
		return "malformed comment";
	if (!strcmp(word, "HELP")) {
		if (exposition_count(exposition, name))
			return "a family in two pieces";
		snprintf(family->name, sizeof(family->name), "%s", name);
		family->helped = true;
		family->typed = false;
		return NULL;
	}
	if (strcmp(word, "TYPE") || !family->helped || strcmp(name, family->name))
		return "TYPE without HELP";
	snprintf(type, sizeof(type), "%s", line + end);
	if (strcmp(type, "gauge") && strcmp(type, "counter"))
		return "unknown type";
	if (!strcmp(type, "counter") !=
	    (strlen(name) > 6 && !strcmp(name + strlen(name) - 6, "_total")))
		return "a counter ends in _total, and nothing else does";
	family->typed = true;
	return NULL;
}

static const char *take_series(struct exposition *exposition, const struct family *family,
			       char *line)
{
	const char *at = skip_name(line);
	struct exposition_series *series;
	double value;
	char *end;

	at = at ? skip_labels(at) : NULL;
	if (!at || *at != ' ')
		return "malformed series";
	line[at - line] = '\0';
	value = strtod(at + 1, &end);
	if (end == at + 1 || *end)
		return "malformed value";
	if (!family->typed || !is_family(line, family->name))
		return "a series without HELP and TYPE";
	if (!isnan(exposition_value(exposition, line)))
		return "a series that comes twice";
	series = reallocarray(exposition->all, exposition->count + 1, sizeof(*series));
	if (!series)
		abort();
	exposition->all = series;
	series[exposition->count++] = (struct exposition_series) { line, value };
	return NULL;
}

const char *exposition_parse(struct exposition *exposition, const char *text)
{
	static char wrong[512];
	struct family family = { 0 };
	const char *error = NULL;
	char *line, *end;

	*exposition = (struct exposition) { .text = strdup(text) };
	for (line = exposition->text; !error && *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return "the last line has no end";
		*end = '\0';
		error = *line == '#' ? take_head(exposition, &family, line) :
				       take_series(exposition, &family, line);
		if (error)
			snprintf(wrong, sizeof(wrong), "%s: %s", error, line);
	}
	return error ? wrong : NULL;
}

char *exposition_text(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	return text;
}

const char *exposition_read(struct exposition *exposition, const char *path)
{
	char *text = exposition_text(path);
	const char *wrong = "there is no such file";

	*exposition = (struct exposition) { 0 };
	if (text)
		wrong = exposition_parse(exposition, text);
	free(text);
	return wrong;
}

void exposition_free(struct exposition *exposition)
{
	free(exposition->all);
	free(exposition->text);
	*exposition = (struct exposition) { 0 };
}

double exposition_value(const struct exposition *exposition, const char *series)
{
	size_t i;

	for (i = 0; i < exposition->count; i++)
		if (!strcmp(exposition->all[i].series, series))
			return exposition->all[i].value;
	return NAN;
}

static double add_up(const struct exposition *exposition, const char *family, double *count)
{
	double sum = 0;
	size_t i;

	*count = 0;
	for (i = 0; i < exposition->count; i++) {
		if (!is_family(exposition->all[i].series, family))
			continue;
		sum += exposition->all[i].value;
		++*count;
	}
	return sum;
}

double exposition_sum(const struct exposition *exposition, const char *family)
{
	double count;

	return add_up(exposition, family, &count);
}

double exposition_count(const struct exposition *exposition, const char *family)
{
	double count;

	add_up(exposition, family, &count);
	return count;
}
