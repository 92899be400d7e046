// SPDX-License-Identifier: GPL-2.0
/* Figures from the module: its files below debugfs. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "fault_text.h"
#include "records.h"
#include "say.h"
#include "source_ops.h"

#define DEBUGFS		"/sys/kernel/debug"
#define DIR_DEFAULT	DEBUGFS "/memclass"

/* How much is asked for at a time. The module ends a read early that takes long. */
#define RECORDS_AT_ONCE	16
#define VMAS_AT_ONCE	256

/* No module has larger ones. */
#define RECORD_SIZE_MAX	(1UL << 20)

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
	uint64_t read_ns;		/* when that was, since boot */
	unsigned char *buffer;
};

struct module {
	struct source source;
	const char *dir;
	struct reader records;
	struct reader vmas;
};

static struct module *module_of(struct source *source)
{
	return (struct module *)source;
}

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

__attribute__((format(printf, 3, 4))) static enum status
find_trouble(struct trouble *trouble, enum status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(trouble->text, sizeof(trouble->text), format, args);
	va_end(args);
	return status;
}

static enum status find_missing(const char *dir, struct trouble *trouble)
{
	if (strcmp(dir, DIR_DEFAULT))
		return find_trouble(trouble, STATUS_NO_MODULE,
				    "there is nothing of the module in %s", dir);
	if (!module_is_loaded())
		return find_trouble(trouble, STATUS_NO_MODULE,
				    "the kernel module is not loaded: modprobe memclass");
	if (!debugfs_is_mounted())
		return find_trouble(trouble, STATUS_NO_MODULE,
				    "debugfs is not mounted: mount -t debugfs debugfs " DEBUGFS);
	return find_trouble(trouble, STATUS_NO_MODULE,
			    "the module is loaded, but its files are not in " DIR_DEFAULT);
}

/* Root is only refused by the kernel's lockdown, or a security module. */
static enum status find_refused(const char *path, int error, struct trouble *trouble)
{
	if (geteuid())
		return find_trouble(trouble, STATUS_NOT_PERMITTED,
				    "not permitted: this needs root (%s: %s)%s", path,
				    strerror(error),
				    module_is_loaded() ? "" : "; nor is the kernel module loaded");
	return find_trouble(trouble, STATUS_NOT_PERMITTED,
			    "%s: refused even to root: %s (is the kernel locked down?)", path,
			    strerror(error));
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
static enum status find_why(const char *dir, const char *path, int error,
			    struct trouble *trouble)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return find_missing(dir, trouble);
	case EACCES:
	case EPERM:
		return find_refused(path, error, trouble);
	default:
		return find_trouble(trouble, STATUS_FAILURE, "cannot open %s: %s", path ?: dir,
				    strerror(error));
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
enum status source_module_version(const struct request *request, char *text, size_t size,
				  struct trouble *trouble)
{
	enum status status;
	char *path;
	int fd;

	*trouble->text = '\0';
	fd = open_file(dir_of(request), "version", &path);
	if (fd < 0)
		status = find_why(dir_of(request), path, errno, trouble);
	else
		status = read_text(fd, path, text, size);
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
	char version[64];
};

static void take_fact(struct facts *facts, const char *key, const char *value)
{
	if (!strcmp(key, "abi"))
		facts->abi = strtoul(value, NULL, 10);
	else if (!strcmp(key, "record_size"))
		facts->record_size = strtoul(value, NULL, 10);
	else if (!strcmp(key, "vma_size"))
		facts->vma_size = strtoul(value, NULL, 10);
	else if (!strcmp(key, "version"))
		snprintf(facts->version, sizeof(facts->version), "%s", value);
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

static enum status get_facts(const struct request *request, struct facts *facts,
			     struct trouble *trouble)
{
	char text[VERSION_MAX], *line, *value, *next;
	enum status status;

	status = source_module_version(request, text, sizeof(text), trouble);
	if (status)
		return status;
	*facts = (struct facts) { .abi = -1UL };
	for (line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
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
	reader->fd = -1;
	reader->path = NULL;
	reader->buffer = NULL;
}

/*
 * Reading records, of whatever size they are.
 */

static enum source_result say_unreadable(const struct reader *reader)
{
	say_error("cannot read %s: %s", reader->path, strerror(errno));
	return SOURCE_FAILED;
}

static enum source_result say_wrong(const struct reader *reader, const char *wrong)
{
	say_error("%s: %s", reader->path, wrong);
	return SOURCE_FAILED;
}

/* Is there a record in the first @left bytes of @record, and can it be understood? */
static enum source_result check_record(const struct reader *reader,
				       const unsigned char *record, size_t left)
{
	struct record_head head;
	const char *wrong;

	if (left >= sizeof(head)) {
		memcpy(&head, record, sizeof(head));
		if (head.abi != MEMCLASS_ABI) {
			say_other_abi(head.abi);
			return SOURCE_FAILED;
		}
	}
	wrong = record_check(record, left, reader->size, reader->head_min);
	return wrong ? say_wrong(reader, wrong) : SOURCE_GOT;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* Takes records from the buffer, and fills that again when they are used up. */
static enum source_result reader_next(struct reader *reader, const unsigned char **record)
{
	ssize_t got;

	if (reader->at == reader->length) {
		got = read_retrying(reader->fd, reader->buffer, reader->ask);
		if (got < 0)
			return errno == ESRCH ? SOURCE_CUT_OFF : say_unreadable(reader);
		if (!got)
			return SOURCE_END;
		reader->at = 0;
		reader->length = got;
		reader->read_ns = now_ns();
	}
	*record = reader->buffer + reader->at;
	if (check_record(reader, *record, reader->length - reader->at) == SOURCE_FAILED)
		return SOURCE_FAILED;
	reader->at += reader->size;
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
 * What is asked for.
 */

static enum source_result next_process(struct source *source, struct process *process)
{
	struct reader *records = &module_of(source)->records;
	enum source_result result;
	const unsigned char *record;
	const char *wrong;

	result = reader_next(records, &record);
	if (result != SOURCE_GOT)
		return result;
	wrong = record_decode_process(record, process);
	process->read_ns = records->read_ns;
	return wrong ? say_wrong(records, wrong) : SOURCE_GOT;
}

static enum source_result first_process(struct source *source, struct process *process)
{
	struct reader *records = &module_of(source)->records;
	enum source_result result;

	result = reader_open(records, module_of(source)->dir, "records");
	if (result == SOURCE_GOT)
		result = reader_seek(records, 0);
	records->ask = records->room;
	return result == SOURCE_GOT ? next_process(source, process) : result;
}

static enum source_result get_process(struct source *source, pid_t pid,
				      struct process *process)
{
	struct reader *records = &module_of(source)->records;
	enum source_result result;

	result = reader_open(records, module_of(source)->dir, "records");
	if (result == SOURCE_GOT)
		result = reader_seek(records, pid);
	/* More than one record would have other processes walked for nothing. */
	records->ask = records->size;
	if (result == SOURCE_GOT)
		result = next_process(source, process);
	if (result == SOURCE_GOT && process->pid != pid) {
		process_free(process);
		result = SOURCE_END;
	}
	return result;
}

static enum source_result next_vma(struct source *source, struct vma *vma)
{
	enum source_result result;
	const unsigned char *record;

	result = reader_next(&module_of(source)->vmas, &record);
	if (result == SOURCE_GOT)
		record_decode_vma(record, vma);
	return result;
}

static enum source_result first_vma(struct source *source, pid_t pid, struct vma *vma)
{
	struct reader *vmas = &module_of(source)->vmas;
	enum source_result result;

	result = reader_open(vmas, module_of(source)->dir, "vmas");
	if (result == SOURCE_GOT)
		result = reader_seek(vmas, MEMCLASS_VMA_INDEX(pid, 0));
	vmas->ask = vmas->room;
	return result == SOURCE_GOT ? next_vma(source, vma) : result;
}

static enum status get_faults(struct source *source, struct all_faults *faults)
{
	char text[16384], *path;
	enum status status;
	int fd;

	fd = open_file(module_of(source)->dir, "faults", &path);
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
	if (!status && !fault_text_parse(text, faults)) {
		say_error("out of memory");
		all_faults_free(faults);
		status = STATUS_FAILURE;
	}
	return status;
}

/* The module makes room for all there is to say when a file is opened: that is not done. */
static bool has_file(const char *dir, const char *name, int mode)
{
	char *path;
	bool has = asprintf(&path, "%s/%s", dir, name) >= 0;

	if (!has)
		return false;
	has = !access(path, mode);
	free(path);
	return has;
}

static bool has_faults(struct source *source)
{
	return has_file(module_of(source)->dir, "faults", F_OK);
}

static void set_cheap(struct source *source, bool cheap)
{
	module_of(source)->records.cheap = cheap;
	module_of(source)->vmas.cheap = cheap;
}

/* The module cannot be unloaded while one of its files is open. */
static void rest(struct source *source)
{
	reader_close(&module_of(source)->records);
	reader_close(&module_of(source)->vmas);
}

static void module_close(struct source *source)
{
	rest(source);
	free(source);
}

static const struct source_ops module_ops = {
	.name = "module",
	.process = get_process,
	.first_process = first_process,
	.next_process = next_process,
	.first_vma = first_vma,
	.next_vma = next_vma,
	.faults = get_faults,
	.has_faults = has_faults,
	.set_cheap = set_cheap,
	.rest = rest,
	.close = module_close,
};

/* What @trouble names has not been complained about; any other failure has. */
enum status source_module_open(struct source **source, const struct request *request,
			       struct trouble *trouble)
{
	struct module *module;
	struct facts facts;
	enum status status = get_facts(request, &facts, trouble);

	if (status)
		return status;
	module = calloc(1, sizeof(*module));
	if (!module) {
		say_error("out of memory");
		return STATUS_FAILURE;
	}
	module->source.ops = &module_ops;
	memcpy(module->source.module_version, facts.version, sizeof(facts.version));
	module->dir = dir_of(request);
	reader_init(&module->records, request->cheap, facts.record_size, RECORD_HEAD_MIN,
		    RECORDS_AT_ONCE);
	reader_init(&module->vmas, request->cheap, facts.vma_size, VMA_HEAD_MIN, VMAS_AT_ONCE);
	*source = &module->source;
	return STATUS_OK;
}

bool source_has_text(const struct request *request, const char *name)
{
	return has_file(dir_of(request), name, R_OK);
}

FILE *source_open_text(const struct request *request, const char *name, char **path)
{
	int fd = open_file(request->debugfs ?: DIR_DEFAULT, name, path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd >= 0 && !file)
		close(fd);
	return file;
}
