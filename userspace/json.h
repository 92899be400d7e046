/* SPDX-License-Identifier: GPL-2.0 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Writes JSON piece by piece, in plain ASCII. Keys are NULL within arrays, and for
 * the outermost value. Who opens something closes it.
 */
struct json {
	FILE *out;
	bool comma;			/* before what comes next */
	bool line;			/* what comes next begins a line */
};

void json_begin(struct json *json, FILE *out);
void json_end(struct json *json);
void json_line(struct json *json);

void json_open_object(struct json *json, const char *key);
void json_close_object(struct json *json);
void json_open_array(struct json *json, const char *key);
void json_close_array(struct json *json);

__attribute__((format(printf, 3, 4))) void
json_format(struct json *json, const char *key, const char *format, ...);
void json_string(struct json *json, const char *key, const char *text);
void json_number(struct json *json, const char *key, uint64_t number);
void json_signed(struct json *json, const char *key, int64_t number);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

#endif /* JSON_H */
