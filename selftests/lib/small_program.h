/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs of a few instructions, that have nothing but what is said here: no C
 * library that would use the program break, and 32 bits where the compiler has none.
 */
#ifndef SELFTESTS_SMALL_PROGRAM_H
#define SELFTESTS_SMALL_PROGRAM_H

#include <stddef.h>
#include <sys/types.h>

/* Where its parts are. */
#define SMALL_TEXT	0x10000000UL
#define SMALL_DATA	0x10100000UL
#define SMALL_BSS	0x10101000UL

struct small_program {
	unsigned int bits;		/* 32 or 64 */
	size_t bss;			/* bytes, from SMALL_BSS on; the first page is written to */
	size_t brk;			/* bytes that it asks for; the last page is written to */
	unsigned long personality;
	const char *path;		/* where the file is made; NULL: a memfd */
};

/*
 * Starts it as a process of the state, and waits until it holds still. Ends with
 * state_skip() where the processor or the kernel does not know such programs.
 */
pid_t small_program_start(const struct small_program *program);

#endif /* SELFTESTS_SMALL_PROGRAM_H */
