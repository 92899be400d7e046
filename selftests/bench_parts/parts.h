/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What there is to measure. Each prints its rows.
 */
#ifndef SELFTESTS_BENCH_PARTS_H
#define SELFTESTS_BENCH_PARTS_H

#include <stddef.h>

/* One process of many pages; of a file of that size as well, unless that is NULL. */
void bench_regions(size_t bytes, const char *file);

/* Many small processes; growth from a tenth of them. */
void bench_system(size_t n);

/* Many of a program that sleeps for as long as it is told. */
void bench_program(const char *program, size_t n);

/* The same, read by programs that a person runs. */
void bench_tools(const char *program, size_t n);

/* The same, exported to a monitoring system. */
void bench_export(const char *program, size_t n);

/* One process of many mappings; growth from a tenth of them. */
void bench_mappings(size_t n);

/* What the module takes, and an open file. */
void bench_memory(void);

#endif /* SELFTESTS_BENCH_PARTS_H */
