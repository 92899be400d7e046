// SPDX-License-Identifier: GPL-2.0
#include "settings.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_value(const char *path, char *value, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return false;
	got = read(fd, value, room - 1);
	close(fd);
	if (got <= 0)
		return false;
	value[got] = 0;
	value[strcspn(value, "\n")] = 0;
	return true;
}

/* "always [madvise] never": what is set stands in brackets. */
static void take_choice(char *value)
{
	char *begin = strchr(value, '['), *end = strchr(value, ']');

	if (!begin || !end)
		return;
	*end = 0;
	memmove(value, begin + 1, strlen(begin + 1) + 1);
}

void settings_keep(struct settings *settings, const char *const *paths)
{
	for (settings->nr = 0; *paths && settings->nr < SETTINGS_MAX; paths++) {
		char *value = settings->kept[settings->nr].value;

		if (!read_value(*paths, value, sizeof(settings->kept->value)))
			continue;
		take_choice(value);
		settings->kept[settings->nr++].path = *paths;
	}
}

void settings_restore(const struct settings *settings)
{
	unsigned int i;

	for (i = 0; i < settings->nr; i++)
		setting_write(settings->kept[i].path, settings->kept[i].value);
}

bool setting_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written;

	if (fd < 0)
		return false;
	written = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	close(fd);
	return written;
}

bool setting_write_number(const char *path, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", value);
	return setting_write(path, text);
}

uint64_t setting_number(const char *path)
{
	char value[128];

	return read_value(path, value, sizeof(value)) ? strtoull(value, NULL, 10) : 0;
}
