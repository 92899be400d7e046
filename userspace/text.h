/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

/* Room for the escaped form of a string of LENGTH bytes, end included. */
#define TEXT_ESCAPED(length)	(4 * (length) + 1)

const char *text_escape(char *buffer, size_t size, const char *text);
size_t text_width(const char *text);
void text_unescape(char *text);

#endif /* TEXT_H */
