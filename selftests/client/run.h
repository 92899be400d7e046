/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs the client as a user would, and keeps what it wrote. Which one that is the
 * environment can say: MEMCLASS=PATH.
 */
#ifndef SELFTESTS_CLIENT_RUN_H
#define SELFTESTS_CLIENT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "client/json.h"

#define RUN_ARGUMENTS_MAX	16

struct run {
	int status;			/* exit status, or minus the signal */
	char *out;
	char *err;
	struct json *json;		/* run_json() */

	/* Between run_start() and run_finish(). */
	pid_t pid;
	int out_pipe;
	int err_file;
};

/* The arguments are strings and end with NULL. Ends the test when it cannot run. */
void run(struct run *run, ...);
void run_free(struct run *run);

/* Can the module's files be read? */
bool module_is_there(void);

/* The same with a command line for the shell, in which memclass is the client. */
void run_shell(struct run *run, const char *command);

/* Calls @prepare in the new process before it becomes the client. */
void run_after(struct run *run, void (*prepare)(void), ...);

/* Such a preparation; or of any new process, which it ends when it cannot be done. */
void become_nobody(void);

/*
 * Starts it, with standard output going to a pipe, and does not wait. It waits by
 * itself when the pipe is full. run_finish() takes what it wrote.
 */
int run_start(struct run *run, ...);
void run_finish(struct run *run);

/* Reads all that @run wrote to standard output as one value, into ->json, or says on
 * standard error why that is none. */
bool run_json(struct run *run);

#endif /* SELFTESTS_CLIENT_RUN_H */
