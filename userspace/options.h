/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "command.h"

enum options_result {
	OPTIONS_OK,
	OPTIONS_HELP,
	OPTIONS_WRONG,			/* and has been complained about */
};

enum options_result options_parse(const struct command *command, int argc, char **argv,
				  struct request *request, int *first_operand);
void options_help(const struct command *command);

#endif /* OPTIONS_H */
