// SPDX-License-Identifier: GPL-2.0
#include "run.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *client(void)
{
	return getenv("MEMCLASS") ?: "memclass";
}

bool module_is_there(void)
{
	return !access("/sys/kernel/debug/memclass/records", R_OK);
}

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static int make_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		fail("memfd_create");
	return fd;
}

/* All that was written to it, as a string. */
static char *read_file(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, size + 1);

	if (!text || pread(fd, text, size, 0) != size)
		fail("reading what it wrote");
	close(fd);
	return text;
}

/*
 * Without random addresses: an emulator keeps what it has translated by address, and
 * would begin again with each run of the client, which is most of what a run takes.
 */
static pid_t start(const char *const *arguments, void (*prepare)(void), int out, int err)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (prepare)
		prepare();
	personality(ADDR_NO_RANDOMIZE);
	if ((out >= 0 && dup2(out, STDOUT_FILENO) < 0) ||
	    (err >= 0 && dup2(err, STDERR_FILENO) < 0))
		_exit(126);
	execvp(arguments[0], (char *const *)arguments);
	_exit(127);
}

static int wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail("running the client");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void run_all(struct run *run, const char *const *arguments,
		    void (*prepare)(void))
{
	int out = make_file("stdout"), err = make_file("stderr");

	memset(run, 0, sizeof(*run));
	run->status = wait_for(start(arguments, prepare, out, err));
	run->out = read_file(out);
	run->err = read_file(err);
}

static void take_arguments(const char **arguments, va_list list)
{
	size_t i = 0;

	arguments[i++] = client();
	while (i < RUN_ARGUMENTS_MAX && (arguments[i] = va_arg(list, const char *)))
		i++;
	if (i == RUN_ARGUMENTS_MAX)
		abort();
}

void run(struct run *run, ...)
{
	const char *arguments[RUN_ARGUMENTS_MAX];
	va_list list;

	va_start(list, run);
	take_arguments(arguments, list);
	va_end(list);
	run_all(run, arguments, NULL);
}

void run_after(struct run *run, void (*prepare)(void), ...)
{
	const char *arguments[RUN_ARGUMENTS_MAX];
	va_list list;

	va_start(list, prepare);
	take_arguments(arguments, list);
	va_end(list);
	run_all(run, arguments, prepare);
}

void run_shell(struct run *run, const char *command)
{
	const char *arguments[] = { "sh", "-c", NULL, NULL };
	char *line;

	if (asprintf(&line, "memclass() { '%s' \"$@\"; }\n%s", client(), command) < 0)
		fail("asprintf");
	/* The function would find itself. */
	arguments[2] = strcmp(client(), "memclass") ? line : command;
	run_all(run, arguments, NULL);
	free(line);
}

void become_nobody(void)
{
	if (setgid(65534) || setuid(65534))
		_exit(125);
}

/* Returns the end of the pipe that is to be read. */
int run_start(struct run *run, ...)
{
	const char *arguments[RUN_ARGUMENTS_MAX];
	va_list list;
	int out[2];

	memset(run, 0, sizeof(*run));
	va_start(list, run);
	take_arguments(arguments, list);
	va_end(list);
	if (pipe2(out, O_CLOEXEC))
		fail("pipe2");
	run->err_file = make_file("stderr");
	run->pid = start(arguments, NULL, out[1], run->err_file);
	close(out[1]);
	run->out_pipe = out[0];
	return out[0];
}

void run_finish(struct run *run)
{
	int out = make_file("stdout");
	char part[4096];
	ssize_t got;

	while ((got = read(run->out_pipe, part, sizeof(part))) > 0)
		if (write(out, part, got) != got)
			fail("write");
	close(run->out_pipe);
	run->status = wait_for(run->pid);
	run->out = read_file(out);
	run->err = read_file(run->err_file);
}

bool run_json(struct run *run)
{
	const char *at = run->out, *error;

	run->json = json_parse(&at, &error);
	if (run->json && !*at)
		return true;
	fprintf(stderr, "# no JSON: %s at \"%.40s\"\n", error ?: "it goes on", at);
	return false;
}

void run_free(struct run *run)
{
	free(run->out);
	free(run->err);
	json_free(run->json);
	memset(run, 0, sizeof(*run));
}
