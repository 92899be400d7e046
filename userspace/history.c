// SPDX-License-Identifier: GPL-2.0
/*
 * The file begins with a head, which has the size and a checksum of what follows: for each
 * subject who it is, and its samples.
 */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "growth_points.h"
#include "memclass.h"
#include "output.h"
#include "say.h"

#define BOOT_ID		"/proc/sys/kernel/random/boot_id"
#define BOOT_ID_MAX	64

/* As large as all subjects that there can be would make it, and more. */
#define SIZE_MAX_READ	(64UL << 20)

struct head {
	char magic[24];
	char version[32];		/* of memclass */
	char boot_id[BOOT_ID_MAX];	/* pids and times are of that boot */
	uint32_t subject_size;		/* and other sizes: all is as memory has it */
	uint32_t row_size;
	uint32_t rows;
	uint32_t subjects;
	struct history history;
	uint64_t size;			/* of all that follows */
	uint64_t checksum;
};

/* Who it is. */
struct who {
	int32_t pid;			/* 0: the machine */
	char comm[20];
	uint64_t start_ns;
};

/* Not against an enemy: the file is root's. FNV-1a, eight bytes at a time. */
static uint64_t checksum(const unsigned char *data, size_t size)
{
	uint64_t sum = 0xcbf29ce484222325ULL, word;
	size_t i;

	for (i = 0; i + sizeof(word) <= size; i += sizeof(word)) {
		memcpy(&word, data + i, sizeof(word));
		sum = (sum ^ word) * 0x100000001b3ULL;
		sum ^= sum >> 32;
	}
	for (; i < size; i++)
		sum = (sum ^ data[i]) * 0x100000001b3ULL;
	return sum;
}

static void read_boot_id(char boot_id[BOOT_ID_MAX])
{
	FILE *file = fopen(BOOT_ID, "re");

	if (!file)
		return;
	if (!fgets(boot_id, BOOT_ID_MAX, file))
		*boot_id = '\0';
	fclose(file);
}

/* As it would be if it were written now. */
static void make_head(struct head *head)
{
	memset(head, 0, sizeof(*head));
	snprintf(head->magic, sizeof(head->magic), "memclass history\n");
	snprintf(head->version, sizeof(head->version), "%s", MEMCLASS_VERSION);
	read_boot_id(head->boot_id);
	head->subject_size = sizeof(struct who) + offsetof(struct growth, rows);
	head->row_size = sizeof(struct row);
	head->rows = GROWTH_ROWS;
}

/* Of this boot, and of a program that has the same in memory. */
static bool is_ours(const struct head *head)
{
	struct head ours;

	make_head(&ours);
	return !memcmp(head, &ours, offsetof(struct head, subjects));
}

static bool get_subject(struct bytes *in, struct subjects *subjects)
{
	struct subject *subject;
	struct growth *growth;
	struct who who;

	if (!bytes_get(in, &who, sizeof(who)) || who.pid < 0)
		return false;
	growth = growth_load(in);
	subject = growth ? subjects_restore(subjects, growth) : NULL;
	if (!subject)
		return false;
	subject->pid = who.pid;
	subject->start_ns = who.start_ns;
	snprintf(subject->comm, sizeof(subject->comm), "%.16s", who.comm);
	if (!subject->pid)
		subjects->machine = subject;
	return true;
}

static bool get_subjects(const struct head *head, void *data, struct subjects *subjects)
{
	struct bytes in = { .data = data, .size = head->size };
	uint32_t i;

	for (i = 0; i < head->subjects; i++)
		if (!get_subject(&in, subjects))
			return false;
	return in.at == in.size;
}

/* Return: what is wrong, or NULL. */
static const char *parse(char *data, size_t size, struct history *history,
			 struct subjects *subjects)
{
	struct head head;

	if (size < sizeof(head))
		return "it is cut off";
	memcpy(&head, data, sizeof(head));
	if (memcmp(head.magic, "memclass history\n", sizeof("memclass history\n")))
		return "it is no history";
	if (!is_ours(&head))
		return NULL;
	if (head.size != size - sizeof(head) || !head.size)
		return "it is cut off";
	if (head.checksum != checksum((unsigned char *)data + sizeof(head), head.size))
		return "its checksum is wrong";
	if (!get_subjects(&head, data + sizeof(head), subjects)) {
		subjects_free(subjects);
		memset(subjects, 0, sizeof(*subjects));
		return "malformed";
	}
	*history = head.history;
	return NULL;
}

/* Return: what was read, with its size, or NULL and errno. */
static char *read_all(int fd, size_t *size)
{
	struct stat stat_of;
	ssize_t got = 0;
	char *data;

	if (fstat(fd, &stat_of))
		return NULL;
	errno = EFBIG;
	if (stat_of.st_size > (off_t)SIZE_MAX_READ || !S_ISREG(stat_of.st_mode))
		return NULL;
	data = malloc(stat_of.st_size + 1);
	for (*size = 0; data && (off_t)*size < stat_of.st_size; *size += got) {
		got = read(fd, data + *size, stat_of.st_size - *size);
		if (got <= 0)
			break;
	}
	if (got >= 0)
		return data;
	free(data);
	return NULL;
}

bool history_load(const char *path, struct history *history, struct subjects *subjects)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *wrong;
	size_t size;
	char *data;

	*history = (struct history) { 0 };
	if (fd < 0 && errno == ENOENT)
		return true;
	data = fd < 0 ? NULL : read_all(fd, &size);
	wrong = data ? parse(data, size, history, subjects) : strerror(errno);
	free(data);
	if (fd >= 0)
		close(fd);
	if (wrong)
		say_error("cannot use %s: %s; beginning anew", path, wrong);
	return !wrong;
}

static bool put_subjects(const struct subjects *subjects, struct bytes *out)
{
	const struct subject *subject;
	size_t i;

	for (i = 0; i < subjects->count; i++) {
		struct who who = { 0 };

		subject = subjects->all[i];
		who.pid = subject->pid;
		who.start_ns = subject->start_ns;
		memcpy(who.comm, subject->comm, sizeof(subject->comm));
		if (!bytes_put(out, &who, sizeof(who)) || !growth_save(subject->growth, out))
			return false;
	}
	return true;
}

static bool write_file(const char *path, const struct head *head, const void *data)
{
	struct output output;

	if (output_open(&output, path))
		return false;
	if (fwrite(head, sizeof(*head), 1, output.file) != 1 ||
	    (head->size && fwrite(data, head->size, 1, output.file) != 1))
		output.error = errno;
	return !output_close(&output);
}

bool history_save(const char *path, const struct history *history,
		  const struct subjects *subjects)
{
	struct bytes out = { 0 };
	struct head head;
	bool saved;

	if (!put_subjects(subjects, &out)) {
		say_error("out of memory");
		free(out.data);
		return false;
	}
	make_head(&head);
	head.subjects = subjects->count;
	head.history = *history;
	head.size = out.size;
	head.checksum = checksum(out.data, out.size);
	saved = write_file(path, &head, out.data);
	free(out.data);
	return saved;
}
