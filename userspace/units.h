/* SPDX-License-Identifier: GPL-2.0 */
#ifndef UNITS_H
#define UNITS_H

#include <stddef.h>
#include <stdint.h>

/* Room for whatever these write. */
#define UNITS_MAX	24

const char *units_number(char buffer[UNITS_MAX], uint64_t number);
const char *units_bytes(char buffer[UNITS_MAX], uint64_t bytes);
const char *units_change(char buffer[UNITS_MAX], int64_t bytes);

/* Return: the bytes of a unit by its letter, or 0. */
uint64_t units_find(const char *name);
const char *units_in(char buffer[UNITS_MAX], uint64_t bytes, uint64_t unit);

const char *units_nanoseconds(char buffer[UNITS_MAX], uint64_t ns);
const char *units_age(char buffer[UNITS_MAX], uint64_t seconds);

#endif /* UNITS_H */
