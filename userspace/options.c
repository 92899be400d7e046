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
	const char *help;
} rows[] = {
	{ OPTION_JSON, 'j', "json", NULL, offsetof(struct request, json),
	  "write JSON; memclass(8) says what is in it" },
	{ OPTION_CHEAP, 0, "cheap", NULL, offsetof(struct request, cheap),
	  "only what needs no look at each page: a fraction of the cost" },
	{ OPTION_TABLE, 'b', "bytes", NULL, offsetof(struct request, bytes),
	  "sizes in bytes, not in K, M, G" },
	{ OPTION_TABLE, 'o', "columns", "LIST", offsetof(struct request, columns),
	  "show these columns; +LIST: after the usual ones" },
	{ OPTION_SORT, 's', "sort", "COLUMN", offsetof(struct request, sort),
	  "largest first by this column" },
	{ OPTION_TABLE, 'r', "raw", NULL, offsetof(struct request, raw),
	  "for scripts: bytes, one space between columns" },
	{ OPTION_TABLE, 'n', "no-headings", NULL, offsetof(struct request, no_headings),
	  "the rows alone" },
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

static const struct row *find_row(int value)
{
	size_t i;

	if (value >= LONG_FORM)
		return &rows[value - LONG_FORM];
	for (i = 0; rows[i].letter != value; i++)
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
			set_member(request, find_row(value));
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

void options_help(const struct command *command)
{
	size_t i;

	for (i = 0; i < NR_ROWS; i++)
		if (rows[i].option & command->options)
			help_row(rows[i].letter, rows[i].name, rows[i].value, rows[i].help);
	help_row(HELP, "help", NULL, "this text");
}
