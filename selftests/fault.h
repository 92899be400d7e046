/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests of the fault counters: what memclass and the kernel say of a process's
 * page faults, and whether what came in between is what the test did.
 */
#ifndef FAULT_H
#define FAULT_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/names.h"
#include "lib/reading.h"
#include "lib/rows.h"

#define PAGE			4096UL
#define PARAMETER_PATH(name)	"/sys/module/memclass/parameters/" name
#define FAULT_AROUND		"/sys/kernel/debug/fault_around_bytes"

enum fault_field {
#define FAULT_ENUM(field, text) FAULT_##field,
	MEMCLASS_FAULTS(FAULT_ENUM)
#undef FAULT_ENUM
	FAULT_NR_FIELDS,
	/* Minor and major together; the kernel's own counts say which it is. */
	FAULT_read = FAULT_NR_FIELDS,
	FAULT_write,
	FAULT_exec,
};

static const char *const fault_names[] = {
#define FAULT_NAME(field, text) #field,
	MEMCLASS_FAULTS(FAULT_NAME)
#undef FAULT_NAME
};

static inline uint64_t fault_get(const struct memclass_faults *faults, enum fault_field field)
{
	switch (field) {
	case FAULT_read:
		return faults->minor_read + faults->major_read;
	case FAULT_write:
		return faults->minor_write + faults->major_write;
	case FAULT_exec:
		return faults->minor_exec + faults->major_exec;
	default:
		return ((const uint64_t *)faults)[field];
	}
}

static inline const char *fault_name(enum fault_field field)
{
	switch (field) {
	case FAULT_read:
		return "read";
	case FAULT_write:
		return "write";
	case FAULT_exec:
		return "exec";
	default:
		return fault_names[field];
	}
}

static inline uint64_t fault_minor(const struct memclass_faults *faults)
{
	return faults->minor_read + faults->minor_write + faults->minor_exec;
}

static inline uint64_t fault_major(const struct memclass_faults *faults)
{
	return faults->major_read + faults->major_write + faults->major_exec;
}

/* Of a process at one time. */
struct fault_reading {
	uint64_t minor, major;		/* as in /proc/PID/stat */
	struct memclass_record record;
};

/* Small files. Return: how much was read, at most @size - 1; @text ends with 0. */
static inline ssize_t text_read(const char *path, char *text, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got = -1;

	if (fd >= 0) {
		while ((got = read(fd, text + length, size - 1 - length)) > 0)
			length += got;
		close(fd);
	}
	text[length] = 0;
	return got < 0 ? -1 : (ssize_t)length;
}

/* Return: false with errno. */
static inline bool text_write(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done;
	int error;

	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	error = errno;
	close(fd);
	errno = error;
	return done;
}

/* Return: false when there is no such process. */
static inline bool stat_faults(pid_t pid, uint64_t *minor, uint64_t *major)
{
	char path[32], text[512], *field;
	unsigned int number;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (text_read(path, text, sizeof(text)) <= 0)
		return false;
	/* The second field can hold blanks, but ends with the last of these. */
	field = strrchr(text, ')');
	for (number = 2; field && number < 12; number++) {
		if (number == 10)
			*minor = strtoull(field, NULL, 10);
		field = strchr(field + 1, ' ');
	}
	if (!field)
		return false;
	*major = strtoull(field, NULL, 10);
	return true;
}

/*
 * Reads a process that takes no fault meanwhile: until the kernel says the same before
 * and after. It can be the caller itself, when @reading was written to before.
 *
 * Return: NULL, or what is wrong.
 */
static inline const char *fault_read(pid_t pid, struct fault_reading *reading)
{
	const int fd = records_open();
	uint64_t minor = 0, major = 0;
	unsigned int tries;
	bool got = false;

	if (fd < 0)
		return fault("cannot open records: %s", strerror(errno));
	for (tries = 0; tries < 100 && !got; tries++) {
		if (!stat_faults(pid, &reading->minor, &reading->major))
			break;
		if (pread(fd, &reading->record, sizeof(reading->record),
			  records_at(pid) | MEMCLASS_OFFSET_CHEAP) !=
			    sizeof(reading->record) ||
		    reading->record.pid != (uint32_t)pid)
			break;
		got = stat_faults(pid, &minor, &major) && minor == reading->minor &&
		      major == reading->major;
	}
	close(fd);
	if (!got)
		return fault("pid %d %s", pid,
			     tries == 100 ? "does not hold still" : "has no record");
	if (!(reading->record.flags & MEMCLASS_FAULTS_ON))
		return fault("faults are not counted");
	return NULL;
}

/* Is the total of a record the sum of its classes, and no part more than the whole? */
static inline const char *fault_sums(const struct memclass_record *record)
{
	unsigned int i;

	for (i = 0; i < MEMCLASS_NR_CLASSES; i++) {
		const struct memclass_faults *f = &record->faults[i];
		const uint64_t all = fault_minor(f) + fault_major(f);

		if (f->cow_faults > fault_get(f, FAULT_write) || f->remote_faults > all)
			return fault("%s: more cow or remote faults than faults",
				     class_name(i));
	}
	return faults_total_fault(record);
}

/* A reading from which growth is counted: of a process that was just forked. */
static const struct fault_reading fault_none;

/*
 * Did the sums over all classes grow by just as much as the kernel's counts?
 *
 * Return: NULL, or what is wrong.
 */
static inline const char *fault_exact(const struct fault_reading *before,
				      const struct fault_reading *after)
{
	const struct memclass_faults *was = &before->record.faults_total;
	const struct memclass_faults *is = &after->record.faults_total;
	const char *bad = fault_sums(&after->record);

	if (bad)
		return bad;
	if (fault_minor(is) - fault_minor(was) != after->minor - before->minor ||
	    fault_major(is) - fault_major(was) != after->major - before->major ||
	    after->record.faults_dropped != before->record.faults_dropped)
		return fault("%" PRId64 " minor, %" PRId64 " major, %" PRId64
			     " dropped; the kernel counted %" PRId64 " and %" PRId64,
			     fault_minor(is) - fault_minor(was),
			     fault_major(is) - fault_major(was),
			     (uint64_t)(after->record.faults_dropped -
					before->record.faults_dropped),
			     after->minor - before->minor, after->major - before->major);
	return NULL;
}

/* What a test did. */
struct growth {
	enum memclass_class class;
	enum fault_field field;
	uint64_t faults;
};

#define GREW(class, field, faults)	{ MEMCLASS_CLASS_##class, FAULT_##field, faults }

/* Is that field, or sum of fields, expected to be anything but 0? */
static inline bool growth_mentions(const struct growth *growth, size_t nr,
				   enum memclass_class class, enum fault_field field)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (growth[i].class != class)
			continue;
		if (growth[i].field == field)
			return true;
		if (growth[i].field >= FAULT_NR_FIELDS && field <= FAULT_major_exec &&
		    (unsigned int)field % 3 == growth[i].field - FAULT_read)
			return true;
	}
	return false;
}

/*
 * Is all that came between two readings what is expected, and is it exact?
 *
 * Return: NULL, or what is wrong.
 */
static inline const char *fault_growth(const struct fault_reading *before,
				       const struct fault_reading *after,
				       const struct growth *growth, size_t nr)
{
	const struct memclass_faults *was = before->record.faults;
	const struct memclass_faults *is = after->record.faults;
	const char *bad = fault_exact(before, after);
	unsigned int i, field;

	if (bad)
		return bad;
	for (i = 0; i < nr; i++) {
		const uint64_t faults = fault_get(&is[growth[i].class], growth[i].field) -
					fault_get(&was[growth[i].class], growth[i].field);

		if (faults != growth[i].faults)
			return fault("%s %s: %" PRIu64 " and not %" PRIu64,
				     class_name(growth[i].class),
				     fault_name(growth[i].field), faults, growth[i].faults);
	}
	for (i = 0; i < MEMCLASS_NR_CLASSES; i++) {
		for (field = 0; field < FAULT_NR_FIELDS; field++) {
			const uint64_t faults = fault_get(&is[i], field) -
						fault_get(&was[i], field);

			if (faults && !growth_mentions(growth, nr, i, field))
				return fault("%s %s: %" PRIu64 " that nobody made",
					     class_name(i), fault_names[field],
					     faults);
		}
	}
	return NULL;
}

/*
 * What the caller has is all there, and its own: from now on there are no faults but
 * those that it makes. Its stack is so for some pages more.
 */
static inline bool settle(void)
{
	volatile char stack[16 * PAGE];
	size_t at;

	for (at = 0; at < sizeof(stack); at += PAGE)
		stack[at] = 1;
	return !mlockall(MCL_CURRENT) && !munlockall();
}

/* Alone: neither with others nor in huge pages. NULL: no memory. */
static inline char *map_own(size_t length, int prot, int flags, int fd)
{
	char *space = mmap(NULL, length + 2 * PAGE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *map;

	if (space == MAP_FAILED)
		return NULL;
	map = mmap(space + PAGE, length, prot, flags | MAP_FIXED, fd, 0);
	if (map == MAP_FAILED)
		return NULL;
	madvise(map, length, MADV_NOHUGEPAGE);
	return map;
}

static inline char *map_own_anon(size_t length)
{
	return map_own(length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* One byte of each page is written to, or read. */
static inline void touch(void *addr, size_t length)
{
	volatile char *at = addr, *end = at + length;

	for (; at < end; at += PAGE)
		*at = 1;
}

static inline void look_at(const void *addr, size_t length)
{
	const volatile char *at = addr, *end = at + length;

	for (; at < end; at += PAGE)
		(void)*at;
}

/* The value of a line of the file version. Return: false when there is none. */
static inline bool version_get(const char *key, char *value, size_t size)
{
	const size_t length = strlen(key);
	char text[4096], *line, *rest;

	if (text_read(FILE_PATH("version"), text, sizeof(text)) < 0)
		return false;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, key, length) || line[length] != ' ')
			continue;
		snprintf(value, size, "%s", line + length + 1);
		return true;
	}
	return false;
}

static inline uint64_t version_number(const char *key)
{
	char value[128];

	return version_get(key, value, sizeof(value)) ? strtoull(value, NULL, 10) : 0;
}

/* Are faults counted, and if not, why? @why has room for 128 bytes. */
static inline bool faults_are_on(char *why)
{
	char value[128] = "the file does not say";

	if (version_get("faults", value, sizeof(value)) && strncmp(value, "off", 3))
		return true;
	snprintf(why, 128, "%s", value);
	return false;
}

#endif /* FAULT_H */
