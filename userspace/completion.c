// SPDX-License-Identifier: GPL-2.0
/* memclass completion SHELL: made from the tables of commands and options. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "options.h"
#include "say.h"
#include "table.h"

/* What can stand where a value or an operand is asked for, by what help calls it. */
enum kind {
	KIND_NONE,
	KIND_FILE,
	KIND_PID,
	KIND_COMMAND,
	KIND_COLUMN,
	KIND_COLUMNS,			/* with commas between */
	KIND_WORDS,
};

#define TYPE_WORD(type, name, text)	name " "
#define TYPE_WORDS	MEMCLASS_TYPES(TYPE_WORD)

static const struct value {
	const char *name;
	enum kind kind;
	const char *words;
	bool files;			/* as well */
} values[] = {
	{ "FILE", KIND_FILE, NULL, true },
	{ "DIR", KIND_FILE, NULL, true },
	{ "PID", KIND_PID, NULL, false },
	{ "COMMAND", KIND_COMMAND, NULL, false },
	{ "COLUMN", KIND_COLUMN, NULL, false },
	{ "LIST", KIND_COLUMNS, NULL, false },
	{ "FROM", KIND_WORDS, "module proc", true },
	{ "WHAT", KIND_WORDS, "process name class", false },
	{ "KIND", KIND_WORDS, "file class object", false },
	{ "TYPE", KIND_WORDS, TYPE_WORDS, false },
	{ "WHEN", KIND_WORDS, "auto always never", false },
	{ "UNIT", KIND_WORDS, "K M G", false },
	{ "SHELL", KIND_WORDS, "bash zsh fish", false },
};

static const struct value *find_value(const char *name)
{
	static const struct value none = { "", KIND_NONE, NULL, false };
	size_t length, i;

	name += strspn(name, "[");
	length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (strlen(values[i].name) == length && !strncmp(values[i].name, name, length))
			return &values[i];
	return &none;
}

static void put_words_of(const struct command *command, const struct value *value)
{
	size_t i;

	switch (value->kind) {
	case KIND_COLUMN:
	case KIND_COLUMNS:
		for (i = 0; command->listing && i < command->listing->nr_fields; i++)
			printf("%s%s", i ? " " : "", command->listing->fields[i].name);
		break;
	case KIND_COMMAND:
		for (i = 0; commands[i]; i++)
			printf("%s%s", i ? " " : "", commands[i]->name);
		break;
	case KIND_WORDS:
		fputs(value->words, stdout);
		break;
	default:
		break;
	}
}

static bool has_words(const struct value *value)
{
	return value->kind >= KIND_COMMAND;
}

/* On one line, and within quotes. @also: other characters to put a backslash before. */
static void put_quoted(const char *text, const char *also)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (*text == '\n')
			putchar(' ');
		else
			printf("%s%c", strchr(also, *text) ? "\\" : "", *text);
	}
}

/*
 * bash.
 */

static void bash_value(const struct command *command, const struct option_text *option)
{
	const struct value *value = find_value(option->value);

	printf("\t\t");
	if (option->letter)
		printf("-%c | ", option->letter);
	/* Not what operands are. */
	printf("--%s) pids='' words='", option->name);
	if (has_words(value))
		put_words_of(command, value);
	printf("' files=%s%s ;;\n", value->files ? "1" : "''",
	       value->kind == KIND_COLUMNS ? " list=1" : "");
}

static void bash_command(const struct command *command)
{
	const struct value *operand = find_value(command->operands);
	struct option_text option;
	size_t next = 0;

	printf("\t%s)\n\t\tcase $cur in\n\t\t-*) words='", command->name);
	while (options_next(command, &next, &option))
		printf("--%s ", option.name);
	printf("' ;;\n\t\t*)%s words='", operand->files ? " files=1" : "");
	if (has_words(operand))
		put_words_of(command, operand);
	printf("'%s ;;\n\t\tesac\n\t\tcase $prev in\n",
	       operand->kind == KIND_PID ? " pids=1" : "");
	for (next = 0; options_next(command, &next, &option);)
		if (option.value)
			bash_value(command, &option);
	printf("\t\tesac\n\t\t;;\n");
}

static void bash(void)
{
	size_t i;

	printf("# memclass completion bash\n"
	       "_memclass()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	       "\tlocal words='' files='' pids='' list='' before=''\n\n"
	       "\tif [ \"$COMP_CWORD\" = 1 ]; then\n\t\twords='");
	put_words_of(NULL, find_value("COMMAND"));
	printf("'\n\telse\n\tcase ${COMP_WORDS[1]} in\n");
	for (i = 0; commands[i]; i++)
		bash_command(commands[i]);
	printf("\tesac\n\tfi\n"
	       "\tif [ -n \"$pids\" ]; then\n"
	       "\t\twords=$(cd /proc && printf '%%s ' [0-9]*)\n"
	       "\tfi\n"
	       "\tif [ -n \"$list\" ] && [[ $cur = *,* ]]; then\n"
	       "\t\tbefore=${cur%%,*},\n"
	       "\t\tcur=${cur##*,}\n"
	       "\tfi\n"
	       "\tmapfile -t COMPREPLY < <(compgen -P \"$before\" -W \"$words\" -- \"$cur\"\n"
	       "\t\t[ -z \"$files\" ] || compgen -f -- \"$cur\")\n"
	       "}\n"
	       "complete -o filenames -F _memclass memclass\n");
}

/*
 * zsh.
 */

static void zsh_action(const struct command *command, const struct value *value)
{
	switch (value->kind) {
	case KIND_FILE:
		printf("_files");
		return;
	case KIND_PID:
		printf("_pids");
		return;
	case KIND_NONE:
		return;
	case KIND_COLUMNS:
		printf("_sequence compadd - ");
		break;
	default:
		break;
	}
	if (value->kind != KIND_COLUMNS)
		putchar('(');
	put_words_of(command, value);
	if (value->kind != KIND_COLUMNS)
		putchar(')');
}

static void zsh_option(const struct command *command, const struct option_text *option)
{
	printf(" \\\n\t\t\t");
	if (option->letter)
		printf("'(-%c --%s)'{-%c,--%s}", option->letter, option->name, option->letter,
		       option->name);
	else
		printf("--%s", option->name);
	printf("'[");
	put_quoted(option->help, "[]:\\");
	putchar(']');
	if (option->value) {
		printf(":%s:", option->value);
		zsh_action(command, find_value(option->value));
	}
	putchar('\'');
}

static void zsh_command(const struct command *command)
{
	struct option_text option;
	size_t next = 0;

	printf("\t%s)\n\t\t_arguments -s", command->name);
	while (options_next(command, &next, &option))
		zsh_option(command, &option);
	if (*command->operands) {
		printf(" \\\n\t\t\t'*:argument:");
		zsh_action(command, find_value(command->operands));
		putchar('\'');
	}
	printf("\n\t\t;;\n");
}

static void zsh(void)
{
	size_t i;

	printf("#compdef memclass\n"
	       "_memclass()\n{\n"
	       "\tlocal -a commands\n\tlocal command\n\n"
	       "\tcommands=(");
	for (i = 0; commands[i]; i++) {
		printf("\n\t\t'%s:", commands[i]->name);
		put_quoted(commands[i]->summary, ":\\");
		putchar('\'');
	}
	printf("\n\t)\n"
	       "\tif ((CURRENT == 2)); then\n"
	       "\t\t_describe -t commands command commands\n"
	       "\t\treturn\n"
	       "\tfi\n"
	       "\tcommand=$words[2]\n"
	       "\tshift words\n"
	       "\t((CURRENT--))\n"
	       "\tcase $command in\n");
	for (i = 0; commands[i]; i++)
		zsh_command(commands[i]);
	printf("\tesac\n}\n"
	       "[ \"$funcstack[1]\" != _memclass ] || _memclass \"$@\"\n"
	       "((! $+functions[compdef])) || compdef _memclass memclass\n");
}

/*
 * fish.
 */

static void fish_value(const struct command *command, const struct value *value)
{
	if (has_words(value)) {
		printf(" -a '");
		put_words_of(command, value);
		putchar('\'');
	} else if (value->kind == KIND_PID) {
		printf(" -a '(__fish_complete_pids)'");
	}
	if (value->files)
		printf(" -F");
}

static void fish_command(const struct command *command)
{
	struct option_text option;
	size_t next = 0;

	printf("complete -c memclass -n __fish_use_subcommand -a %s -d '", command->name);
	put_quoted(command->summary, "");
	printf("'\n");
	while (options_next(command, &next, &option)) {
		printf("complete -c memclass -n '__fish_seen_subcommand_from %s' -l %s",
		       command->name, option.name);
		if (option.letter)
			printf(" -s %c", option.letter);
		if (option.value) {
			printf(" -r");
			fish_value(command, find_value(option.value));
		}
		printf(" -d '");
		put_quoted(option.help, "");
		printf("'\n");
	}
	if (find_value(command->operands)->kind == KIND_NONE)
		return;
	printf("complete -c memclass -n '__fish_seen_subcommand_from %s'", command->name);
	fish_value(command, find_value(command->operands));
	putchar('\n');
}

static void fish(void)
{
	size_t i;

	printf("# memclass completion fish\ncomplete -c memclass -f\n");
	for (i = 0; commands[i]; i++)
		fish_command(commands[i]);
}

static enum status run(const struct request *request, char **operands, int count)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };
	size_t i;

	(void)request;
	(void)count;
	for (i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(shells[i].name, operands[0]))
			continue;
		shells[i].print();
		return STATUS_OK;
	}
	say_usage("completion", "'%s' is not one of bash, zsh and fish", operands[0]);
	return STATUS_USAGE;
}

const struct command completion_command = {
	.name = "completion",
	.operands = "SHELL",
	.summary = "what makes bash, zsh or fish complete all this",
	.details = "For bash: 'memclass completion bash >/etc/bash_completion.d/memclass'; for zsh to\n"
		   "a file _memclass in a folder of $fpath; for fish to memclass.fish in\n"
		   "/etc/fish/completions.\n",
	.options = 0,
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
