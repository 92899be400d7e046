// SPDX-License-Identifier: GPL-2.0
/* The options of all subcommands: one table for parsing and for help. */
#include "options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "say.h"

/* The member is a bool, or a string when the option has a value. */
static const struct row {
	unsigned int option;
	char letter;			/* or 0 */
	const char *name;
	const char *value;		/* what help calls it, or NULL */
	size_t member;
	const char *help;		/* NULL: another spelling, which goes without saying */
} rows[] = {
	{ OPTION_JSON, 'j', "json", NULL, offsetof(struct request, json),
	  "write JSON; memclass(8) says what is in it" },
	{ OPTION_CHEAP, 0, "cheap", NULL, offsetof(struct request, cheap),
	  "only what needs no look at each page: a fraction of the cost" },
	{ OPTION_TABLE, 'b', "bytes", NULL, offsetof(struct request, bytes),
	  "sizes in bytes, not in K, M, G" },
	{ OPTION_TOP, 'b', "batch", NULL, offsetof(struct request, batch),
	  "as plain tables, one after the other" },
	{ OPTION_TOP, 'n', "iterations", "N", offsetof(struct request, iterations),
	  "end after so many readings" },
	{ OPTION_TOP, 'd', "delay", "SECONDS", offsetof(struct request, delay),
	  "from one reading to the next: 1" },
	{ OPTION_TOP, 0, "colour", "WHEN", offsetof(struct request, colour),
	  "auto, always or never" },
	{ OPTION_TOP, 0, "color", "WHEN", offsetof(struct request, colour), NULL },
	{ OPTION_TABLE | OPTION_TOP, 'k', "unit", "UNIT", offsetof(struct request, unit),
	  "all sizes in K, M or G" },
	{ OPTION_TABLE | OPTION_TOP, 'o', "columns", "LIST", offsetof(struct request, columns),
	  "show these columns; +LIST: after the usual ones" },
	{ OPTION_SORT, 's', "sort", "COLUMN", offsetof(struct request, sort),
	  "largest first by this column" },
	{ OPTION_TABLE | OPTION_TOP, 'r', "raw", NULL, offsetof(struct request, raw),
	  "for scripts: bytes, one space between columns" },
	{ OPTION_TABLE, 'n', "no-headings", NULL, offsetof(struct request, no_headings),
	  "the rows alone" },
	{ OPTION_OBJECTS, 0, "unmapped", NULL, offsetof(struct request, unmapped),
	  "only what no process maps" },
	{ OPTION_OBJECTS, 0, "holders", NULL, offsetof(struct request, holders),
	  "which processes map it, or have a descriptor" },
	{ OPTION_OBJECTS, 0, "top", "N", offsetof(struct request, top),
	  "only the first N, and the sum of all" },
	{ OPTION_TREE, 0, "tree", NULL, offsetof(struct request, tree),
	  "each with all that is below it" },
	{ OPTION_WATCH, 'w', "watch", "SECONDS", offsetof(struct request, watch),
	  "again and again, at this interval" },
	{ OPTION_WATCH, 0, "count", "N", offsetof(struct request, count),
	  "with --watch: so many times" },
	{ OPTION_SOURCE, 0, "source", "FROM", offsetof(struct request, source),
	  "module, proc (/proc knows less), or a file that\n'memclass record' made" },
	{ OPTION_FILTER, 'c', "name", "NAME", offsetof(struct request, with_name),
	  "only processes of that name; * and ? stand for others" },
	{ OPTION_FILTER, 'u', "user", "USER", offsetof(struct request, of_user),
	  "only those of that user" },
	{ OPTION_FILTER, 'g', "cgroup", "PATH", offsetof(struct request, in_cgroup),
	  "only those in that control group, or below it" },
	{ OPTION_FILTER, 0, "type", "TYPE", offsetof(struct request, with_type),
	  "only those that have memory of that type, most first" },
	{ OPTION_GROUP, 0, "by", "KIND", offsetof(struct request, by),
	  "sum up by file, class or object" },
	{ OPTION_BY, 0, "by", "WHAT", offsetof(struct request, by),
	  "a row for each process, name or class" },
	{ OPTION_OUTPUT, 'o', "output", "FILE", offsetof(struct request, output),
	  "write to this file, which is there when all of it is" },
	{ OPTION_SUBJECT, 'a', "all", NULL, offsetof(struct request, all),
	  "all processes, and the machine" },
	{ OPTION_SUBJECT, 0, "cgroup", "PATH", offsetof(struct request, cgroup),
	  "what runs in a control group and those below it,\nby name: also after a restart" },
	{ OPTION_SUBJECT, 0, "name", "NAME", offsetof(struct request, name),
	  "all processes of that name, also after a restart" },
	{ OPTION_PACE, 'i', "interval", "S", offsetof(struct request, interval),
	  "seconds from one sample to the next" },
	{ OPTION_PACE, 'f', "for", "S", offsetof(struct request, duration),
	  "seconds in all; 0: until it is interrupted" },
	{ OPTION_EXPORT, 0, "textfile", "FILE", offsetof(struct request, textfile),
	  "write to this file, which is there when all of it is" },
	{ OPTION_EXPORT, 0, "history", "FILE", offsetof(struct request, history),
	  "what runs see of growth, from one to the next" },
	{ OPTION_EXPORT, 0, "cgroups", "N", offsetof(struct request, cgroups),
	  "name so many cgroups, the largest ones: 16" },
	{ OPTION_SOURCE, 0, "debugfs", "DIR", offsetof(struct request, debugfs),
	  "where the module's files are, if not in\n/sys/kernel/debug/memclass" },
};

#define NR_ROWS		(sizeof(rows) / sizeof(rows[0]))

/* getopt's value of the long form of row N is LONG_FORM + N. */
#define LONG_FORM	256
#define HELP		'h'

struct getopt_tables {
	char letters[3 + 2 * NR_ROWS + 1];
	struct option names[NR_ROWS + 2];
};

static void make_tables(const struct command *command, struct getopt_tables *tables)
{
	struct option *name = tables->names;
	char *letter = tables->letters;
	size_t i;

	memset(tables, 0, sizeof(*tables));
	*letter++ = ':';
	*letter++ = HELP;
	*name++ = (struct option) { "help", no_argument, NULL, HELP };
	for (i = 0; i < NR_ROWS; i++) {
		if (!(rows[i].option & command->options))
			continue;
		*name++ = (struct option) {
			.name = rows[i].name,
			.has_arg = rows[i].value ? required_argument : no_argument,
			.val = LONG_FORM + i,
		};
		if (!rows[i].letter)
			continue;
		*letter++ = rows[i].letter;
		if (rows[i].value)
			*letter++ = ':';
	}
}

/* A letter can mean one thing for one command, another one for others. */
static const struct row *find_row(const struct command *command, int value)
{
	size_t i;

	if (value >= LONG_FORM)
		return &rows[value - LONG_FORM];
	for (i = 0; rows[i].letter != value || !(rows[i].option & command->options); i++)
		;
	return &rows[i];
}

static void set_member(struct request *request, const struct row *row)
{
	void *member = (char *)request + row->member;

	if (row->value)
		*(const char **)member = optarg;
	else
		*(bool *)member = true;
}

/*
 * Reads the options of @command, whose name is argv[0], and puts them into @request.
 * Sets @first_operand to the index of what comes after them.
 */
enum options_result options_parse(const struct command *command, int argc, char **argv,
				  struct request *request, int *first_operand)
{
	struct getopt_tables tables;
	int value;

	make_tables(command, &tables);
	opterr = 0;
	optind = 0;
	while ((value = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1) {
		switch (value) {
		case HELP:
			return OPTIONS_HELP;
		case ':':
			say_usage(command->name, "%s wants a value", argv[optind - 1]);
			return OPTIONS_WRONG;
		case '?':
			if (optopt && optopt < LONG_FORM)
				say_usage(command->name, "there is no option -%c", optopt);
			else
				say_usage(command->name, "wrong option %s",
					  argv[optind - 1]);
			return OPTIONS_WRONG;
		default:
			set_member(request, find_row(command, value));
		}
	}
	*first_operand = optind;
	return OPTIONS_OK;
}

static void help_row(char letter, const char *name, const char *value, const char *text)
{
	char left[32];
	size_t length;

	snprintf(left, sizeof(left), "--%s%s%s", name, value ? " " : "", value ?: "");
	if (letter)
		printf("  -%c, %-18s", letter, left);
	else
		printf("      %-18s", left);
	while ((length = strcspn(text, "\n")), text[length]) {
		printf("%.*s\n%24s", (int)length, text, "");
		text += length + 1;
	}
	printf("%s\n", text);
}

static const struct option_text help_text = { HELP, "help", NULL, "this text" };

bool options_next(const struct command *command, size_t *next, struct option_text *text)
{
	const struct row *row;

	while (*next < NR_ROWS) {
		row = &rows[(*next)++];
		if (!(row->option & command->options) || !row->help)
			continue;
		*text = (struct option_text) { row->letter, row->name, row->value, row->help };
		return true;
	}
	*text = help_text;
	return (*next)++ == NR_ROWS;
}

void options_help(const struct command *command)
{
	struct option_text text;
	size_t next = 0;

	while (options_next(command, &next, &text))
		help_row(text.letter, text.name, text.value, text.help);
}
