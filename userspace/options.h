/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"

/* An option as help shows it. */
struct option_text {
	char letter;			/* or 0 */
	const char *name;
	const char *value;		/* what its value is called, or NULL */
	const char *help;		/* in one line or more */
};

/* Return: whether there is one more for @command; @next is 0 before the first one. */
bool options_next(const struct command *command, size_t *next, struct option_text *text);

enum options_result {
	OPTIONS_OK,
	OPTIONS_HELP,
	OPTIONS_WRONG,			/* and has been complained about */
};

enum options_result options_parse(const struct command *command, int argc, char **argv,
				  struct request *request, int *first_operand);
void options_help(const struct command *command);

#endif /* OPTIONS_H */
