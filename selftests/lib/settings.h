/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's settings in /sys and /proc: what a test changes is put back.
 */
#ifndef SELFTESTS_SETTINGS_H
#define SELFTESTS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTINGS_MAX 16

struct settings {
	unsigned int nr;
	struct {
		const char *path;
		char value[128];
	} kept[SETTINGS_MAX];
};

/* Remembers settings; the list ends with NULL. Those that do not exist are left out. */
void settings_keep(struct settings *settings, const char *const *paths);
void settings_restore(const struct settings *settings);

/* Returns false with errno when it cannot be set. */
bool setting_write(const char *path, const char *value);
bool setting_write_number(const char *path, uint64_t value);

/* Returns 0 when it cannot be read, too. */
uint64_t setting_number(const char *path);

#endif /* SELFTESTS_SETTINGS_H */
