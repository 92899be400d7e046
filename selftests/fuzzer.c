// SPDX-License-Identifier: GPL-2.0
/*
 * fuzzer [SECONDS [SEED [SWEEPERS]]]: for that long, or until it gets SIGTERM. Claim: whatever
 * is done to the files, in whatever order, by how many at a time, while processes come, go and
 * change: each answer is one of those that the manual of the system call or uapi/memclass.h
 * gives, and each record that is handed out is right in itself, of one process, and of the one
 * that has its pid.
 *
 * Oracle: lib/rows.c; /proc/PID/stat; what lib/population.c's processes say of themselves.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"

#include "lib/child.h"
#include "lib/population.h"
#include "lib/reading.h"
#include "lib/rows.h"

#define WORKERS		3		/* that do as they like, and */
#define SWEEPERS	1		/* that read all there is, unless more are asked for; */
#define SWEEPERS_MAX	64		/* no more than that */
#define FILES		12		/* that a worker has open */
#define ROOM		(1UL << 17)	/* of a buffer; no read gets more than that */

enum kind {
	TEXT,
	RECORDS,
	VMAS
};

static const struct {
	const char *path;
	int kind;
} names[] = {
	{ FILE_PATH("version"), TEXT },
	{ FILE_PATH("classes"), TEXT },
	{ FILE_PATH("processes"), TEXT },
	{ FILE_PATH("faults"), TEXT },
	{ FILE_PATH("objects"), TEXT },
	{ FILE_PATH("cgroups"), TEXT },
	{ FILE_PATH("records"), RECORDS },
	{ FILE_PATH("vmas"), VMAS },
	/* Once more, since they matter most. */
	{ FILE_PATH("records"), RECORDS },
	{ FILE_PATH("vmas"), VMAS },
};

/* Of all workers. */
static struct sums {
	volatile uint64_t until;
	unsigned long calls, records, rows, texts, compared, twins, again, sweeps;
	unsigned int violations;
} *sums;

#define COUNT(what, number) __atomic_add_fetch(&sums->what, number, __ATOMIC_RELAXED)

static unsigned int state;		/* of the random numbers */
static unsigned int compare_every = 8;	/* record, on average, with /proc */

static unsigned int dice(unsigned int sides)
{
	return rand_r(&state) % sides;
}

static void show_counts(const char *name, const struct memclass_counts *counts)
{
	printf("#   %s:", name);
#define SHOW(field, tier, text) \
	if (counts->field) \
		printf(" " #field " %llu", (unsigned long long)counts->field);
	MEMCLASS_COLUMNS(SHOW)
#undef SHOW
	printf("\n");
}

/* What a read of a binary file is made of. */
union row {
	struct memclass_record record;
	struct memclass_vma vma;
};

static void show_record(const union row *row)
{
	const struct memclass_record *record = &row->record;
	unsigned int i;

	printf("# pid %u ppid %u comm %.16s flags %#x threads %u start %llu slices %u\n",
	       record->pid, record->ppid, record->comm, record->flags, record->threads,
	       (unsigned long long)record->start_ns, record->cost.slices);
	show_counts("total", &record->total);
	for (i = 0; i < MEMCLASS_NR_CLASSES; i++)
		if (record->classes[i].vmas)
			show_counts(class_name(i), &record->classes[i]);
}

static void show_vma(const union row *row)
{
	const struct memclass_vma *vma = &row->vma;

	printf("# pid %u mapping %u, %llx to %llx, class %u, %.256s\n", vma->pid, vma->ordinal,
	       (unsigned long long)vma->start, (unsigned long long)vma->end, vma->class,
	       vma->name);
	show_counts("counts", &vma->counts);
}

/* Return: whether it is one. The first few of them are told. */
static bool violation(const char *what)
{
	if (!what || COUNT(violations, 1) > 5)
		return false;
	printf("# violation: %s\n", what);
	fflush(stdout);
	return true;
}

/* Is it the process that has the pid? One that has ended meanwhile cannot be asked. */
static const char *start_fault(const struct memclass_record *record)
{
	uint64_t ticks;
	struct memclass_record again;
	const int fd = records_open();
	const bool there = record_of(fd, record->pid, &again);

	close(fd);
	/* The same before and after /proc is asked: then /proc told of the same. */
	if (!there || again.start_ns != record->start_ns)
		return NULL;
	ticks = proc_start_ticks(record->pid);
	if (!ticks)
		return NULL;
	COUNT(compared, 1);
	if (start_is(record->start_ns, ticks))
		return NULL;
	return proc_start_ticks(record->pid) == ticks && kill(record->pid, 0) == 0 ?
		       fault("pid %u started at %llu ns, but in /proc at tick %llu", record->pid,
			     (unsigned long long)record->start_ns, (unsigned long long)ticks) :
		       NULL;
}

/*
 * Faults are counted since the process last became another program, which those never do
 * that are called as this one.
 *
 * Return: NULL, or that there were more of them before.
 */
static const char *faults_fault(const struct memclass_record *record)
{
	static struct seen {
		uint64_t start_ns;
		struct memclass_faults faults;
	} all[4096];
	struct seen *seen = &all[record->pid % ARRAY_SIZE(all)];
	const bool same = seen->start_ns == record->start_ns;
	const struct memclass_faults before = seen->faults, *now = &record->faults_total;

	if (!(record->flags & MEMCLASS_FAULTS_ON) || strcmp(record->comm, "fuzzer"))
		return NULL;
	*seen = (struct seen) { record->start_ns, *now };
	if (!same)
		return NULL;
	COUNT(again, 1);
#define NOT_LESS(field, text) \
	if (now->field < before.field) \
		return fault("pid %u: " #field " was %llu and is %llu", record->pid, \
			     (unsigned long long)before.field, (unsigned long long)now->field);
	MEMCLASS_FAULTS(NOT_LESS)
#undef NOT_LESS
	return NULL;
}

/* When this worker last began to read. */
static uint64_t asked_ns;

/* What is wrong with a row, or with its place behind the one before it, which may be NULL. */
static const char *record_row_fault(const union row *row, const union row *before)
{
	const struct memclass_record *record = &row->record;
	bool twin = false;
	const char *bad = record_fault(record) ?: population_fault(record, asked_ns, &twin);

	bad = bad ?: faults_fault(record);
	COUNT(records, 1);
	COUNT(twins, twin);
	if (!bad && before && record->pid <= before->record.pid)
		bad = fault("pid %u follows pid %u", record->pid, before->record.pid);
	return bad || dice(compare_every) ? bad : start_fault(record);
}

static const char *vma_row_fault(const union row *row, const union row *before)
{
	const struct memclass_vma *vma = &row->vma, *last;
	const char *bad = vma_fault(vma);

	COUNT(rows, 1);
	if (bad || !before)
		return bad;
	last = &before->vma;
	if (vma->pid < last->pid)
		return fault("pid %u follows pid %u", vma->pid, last->pid);
	if (vma->pid == last->pid &&
	    (vma->start_ns != last->start_ns || vma->ordinal != last->ordinal + 1 ||
	     vma->start < last->end))
		return fault("mapping %u from %llx follows %u, which ends at %llx", vma->ordinal,
			     (unsigned long long)vma->start, last->ordinal,
			     (unsigned long long)last->end);
	return NULL;
}

static const struct {
	size_t size;
	const char *(*fault)(const union row *row, const union row *before);
	void (*show)(const union row *row);
} kinds[] = {
	[TEXT] = { .size = 4096 },
	[RECORDS] = { sizeof(struct memclass_record), record_row_fault, show_record },
	[VMAS] = { sizeof(struct memclass_vma), vma_row_fault, show_vma },
};

/* They need not be where such a row may be. */
static void check_rows(int kind, const char *bytes, size_t length)
{
	static union row rows[2];
	const size_t size = kinds[kind].size;
	size_t i;

	if (length % size)
		violation(fault("%zu bytes are no number of rows", length));
	for (i = 0; i < length / size; i++) {
		union row *row = &rows[i % 2];

		memcpy(row, bytes + i * size, size);
		if (violation(kinds[kind].fault(row, i ? &rows[!(i % 2)] : NULL)))
			kinds[kind].show(row);
	}
}

/*
 * An error that is no violation, of something that is done to a file: it is one of those
 * that are documented, and never one of the kernel's own.
 */
static bool is_documented(int error)
{
	static const int documented[] = {
		EINVAL, EFAULT, ESRCH, EINTR, EBADF, ENODEV, ENOTTY, EACCES, ESPIPE,
		EOPNOTSUPP, ENXIO, ENOTDIR, EMFILE, ENOMEM, EOVERFLOW, EPERM, EAGAIN, EXDEV,
		/* A reader of a shared file was killed. */
		ESTALE
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(documented); i++)
		if (documented[i] == error)
			return true;
	return false;
}

static void check_call(const char *name, long long ret)
{
	COUNT(calls, 1);
	if (ret < 0 && !is_documented(errno))
		violation(fault("%s: %s", name, strerror(errno)));
}

/* What must not succeed. */
static void check_refused(const char *name, long long ret)
{
	check_call(name, ret);
	if (ret >= 0)
		violation(fault("%s succeeds", name));
}

/* A worker's files. */
static struct open_file {
	int fd;
	int kind;
} files[FILES];

/* The middle of three mappings can be written to, the first one read, the last is none. */
static char *buffer, *readonly, *nothing;
#define CANARY	0xa5

static void buffer_make(void)
{
	readonly = mmap(NULL, 3 * ROOM, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	buffer = readonly + ROOM;
	nothing = buffer + ROOM;
	mprotect(buffer, ROOM, PROT_READ | PROT_WRITE);
	munmap(nothing, ROOM);
}

/* From the borders. */
static loff_t some_offset(const struct open_file *file)
{
	const loff_t size = kinds[file->kind].size;
	const loff_t pid = dice(4) ? (loff_t)dice(4000) : INT_MAX - (loff_t)dice(3);
	const loff_t offsets[] = {
		0, 1, -1, size, size - 1, size + 1, pid * size, pid * size + 1,
		records_at(pid), vmas_at(pid, dice(40)), vmas_at(pid, MEMCLASS_VMA_ORDINALS - 1),
		records_at(pid) | MEMCLASS_OFFSET_CHEAP,
		vmas_at(pid, dice(40)) | MEMCLASS_OFFSET_CHEAP, MEMCLASS_OFFSET_CHEAP,
		INT_MAX, 1LL << 32, LLONG_MAX, LLONG_MAX / size * size, LLONG_MIN,
		dice(1 << 20)
	};

	return offsets[dice(ARRAY_SIZE(offsets))];
}

static size_t some_count(const struct open_file *file)
{
	const size_t size = kinds[file->kind].size;
	const size_t counts[] = {
		0, 1, size - 1, size, size + 1, 2 * size, 3 * size - 1, 16 * size, 17 * size,
		ROOM, INT_MAX, (size_t)SSIZE_MAX, SIZE_MAX, dice(ROOM), 4095, 4096
	};

	return counts[dice(ARRAY_SIZE(counts))];
}

/* Where it may write, and how much: what is behind that must stay as it was. */
static char *some_buffer(const struct open_file *file, size_t *room)
{
	*room = 0;
	switch (dice(12)) {
	case 0:
		return NULL;
	case 1:
		return readonly + dice(ROOM - 1);
	case 2:
		return nothing + dice(ROOM);
	case 3:
		/* It ends within the first row, or the second. */
		*room = dice(2 * kinds[file->kind].size);
		return nothing - *room;
	case 4:
		/* It begins before where it may. */
		return buffer - 1 - dice(kinds[file->kind].size);
	default:
		*room = ROOM;
		return buffer;
	}
}

static void check_read(const struct open_file *file, const char *at, size_t room, size_t count,
		       ssize_t got)
{
	size_t i;

	check_call("read", got);
	if (got <= 0)
		return;
	if ((size_t)got > count || (size_t)got > room) {
		violation(fault("%zd bytes into %zu, of which %zu could be written to", got, count,
				room));
		return;
	}
	/* A copy that failed can have written as far as it came. */
	for (i = got; count <= room && i < room && i < (size_t)got + 64; i++)
		if (at[i] != (char)CANARY && file->kind != TEXT) {
			violation(fault("byte %zu is written to, behind %zd", i, got));
			break;
		}
	if (file->kind != TEXT)
		check_rows(file->kind, at, got);
}

static void do_read(struct open_file *file)
{
	const size_t count = some_count(file);
	size_t room;
	char *at = some_buffer(file, &room);
	struct iovec vectors[2];
	ssize_t got;

	if (room)
		memset(at, CANARY, room);
	vectors[0] = (struct iovec) { .iov_base = at, .iov_len = count };
	switch (dice(5)) {
	case 0:
		got = read(file->fd, at, count);
		break;
	case 1:
		got = readv(file->fd, vectors, 1);
		break;
	case 2:
		/* A part of a row in each: they are one read for each, or an error. */
		vectors[0].iov_len = dice(ROOM / 2);
		vectors[1] = (struct iovec) { .iov_base = nothing, .iov_len = ROOM };
		check_call("preadv", preadv(file->fd, vectors, 2, some_offset(file)));
		return;
	default:
		got = pread(file->fd, at, count, some_offset(file));
	}
	check_read(file, at, room, count, got);
}

static void do_seek(struct open_file *file)
{
	static const int whences[] = { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE, 77 };

	check_call("lseek", lseek(file->fd, some_offset(file),
				  whences[dice(ARRAY_SIZE(whences))]));
}

/* Nothing of this can be done with them. */
static void do_wrong(struct open_file *file)
{
	off_t from = some_offset(file);
	void *map;
	int null;

	switch (dice(6)) {
	case 0:
		map = mmap(NULL, 4096, PROT_READ, dice(2) ? MAP_SHARED : MAP_PRIVATE, file->fd,
			   0);
		check_refused("mmap", map == MAP_FAILED ? -1 : 0);
		break;
	case 1:
		/* Below are those that the kernel answers for any file. */
		check_refused("ioctl", ioctl(file->fd, 0x10000 + dice(INT_MAX), buffer));
		break;
	case 2:
		check_refused("write", write(file->fd, readonly, dice(8192) + 1));
		break;
	case 3:
		check_refused("ftruncate", ftruncate(file->fd, dice(3)));
		break;
	case 4:
		check_refused("fallocate", fallocate(file->fd, 0, 0, 4096));
		break;
	default:
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		check_call("sendfile", sendfile(null, file->fd, dice(2) ? &from : NULL,
						dice(65536)));
		close(null);
	}
}

static void do_open(struct open_file *file)
{
	static const int modes[] = { O_WRONLY, O_RDWR, O_RDONLY | O_DIRECTORY,
				     O_RDWR | O_APPEND, O_RDONLY | O_DIRECT };
	static const int fine[] = { 0, O_NONBLOCK, O_NOATIME, O_CLOEXEC, O_NOFOLLOW, O_SYNC };
	const unsigned int name = dice(ARRAY_SIZE(names));

	if (!dice(6)) {
		check_refused("open", open(names[name].path,
					   modes[dice(ARRAY_SIZE(modes))] | O_CLOEXEC));
		return;
	}
	close(file->fd);
	file->fd = open(names[name].path, O_RDONLY | fine[dice(ARRAY_SIZE(fine))]);
	file->kind = names[name].kind;
	check_call("open", file->fd);
}

static void do_copy(struct open_file *file)
{
	struct open_file *other = &files[dice(FILES)];
	int fd;

	if (other == file)
		return;
	if (dice(2)) {
		fd = dup(file->fd);
		close(other->fd);
		other->fd = fd;
	} else {
		fd = dup2(file->fd, other->fd);
	}
	check_call("dup", fd);
	other->kind = file->kind;
}

static void do_ask(struct open_file *file)
{
	struct pollfd event = { .fd = file->fd, .events = POLLIN | POLLPRI | POLLOUT };
	struct stat st;

	check_call("poll", poll(&event, 1, 0));
	check_call("fstat", fstat(file->fd, &st));
	check_call("fcntl", fcntl(file->fd, F_SETFL, dice(2) ? O_NONBLOCK : O_APPEND));
	check_call("fsync", fsync(file->fd));
}

static void do_something(void);

/* Somebody who has the same files open, and may be killed at any time. */
static void do_fork(struct open_file *file)
{
	const pid_t pid = fork();
	unsigned int i;

	check_call("fork", pid);
	if (!pid) {
		die_with_parent();
		state ^= getpid();
		for (i = 0; i < 12; i++)
			do_something();
		_exit(0);
	}
	if (pid < 0)
		return;
	if (dice(2)) {
		do_read(file);
		kill(pid, SIGKILL);
	}
	waitpid(pid, NULL, 0);
}

static void do_something(void)
{
	static void (*const deeds[])(struct open_file *file) = {
		do_read, do_read, do_read, do_read, do_read, do_read, do_read, do_read,
		do_seek, do_open, do_open, do_wrong, do_copy, do_ask
	};
	struct open_file *file = &files[dice(FILES)];

	if (file->fd < 0)
		do_open(file);
	else
		deeds[dice(ARRAY_SIZE(deeds))](file);
}

/*
 * A text file, from the first byte to the last, in pieces of any size. Each row ends with
 * a line end and has the fields of the header; those of "faults" never go back.
 */
static void check_text(const char *text, bool is_faults)
{
	static unsigned long long before[2048];
	unsigned int fields = 0, row = 0, at = 0, i;
	char *copy = strdup(text), *line, *next = copy;

	for (; (line = strsep(&next, "\n")) && next; row++) {
		unsigned int count = 1;

		for (i = 0; line[i]; i++)
			count += line[i] == ' ';
		if (!row)
			fields = count;
		/* The last field can be empty, or have blanks in it. */
		if (count < fields)
			violation(fault("row %u has %u fields of %u: %.100s", row, count, fields,
					line));
		if (!row || !is_faults)
			continue;
		for (i = 2; strsep(&line, " ") && line && at < ARRAY_SIZE(before); i++, at++) {
			const unsigned long long now = strtoull(line, NULL, 10);

			if (now < before[at])
				violation(fault("count %u of faults was %llu and is %llu", at,
						before[at], now));
			before[at] = now;
		}
	}
	if (line && *line)
		violation(fault("the last row does not end: %.100s", line));
	free(copy);
	COUNT(texts, 1);
}

static void read_text(void)
{
	static char text[1 << 20];
	const unsigned int name = 1 + dice(5);
	const int fd = open(names[name].path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	do {
		got = read(fd, text + length, dice(4) ? dice(20000) + 1 : 65536);
		check_call("read", got);
		if (got > 0)
			length += got;
	} while (got > 0 && length < sizeof(text) - 65536);
	close(fd);
	text[length] = 0;
	if (!got)
		check_text(text, !strcmp(names[name].path, FILE_PATH("faults")));
}

/* All of a binary file, from the first row to the last, as a client reads it. */
static void sweep(int kind)
{
	const int fd = kind == RECORDS ? records_open() : vmas_open();
	ssize_t got;

	do {
		asked_ns = now_ns();
		got = read(fd, buffer, ROOM);
		check_call("read", got);
		if (got > 0)
			check_rows(kind, buffer, got);
	} while (got > 0);
	close(fd);
	COUNT(sweeps, !got);
}

/* As many rows as can be had. */
static void work_through(unsigned int seed)
{
	unsigned int i;

	state = seed;
	compare_every = 64;
	buffer_make();
	for (i = 0; now_ns() < sums->until; i++)
		sweep(i % 32 ? RECORDS : VMAS);
}

static void work(unsigned int seed)
{
	unsigned int i;

	state = seed;
	buffer_make();
	for (i = 0; i < FILES; i++)
		files[i].fd = -1;
	while (now_ns() < sums->until) {
		for (i = 0; i < 50 && (asked_ns = now_ns()) < sums->until; i++)
			do_something();
		if (dice(3))
			read_text();
		else
			do_fork(&files[dice(FILES)]);
	}
}

static void end(int number)
{
	sums->until = 0;
}

int main(int argc, char **argv)
{
	const unsigned int seconds = argc > 1 ? strtoul(argv[1], NULL, 10) : 5;
	const unsigned int seed = argc > 2 ? strtoul(argv[2], NULL, 10) : (unsigned int)now_ns();
	const unsigned int asked = argc > 3 ? strtoul(argv[3], NULL, 10) : SWEEPERS;
	const unsigned int sweepers = asked < SWEEPERS_MAX ? asked : SWEEPERS_MAX;
	unsigned int i, failed = 0;
	pid_t pids[SWEEPERS_MAX + WORKERS];
	int status;

	population_main(argc, argv);
	ksft_print_header();
	if (!memclass_is_loaded())
		ksft_exit_skip("memclass is not loaded\n");
	ksft_set_plan(1);
	sums = mmap(NULL, sizeof(*sums), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ksft_print_msg("fuzzer %u %u\n", seconds, seed);
	fflush(stdout);
	if (sums == MAP_FAILED || !population_start(seed))
		ksft_exit_fail_msg("cannot begin: %s\n", strerror(errno));
	sums->until = now_ns() + seconds * SEC;
	signal(SIGTERM, end);
	for (i = 0; i < sweepers + WORKERS; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			die_with_parent();
			(i < sweepers ? work_through : work)(seed + i);
			fflush(stdout);
			_exit(0);
		}
	}
	for (i = 0; i < sweepers + WORKERS; i++)
		failed += pids[i] < 0 || waitpid(pids[i], &status, 0) != pids[i] || status;
	ksft_print_msg("%lu calls: %lu records, %lu of them twins', %lu rows, %lu texts, %lu sweeps; %lu compared with /proc, %lu with their faults before; %u violations\n",
		       sums->calls, sums->records, sums->twins, sums->rows, sums->texts, sums->sweeps,
		       sums->compared, sums->again, sums->violations);
	/* Without any, nothing was tried. */
	ksft_test_result(!failed && !sums->violations && sums->records && sums->rows &&
				 (sums->sweeps || !sweepers),
			 "every answer is right\n");
	ksft_finished();
}
