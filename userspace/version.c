// SPDX-License-Identifier: GPL-2.0
/* memclass version: the client's, and what the module says about itself. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "memclass.h"
#include "source.h"
#include "text.h"

static enum status run(const struct request *request, char **operands, int count)
{
	char text[VERSION_MAX], escaped[TEXT_ESCAPED(sizeof(text))], *line;
	enum status status;

	(void)operands;
	(void)count;
	printf("client version %s\nclient abi %d\n", MEMCLASS_VERSION, MEMCLASS_ABI);
	status = source_version(request, text, sizeof(text));
	if (status)
		return status;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		printf("module %s\n", text_escape(escaped, sizeof(escaped), line));
	return STATUS_OK;
}

const struct command version_command = {
	.name = "version",
	.operands = "",
	.summary = "of this program and of the module",
	.details = "'memclass --version' is about this program alone.\n",
	.options = OPTION_SOURCE,
	.min_operands = 0,
	.max_operands = 0,
	.run = run,
};
