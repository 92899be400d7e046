/* SPDX-License-Identifier: GPL-2.0 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/* How memclass ends. */
enum status {
	STATUS_OK = 0,
	STATUS_FAILURE = 1,
	STATUS_USAGE = 2,
	/* 3 is for commands that suspect a leak. */
	STATUS_NO_MODULE = 4,
	STATUS_NOT_PERMITTED = 5,
};

/* What the options asked for; options.c has a row for each of these. */
struct request {
	bool json;
	bool cheap;
	bool bytes;
	bool raw;
	bool no_headings;
	const char *columns;
	const char *sort;
	const char *debugfs;
};

/* Which of them a command takes. */
#define OPTION_JSON	(1U << 0)
#define OPTION_TABLE	(1U << 1)
#define OPTION_SORT	(1U << 2)
#define OPTION_SOURCE	(1U << 3)
#define OPTION_CHEAP	(1U << 4)

struct listing;

/*
 * A subcommand. Dispatch, usage and help are made from this: there is nothing else
 * to be changed for a new one than the table in memclass.c.
 */
struct command {
	const char *name;
	const char *operands;		/* as usage shows them, "" for none */
	const char *summary;		/* one line */
	const char *details;		/* for its own help; lines end with \n */
	unsigned int options;
	int min_operands;
	int max_operands;		/* negative: any number */
	const struct listing *listing;	/* whose columns help names, or NULL */
	enum status (*run)(const struct request *request, char **operands, int count);
};

extern const struct command show_command;
extern const struct command maps_command;
extern const struct command ps_command;
extern const struct command faults_command;
extern const struct command classes_command;
extern const struct command version_command;

#endif /* COMMAND_H */
