// SPDX-License-Identifier: GPL-2.0
#include "say.h"

#include <stdarg.h>
#include <stdio.h>

#include "text.h"

#define MESSAGE_MAX	1024

static void (*take_message)(const char *message);

void say_to(void (*taker)(const char *message))
{
	take_message = taker;
}

static void say(const char *format, va_list args)
{
	char message[MESSAGE_MAX], escaped[TEXT_ESCAPED(MESSAGE_MAX)];

	/* What was written so far belongs before the message, if both are shown. */
	if (!take_message)
		fflush(stdout);
	vsnprintf(message, sizeof(message), format, args);
	text_escape(escaped, sizeof(escaped), message);
	if (take_message)
		take_message(escaped);
	else
		fprintf(stderr, "memclass: %s\n", escaped);
}

void say_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
}

/* What was wrong with the command line, and where to read on; @command can be NULL. */
void say_usage(const char *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fprintf(stderr, "Try 'memclass help%s%s'.\n", command ? " " : "", command ?: "");
}
