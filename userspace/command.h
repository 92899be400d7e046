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
	STATUS_SUSPECTED = 3,		/* a leak */
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
	bool unmapped;
	bool holders;
	const char *top;
	bool tree;
	const char *watch;
	const char *count;
	const char *source;
	const char *output;
	const char *by;
	const char *unit;
	const char *with_name;
	const char *of_user;
	const char *in_cgroup;
	const char *with_type;
	bool all;
	const char *cgroup;
	const char *name;
	const char *interval;
	const char *duration;
	bool batch;
	const char *iterations;
	const char *delay;
	const char *colour;
	const char *textfile;
	const char *history;
	const char *cgroups;
};

/* Which of them a command takes. */
#define OPTION_JSON	(1U << 0)
#define OPTION_TABLE	(1U << 1)
#define OPTION_SORT	(1U << 2)
#define OPTION_SOURCE	(1U << 3)
#define OPTION_CHEAP	(1U << 4)
#define OPTION_OBJECTS	(1U << 5)
#define OPTION_TREE	(1U << 6)
#define OPTION_WATCH	(1U << 9)
#define OPTION_OUTPUT	(1U << 14)
#define OPTION_BY	(1U << 16)
#define OPTION_FILTER	(1U << 17)
#define OPTION_GROUP	(1U << 18)
#define OPTION_SUBJECT	(1U << 10)
#define OPTION_PACE	(1U << 11)
#define OPTION_TOP	(1U << 12)
#define OPTION_EXPORT	(1U << 20)

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

/* All of them; NULL comes after the last one. */
extern const struct command *const commands[];

extern const struct command show_command;
extern const struct command maps_command;
extern const struct command ps_command;
extern const struct command faults_command;
extern const struct command objects_command;
extern const struct command cgroups_command;
extern const struct command system_command;
extern const struct command record_command;
extern const struct command report_command;
extern const struct command diff_command;
extern const struct command watch_command;
extern const struct command top_command;
extern const struct command export_command;
extern const struct command classes_command;
extern const struct command version_command;
extern const struct command completion_command;

#endif /* COMMAND_H */
