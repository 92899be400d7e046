// SPDX-License-Identifier: GPL-2.0
#include "synthetic.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/names.h"

const struct layout layout_own = {
	.nr_columns = MEMCLASS_NR_COLUMNS,
	.nr_classes = MEMCLASS_NR_CLASSES,
	.nr_faults = sizeof(struct memclass_faults) / sizeof(__u64),
};

/* A name that memclass.h does not have. */
static const char *newer_name(const char *format, unsigned int number)
{
	static char name[32];

	snprintf(name, sizeof(name), format, number);
	return name;
}

const char *synthetic_class_name(unsigned int class)
{
	return class < MEMCLASS_NR_CLASSES ? class_name(class) : newer_name("newer-%u", class);
}

/* New classes are of an old type and a new one in turn. */
const char *synthetic_class_type(unsigned int class)
{
	if (class < MEMCLASS_NR_CLASSES)
		return class_type_name(class);
	return class % 2 ? "newer-type" : class_type_name(MEMCLASS_CLASS_DEVICE);
}

const char *synthetic_column_name(unsigned int column)
{
	return column < MEMCLASS_NR_COLUMNS ? column_name(column) :
					      newer_name("newer_%u", column);
}

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* The values of new fields: they must not turn up anywhere. */
#define NEW_FIELD	0xa5

/* More than any record has: what it does not have is not known all the same. */
#define COLUMNS		(~0ULL)

/* Return: the size of a record with @nr_counts parts that count. */
static size_t size_with(const struct layout *layout, size_t head, size_t nr_counts)
{
	return head + layout->head_more + nr_counts * layout->nr_columns * sizeof(__u64);
}

/* Before page faults were counted, the head ended earlier. */
static size_t record_head_size(const struct layout *layout)
{
	return layout->nr_faults ? offsetof(struct memclass_record, total) :
				   offsetof(struct memclass_record, faults_offset);
}

static size_t faults_offset(const struct layout *layout)
{
	return size_with(layout, record_head_size(layout), 1 + layout->nr_classes);
}

static size_t record_size(const struct layout *layout)
{
	return faults_offset(layout) +
	       (1 + layout->nr_classes) * layout->nr_faults * sizeof(__u64);
}

static size_t vma_size(const struct layout *layout)
{
	return size_with(layout, offsetof(struct memclass_vma, counts), 1);
}

static void write_names(FILE *version, const char *key, const char *(*name)(unsigned int),
			unsigned int nr)
{
	unsigned int i;

	fputs(key, version);
	for (i = 0; i < nr; i++)
		fprintf(version, " %s", name(i));
	fputc('\n', version);
}

static void write_version(const struct synthetic *synthetic)
{
	const struct layout *layout = &synthetic->layout;
	size_t size;
	char *text;
	FILE *version = open_memstream(&text, &size);

	if (!version)
		abort();
	fprintf(version, "abi %d\nversion synthetic\nrecord_size %zu\nvma_size %zu\n",
		MEMCLASS_ABI, record_size(layout), vma_size(layout));
	if (!layout->unnamed) {
		write_names(version, "class_names", synthetic_class_name, layout->nr_classes);
		write_names(version, "class_types", synthetic_class_type, layout->nr_classes);
		write_names(version, "column_names", synthetic_column_name,
			    layout->nr_columns);
	}
	fclose(version);
	synthetic_write(synthetic, "version", text, size, 0);
	free(text);
}

void synthetic_make(struct synthetic *synthetic, const struct layout *layout)
{
	synthetic->layout = *layout;
	strcpy(synthetic->dir, "/tmp/memclass.XXXXXX");
	if (!mkdtemp(synthetic->dir))
		fail("mkdtemp");
	write_version(synthetic);
	synthetic_write(synthetic, "records", "", 0, 0);
	synthetic_write(synthetic, "vmas", "", 0, 0);
}

void synthetic_remove(struct synthetic *synthetic)
{
	static const char *const files[] = { "version", "records", "vmas" };
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", synthetic->dir, files[i]);
		unlink(path);
	}
	rmdir(synthetic->dir);
}

void synthetic_write(const struct synthetic *synthetic, const char *file, const void *data,
		     size_t size, uint64_t offset)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", synthetic->dir, file);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || pwrite(fd, data, size, offset) != (ssize_t)size)
		fail(path);
	close(fd);
}

uint64_t synthetic_value(uint32_t pid, unsigned int class, unsigned int column)
{
	return 1000000 * pid + 1000 * class + column + 1;
}

uint64_t synthetic_fault(uint32_t pid, unsigned int class, unsigned int column)
{
	return 2000000 * pid + 1000 * class + column + 1;
}

static unsigned char *allocate(size_t size)
{
	unsigned char *record = calloc(1, size);

	if (!record)
		abort();
	return record;
}

unsigned char *synthetic_record(const struct layout *layout, uint32_t pid, size_t *size)
{
	size_t head_size = record_head_size(layout);
	unsigned int i, column;
	unsigned char *record;
	__u64 *counts, *faults;

	*size = record_size(layout);
	record = allocate(*size);
	memcpy(record,
	       &(struct memclass_record) {
		       .size = *size,
		       .abi = MEMCLASS_ABI,
		       .counts_offset = head_size + layout->head_more,
		       .counts_size = layout->nr_columns * sizeof(__u64),
		       .nr_classes = layout->nr_classes,
		       .pid = pid,
		       .ppid = pid + 1,
		       .uid = pid + 2,
		       .threads = pid + 3,
		       .start_ns = pid + 4,
		       .page_tables = pid + 5,
		       .cost = {
			       .walk_ns = pid + 6,
			       .max_hold_ns = pid + 7,
			       .slices = pid + 8,
			       .lock_drops = pid + 9,
			       .changed = pid + 10,
		       },
		       .columns = COLUMNS,
		       .comm = "synthetic",
		       .flags = layout->nr_faults && !layout->faults_off ? MEMCLASS_FAULTS_ON : 0,
		       .faults_offset = faults_offset(layout),
		       .faults_size = layout->nr_faults * sizeof(__u64),
		       .faults_dropped = pid + 11,
	       },
	       head_size);
	memset(record + head_size, NEW_FIELD, layout->head_more);
	faults = (__u64 *)(record + faults_offset(layout));
	for (i = 0; i < layout->nr_classes && !layout->faults_off; i++)
		for (column = 0; column < layout->nr_faults; column++) {
			__u64 value = synthetic_fault(pid, i, column);

			faults[(1 + i) * layout->nr_faults + column] = value;
			faults[column] += value;
		}
	counts = (__u64 *)(record + head_size + layout->head_more);
	for (i = 0; i < layout->nr_classes; i++)
		for (column = 0; column < layout->nr_columns; column++) {
			__u64 value = synthetic_value(pid, i, column);

			counts[(1 + i) * layout->nr_columns + column] = value;
			counts[column] += value;
		}
	return record;
}

unsigned char *synthetic_vma(const struct layout *layout, uint32_t pid, uint32_t ordinal,
			     size_t *size)
{
	size_t head_size = offsetof(struct memclass_vma, counts);
	bool walked = ordinal % SYNTHETIC_WALK == 0;
	unsigned char *record;
	unsigned int column;
	__u64 *counts;

	*size = vma_size(layout);
	record = allocate(*size);
	memcpy(record,
	       &(struct memclass_vma) {
		       .size = *size,
		       .abi = MEMCLASS_ABI,
		       .counts_offset = head_size + layout->head_more,
		       .counts_size = layout->nr_columns * sizeof(__u64),
		       .class = ordinal % layout->nr_classes,
		       .pid = pid,
		       .ordinal = ordinal,
		       .start_ns = pid + 4,
		       .columns = COLUMNS,
		       .start = (ordinal + 1) * 0x1000000ULL,
		       .end = (ordinal + 1) * 0x1000000ULL + 0x1000,
		       .offset = ordinal * 4096ULL,
		       .inode = ~0ULL,
		       .cost = {
			       .walk_ns = walked ? pid + 6 + ordinal : 0,
			       .max_hold_ns = walked ? pid + 7 + ordinal : 0,
			       .slices = walked ? pid + 8 : 0,
			       .lock_drops = walked ? pid + 9 : 0,
			       .changed = walked ? pid + 10 : 0,
		       },
		       .dev_major = 254,
		       .dev_minor = 3,
		       .prot = ordinal % 2 ? PROT_READ | PROT_EXEC : PROT_WRITE,
		       .shared = ordinal % 2,
		       .name = "/synthetic",
	       },
	       head_size);
	memset(record + head_size, NEW_FIELD, layout->head_more);
	counts = (__u64 *)(record + head_size + layout->head_more);
	for (column = 0; column < layout->nr_columns; column++)
		counts[column] = synthetic_value(pid, ordinal, column);
	return record;
}

void synthetic_add_record(const struct synthetic *synthetic, uint64_t index, uint32_t pid)
{
	size_t size;
	unsigned char *record = synthetic_record(&synthetic->layout, pid, &size);

	synthetic_write(synthetic, "records", record, size, index * size);
	free(record);
}

void synthetic_add_vma(const struct synthetic *synthetic, uint64_t index, uint32_t pid,
		       uint32_t ordinal)
{
	size_t size;
	unsigned char *record = synthetic_vma(&synthetic->layout, pid, ordinal, &size);

	synthetic_write(synthetic, "vmas", record, size, index * size);
	free(record);
}
