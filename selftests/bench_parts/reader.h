/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What reads processes, and what that costs.
 */
#ifndef SELFTESTS_BENCH_READER_H
#define SELFTESTS_BENCH_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "memclass.h"

#define MODULE_DIR	"/sys/kernel/debug/memclass/"
#define ROUNDS		5
/* A unit costs at most so much more where there are ten times as many. */
#define GROWTH_BAR	1.15
/* Records that are read at a time. */
#define BATCH		64

#define TEXT_SIZE	(4 << 20)

extern struct memclass_record *records;
extern char *text;

/* Makes room for both, so that no fault comes on the way: what is measured is reading. */
void buffers_make(void);

uint64_t now(void);

/* A row; @peer and @bar may be missing. */
void row(const char *name, double value, const char *unit, const char *peer,
	 double peer_value, double bar);

int open_or_die(const char *path);

/* Readers of one process. Each returns its resident bytes, so that all can be held
 * against each other.
 */
uint64_t read_full(pid_t pid);
uint64_t read_cheap(pid_t pid);
uint64_t read_rollup(pid_t pid);
uint64_t read_smaps(pid_t pid);

/*
 * Looks for all processes that there are, as an exporter does, reads each one's rollup, and
 * before it who it is. Return: how many have memory.
 */
size_t read_each_rollup(bool who);

/* The least of several rounds. */
double cost_of(uint64_t (*read_it)(pid_t), pid_t pid, uint64_t rss);

#endif /* SELFTESTS_BENCH_READER_H */
