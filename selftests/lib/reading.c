// SPDX-License-Identifier: GPL-2.0
#include "reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const reading_files[READING_NR_FILES] = {
	FILE_PATH("version"),
	FILE_PATH("classes"),
	FILE_PATH("processes"),
	FILE_PATH("faults"),
	FILE_PATH("objects"),
	FILE_PATH("cgroups"),
	FILE_PATH("records"),
	FILE_PATH("vmas"),
};

int read_to_end(int fd)
{
	static __thread char buffer[65536];
	ssize_t got;

	do
		got = read(fd, buffer, sizeof(buffer));
	while (got > 0);
	return got < 0 ? errno : 0;
}

/* Mappings that are asked for at a time. */
#define BATCH	64

int records_open(void)
{
	return open(FILE_PATH("records"), O_RDONLY | O_CLOEXEC);
}

int vmas_open(void)
{
	return open(FILE_PATH("vmas"), O_RDONLY | O_CLOEXEC);
}

loff_t records_at(uint64_t pid)
{
	return pid * sizeof(struct memclass_record);
}

loff_t vmas_at(uint64_t pid, uint64_t ordinal)
{
	return MEMCLASS_VMA_INDEX(pid, ordinal) * sizeof(struct memclass_vma);
}

pid_t next_record(int fd, pid_t pid, struct memclass_record *record)
{
	return pread(fd, record, sizeof(*record), records_at(pid)) == sizeof(*record) ?
		       (pid_t)record->pid :
		       0;
}

bool record_of(int fd, pid_t pid, struct memclass_record *record)
{
	return next_record(fd, pid, record) == pid;
}

pid_t next_vma(int fd, pid_t pid, struct memclass_vma *vma)
{
	return pread(fd, vma, sizeof(*vma), vmas_at(pid, 0)) == sizeof(*vma) ? (pid_t)vma->pid : 0;
}

ssize_t vmas_read(int fd, struct memclass_vma *vmas, size_t size)
{
	ssize_t got;

	do {
		got = read(fd, vmas, size);
	} while (got < 0 && errno == ESRCH);
	return got;
}

bool memclass_is_loaded(void)
{
	return !access(FILE_PATH("records"), R_OK);
}

static int read_record(struct memclass_record *record, pid_t pid, bool cheap)
{
	off_t offset = records_at(pid) | (cheap ? MEMCLASS_OFFSET_CHEAP : 0);
	int fd = records_open();
	ssize_t got;
	int err = 0;

	if (fd < 0)
		return -errno;
	got = pread(fd, record, sizeof(*record), offset);
	if (got < 0)
		err = -errno;
	else if (!got || record->pid != (__u32)pid)
		err = -ESRCH;
	else if (got != sizeof(*record) || record->size != sizeof(*record) ||
		 record->counts_size != sizeof(struct memclass_counts))
		err = -EPROTO;
	close(fd);
	return err;
}

/* Appends the mappings of @pid that are in the buffer. Returns whether all were. */
static bool take_vmas(struct reading *reading, size_t got, pid_t pid)
{
	struct memclass_vma *buffer = reading->vmas + reading->nr_vmas;
	size_t i;

	for (i = 0; i < got; i++) {
		if (buffer[i].pid != (__u32)pid)
			return false;
		reading->nr_vmas++;
	}
	return true;
}

static int read_vmas(struct reading *reading, pid_t pid, bool cheap)
{
	const size_t size = sizeof(struct memclass_vma);
	off_t offset = vmas_at(pid, 0) | (cheap ? MEMCLASS_OFFSET_CHEAP : 0);
	int fd = vmas_open();
	size_t room = 0;
	ssize_t got;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (lseek(fd, offset, SEEK_SET) < 0)
		err = -errno;
	while (!err) {
		if (room - reading->nr_vmas < BATCH) {
			struct memclass_vma *more;

			room = (room + BATCH) * 2;
			more = reallocarray(reading->vmas, room, size);
			if (!more) {
				err = -ENOMEM;
				break;
			}
			reading->vmas = more;
		}
		got = read(fd, reading->vmas + reading->nr_vmas, BATCH * size);
		if (got < 0)
			err = -errno;
		else if (got % size)
			err = -EPROTO;
		else if (!got || !take_vmas(reading, got / size, pid))
			break;
	}
	close(fd);
	return err;
}

int reading_take(struct reading *reading, pid_t pid, bool cheap)
{
	int err;

	memset(reading, 0, sizeof(*reading));
	err = read_record(&reading->record, pid, cheap);
	if (!err)
		err = read_vmas(reading, pid, cheap);
	if (err)
		reading_free(reading);
	return err;
}

/* Room for one more, of which there are @nr. */
static void *grow(void *array, size_t nr, size_t size)
{
	if (nr & (nr - 1))
		return array;
	array = reallocarray(array, nr ? 2 * nr : 1, size);
	if (!array)
		abort();
	return array;
}

/* Sets the position of a file that was just opened. */
static int begin_at(int fd, off_t offset, bool cheap)
{
	if (fd >= 0 && lseek(fd, offset | (cheap ? MEMCLASS_OFFSET_CHEAP : 0), SEEK_SET) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static ssize_t read_all_records(struct reading **readings, bool cheap)
{
	struct memclass_record records[8];
	int fd = begin_at(records_open(), records_at(1), cheap);
	ssize_t got, i, nr = 0;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, records, sizeof(records))) > 0) {
		for (i = 0; i < got / (ssize_t)sizeof(*records); i++) {
			*readings = grow(*readings, nr, sizeof(**readings));
			memset(&(*readings)[nr], 0, sizeof(**readings));
			(*readings)[nr++].record = records[i];
		}
	}
	if (got < 0)
		nr = -errno;
	close(fd);
	return nr;
}

/*
 * A process that came or went between the two passes has no mappings here, one that
 * went meanwhile some of them: it did not hold still.
 */
static int read_all_vmas(struct reading *readings, size_t nr, bool cheap)
{
	static struct memclass_vma vmas[BATCH];
	int fd = begin_at(vmas_open(), vmas_at(1, 0), cheap);
	size_t at = 0, i;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while ((got = vmas_read(fd, vmas, sizeof(vmas))) > 0) {
		for (i = 0; i < got / sizeof(*vmas); i++) {
			struct reading *reading;

			while (at < nr && readings[at].record.pid < vmas[i].pid)
				at++;
			if (at == nr || readings[at].record.pid != vmas[i].pid)
				continue;
			reading = &readings[at];
			reading->vmas = grow(reading->vmas, reading->nr_vmas, sizeof(*vmas));
			reading->vmas[reading->nr_vmas++] = vmas[i];
		}
	}
	close(fd);
	return got < 0 ? -errno : 0;
}

ssize_t readings_take_all(struct reading **readings, bool cheap)
{
	ssize_t nr;
	int err;

	*readings = NULL;
	nr = read_all_records(readings, cheap);
	if (nr < 0)
		return nr;
	err = read_all_vmas(*readings, nr, cheap);
	if (err)
		readings_free(*readings, nr);
	return err ?: nr;
}

void readings_free(struct reading *readings, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		reading_free(&readings[i]);
	free(readings);
}

void reading_free(struct reading *reading)
{
	free(reading->vmas);
	reading->vmas = NULL;
	reading->nr_vmas = 0;
}
