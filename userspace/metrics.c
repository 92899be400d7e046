// SPDX-License-Identifier: GPL-2.0
#include "metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

void metrics_family(struct metrics *metrics, const char *name, const char *type,
		    const char *help)
{
	metrics->name = name;
	metrics->type = type;
	metrics->help = help;
}

/* By their first byte; those that would be a shorter character's, or none, are not in it. */
static const struct {
	unsigned char first, last;	/* byte */
	unsigned char low, high;	/* second byte */
	size_t length;
} characters[] = {
	{ 0x20, 0x7e, 0, 0, 1 },
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* Return: the bytes of the UTF-8 character at @text, 0 when there is none to be shown. */
static size_t character(const unsigned char *text)
{
	size_t i, length;

	for (i = 0; i < sizeof(characters) / sizeof(characters[0]); i++)
		if (*text >= characters[i].first && *text <= characters[i].last)
			break;
	if (i == sizeof(characters) / sizeof(characters[0]))
		return 0;
	length = characters[i].length;
	if (length > 1 && (text[1] < characters[i].low || text[1] > characters[i].high))
		return 0;
	for (i = 2; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* A reader drops all of a file with one byte that is no UTF-8: that becomes \ooo. */
static void write_escaped(FILE *out, unsigned char byte)
{
	if (byte == '\n')
		fputs("\\n", out);
	else if (byte == '"' || byte == '\\')
		fprintf(out, "\\%c", byte);
	else
		fprintf(out, "\\\\%03o", byte);
}

/* As much as can be in one go. */
static void write_value(FILE *out, const char *value)
{
	const char *plain = value;
	size_t length;

	while (*value) {
		length = strchr("\"\\", *value) ? 0 : character((const unsigned char *)value);
		value += length;
		if (length)
			continue;
		fwrite(plain, 1, value - plain, out);
		write_escaped(out, *value);
		plain = ++value;
	}
	fwrite(plain, 1, value - plain, out);
}

static void write_labels(FILE *out, va_list labels)
{
	const char *label, *value;
	bool any = false;

	while ((label = va_arg(labels, const char *))) {
		value = va_arg(labels, const char *);
		if (!value)
			continue;
		putc(any ? ',' : '{', out);
		fputs(label, out);
		fputs("=\"", out);
		write_value(out, value);
		putc('"', out);
		any = true;
	}
	if (any)
		putc('}', out);
}

static void write_series(struct metrics *metrics, va_list labels)
{
	if (metrics->help)
		fprintf(metrics->out, "# HELP %s %s\n# TYPE %s %s\n", metrics->name, metrics->help,
			metrics->name, metrics->type);
	metrics->help = NULL;
	fputs(metrics->name, metrics->out);
	write_labels(metrics->out, labels);
	metrics->series++;
}

#define WRITE(metrics, number, format) \
	do { \
		va_list labels; \
\
		va_start(labels, number); \
		write_series(metrics, labels); \
		va_end(labels); \
		fprintf((metrics)->out, " " format "\n", number); \
	} while (0)

void metrics_number(struct metrics *metrics, uint64_t number, ...)
{
	WRITE(metrics, number, "%" PRIu64);
}

void metrics_signed(struct metrics *metrics, int64_t number, ...)
{
	WRITE(metrics, number, "%" PRId64);
}

void metrics_real(struct metrics *metrics, double number, ...)
{
	WRITE(metrics, number, "%.9g");
}
