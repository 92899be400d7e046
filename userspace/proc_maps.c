// SPDX-License-Identifier: GPL-2.0
#include "proc_maps.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct proc_maps {
	pid_t pid;
	FILE *file;
	struct proc_devices *devices;
	struct proc_layout layout;
	uint64_t *stack_pointers;
	uint32_t ordinal;
	char *first_line;		/* of the mapping that was taken last */
	size_t first_room;
	char *line;			/* the one after it: the next one's first, or "" */
	size_t room;
};

/*
 * A thread that sleeps says where its stack is; of one that runs it is not known. The
 * last two words are the stack pointer and the program counter.
 */
static bool read_stack_pointer(pid_t pid, pid_t tid, uint64_t *stack_pointer)
{
	char path[80], text[512], *word;
	size_t length = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	word = strrchr(text, ' ');
	if (!word)
		return false;
	*word = '\0';
	word = strrchr(text, ' ');
	if (!word)
		return false;
	*stack_pointer = strtoull(word, NULL, 16);
	return true;
}

/* The first thread's is the stack. */
static void read_stack_pointers(struct proc_maps *maps, uint32_t threads)
{
	struct dirent *entry;
	char path[64];
	DIR *tasks;
	pid_t tid;

	if (threads < 2)
		return;
	maps->stack_pointers = calloc(threads, sizeof(*maps->stack_pointers));
	snprintf(path, sizeof(path), "/proc/%d/task", maps->pid);
	tasks = opendir(path);
	while (tasks && maps->stack_pointers && (entry = readdir(tasks))) {
		tid = atoi(entry->d_name);
		if (maps->layout.nr_stack_pointers == threads)
			break;
		if (tid > 0 && tid != maps->pid &&
		    read_stack_pointer(maps->pid, tid,
				       &maps->stack_pointers[maps->layout.nr_stack_pointers]))
			maps->layout.nr_stack_pointers++;
	}
	if (tasks)
		closedir(tasks);
	maps->layout.stack_pointers = maps->stack_pointers;
}

/* Takes a line, without its end. At the end of the file it is empty. */
static void next_line(struct proc_maps *maps)
{
	ssize_t length = getline(&maps->line, &maps->room, maps->file);

	if (length <= 0) {
		if (maps->line)
			*maps->line = '\0';
	} else if (maps->line[length - 1] == '\n') {
		maps->line[length - 1] = '\0';
	}
}

struct proc_maps *proc_maps_open(pid_t pid, const struct proc_stat *stat, uint32_t threads,
				 struct proc_devices *devices)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	struct proc_maps *maps = calloc(1, sizeof(*maps));
	char path[64];

	if (!maps)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	maps->file = fopen(path, "re");
	if (!maps->file) {
		free(maps);
		return NULL;
	}
	maps->pid = pid;
	maps->devices = devices;
	maps->layout.bss_start = (stat->end_data + page - 1) & ~(page - 1);
	maps->layout.start_brk = stat->start_brk;
	read_stack_pointers(maps, threads);
	next_line(maps);
	return maps;
}

void proc_maps_close(struct proc_maps *maps)
{
	fclose(maps->file);
	free(maps->stack_pointers);
	free(maps->first_line);
	free(maps->line);
	free(maps);
}

static void set(struct counts *counts, enum memclass_column column, uint64_t value)
{
	counts->values[column] = value;
	counts->filled |= 1ULL << column;
}

static uint64_t of(const struct counts *counts, enum memclass_column column)
{
	return counts->values[column];
}

/*
 * What smaps does not count, but what follows from what it does: what is resident
 * and has a file behind it is a page of the file, or of its copy.
 */
static void derive_counts(struct vma *vma, enum backing backing)
{
	struct counts *counts = &vma->counts;
	bool shmem = backing_is_shmem(backing);
	bool private_file = backing > BACKING_SPECIAL && !vma->shared;
	uint64_t pages = of(counts, MEMCLASS_COLUMN_rss) - of(counts, MEMCLASS_COLUMN_anon);

	set(counts, MEMCLASS_COLUMN_vmas, 1);
	set(counts, MEMCLASS_COLUMN_virt, vma->end - vma->start);
	if (!(counts->filled & COLUMN_BIT(rss)) || !(counts->filled & COLUMN_BIT(anon)))
		return;
	set(counts, MEMCLASS_COLUMN_file, shmem ? 0 : pages);
	set(counts, MEMCLASS_COLUMN_shmem, shmem ? pages : 0);
	set(counts, MEMCLASS_COLUMN_cow, private_file ? of(counts, MEMCLASS_COLUMN_anon) : 0);
	/* What a private mapping of shmem has in swap can be the object's, or a copy. */
	if (!shmem)
		set(counts, MEMCLASS_COLUMN_swap_shmem, 0);
	else if (vma->shared)
		set(counts, MEMCLASS_COLUMN_swap_shmem, of(counts, MEMCLASS_COLUMN_swap));
}

/* The end of a path says more than its beginning. */
static void take_name(char *name, struct vma *vma)
{
	size_t length, skip = 0;

	proc_unescape(name);
	length = strlen(name);
	if (length > MEMCLASS_NAME_MAX - 1) {
		skip = length - (MEMCLASS_NAME_MAX - 1);
		vma->name_cut = true;
	}
	snprintf(vma->name, sizeof(vma->name), "%s", name + skip);
}

static void take_mapping(const struct proc_mapping *mapping, enum backing backing,
			 struct vma *vma)
{
	vma->start = mapping->start;
	vma->end = mapping->end;
	vma->offset = mapping->offset;
	vma->inode = mapping->inode;
	vma->dev_major = mapping->dev_major;
	vma->dev_minor = mapping->dev_minor;
	vma->prot = mapping->prot;
	vma->shared = mapping->shared;
	vma->cost.unknown = true;
	/* "[heap]" and the like are no names. */
	if (backing != BACKING_NONE || mapping->inode)
		take_name((char *)mapping->name, vma);
}

/* Of no process: it is the same for all, and /proc alone shows it as a mapping. */
static bool is_of_the_kernel(const struct proc_mapping *mapping)
{
	return !strcmp(mapping->name, "[vsyscall]");
}

/* The fields of smaps begin with capital letters. */
static bool is_first_line(const char *line)
{
	return (*line >= '0' && *line <= '9') || (*line >= 'a' && *line <= 'f');
}

/* What a mapping consists of; its name lasts until the next one is taken. */
static bool take_lines(struct proc_maps *maps, struct proc_mapping *mapping,
		       struct counts *counts, struct proc_flags *flags)
{
	char *line = maps->first_line;
	size_t room = maps->first_room;

	if (!maps->line || !*maps->line)
		return false;
	maps->first_line = maps->line;
	maps->first_room = maps->room;
	maps->line = line;
	maps->room = room;
	next_line(maps);
	for (; maps->line && *maps->line && !is_first_line(maps->line); next_line(maps))
		proc_parse_field(maps->line, counts, flags);
	return proc_parse_mapping(maps->first_line, mapping);
}

/* Return: whether there was one more. The caller says whose it is. */
bool proc_maps_next(struct proc_maps *maps, struct vma *vma)
{
	struct proc_mapping mapping;
	struct proc_flags flags;
	enum backing backing;

	do {
		memset(vma, 0, sizeof(*vma));
		memset(&flags, 0, sizeof(flags));
		if (!take_lines(maps, &mapping, &vma->counts, &flags))
			return false;
	} while (is_of_the_kernel(&mapping));
	backing = proc_backing(maps->devices, maps->pid, &mapping);
	vma->pid = maps->pid;
	vma->ordinal = maps->ordinal++;
	vma->class = proc_class(&maps->layout, &mapping, &flags, backing);
	take_mapping(&mapping, backing, vma);
	derive_counts(vma, backing);
	return true;
}
