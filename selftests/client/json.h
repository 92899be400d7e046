/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads JSON, and is strict about it: what RFC 8259 does not allow, names that an
 * object has twice, and strings that are no UTF-8 are errors.
 */
#ifndef SELFTESTS_CLIENT_JSON_H
#define SELFTESTS_CLIENT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_NEGATIVE,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json {
	enum json_type type;
	char *name;			/* in an object */
	char *string;			/* UTF-8 */
	uint64_t number;		/* those that are no integers are errors */
	struct json *first;		/* what is in it */
	struct json *next;		/* beside it */
};

/* Takes one value, and moves @text behind it. NULL: @error says what is wrong. */
struct json *json_parse(const char **text, const char **error);
void json_free(struct json *json);

/* NULL where there is none, or @json is NULL or no object. */
const struct json *json_member(const struct json *json, const char *name);
/* The first one in it of which a member is this string, or NULL. */
const struct json *json_find(const struct json *json, const char *name, const char *value);
size_t json_length(const struct json *json);

/* Of members: -1, ~0 and "(no string)" where there is none of that type. */
int json_type(const struct json *json, const char *name);
uint64_t json_number(const struct json *json, const char *name);
int64_t json_signed(const struct json *json, const char *name);
const char *json_string(const struct json *json, const char *name);

#endif /* SELFTESTS_CLIENT_JSON_H */
