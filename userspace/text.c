// SPDX-License-Identifier: GPL-2.0
/*
 * Anyone can name a process or a file as they like, and a terminal obeys what it is
 * shown. Hence no name goes there as it is.
 */
#include "text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* Characters that change how others are shown, or are not seen at all. */
static bool is_hidden(wint_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

/* Most characters are, and are themselves in all locales. */
static bool is_ascii(char c)
{
	return c >= ' ' && c <= '~';
}

/* Return: the bytes of the character at @text if it can be shown as it is, else 0. */
static size_t printable(const char *text, size_t left)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t length;

	if (is_ascii(*text))
		return *text != '\\';
	length = mbrtowc(&c, text, left, &state);
	if (length == (size_t)-1 || length == (size_t)-2)
		return 0;
	return iswprint(c) && !is_hidden(c) && c != L'\\' ? length : 0;
}

/*
 * Writes @text with all that is no plain character as \ooo, as /proc does; a
 * backslash too, so that what was a name's and what is ours can be told apart. Cut at
 * the end of @buffer.
 */
const char *text_escape(char *buffer, size_t size, const char *text)
{
	size_t left = strlen(text), at = 0, length;

	while (left && at + 5 <= size) {
		length = printable(text, left);
		if (length) {
			if (at + length >= size)
				break;
			memcpy(buffer + at, text, length);
			at += length;
		} else {
			length = 1;
			at += sprintf(buffer + at, "\\%03o", (unsigned char)*text);
		}
		text += length;
		left -= length;
	}
	buffer[at] = '\0';
	return buffer;
}

/* Columns of a terminal that a text takes in which nothing is left to escape. */
size_t text_width(const char *text)
{
	size_t width = 0, length, left;
	mbstate_t state = { 0 };
	wchar_t c;
	int columns;

	while (is_ascii(*text)) {
		text++;
		width++;
	}
	for (left = strlen(text); left; text += length, left -= length) {
		length = mbrtowc(&c, text, left, &state);
		if (length == (size_t)-1 || length == (size_t)-2)
			return width + left;
		columns = wcwidth(c);
		if (columns > 0)
			width += columns;
	}
	return width;
}

/* Turns \ooo back into bytes, in place. */
void text_unescape(char *text)
{
	unsigned int byte;
	char *to = text;

	while (*text) {
		if (sscanf(text, "\\%3o", &byte) == 1 && strlen(text) >= 4) {
			*to++ = byte;
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}
