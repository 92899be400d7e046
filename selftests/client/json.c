// SPDX-License-Identifier: GPL-2.0
#include "json.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX	16

struct parser {
	const char *at;
	const char *error;
	unsigned int depth;
};

static struct json *parse_value(struct parser *parser);

static void *wrong(struct parser *parser, const char *error)
{
	if (!parser->error)
		parser->error = error;
	return NULL;
}

static void skip_space(struct parser *parser)
{
	parser->at += strspn(parser->at, " \t\n\r");
}

static bool take(struct parser *parser, const char *what)
{
	size_t length = strlen(what);

	if (strncmp(parser->at, what, length))
		return false;
	parser->at += length;
	return true;
}

static struct json *new_value(enum json_type type)
{
	struct json *json = calloc(1, sizeof(*json));

	if (!json)
		abort();
	json->type = type;
	return json;
}

static void put_utf8(char **to, uint32_t c)
{
	if (c < 0x80) {
		*(*to)++ = c;
	} else if (c < 0x800) {
		*(*to)++ = 0xc0 | c >> 6;
		*(*to)++ = 0x80 | (c & 0x3f);
	} else if (c < 0x10000) {
		*(*to)++ = 0xe0 | c >> 12;
		*(*to)++ = 0x80 | (c >> 6 & 0x3f);
		*(*to)++ = 0x80 | (c & 0x3f);
	} else {
		*(*to)++ = 0xf0 | c >> 18;
		*(*to)++ = 0x80 | (c >> 12 & 0x3f);
		*(*to)++ = 0x80 | (c >> 6 & 0x3f);
		*(*to)++ = 0x80 | (c & 0x3f);
	}
}

static bool take_hex(struct parser *parser, uint32_t *c)
{
	char digits[5] = "";
	size_t i;

	for (i = 0; i < 4; i++) {
		if (!isxdigit((unsigned char)parser->at[i]))
			return false;
		digits[i] = parser->at[i];
	}
	*c = strtoul(digits, NULL, 16);
	parser->at += 4;
	return true;
}

static bool take_unicode_escape(struct parser *parser, char **to)
{
	uint32_t c, low;

	if (!take_hex(parser, &c))
		return false;
	if (c >= 0xdc00 && c <= 0xdfff)
		return false;
	if (c >= 0xd800 && c <= 0xdbff) {
		if (!take(parser, "\\u") || !take_hex(parser, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	put_utf8(to, c);
	return true;
}

static bool take_escape(struct parser *parser, char **to)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name;

	if (take(parser, "u"))
		return take_unicode_escape(parser, to);
	name = *parser->at ? strchr(names, *parser->at) : NULL;
	if (!name)
		return false;
	*(*to)++ = values[name - names];
	parser->at++;
	return true;
}

/* Of memclass's output, which is ASCII, any other byte is wrong. */
static char *parse_string(struct parser *parser)
{
	char *string, *to;
	size_t length;

	if (!take(parser, "\""))
		return wrong(parser, "no string");
	/* No escape is shorter than what it stands for. */
	for (length = 0; parser->at[length] && parser->at[length] != '"'; length++)
		length += parser->at[length] == '\\' && parser->at[length + 1];
	string = malloc(length + 1);
	if (!string)
		abort();
	to = string;
	while (*parser->at != '"') {
		if ((unsigned char)*parser->at < ' ' || (unsigned char)*parser->at > '~') {
			wrong(parser, "string has a character that is not plain ASCII");
			goto fail;
		}
		if (!take(parser, "\\")) {
			*to++ = *parser->at++;
		} else if (!take_escape(parser, &to)) {
			wrong(parser, "wrong escape");
			goto fail;
		}
	}
	parser->at++;
	*to++ = '\0';
	return realloc(string, to - string);

fail:
	free(string);
	return NULL;
}

static struct json *parse_number(struct parser *parser)
{
	bool negative = *parser->at == '-';
	const char *digits = parser->at + negative;
	struct json *json;
	char *end;

	if (!isdigit((unsigned char)*digits))
		return wrong(parser, "number without digits");
	if (*digits == '0' && (negative || isdigit((unsigned char)digits[1])))
		return wrong(parser, "number begins with 0");
	json = new_value(negative ? JSON_NEGATIVE : JSON_NUMBER);
	errno = 0;
	json->number = negative ? (uint64_t)strtoll(parser->at, &end, 10) :
				  strtoull(parser->at, &end, 10);
	if (errno || strchr(".eE", *end ?: ' ')) {
		json_free(json);
		return wrong(parser, "number is no integer of 64 bits");
	}
	parser->at = end;
	return json;
}

/* Return: the name of the next member of @object; NULL: it is wrong. */
static char *parse_name(struct parser *parser, const struct json *object)
{
	char *name = parse_string(parser);

	if (!name)
		return NULL;
	skip_space(parser);
	if (!json_member(object, name) && take(parser, ":"))
		return name;
	wrong(parser, json_member(object, name) ? "a name twice" : "no colon");
	free(name);
	return NULL;
}

/* What stands between brackets. */
static struct json *parse_inside(struct parser *parser, enum json_type type,
				 const char *bracket)
{
	struct json *json = new_value(type), **last = &json->first;
	char *name = NULL;

	skip_space(parser);
	if (take(parser, bracket))
		return json;
	do {
		skip_space(parser);
		if (type == JSON_OBJECT) {
			name = parse_name(parser, json);
			if (!name)
				goto fail;
		}
		*last = parse_value(parser);
		if (!*last) {
			free(name);
			goto fail;
		}
		(*last)->name = name;
		name = NULL;
		last = &(*last)->next;
		skip_space(parser);
	} while (take(parser, ","));
	if (take(parser, bracket))
		return json;
	wrong(parser, "no comma or bracket");
fail:
	json_free(json);
	return NULL;
}

static struct json *parse_any(struct parser *parser)
{
	struct json *json;

	if (take(parser, "null"))
		return new_value(JSON_NULL);
	if (take(parser, "true"))
		return new_value(JSON_TRUE);
	if (take(parser, "false"))
		return new_value(JSON_FALSE);
	if (take(parser, "{"))
		return parse_inside(parser, JSON_OBJECT, "}");
	if (take(parser, "["))
		return parse_inside(parser, JSON_ARRAY, "]");
	if (isdigit((unsigned char)*parser->at) || *parser->at == '-')
		return parse_number(parser);
	json = new_value(JSON_STRING);
	json->string = parse_string(parser);
	if (json->string)
		return json;
	json_free(json);
	return NULL;
}

static struct json *parse_value(struct parser *parser)
{
	struct json *json;

	skip_space(parser);
	if (parser->depth == DEPTH_MAX)
		return wrong(parser, "too deep");
	parser->depth++;
	json = parse_any(parser);
	parser->depth--;
	return json;
}

struct json *json_parse(const char **text, const char **error)
{
	struct parser parser = { .at = *text };
	struct json *json = parse_value(&parser);

	skip_space(&parser);
	*text = parser.at;
	*error = parser.error;
	return json;
}

void json_free(struct json *json)
{
	struct json *next;

	for (; json; json = next) {
		next = json->next;
		json_free(json->first);
		free(json->name);
		free(json->string);
		free(json);
	}
}

const struct json *json_member(const struct json *json, const char *name)
{
	if (!json || json->type != JSON_OBJECT)
		return NULL;
	for (json = json->first; json; json = json->next)
		if (json->name && !strcmp(json->name, name))
			return json;
	return NULL;
}

const struct json *json_find(const struct json *json, const char *name, const char *value)
{
	json = json ? json->first : NULL;
	while (json && strcmp(json_string(json, name), value))
		json = json->next;
	return json;
}

size_t json_length(const struct json *json)
{
	size_t length = 0;

	for (json = json ? json->first : NULL; json; json = json->next)
		length++;
	return length;
}

int json_type(const struct json *json, const char *name)
{
	const struct json *member = json_member(json, name);

	return member ? (int)member->type : -1;
}

uint64_t json_number(const struct json *json, const char *name)
{
	const struct json *member = json_member(json, name);

	return member && member->type == JSON_NUMBER ? member->number : ~0ULL;
}

int64_t json_signed(const struct json *json, const char *name)
{
	const struct json *member = json_member(json, name);

	return member && member->type == JSON_NEGATIVE ? (int64_t)member->number :
							 (int64_t)json_number(json, name);
}

const char *json_string(const struct json *json, const char *name)
{
	const struct json *member = json_member(json, name);

	return member && member->type == JSON_STRING ? member->string : "(no string)";
}
