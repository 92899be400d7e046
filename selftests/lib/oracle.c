// SPDX-License-Identifier: GPL-2.0
#include "oracle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "reading.h"

void bounds_set(struct bounds *bounds, unsigned int column, uint64_t low, uint64_t high)
{
	bounds->known |= 1ULL << column;
	bounds->low[column] = low;
	bounds->high[column] = high;
}

/* The sum knows only what all of its parts know. The first part is copied. */
void bounds_add(struct bounds *sum, const struct bounds *bounds)
{
	unsigned int i;

	sum->known &= bounds->known;
	for (i = 0; i < ORACLE_NR_COLUMNS; i++) {
		sum->low[i] += bounds->low[i];
		sum->high[i] += bounds->high[i];
	}
}

uint64_t oracle_get(const struct memclass_counts *counts, unsigned int column)
{
	switch (column) {
	case ORACLE_PRIVATE:
		return counts->private_clean + counts->private_dirty;
	case ORACLE_SHARED:
		return counts->shared_clean + counts->shared_dirty;
	case ORACLE_HUGETLB:
		return counts->hugetlb_private + counts->hugetlb_shared;
	case ORACLE_SWAP_OWN:
		return counts->swap - counts->swap_shmem;
	default:
		return counts_get(counts, column);
	}
}

const char *oracle_column_name(unsigned int column)
{
	switch (column) {
	case ORACLE_PRIVATE:
		return "private_clean + private_dirty";
	case ORACLE_SHARED:
		return "shared_clean + shared_dirty";
	case ORACLE_HUGETLB:
		return "hugetlb_private + hugetlb_shared";
	case ORACLE_SWAP_OWN:
		return "swap - swap_shmem";
	default:
		return column_name(column);
	}
}

/* The sums that can be made where these columns are filled, besides the columns. */
uint64_t oracle_columns(uint64_t columns)
{
	static const struct {
		unsigned int sum;
		enum memclass_column of[2];
	} sums[] = {
		{ ORACLE_PRIVATE,
		  { MEMCLASS_COLUMN_private_clean, MEMCLASS_COLUMN_private_dirty } },
		{ ORACLE_SHARED,
		  { MEMCLASS_COLUMN_shared_clean, MEMCLASS_COLUMN_shared_dirty } },
		{ ORACLE_HUGETLB,
		  { MEMCLASS_COLUMN_hugetlb_private, MEMCLASS_COLUMN_hugetlb_shared } },
		{ ORACLE_SWAP_OWN, { MEMCLASS_COLUMN_swap, MEMCLASS_COLUMN_swap_shmem } },
	};
	unsigned int i;

	for (i = 0; i < sizeof(sums) / sizeof(*sums); i++)
		if (columns & 1ULL << sums[i].of[0] && columns & 1ULL << sums[i].of[1])
			columns |= 1ULL << sums[i].sum;
	return columns;
}

bool oracle_vma_has(const struct oracle_vma *vma, const char *flag)
{
	const char *at;

	for (at = vma->flags; at[0] && at[1]; at += 3)
		if (!strncmp(at, flag, 2))
			return true;
	return false;
}

/*
 * Has it pages of a file? Not every file has an inode number: that of a System V
 * segment is its id, from 0 on. Private mappings of /dev/zero have no pages of it.
 */
bool oracle_vma_has_file(const struct oracle_vma *vma)
{
	return vma->name[0] && vma->name[0] != '[' && strcmp(vma->name, "/dev/zero");
}

/* A whole file of /proc as a string, or NULL with errno. The caller frees it. */
static char *slurp(pid_t pid, const struct oracle_options *options, const char *file,
		   size_t *length)
{
	char path[80], *text = NULL;
	size_t room = 0, used = 0;
	ssize_t got;
	int fd;

	if (options->tid)
		snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, options->tid, file);
	else
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	do {
		if (room - used < 4096) {
			char *more;

			room = (room + 32768) * 2;
			more = realloc(text, room);
			if (!more)
				goto fail;
			text = more;
		}
		got = read(fd, text + used, room - used - 1);
		if (got < 0)
			goto fail;
		used += got;
	} while (got);
	text[used] = 0;
	close(fd);
	if (length)
		*length = used;
	return text;

fail:
	free(text);
	close(fd);
	return NULL;
}

/*
 * The next line of @rest, or NULL. As strsep() does it, with an instruction that emulated
 * processors take a loop for, it would be most of what a comparison takes.
 */
static char *next_line(char **rest)
{
	char *line = *rest, *end;

	if (!line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end++ = 0;
	*rest = end;
	return line;
}

/*
 * The fields of smaps and smaps_rollup. PSS is cut to the kB where it is printed;
 * all else is whole pages.
 */
static const struct field {
	const char *name;
	unsigned int column;
	bool cut;
} fields[] = {
	{ "Size", MEMCLASS_COLUMN_virt, false },
	{ "Rss", MEMCLASS_COLUMN_rss, false },
	{ "Pss", MEMCLASS_COLUMN_pss, true },
	{ "Pss_Dirty", MEMCLASS_COLUMN_pss_dirty, true },
	{ "Pss_Anon", MEMCLASS_COLUMN_pss_anon, true },
	{ "Pss_File", MEMCLASS_COLUMN_pss_file, true },
	{ "Pss_Shmem", MEMCLASS_COLUMN_pss_shmem, true },
	{ "Shared_Clean", MEMCLASS_COLUMN_shared_clean, false },
	{ "Shared_Dirty", MEMCLASS_COLUMN_shared_dirty, false },
	{ "Private_Clean", MEMCLASS_COLUMN_private_clean, false },
	{ "Private_Dirty", MEMCLASS_COLUMN_private_dirty, false },
	{ "Referenced", MEMCLASS_COLUMN_referenced, false },
	{ "Anonymous", MEMCLASS_COLUMN_anon, false },
	{ "KSM", MEMCLASS_COLUMN_ksm, false },
	{ "LazyFree", MEMCLASS_COLUMN_lazyfree, false },
	{ "AnonHugePages", MEMCLASS_COLUMN_thp_anon, false },
	{ "ShmemPmdMapped", MEMCLASS_COLUMN_thp_shmem, false },
	{ "FilePmdMapped", MEMCLASS_COLUMN_thp_file, false },
	{ "Shared_Hugetlb", MEMCLASS_COLUMN_hugetlb_shared, false },
	{ "Private_Hugetlb", MEMCLASS_COLUMN_hugetlb_private, false },
	{ "Swap", MEMCLASS_COLUMN_swap, false },
	{ "Locked", MEMCLASS_COLUMN_locked, true },
	/* Not of memclass. */
	{ "MMUPageSize", ORACLE_NR_COLUMNS, false },
	{ "SwapPss", ORACLE_NR_COLUMNS, false },
	{ "THPeligible", ORACLE_NR_COLUMNS, false },
	{ "ProtectionKey", ORACLE_NR_COLUMNS, false },
};

#define NR_FIELDS (sizeof(fields) / sizeof(*fields))

static const struct field *find_field(const char *name, size_t length)
{
	static size_t next;	/* they mostly come in the same order */
	size_t i;

	for (i = 0; i < NR_FIELDS; i++) {
		const struct field *field = &fields[(next + i) % NR_FIELDS];

		if (!strncmp(field->name, name, length) && !field->name[length]) {
			next = field - fields + 1;
			return field;
		}
	}
	return NULL;
}

/* "Rss:      12 kB" */
static void parse_field(struct oracle *oracle, struct bounds *bounds, const char *line)
{
	size_t length = strchrnul(line, ':') - line;
	const struct field *field = find_field(line, length);
	uint64_t bytes;

	if (!field) {
		snprintf(oracle->unknown_fields, sizeof(oracle->unknown_fields), "%.*s",
			 (int)length, line);
		return;
	}
	if (field->column == ORACLE_NR_COLUMNS)
		return;
	bytes = strtoull(line + length + 1, NULL, 10) << 10;
	bounds_set(bounds, field->column, bytes, field->cut ? bytes + 1023 : bytes);
}

/* "55d0c0000000-55d0c0021000 rw-p 00000000 00:00 0      [heap]" */
static bool parse_header(struct oracle_vma *vma, const char *line)
{
	int name = 0;

	memset(vma, 0, sizeof(*vma));
	if (sscanf(line, "%lx-%lx %4s %lx %x:%x %lu%n", &vma->start, &vma->end, vma->perms,
		   &vma->offset, &vma->dev_major, &vma->dev_minor, &vma->inode, &name) != 7)
		return false;
	vma->name = strdup(line + name + strspn(line + name, " "));
	return vma->name;
}

/*
 * 6.13 and the stable releases of 2025, "mm: hugetlb: independent PMD page table shared
 * count": since then smaps looks for the sharers of the page table of every huge page,
 * but only tables of PMDs, those of pages of 2 MiB, have them counted. In the place for it
 * others have what is left there of what their page was last used for.
 */
static bool sharing_is_told(const struct oracle_vma *vma)
{
	return vma->page_size == PAGE || vma->page_size == HUGE || !oracle_vma_has(vma, "ht");
}

/* What is shared is never said to be private. */
static void doubt_shared(struct bounds *bounds)
{
	uint64_t private = bounds->low[MEMCLASS_COLUMN_hugetlb_private];
	uint64_t shared = bounds->low[MEMCLASS_COLUMN_hugetlb_shared];

	bounds_set(bounds, ORACLE_HUGETLB, private + shared, private + shared);
	bounds_set(bounds, MEMCLASS_COLUMN_hugetlb_private, private, private + shared);
	bounds_set(bounds, MEMCLASS_COLUMN_hugetlb_shared, 0, shared);
}

/*
 * What follows from the rest: the copies in a private mapping of a file; and, where
 * Pss_Dirty is not printed, that a private page adds all of itself to it, and a shared
 * one something.
 */
static void finish_vma(struct oracle_vma *vma)
{
	struct bounds *smaps = &vma->smaps;
	uint64_t cow = 0;

	if (oracle_vma_has_file(vma) && vma->perms[3] == 'p')
		cow = smaps->low[MEMCLASS_COLUMN_anon];
	bounds_set(smaps, MEMCLASS_COLUMN_cow, cow, cow);
	bounds_set(smaps, MEMCLASS_COLUMN_vmas, 1, 1);
	if (!sharing_is_told(vma))
		doubt_shared(smaps);
	if (!(smaps->known & 1ULL << MEMCLASS_COLUMN_pss_dirty))
		bounds_set(smaps, MEMCLASS_COLUMN_pss_dirty,
			   smaps->low[MEMCLASS_COLUMN_private_dirty],
			   smaps->low[MEMCLASS_COLUMN_private_dirty] +
				   smaps->low[MEMCLASS_COLUMN_shared_dirty]);
}

static bool begins_field(const char *line)
{
	return line[0] >= 'A' && line[0] <= 'Z';
}

static struct oracle_vma *append_vma(struct oracle *oracle, size_t *room)
{
	if (oracle->nr_vmas == *room) {
		struct oracle_vma *more;

		*room = (*room + 64) * 2;
		more = reallocarray(oracle->vmas, *room, sizeof(*more));
		if (!more)
			return NULL;
		oracle->vmas = more;
	}
	return &oracle->vmas[oracle->nr_vmas];
}

static uint64_t digest(const char *text, size_t length)
{
	uint64_t hash = 14695981039346656037ULL;

	while (length--)
		hash = (hash ^ (unsigned char)*text++) * 1099511628211ULL;
	return hash;
}

/* [vsyscall] is in no process's memory: the kernel prints it for all. */
static bool is_vsyscall(const struct oracle_vma *vma)
{
	return !strcmp(vma->name, "[vsyscall]");
}

static int parse_smaps(struct oracle *oracle, char *text)
{
	struct oracle_vma *vma = NULL;
	char *line, *rest = text;
	size_t room = 0;

	while ((line = next_line(&rest)) && *line) {
		if (!begins_field(line)) {
			if (vma)
				finish_vma(vma);
			vma = append_vma(oracle, &room);
			if (!vma)
				return -ENOMEM;
			if (!parse_header(vma, line))
				return -EPROTO;
			oracle->nr_vmas++;
		} else if (!vma) {
			return -EPROTO;
		} else if (!strncmp(line, "VmFlags: ", 9)) {
			snprintf(vma->flags, sizeof(vma->flags), "%s", line + 9);
		} else if (!strncmp(line, "KernelPageSize:", 15)) {
			vma->page_size = strtoull(line + 15, NULL, 10) << 10;
		} else {
			parse_field(oracle, &vma->smaps, line);
		}
	}
	if (vma)
		finish_vma(vma);
	if (vma && is_vsyscall(vma)) {
		free(vma->name);
		oracle->nr_vmas--;
	}
	return 0;
}

static int take_smaps(struct oracle *oracle, pid_t pid, const struct oracle_options *options)
{
	size_t length;
	char *text = slurp(pid, options, "smaps", &length);
	int err;

	if (!text)
		return -errno;
	oracle->digest = digest(text, length);
	err = parse_smaps(oracle, text);
	free(text);
	return err;
}

static int take_rollup(struct oracle *oracle, pid_t pid, const struct oracle_options *options)
{
	char *text = slurp(pid, options, "smaps_rollup", NULL), *line, *rest = text;
	size_t i;

	if (!text)
		return -errno;
	next_line(&rest);
	while ((line = next_line(&rest)) && *line)
		parse_field(oracle, &oracle->rollup, line);
	free(text);
	for (i = 0; i < oracle->nr_vmas; i++)
		if (!sharing_is_told(&oracle->vmas[i])) {
			doubt_shared(&oracle->rollup);
			break;
		}
	return 0;
}

static uint64_t status_number(const char *text, const char *name)
{
	char key[40];
	const char *at;

	snprintf(key, sizeof(key), "\n%s:", name);
	at = strstr(text, key);
	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static void status_pages(struct oracle *oracle, const char *text, const char *name,
			 unsigned int column, uint64_t slack)
{
	uint64_t bytes = status_number(text, name) << 10;

	bounds_set(&oracle->status, column, bytes > slack ? bytes - slack : 0,
		   bytes + slack);
}

static int take_status(struct oracle *oracle, pid_t pid, const struct oracle_options *options)
{
	struct oracle_process *process = &oracle->process;
	char *text = slurp(pid, options, "status", NULL);
	uint64_t slack, bytes;

	if (!text)
		return -errno;
	process->ppid = status_number(text, "PPid");
	process->uid = status_number(text, "Uid");
	process->threads = status_number(text, "Threads");
	process->page_tables = status_number(text, "VmPTE") << 10;

	bytes = status_number(text, "VmSize") << 10;
	bounds_set(&oracle->status, MEMCLASS_COLUMN_virt, bytes, bytes);

	slack = (uint64_t)options->slack * process->threads * sysconf(_SC_PAGESIZE);
	status_pages(oracle, text, "HugetlbPages", ORACLE_HUGETLB, slack);
	status_pages(oracle, text, "RssAnon", MEMCLASS_COLUMN_anon, slack);
	status_pages(oracle, text, "RssFile", MEMCLASS_COLUMN_file, slack);
	status_pages(oracle, text, "RssShmem", MEMCLASS_COLUMN_shmem, slack);
	status_pages(oracle, text, "VmRSS", MEMCLASS_COLUMN_rss, 3 * slack);
	status_pages(oracle, text, "VmSwap", ORACLE_SWAP_OWN, slack);
	free(text);
	return 0;
}

/* Where the program's parts are; fields of /proc/PID/stat are numbered from 1. */
static void stat_field(struct oracle_process *process, unsigned int field, uint64_t number,
		       bool leader)
{
	if (leader && field == 22)
		process->start_ticks = number;
	if (field == 28)
		process->start_stack = number;
	if (field == 46)
		process->end_data = number;
	if (field == 47)
		process->start_brk = number;
}

/* The second field is the name, which can hold anything. */
static int take_stat(struct oracle *oracle, pid_t pid, const struct oracle_options *options)
{
	struct oracle_process *process = &oracle->process;
	char *text = slurp(pid, options, "stat", NULL), *at, *end;
	unsigned int field;

	if (!text)
		return -errno;
	at = strchr(text, '(');
	end = strrchr(text, ')');
	if (!at || !end) {
		free(text);
		return -EPROTO;
	}
	if (!options->tid)
		snprintf(process->comm, sizeof(process->comm), "%.*s",
			 (int)(end - at - 1), at + 1);
	for (field = 3, at = end + 1; at; at = strchr(at + 1, ' '), field++)
		stat_field(process, field, strtoull(at + 1, NULL, 10), !options->tid);
	free(text);
	return 0;
}

/* "SYSCALL ARGUMENTS SP PC" of a thread that sleeps, "-1 SP PC", or "running". */
static bool parse_stack_pointer(const char *text, uint64_t *pointer)
{
	const char *pc = strrchr(text, ' '), *sp;

	if (!pc || pc == text)
		return false;
	for (sp = pc - 1; sp > text && *sp != ' '; sp--)
		;
	*pointer = strtoull(sp, NULL, 16);
	return true;
}

static int take_stack_pointers(struct oracle *oracle, pid_t pid)
{
	struct dirent *entry;
	char path[64];
	size_t room = 0;
	int err = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return -errno;
	while (!err && (entry = readdir(tasks))) {
		struct oracle_options thread = { .tid = atoi(entry->d_name) };
		uint64_t pointer;
		char *text;

		if (!thread.tid)
			continue;
		text = slurp(pid, &thread, "syscall", NULL);
		if (text && parse_stack_pointer(text, &pointer)) {
			if (oracle->nr_stack_pointers == room) {
				uint64_t *more;

				room = (room + 16) * 2;
				more = reallocarray(oracle->stack_pointers, room, sizeof(*more));
				if (!more)
					err = -ENOMEM;
				else
					oracle->stack_pointers = more;
			}
			if (!err)
				oracle->stack_pointers[oracle->nr_stack_pointers++] = pointer;
		}
		free(text);
	}
	closedir(tasks);
	return err;
}

/*
 * Page by page, in an order of chance: the budget may not do for all mappings. What
 * the order is depends on the process only, so that two looks are alike.
 */
static int take_pages(struct oracle *oracle, pid_t pid, const struct oracle_options *options)
{
	size_t budget = options->pages, i, step;
	char path[64];
	int fd, err = 0;

	if (!budget || !oracle->nr_vmas)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/pagemap", pid,
		 options->tid ?: pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* A step that is prime to the number of mappings comes to each of them. */
	for (step = oracle->process.start_ticks % oracle->nr_vmas + 1;; step++) {
		size_t a = step, b = oracle->nr_vmas;

		while (b) {
			size_t rest = a % b;

			a = b;
			b = rest;
		}
		if (a == 1)
			break;
	}
	for (i = 0; i < oracle->nr_vmas && !err; i++) {
		struct oracle_vma *vma = &oracle->vmas[(i * step) % oracle->nr_vmas];
		size_t pages = (vma->end - vma->start) / sysconf(_SC_PAGESIZE);

		if (pages > budget)
			continue;
		budget -= pages;
		err = pages_look(vma, fd, options->slack);
	}
	close(fd);
	return err;
}

int oracle_take(struct oracle *oracle, pid_t pid, const struct oracle_options *options)
{
	int err;

	memset(oracle, 0, sizeof(*oracle));
	err = take_stat(oracle, pid, &(struct oracle_options) {});
	if (!err && options->tid)
		err = take_stat(oracle, pid, options);
	if (!err)
		err = take_status(oracle, pid, options);
	if (!err)
		err = take_smaps(oracle, pid, options);
	if (!err)
		err = take_rollup(oracle, pid, options);
	if (!err && oracle->process.threads > 1)
		err = take_stack_pointers(oracle, pid);
	if (!err)
		err = take_pages(oracle, pid, options);
	if (err)
		oracle_free(oracle);
	return err;
}

void oracle_free(struct oracle *oracle)
{
	size_t i;

	for (i = 0; i < oracle->nr_vmas; i++) {
		free(oracle->vmas[i].name);
		free(oracle->vmas[i].pages);
	}
	free(oracle->vmas);
	free(oracle->stack_pointers);
	memset(oracle, 0, sizeof(*oracle));
}

static bool same_pages(const struct oracle *one, const struct oracle *other)
{
	size_t i;

	for (i = 0; i < one->nr_vmas; i++) {
		const struct bounds *a = one->vmas[i].pages, *b = other->vmas[i].pages;

		if (!a != !b || (a && memcmp(a, b, sizeof(*a))))
			return false;
	}
	return true;
}

bool oracle_same(const struct oracle *one, const struct oracle *other)
{
	return one->nr_vmas == other->nr_vmas && one->digest == other->digest &&
	       !memcmp(&one->process, &other->process, sizeof(one->process)) &&
	       !memcmp(&one->status, &other->status, sizeof(one->status)) &&
	       !memcmp(&one->rollup, &other->rollup, sizeof(one->rollup)) &&
	       one->nr_stack_pointers == other->nr_stack_pointers &&
	       (!one->nr_stack_pointers ||
		!memcmp(one->stack_pointers, other->stack_pointers,
			one->nr_stack_pointers * sizeof(*one->stack_pointers))) &&
	       same_pages(one, other);
}
