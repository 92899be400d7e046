// SPDX-License-Identifier: GPL-2.0
#include "json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define REPLACEMENT	0xfffd		/* for bytes that are no UTF-8 */

void json_begin(struct json *json, FILE *out)
{
	memset(json, 0, sizeof(*json));
	json->out = out;
}

void json_end(struct json *json)
{
	fputc('\n', json->out);
}

/* What is written next begins a line: for readers that take line by line. */
void json_line(struct json *json)
{
	json->line = true;
}

/*
 * Takes the first character of @text, which must not be at its end.
 *
 * Return: the character; REPLACEMENT for a byte that begins none.
 */
static uint32_t next_character(const unsigned char **text)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *at = *text;
	unsigned int more = 1, i;
	uint32_t c;

	++*text;
	if (*at < 0x80)
		return *at;
	if (*at < 0xc0 || *at > 0xf7)
		return REPLACEMENT;
	if (*at >= 0xe0)
		more = *at < 0xf0 ? 2 : 3;
	c = *at & (0x3f >> more);
	for (i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return REPLACEMENT;
		c = c << 6 | (at[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return REPLACEMENT;
	*text = at + more + 1;
	return c;
}

static void put_character(FILE *out, uint32_t c)
{
	if (c == '"' || c == '\\')
		fprintf(out, "\\%c", (char)c);
	else if (c >= ' ' && c < 0x7f)
		fputc(c, out);
	else if (c < 0x10000)
		fprintf(out, "\\u%04" PRIx32, c);
	else
		fprintf(out, "\\u%04" PRIx32 "\\u%04" PRIx32,
			0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
}

static void put_string(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	fputc('"', out);
	while (*at)
		put_character(out, next_character(&at));
	fputc('"', out);
}

/* What comes before every value. */
static void put_key(struct json *json, const char *key)
{
	if (json->comma)
		fputc(',', json->out);
	if (json->line)
		fputc('\n', json->out);
	else if (json->comma)
		fputc(' ', json->out);
	json->line = false;
	json->comma = true;
	if (key) {
		put_string(json->out, key);
		fputs(": ", json->out);
	}
}

static void open_value(struct json *json, const char *key, char bracket)
{
	put_key(json, key);
	fputc(bracket, json->out);
	json->comma = false;
}

static void close_value(struct json *json, char bracket)
{
	if (json->line)
		fputc('\n', json->out);
	json->line = false;
	json->comma = true;
	fputc(bracket, json->out);
}

void json_open_object(struct json *json, const char *key)
{
	open_value(json, key, '{');
}

void json_close_object(struct json *json)
{
	close_value(json, '}');
}

void json_open_array(struct json *json, const char *key)
{
	open_value(json, key, '[');
}

void json_close_array(struct json *json)
{
	close_value(json, ']');
}

/* A string. Longer ones than fit are cut: not for names. */
void json_format(struct json *json, const char *key, const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_string(json, key, text);
}

void json_string(struct json *json, const char *key, const char *text)
{
	put_key(json, key);
	put_string(json->out, text);
}

void json_number(struct json *json, const char *key, uint64_t number)
{
	put_key(json, key);
	fprintf(json->out, "%" PRIu64, number);
}

void json_signed(struct json *json, const char *key, int64_t number)
{
	put_key(json, key);
	fprintf(json->out, "%" PRId64, number);
}

void json_bool(struct json *json, const char *key, bool value)
{
	put_key(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *key)
{
	put_key(json, key);
	fputs("null", json->out);
}
