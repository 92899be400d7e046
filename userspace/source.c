// SPDX-License-Identifier: GPL-2.0
/*
 * The module's files below debugfs. memclass.h says what is in them, and how records
 * of an older or newer module of the same ABI are to be read.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "say.h"

#define DEBUGFS		"/sys/kernel/debug"
#define DIR_DEFAULT	DEBUGFS "/memclass"

/* How much is asked for at a time. The module ends a read early that takes long. */
#define RECORDS_AT_ONCE	64
#define VMAS_AT_ONCE	256

/* No module has larger ones. */
#define RECORD_SIZE_MAX	(1UL << 20)

/* What the records of both files begin with. */
struct head {
	__u32 size;
	__u32 abi;
	__u32 counts_offset;
	__u32 counts_size;
};

/* The fields that all ABI 1 modules fill in end here. */
#define RECORD_HEAD_MIN \
	(offsetof(struct memclass_record, comm) + \
	 sizeof(((struct memclass_record *)0)->comm))
#define VMA_HEAD_MIN \
	(offsetof(struct memclass_vma, name) + sizeof(((struct memclass_vma *)0)->name))

/* Reads one of the files, record by record. */
struct reader {
	char *path;
	int fd;
	bool cheap;
	size_t head_min;
	size_t size;			/* of the module's records */
	size_t room;			/* in buffer */
	size_t ask;			/* for so much at a time */
	size_t length;			/* of what was read into it */
	size_t at;			/* of the next record in it */
	unsigned char *buffer;
};

struct source {
	const char *dir;
	bool cheap;
	struct reader records;
	struct reader vmas;
};

/*
 * Opening, and what it means when that fails.
 */

static bool module_is_loaded(void)
{
	return !access("/sys/module/memclass", F_OK);
}

static bool debugfs_is_mounted(void)
{
	struct statfs fs;

	return !statfs(DEBUGFS, &fs) && fs.f_type == DEBUGFS_MAGIC;
}

static enum status say_missing(const char *dir)
{
	if (strcmp(dir, DIR_DEFAULT))
		say_error("there is nothing of the module in %s", dir);
	else if (!module_is_loaded())
		say_error("the kernel module is not loaded: modprobe memclass");
	else if (!debugfs_is_mounted())
		say_error("debugfs is not mounted: mount -t debugfs debugfs " DEBUGFS);
	else
		say_error("the module is loaded, but its files are not in " DIR_DEFAULT);
	return STATUS_NO_MODULE;
}

/* Root is only refused by the kernel's lockdown, or a security module. */
static enum status say_refused(const char *path, int error)
{
	if (geteuid())
		say_error("not permitted: this needs root (%s: %s)%s", path, strerror(error),
			  module_is_loaded() ? "" : "; nor is the kernel module loaded");
	else
		say_error("%s: refused even to root: %s (is the kernel locked down?)", path,
			  strerror(error));
	return STATUS_NOT_PERMITTED;
}

/* Return: a file descriptor, or -1. @path, which the caller frees, is set in any case. */
static int open_file(const char *dir, const char *name, char **path)
{
	if (asprintf(path, "%s/%s", dir, name) >= 0)
		return open(*path, O_RDONLY | O_CLOEXEC);
	*path = NULL;
	errno = ENOMEM;
	return -1;
}

/* Why the first of the files could not be opened: what goes for it goes for all. */
static enum status say_no_module(const char *dir, const char *path, int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return say_missing(dir);
	case EACCES:
	case EPERM:
		return say_refused(path, error);
	default:
		say_error("cannot open %s: %s", path ?: dir, strerror(error));
		return STATUS_FAILURE;
	}
}

static ssize_t read_retrying(int fd, void *buffer, size_t size)
{
	ssize_t got;

	do
		got = read(fd, buffer, size);
	while (got < 0 && errno == EINTR);
	return got;
}

static const char *dir_of(const struct request *request)
{
	return request->debugfs ?: DIR_DEFAULT;
}

/* All that there is to read, cut at the end of @text. Closes the file. */
static enum status read_text(int fd, const char *path, char *text, size_t size)
{
	enum status status = STATUS_OK;
	size_t length = 0;
	ssize_t got;

	while ((got = read_retrying(fd, text + length, size - 1 - length)) > 0)
		length += got;
	if (got < 0) {
		say_error("cannot read %s: %s", path, strerror(errno));
		status = STATUS_FAILURE;
	}
	text[length] = '\0';
	close(fd);
	return status;
}

/* The text of the file "version": lines of "KEY VALUE". Cut at the end of @text. */
enum status source_version(const struct request *request, char *text, size_t size)
{
	enum status status;
	char *path;
	int fd;

	fd = open_file(dir_of(request), "version", &path);
	if (fd < 0) {
		status = say_no_module(dir_of(request), path, errno);
		goto out;
	}
	status = read_text(fd, path, text, size);
out:
	free(path);
	return status;
}

static enum status say_other_abi(unsigned long abi)
{
	say_error("the module speaks ABI %lu, this client ABI %d: install the client of the module's version",
		  abi, MEMCLASS_ABI);
	return STATUS_FAILURE;
}

/* What "version" says about the other files. */
struct facts {
	unsigned long abi;
	size_t record_size;
	size_t vma_size;
};

static void take_fact(struct facts *facts, const char *key, const char *value)
{
	if (!strcmp(key, "abi"))
		facts->abi = strtoul(value, NULL, 10);
	else if (!strcmp(key, "record_size"))
		facts->record_size = strtoul(value, NULL, 10);
	else if (!strcmp(key, "vma_size"))
		facts->vma_size = strtoul(value, NULL, 10);
	else if (!strcmp(key, "class_names"))
		names_learn(NAMES_CLASSES, value);
	else if (!strcmp(key, "class_types"))
		names_learn(NAMES_CLASS_TYPES, value);
	else if (!strcmp(key, "column_names"))
		names_learn(NAMES_COLUMNS, value);
}

static bool is_size(size_t size, size_t head_min)
{
	return size >= head_min + sizeof(__u64) && size <= RECORD_SIZE_MAX;
}

static enum status get_facts(const struct request *request, struct facts *facts)
{
	char text[VERSION_MAX], *line, *value;
	enum status status;

	status = source_version(request, text, sizeof(text));
	if (status)
		return status;
	*facts = (struct facts) { .abi = -1UL };
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		value = strchr(line, ' ');
		if (!value)
			continue;
		*value = '\0';
		take_fact(facts, line, value + 1);
	}
	/* With another ABI nothing is certain about the other files, not even offsets. */
	if (facts->abi == -1UL)
		say_error("%s/version does not name the ABI", dir_of(request));
	else if (facts->abi != MEMCLASS_ABI)
		return say_other_abi(facts->abi);
	else if (!is_size(facts->record_size, RECORD_HEAD_MIN) ||
		 !is_size(facts->vma_size, VMA_HEAD_MIN))
		say_error("%s/version does not name the size of a record", dir_of(request));
	else
		return STATUS_OK;
	return STATUS_FAILURE;
}

static void reader_init(struct reader *reader, bool cheap, size_t size, size_t head_min,
			size_t at_once)
{
	reader->fd = -1;
	reader->cheap = cheap;
	reader->size = size;
	reader->head_min = head_min;
	reader->room = at_once * size;
}

/* The file is opened when something is asked of it. */
static enum source_result reader_open(struct reader *reader, const char *dir,
				      const char *name)
{
	if (reader->fd >= 0)
		return SOURCE_GOT;
	free(reader->path);
	reader->fd = open_file(dir, name, &reader->path);
	if (reader->fd < 0) {
		say_error("cannot open %s: %s", reader->path ?: name, strerror(errno));
		return SOURCE_FAILED;
	}
	reader->buffer = malloc(reader->room);
	if (reader->buffer)
		return SOURCE_GOT;
	say_error("out of memory");
	return SOURCE_FAILED;
}

static void reader_close(struct reader *reader)
{
	if (reader->fd >= 0)
		close(reader->fd);
	free(reader->path);
	free(reader->buffer);
}

/* On success, source_close() ends what begins here. */
enum status source_open(struct source **source, const struct request *request)
{
	struct facts facts;
	enum status status = get_facts(request, &facts);

	if (status)
		return status;
	*source = calloc(1, sizeof(**source));
	if (!*source) {
		say_error("out of memory");
		return STATUS_FAILURE;
	}
	(*source)->dir = dir_of(request);
	reader_init(&(*source)->records, request->cheap, facts.record_size, RECORD_HEAD_MIN,
		    RECORDS_AT_ONCE);
	reader_init(&(*source)->vmas, request->cheap, facts.vma_size, VMA_HEAD_MIN,
		    VMAS_AT_ONCE);
	return STATUS_OK;
}

void source_close(struct source *source)
{
	reader_close(&source->records);
	reader_close(&source->vmas);
	free(source);
}

/*
 * Reading records, of whatever size they are.
 */

static enum source_result say_malformed(const struct reader *reader, const char *what)
{
	say_error("%s: malformed record: %s", reader->path, what);
	return SOURCE_FAILED;
}

static enum source_result say_unreadable(const struct reader *reader)
{
	say_error("cannot read %s: %s", reader->path, strerror(errno));
	return SOURCE_FAILED;
}

/* Is there a record in the first @left bytes of @record, and is it in one piece? */
static enum source_result check_record(const struct reader *reader,
				       const unsigned char *record, size_t left,
				       struct head *head)
{
	if (left < sizeof(*head))
		return say_malformed(reader, "cut off");
	memcpy(head, record, sizeof(*head));
	if (head->abi != MEMCLASS_ABI) {
		say_other_abi(head->abi);
		return SOURCE_FAILED;
	}
	if (head->size != reader->size)
		return say_malformed(reader, "not of the size that the module tells");
	if (head->size > left)
		return say_malformed(reader, "cut off");
	if (head->counts_offset < reader->head_min || head->counts_offset > head->size)
		return say_malformed(reader, "counts_offset");
	if (head->counts_size < sizeof(__u64) ||
	    head->counts_size > head->size - head->counts_offset)
		return say_malformed(reader, "counts_size");
	return SOURCE_GOT;
}

/* Takes records from the buffer, and fills that again when they are used up. */
static enum source_result reader_next(struct reader *reader, const unsigned char **record)
{
	struct head head;
	ssize_t got;

	if (reader->at == reader->length) {
		got = read_retrying(reader->fd, reader->buffer, reader->ask);
		if (got < 0)
			return errno == ESRCH ? SOURCE_CUT_OFF : say_unreadable(reader);
		if (!got)
			return SOURCE_END;
		reader->at = 0;
		reader->length = got;
	}
	*record = reader->buffer + reader->at;
	if (check_record(reader, *record, reader->length - reader->at, &head) == SOURCE_FAILED)
		return SOURCE_FAILED;
	reader->at += head.size;
	return SOURCE_GOT;
}

static off_t cheap_bit(const struct reader *reader)
{
	return reader->cheap ? MEMCLASS_OFFSET_CHEAP : 0;
}

/* What is read next is record @index, or the one that comes after where it would be. */
static enum source_result reader_seek(struct reader *reader, uint64_t index)
{
	uint64_t offset;

	reader->length = 0;
	reader->at = 0;
	if (__builtin_mul_overflow(index, reader->size, &offset) ||
	    offset >= MEMCLASS_OFFSET_CHEAP)
		return SOURCE_END;
	if (lseek(reader->fd, offset | cheap_bit(reader), SEEK_SET) < 0)
		return say_unreadable(reader);
	return SOURCE_GOT;
}

/*
 * From records to plain structs.
 */

static void decode_counts(const unsigned char *from, size_t counts_size, uint64_t columns,
			  struct counts *counts)
{
	size_t nr = counts_size / sizeof(__u64);

	memset(counts, 0, sizeof(*counts));
	if (nr > COUNTED_MAX)
		nr = COUNTED_MAX;
	memcpy(counts->values, from, nr * sizeof(__u64));
	counts->filled = columns & (~0ULL >> (COUNTED_MAX - nr));
}

static bool is_empty(const unsigned char *from, size_t size)
{
	while (size--)
		if (*from++)
			return false;
	return true;
}

static void decode_cost(const struct memclass_cost *from, struct cost *cost)
{
	cost->walk_ns = from->walk_ns;
	cost->max_hold_ns = from->max_hold_ns;
	cost->slices = from->slices;
	cost->lock_drops = from->lock_drops;
	cost->changed = from->changed;
}

/* @size is that of @from, which need not be terminated; @to has room for one more. */
static void decode_string(const char *from, size_t size, char *to)
{
	snprintf(to, size + 1, "%.*s", (int)size, from);
}

/* Where a record has its page faults, those of all classes first. */
struct fault_part {
	const unsigned char *from;	/* NULL: an older module, it has none */
	size_t size;			/* of each */
	bool on;
};

static void decode_faults(const struct fault_part *part, size_t index, struct counts *counts)
{
	size_t nr = part->size / sizeof(__u64);

	if (nr > NR_FAULT_COLUMNS)
		nr = NR_FAULT_COLUMNS;
	if (!part->from)
		return;
	counts->faults_off = !part->on;
	if (!part->on)
		return;
	memcpy(counts->faults, part->from + index * part->size, nr * sizeof(__u64));
	counts->faults_filled = (1ULL << nr) - 1;
}

static bool has_faults(const struct fault_part *part, size_t index)
{
	return part->from && part->on && !is_empty(part->from + index * part->size, part->size);
}

/* Return: SOURCE_GOT, also when there are none. */
static enum source_result find_faults(const struct reader *reader,
				      const unsigned char *record,
				      const struct memclass_record *head,
				      struct fault_part *part)
{
	memset(part, 0, sizeof(*part));
	if (!head->faults_size)
		return SOURCE_GOT;
	if (head->faults_size < sizeof(__u64) || head->faults_offset < reader->head_min ||
	    head->faults_offset > head->size ||
	    (head->size - head->faults_offset) / head->faults_size < head->nr_classes + 1ULL)
		return say_malformed(reader, "faults_offset");
	part->from = record + head->faults_offset;
	part->size = head->faults_size;
	part->on = head->flags & MEMCLASS_FAULTS_ON;
	return SOURCE_GOT;
}

static enum source_result decode_classes(const struct memclass_record *head,
					 const unsigned char *counts,
					 const struct fault_part *faults,
					 struct process *process)
{
	size_t nr = 0;
	__u32 i;

	for (i = 0; i < head->nr_classes; i++)
		nr += !is_empty(counts + i * head->counts_size, head->counts_size) ||
		      has_faults(faults, 1 + i);
	/* One more than needed, since nothing is what calloc() may return for 0. */
	process->classes = calloc(nr + 1, sizeof(*process->classes));
	if (!process->classes) {
		say_error("out of memory");
		return SOURCE_FAILED;
	}
	for (i = 0; i < head->nr_classes; i++) {
		const unsigned char *from = counts + i * head->counts_size;

		/* What is no longer mapped can have had faults. */
		if (is_empty(from, head->counts_size) && !has_faults(faults, 1 + i))
			continue;
		process->classes[process->nr_classes].class = i;
		decode_counts(from, head->counts_size, head->columns,
			      &process->classes[process->nr_classes].counts);
		decode_faults(faults, 1 + i, &process->classes[process->nr_classes].counts);
		process->nr_classes++;
	}
	return SOURCE_GOT;
}

static enum source_result decode_process(const struct reader *reader,
					 const unsigned char *record,
					 struct process *process)
{
	struct fault_part faults;
	const unsigned char *counts;
	struct memclass_record head = { 0 };
	size_t head_size;
	__u32 end;

	memset(process, 0, sizeof(*process));
	memcpy(&head, record, RECORD_HEAD_MIN);
	/* What an older module does not have is 0. */
	head_size = offsetof(struct memclass_record, total);
	if (head_size > head.counts_offset)
		head_size = head.counts_offset;
	memcpy(&head, record, head_size);
	counts = record + head.counts_offset;
	if (find_faults(reader, record, &head, &faults) == SOURCE_FAILED)
		return SOURCE_FAILED;
	/* Faults come after the counts. */
	end = faults.from ? head.faults_offset : head.size;
	if (end < head.counts_offset ||
	    (end - head.counts_offset) / head.counts_size < head.nr_classes + 1ULL)
		return say_malformed(reader, "nr_classes");

	process->pid = head.pid;
	process->ppid = head.ppid;
	process->uid = head.uid;
	process->threads = head.threads;
	process->start_ns = head.start_ns;
	process->page_tables = head.page_tables;
	process->shared_mm = head.flags & MEMCLASS_SHARED_MM;
	process->cheap = head.flags & MEMCLASS_CHEAP;
	decode_cost(&head.cost, &process->cost);
	decode_string(head.comm, sizeof(head.comm), process->comm);
	process->faults_dropped = head.faults_dropped;
	decode_counts(counts, head.counts_size, head.columns, &process->total);
	decode_faults(&faults, 0, &process->total);
	return decode_classes(&head, counts + head.counts_size, &faults, process);
}

static void decode_vma(const unsigned char *record, struct vma *vma)
{
	struct memclass_vma head;

	memset(vma, 0, sizeof(*vma));
	memcpy(&head, record, VMA_HEAD_MIN);
	vma->pid = head.pid;
	vma->ordinal = head.ordinal;
	vma->start_ns = head.start_ns;
	vma->start = head.start;
	vma->end = head.end;
	vma->offset = head.offset;
	vma->inode = head.inode;
	vma->dev_major = head.dev_major;
	vma->dev_minor = head.dev_minor;
	vma->prot = head.prot;
	vma->shared = head.shared;
	vma->cheap = head.flags & MEMCLASS_CHEAP;
	vma->name_cut = head.flags & MEMCLASS_NAME_CUT;
	vma->class = head.class;
	decode_cost(&head.cost, &vma->cost);
	decode_string(head.name, sizeof(head.name), vma->name);
	decode_counts(record + head.counts_offset, head.counts_size, head.columns,
		      &vma->counts);
}

/*
 * What others ask for.
 */

/* GOT has to be followed by process_free(), the others need not. */
enum source_result source_next_process(struct source *source, struct process *process)
{
	enum source_result result;
	const unsigned char *record;

	result = reader_next(&source->records, &record);
	if (result == SOURCE_GOT)
		result = decode_process(&source->records, record, process);
	return result;
}

enum source_result source_first_process(struct source *source, struct process *process)
{
	struct reader *records = &source->records;
	enum source_result result;

	result = reader_open(records, source->dir, "records");
	if (result == SOURCE_GOT)
		result = reader_seek(records, 0);
	records->ask = records->room;
	return result == SOURCE_GOT ? source_next_process(source, process) : result;
}

/* Return: END when there is no such process, or it has no memory. */
enum source_result source_process(struct source *source, pid_t pid, struct process *process)
{
	struct reader *records = &source->records;
	enum source_result result;

	result = reader_open(records, source->dir, "records");
	if (result == SOURCE_GOT)
		result = reader_seek(records, pid);
	/* More than one record would have other processes walked for nothing. */
	records->ask = records->size;
	if (result == SOURCE_GOT)
		result = source_next_process(source, process);
	if (result == SOURCE_GOT && process->pid != pid) {
		process_free(process);
		result = SOURCE_END;
	}
	return result;
}

void process_free(struct process *process)
{
	free(process->classes);
	process->classes = NULL;
}

/*
 * The text file "faults": names of columns, then a row for each class, in the order of
 * their numbers, and one for what was dropped.
 */

/* Return: the fault column of that name, or -1 for one that only a newer module has. */
static int fault_column(const char *name)
{
#define COMPARE(field, text) \
	if (!strcmp(name, #field)) \
		return FAULT_COLUMN_##field;
	MEMCLASS_FAULTS(COMPARE)
#undef COMPARE
	return -1;
}

/* A row of the file; a word of it that is "off" is not known. */
static void parse_faults(const char *heading, char *row, struct counts *counts)
{
	char names[1024], *next_name, *next_word, *word, *end;
	const char *name;
	uint64_t value;
	int column;

	memset(counts, 0, sizeof(*counts));
	snprintf(names, sizeof(names), "%s", heading);
	name = strtok_r(names, " ", &next_name);
	word = strtok_r(row, " ", &next_word);
	while (name && word) {
		column = fault_column(name);
		value = strtoull(word, &end, 10);
		if (column >= 0 && !strcmp(word, "off")) {
			counts->faults_off = true;
		} else if (column >= 0 && !*end) {
			counts->faults[column] = value;
			counts->faults_filled |= 1ULL << column;
		}
		name = strtok_r(NULL, " ", &next_name);
		word = strtok_r(NULL, " ", &next_word);
	}
}

static bool add_class(struct all_faults *faults, const struct counts *counts)
{
	struct class_counts *more;

	more = realloc(faults->classes, (faults->nr_classes + 1) * sizeof(*more));
	if (!more) {
		say_error("out of memory");
		return false;
	}
	faults->classes = more;
	more[faults->nr_classes].class = faults->nr_classes;
	more[faults->nr_classes++].counts = *counts;
	counts_add(&faults->total, counts);
	return true;
}

static bool parse_all_faults(char *text, struct all_faults *faults)
{
	const char *heading;
	struct counts counts;
	char *line, *next;

	memset(faults, 0, sizeof(*faults));
	counts_clear(&faults->total);
	heading = strtok_r(text, "\n", &next);
	while ((line = strtok_r(NULL, "\n", &next))) {
		if (strncmp(line, "dropped ", strlen("dropped "))) {
			parse_faults(heading, line, &counts);
			if (!add_class(faults, &counts))
				return false;
			continue;
		}
		parse_faults(heading, line, &counts);
		counts_get_faults(&counts, FAULT_BIT(minor_read), &faults->dropped_minor);
		counts_get_faults(&counts, FAULT_BIT(major_read), &faults->dropped_major);
	}
	return true;
}

/* OK has to be followed by all_faults_free(). */
enum status source_faults(struct source *source, struct all_faults *faults)
{
	char text[16384], *path;
	enum status status;
	int fd;

	fd = open_file(source->dir, "faults", &path);
	if (fd < 0) {
		if (errno == ENOENT)
			say_error("%s is not there: the module is older and does not count page faults",
				  path);
		else
			say_error("cannot open %s: %s", path ?: "faults", strerror(errno));
		free(path);
		return STATUS_FAILURE;
	}
	status = read_text(fd, path, text, sizeof(text));
	free(path);
	if (!status && !parse_all_faults(text, faults)) {
		all_faults_free(faults);
		status = STATUS_FAILURE;
	}
	return status;
}

void all_faults_free(struct all_faults *faults)
{
	free(faults->classes);
	faults->classes = NULL;
}

/* The mappings of @pid, then those of the processes that come after it. */
enum source_result source_first_vma(struct source *source, pid_t pid, struct vma *vma)
{
	enum source_result result;

	result = reader_open(&source->vmas, source->dir, "vmas");
	if (result == SOURCE_GOT)
		result = reader_seek(&source->vmas, MEMCLASS_VMA_INDEX(pid, 0));
	source->vmas.ask = source->vmas.room;
	return result == SOURCE_GOT ? source_next_vma(source, vma) : result;
}

enum source_result source_next_vma(struct source *source, struct vma *vma)
{
	enum source_result result;
	const unsigned char *record;

	result = reader_next(&source->vmas, &record);
	if (result == SOURCE_GOT)
		decode_vma(record, vma);
	return result;
}
