// SPDX-License-Identifier: GPL-2.0
/* memclass SUBCOMMAND: the table of subcommands, and what they have in common. */
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "memclass.h"
#include "options.h"
#include "say.h"
#include "table.h"

static const struct command help_command;

const struct command *const commands[] = {
	&show_command,
	&maps_command,
	&ps_command,
	&faults_command,
	&objects_command,
	&cgroups_command,
	&system_command,
	&record_command,
	&report_command,
	&diff_command,
	&watch_command,
	&top_command,
	&export_command,
	&classes_command,
	&version_command,
	&completion_command,
	&help_command,
	NULL
};

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	say_usage(NULL, "there is no command '%s'", name);
	return NULL;
}

static void print_usage(FILE *out, const struct command *command)
{
	fprintf(out, "Usage: memclass %s%s%s%s\n", command->name,
		command->options ? " [OPTION...]" : "", *command->operands ? " " : "",
		command->operands);
}

static void print_command_help(const struct command *command)
{
	print_usage(stdout, command);
	printf("%c%s.\n\n%s\n", toupper(command->summary[0]), command->summary + 1,
	       command->details);
	options_help(command);
	if (command->listing)
		listing_help(command->listing);
}

static void print_help(void)
{
	size_t i;

	printf("Usage: memclass COMMAND [OPTION...] [ARGUMENT...]\n"
	       "Which kinds of memory there are in which process.\n\n");
	for (i = 0; commands[i]; i++)
		printf("  %-10s %-13s %s\n", commands[i]->name, commands[i]->operands,
		       commands[i]->summary);
	printf("\n'memclass help COMMAND', or 'memclass COMMAND -h', says more; so does\n"
	       "memclass(8).\n\n"
	       "Exit status: 0 done, 1 failed, 2 wrong usage, 3 a leak is suspected, 4 the\n"
	       "module is not there, 5 not permitted.\n");
}

static enum status run_help(const struct request *request, char **operands, int count)
{
	const struct command *command;

	(void)request;
	if (!count) {
		print_help();
		return STATUS_OK;
	}
	command = find_command(operands[0]);
	if (!command)
		return STATUS_USAGE;
	print_command_help(command);
	return STATUS_OK;
}

static const struct command help_command = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "this overview, or one of the commands",
	.details = "The same as 'memclass COMMAND --help'.\n",
	.options = 0,
	.min_operands = 0,
	.max_operands = 1,
	.run = run_help,
};

static enum status check_operands(const struct command *command, char **operands, int count)
{
	if (count < command->min_operands)
		say_usage(command->name, "%s wants %s", command->name, command->operands);
	else if (command->max_operands >= 0 && count > command->max_operands)
		say_usage(command->name, "%s does not take '%s'", command->name,
			  operands[command->max_operands]);
	else
		return STATUS_OK;
	return STATUS_USAGE;
}

static enum status run_command(const struct command *command, int argc, char **argv)
{
	struct request request = { 0 };
	enum status status;
	int first;

	switch (options_parse(command, argc, argv, &request, &first)) {
	case OPTIONS_OK:
		break;
	case OPTIONS_HELP:
		print_command_help(command);
		return STATUS_OK;
	default:
		return STATUS_USAGE;
	}
	status = check_operands(command, argv + first, argc - first);
	if (!status && command->listing)
		status = listing_check(command->listing, &request, command->name);
	return status ?: command->run(&request, argv + first, argc - first);
}

static enum status run(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	const struct command *command;

	if (!name) {
		say_usage(NULL, "which command?");
		return STATUS_USAGE;
	}
	if (!strcmp(name, "-h") || !strcmp(name, "--help")) {
		print_help();
		return STATUS_OK;
	}
	if (!strcmp(name, "-V") || !strcmp(name, "--version")) {
		printf("memclass %s\n", MEMCLASS_VERSION);
		return STATUS_OK;
	}
	command = find_command(name);
	return command ? run_command(command, argc - 1, argv + 1) : STATUS_USAGE;
}

/* What could not be written has failed; who closed the pipe need not be told so. */
static enum status finish(enum status status)
{
	const bool failed = ferror(stdout);
	/* After an error there is something left to write, and that fails the same way. */
	const int error = fclose(stdout) ? errno : 0;

	if (!failed && !error)
		return status;
	if (error != EPIPE)
		say_error("cannot write: %s", error ? strerror(error) : "some of it is missing");
	return STATUS_FAILURE;
}

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	/* What is too large is an error of the write, after which there is something to do. */
	signal(SIGXFSZ, SIG_IGN);
	return finish(run(argc, argv));
}
