// SPDX-License-Identifier: GPL-2.0
#include "small_program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel.h"
#include "memory.h"
#include "oracle.h"
#include "state.h"

#ifdef __x86_64__

/* The file: the headers and the code in its first page, the data in the second. */
#define CODE	512

struct image {
	unsigned char bytes[2 * PAGE];
	size_t used;
};

static void emit(struct image *image, const char *code, size_t length)
{
	memcpy(image->bytes + image->used, code, length);
	image->used += length;
}

#define EMIT(image, code) emit(image, code, sizeof(code) - 1)

static void emit_number(struct image *image, uint32_t number)
{
	emit(image, (const char *)&number, sizeof(number));
}

static void emit_64(struct image *image, const struct small_program *program)
{
	if (program->brk) {
		EMIT(image, "\xb8\x0c\x00\x00\x00");	/* mov $__NR_brk, %eax */
		EMIT(image, "\x31\xff\x0f\x05");	/* xor %edi, %edi; syscall */
		EMIT(image, "\x48\x8d\xb8");		/* lea size(%rax), %rdi */
		emit_number(image, program->brk);
		EMIT(image, "\xb8\x0c\x00\x00\x00");
		EMIT(image, "\x0f\x05");
		EMIT(image, "\xc6\x47\xff\x01");	/* movb $1, -1(%rdi) */
	}
	if (program->bss) {
		EMIT(image, "\xc6\x04\x25");		/* movb $1, bss */
		emit_number(image, SMALL_BSS);
		EMIT(image, "\x01");
	}
	EMIT(image, "\xb8\x22\x00\x00\x00");		/* mov $__NR_pause, %eax */
	EMIT(image, "\x0f\x05\xeb\xf7");		/* syscall; jmp back to it */
}

static void emit_32(struct image *image, const struct small_program *program)
{
	if (program->brk) {
		EMIT(image, "\xb8\x2d\x00\x00\x00");
		EMIT(image, "\x31\xdb\xcd\x80");	/* xor %ebx, %ebx; int $0x80 */
		EMIT(image, "\x8d\x98");		/* lea size(%eax), %ebx */
		emit_number(image, program->brk);
		EMIT(image, "\xb8\x2d\x00\x00\x00");
		EMIT(image, "\xcd\x80");
		EMIT(image, "\xc6\x43\xff\x01");	/* movb $1, -1(%ebx) */
	}
	if (program->bss) {
		EMIT(image, "\xc6\x05");		/* movb $1, bss */
		emit_number(image, SMALL_BSS);
		EMIT(image, "\x01");
	}
	EMIT(image, "\xb8\x1d\x00\x00\x00");
	EMIT(image, "\xcd\x80\xeb\xf7");
}

#define FILL_HEADERS(bits, machine) \
	do { \
		Elf##bits##_Ehdr *header = (void *)image->bytes; \
		Elf##bits##_Phdr *segments = (void *)(image->bytes + sizeof(*header)); \
\
		memcpy(header->e_ident, ELFMAG, SELFMAG); \
		header->e_ident[EI_CLASS] = ELFCLASS##bits; \
		header->e_ident[EI_DATA] = ELFDATA2LSB; \
		header->e_ident[EI_VERSION] = EV_CURRENT; \
		header->e_type = ET_EXEC; \
		header->e_machine = machine; \
		header->e_version = EV_CURRENT; \
		header->e_entry = SMALL_TEXT + CODE; \
		header->e_phoff = sizeof(*header); \
		header->e_ehsize = sizeof(*header); \
		header->e_phentsize = sizeof(*segments); \
		header->e_phnum = 3; \
		segments[0].p_type = PT_LOAD; \
		segments[0].p_flags = PF_R | PF_X; \
		segments[0].p_vaddr = SMALL_TEXT; \
		segments[0].p_filesz = segments[0].p_memsz = PAGE; \
		segments[0].p_align = PAGE; \
		segments[1].p_type = PT_LOAD; \
		segments[1].p_flags = PF_R | PF_W; \
		segments[1].p_offset = PAGE; \
		segments[1].p_vaddr = SMALL_DATA; \
		segments[1].p_filesz = PAGE; \
		segments[1].p_memsz = PAGE + program->bss; \
		segments[1].p_align = PAGE; \
		segments[2].p_type = PT_GNU_STACK; \
		segments[2].p_flags = PF_R | PF_W; \
	} while (0)

static int write_program(const struct small_program *program)
{
	struct image *image = calloc(1, sizeof(*image));
	int fd;

	MUST(image);
	image->used = CODE;
	if (program->bits == 32) {
		FILL_HEADERS(32, EM_386);
		emit_32(image, program);
	} else {
		FILL_HEADERS(64, EM_X86_64);
		emit_64(image, program);
	}
	fd = program->path ? open(program->path, O_RDWR | O_CREAT | O_CLOEXEC, 0700) :
			     memfd_create("small", MFD_CLOEXEC);
	MUST(fd >= 0);
	MUST(write(fd, image->bytes, sizeof(image->bytes)) == sizeof(image->bytes));
	free(image);
	return fd;
}

/* A file that is open for writing cannot be executed. */
static int reopen_for_exec(int fd)
{
	char path[40];
	int exec_fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	exec_fd = open(path, O_RDONLY | O_CLOEXEC);
	MUST(exec_fd >= 0);
	close(fd);
	return exec_fd;
}

struct started {
	pid_t pid;
	const char *pause;	/* as /proc/PID/syscall begins when it holds still */
};

static bool holds_still(const void *argument)
{
	const struct started *started = argument;
	char path[40], text[8] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/syscall", started->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return !strncmp(text, started->pause, strlen(started->pause));
}

pid_t small_program_start(const struct small_program *program)
{
	struct started started = { .pause = program->bits == 32 ? "29 " : "34 " };
	char *const arguments[] = { "small", NULL };
	int fd = reopen_for_exec(write_program(program));
	pid_t parent = getpid();
	int failed[2], error;

	MUST(!pipe2(failed, O_CLOEXEC));
	state_join();
	started.pid = fork();
	MUST(started.pid >= 0);
	if (!started.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EXIT_FAILURE);
		if (program->personality)
			personality(program->personality);
		fexecve(fd, arguments, arguments + 1);
		error = errno;
		if (write(failed[1], &error, sizeof(error)) < 0)
			_exit(EXIT_FAILURE);
		_exit(EXIT_SUCCESS);
	}
	close(failed[1]);
	if (read(failed[0], &error, sizeof(error)) == sizeof(error))
		state_skip("a program of %u bits: %s", program->bits, strerror(error));
	close(failed[0]);
	close(fd);
	MUST(wait_until(holds_still, &started));
	expect_of(started.pid);
	/* It never gave back its counts, and no fault of it brings in more than this. */
	if (!kernel_at_least(6, 2))
		compare_slack(64);
	expect_of(0);
	state_holds(started.pid);
	return started.pid;
}

#else

pid_t small_program_start(const struct small_program *program)
{
	state_skip("there are small programs for x86 only");
}

#endif
