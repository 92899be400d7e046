// SPDX-License-Identifier: GPL-2.0
#include "units.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * A table has thousands of numbers, and printf() takes several times as long.
 * Return: where what comes next goes.
 */
static char *put_number(char *at, uint64_t value)
{
	char digits[20], *first = digits + sizeof(digits);

	do
		*--first = '0' + value % 10;
	while (value /= 10);
	memcpy(at, first, digits + sizeof(digits) - first);
	return at + (digits + sizeof(digits) - first);
}

const char *units_number(char buffer[UNITS_MAX], uint64_t number)
{
	*put_number(buffer, number) = '\0';
	return buffer;
}

/*
 * @value / @unit in three or four characters: one digit after the point below 100, none
 * when the value is whole. Rounded to the nearest, exactly: no floating point.
 *
 * Return: false when it would take four digits before the point.
 */
static bool scaled(char *buffer, uint64_t value, uint64_t unit, const char *suffix)
{
	uint64_t whole = value / unit, rest = value % unit;
	/* A unit of 2^60 times ten overflows; its last bits do not show. */
	uint64_t shift = unit > (1ULL << 40) ? 20 : 0;
	uint64_t rounded = whole + (rest >= unit - rest);
	uint64_t tenths = whole * 10 +
			  (((rest >> shift) * 10) + ((unit >> shift) / 2)) / (unit >> shift);

	buffer = put_number(buffer, tenths < 1000 ? tenths / 10 : rounded);
	if (tenths < 1000 && rest) {
		*buffer++ = '.';
		*buffer++ = '0' + tenths % 10;
	}
	strcpy(buffer, suffix);
	return rounded < 1000;
}

const char *units_bytes(char buffer[UNITS_MAX], uint64_t bytes)
{
	static const char suffixes[][2] = { "K", "M", "G", "T", "P", "E" };
	uint64_t unit = 1;
	size_t i;

	if (bytes < 1000)
		return units_number(buffer, bytes);
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		unit *= 1024;
		if (scaled(buffer, bytes, unit, suffixes[i]))
			break;
	}
	return buffer;
}

/* With its sign, either way. */
const char *units_change(char buffer[UNITS_MAX], int64_t bytes)
{
	uint64_t size = bytes < 0 ? -(uint64_t)bytes : (uint64_t)bytes;
	char text[UNITS_MAX];

	units_bytes(text, size);
	if (!bytes)
		return strcpy(buffer, text);
	snprintf(buffer, UNITS_MAX, "%c%.*s", bytes < 0 ? '-' : '+', UNITS_MAX - 2, text);
	return buffer;
}

uint64_t units_find(const char *name)
{
	if (!strcmp(name, "K") || !strcmp(name, "k"))
		return 1ULL << 10;
	if (!strcmp(name, "M") || !strcmp(name, "m"))
		return 1ULL << 20;
	return strcmp(name, "G") && strcmp(name, "g") ? 0 : 1ULL << 30;
}

/* So many of @unit, without its letter: one digit after the point, rounded. */
const char *units_in(char buffer[UNITS_MAX], uint64_t bytes, uint64_t unit)
{
	uint64_t whole = bytes / unit, rest = bytes % unit;
	uint64_t tenths = (rest * 10 + unit / 2) / unit;

	if (tenths == 10) {
		whole++;
		tenths = 0;
	}
	snprintf(buffer, UNITS_MAX, "%" PRIu64 ".%" PRIu64, whole, tenths);
	return buffer;
}

const char *units_nanoseconds(char buffer[UNITS_MAX], uint64_t ns)
{
	if (!scaled(buffer, ns, 1000, "us") && !scaled(buffer, ns, 1000000, "ms"))
		scaled(buffer, ns, 1000000000, "s");
	return buffer;
}

/* The two largest units that matter. */
const char *units_age(char buffer[UNITS_MAX], uint64_t seconds)
{
	uint64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

	if (days)
		snprintf(buffer, UNITS_MAX, "%" PRIu64 "d %" PRIu64 "h", days, hours % 24);
	else if (hours)
		snprintf(buffer, UNITS_MAX, "%" PRIu64 "h %" PRIu64 "m", hours, minutes % 60);
	else if (minutes)
		snprintf(buffer, UNITS_MAX, "%" PRIu64 "m %" PRIu64 "s", minutes,
			 seconds % 60);
	else
		snprintf(buffer, UNITS_MAX, "%" PRIu64 "s", seconds);
	return buffer;
}
