// SPDX-License-Identifier: GPL-2.0
#include "workload.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX	16

static bool is_ready(struct workload *workload)
{
	char line[64];

	return workload->output && fgets(line, sizeof(line), workload->output) &&
	       !strncmp(line, "ready", strlen("ready"));
}

bool workload_start(struct workload *workload, const char *kind, const char *course, ...)
{
	const char *arguments[ARGUMENTS_MAX] = { "workload", kind, course };
	int input[2], output[2];
	va_list list;
	size_t i = 3;

	va_start(list, course);
	while (i < ARGUMENTS_MAX - 1 && (arguments[i] = va_arg(list, const char *)))
		i++;
	va_end(list);
	if (pipe2(input, O_CLOEXEC) || pipe2(output, O_CLOEXEC))
		return false;
	workload->pid = fork();
	if (!workload->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(input[0], STDIN_FILENO);
		dup2(output[1], STDOUT_FILENO);
		execvp(arguments[0], (char *const *)arguments);
		_exit(127);
	}
	close(input[0]);
	close(output[1]);
	workload->input = input[1];
	workload->output = fdopen(output[0], "r");
	return workload->pid > 0 && is_ready(workload);
}

bool workload_go(struct workload *workload)
{
	return write(workload->input, "\n", 1) == 1;
}

void workload_end(struct workload *workload)
{
	kill(workload->pid, SIGTERM);
	/* One that was never let go waits for this. */
	close(workload->input);
	if (!fgets(workload->did, sizeof(workload->did), workload->output))
		snprintf(workload->did, sizeof(workload->did), "it ended early\n");
	workload->did[strcspn(workload->did, "\n")] = 0;
	fclose(workload->output);
	waitpid(workload->pid, NULL, 0);
}
