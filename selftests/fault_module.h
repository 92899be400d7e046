/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests that load the module with parameters, and unload it.
 */
#ifndef FAULT_MODULE_H
#define FAULT_MODULE_H

#include "fault.h"
#include "lib/module.h"

static inline int module_unload(void)
{
	return module_remove("memclass");
}

static inline int module_load(const char *parameters)
{
	return module_insert(MODULE_KO, parameters);
}

static inline bool module_is_loaded(void)
{
	return !access(DIR_PATH, F_OK);
}

/* Return: whether it is there now, with these. */
static inline bool module_reload(const char *parameters)
{
	return (!module_is_loaded() || !module_unload()) && !module_load(parameters);
}

/* Sets the parameter of the module that is there. Return: false with errno. */
static inline bool faults_set(const char *value)
{
	return text_write(PARAMETER_PATH("faults"), value);
}

static inline bool parameter_is(const char *value)
{
	char text[64];

	return text_read(PARAMETER_PATH("faults"), text, sizeof(text)) > 0 &&
	       !strncmp(text, value, strlen(value)) && !strcmp(text + strlen(value), "\n");
}

/* "off: why" is what it says when counting cannot be turned on. */
static inline bool counting_is_on(void)
{
	char text[8192];

	return text_read(FILE_PATH("version"), text, sizeof(text)) > 0 &&
	       strstr(text, "\nfaults ") && !strstr(text, "\nfaults off");
}

/*
 * A child that has memory to fault in, as often as it is told to: each time, it writes
 * to so many pages that it does not have, and to nothing else.
 */
#define FAULTER_PAGES	64U

static inline void faulter_body(const struct child *parent, void *unused)
{
	const size_t length = FAULTER_PAGES * PAGE;
	char *map = map_own_anon(length);

	if (!map || !settle())
		_exit(1);
	for (;;) {
		madvise(map, length, MADV_DONTNEED);
		child_tell(parent);
		if (!child_wait(parent))
			_exit(0);
		touch(map, length);
	}
}

static inline struct child faulter_start(void)
{
	return child_start(faulter_body, NULL);
}

/*
 * Has it fault once, and compares.
 *
 * Return: NULL, or what is wrong.
 */
static inline const char *faulter_check(const struct child *child)
{
	static struct fault_reading before, after;
	const struct growth growth = GREW(ANON, minor_write, FAULTER_PAGES);
	const char *bad = fault_read(child->pid, &before);

	if (bad)
		return bad;
	if (!child_step(child))
		return fault("the child has ended");
	bad = fault_read(child->pid, &after);
	return bad ?: fault_growth(&before, &after, &growth, 1);
}

#endif /* FAULT_MODULE_H */
