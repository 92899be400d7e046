// SPDX-License-Identifier: GPL-2.0
#include "proc_class.h"

#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/*
 * File systems.
 */

struct device {
	dev_t dev;
	bool is_tmpfs;
};

struct proc_devices {
	dev_t shm;			/* the tmpfs that no user can put a file on */
	size_t count;
	struct device *known;
};

static dev_t dev_of(const struct proc_mapping *mapping)
{
	return makedev(mapping->dev_major, mapping->dev_minor);
}

/* The tmpfs for shared memory without a path: a mapping of our own tells. */
static dev_t find_shm(void)
{
	size_t size = sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct proc_mapping mapping;
	char line[8192];
	dev_t dev = 0;
	FILE *maps;

	maps = fopen("/proc/self/maps", "re");
	while (maps && page != MAP_FAILED && fgets(line, sizeof(line), maps))
		if (proc_parse_mapping(line, &mapping) &&
		    mapping.start <= (uint64_t)page && (uint64_t)page < mapping.end)
			dev = dev_of(&mapping);
	if (maps)
		fclose(maps);
	if (page != MAP_FAILED)
		munmap(page, size);
	return dev;
}

struct proc_devices *proc_devices_new(void)
{
	struct proc_devices *devices = calloc(1, sizeof(*devices));

	if (devices)
		devices->shm = find_shm();
	return devices;
}

void proc_devices_free(struct proc_devices *devices)
{
	free(devices->known);
	free(devices);
}

/* Only these are asked: other file systems can be ones that never answer. */
static bool may_be_tmpfs(const char *type)
{
	return !strcmp(type, "tmpfs") || !strcmp(type, "devtmpfs") || !strcmp(type, "rootfs");
}

/* A line of "mountinfo". Return: whether @dev is mounted there, and is a tmpfs. */
static bool is_tmpfs_mount(char *line, pid_t pid, dev_t dev)
{
	char at[4096], path[4096 + 64], type[64], *end = strstr(line, " - ");
	unsigned int major, minor;
	struct statfs fs;

	if (!end || sscanf(end, " - %63s", type) != 1 || !may_be_tmpfs(type) ||
	    sscanf(line, "%*d %*d %u:%u %*s %4095s", &major, &minor, at) != 3 ||
	    makedev(major, minor) != dev)
		return false;
	proc_unescape(at);
	snprintf(path, sizeof(path), "/proc/%d/root%s", pid, at);
	return !statfs(path, &fs) && fs.f_type == TMPFS_MAGIC;
}

static bool find_tmpfs(pid_t pid, dev_t dev)
{
	bool found = false;
	char path[64], *line = NULL;
	size_t room = 0;
	FILE *mounts;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	mounts = fopen(path, "re");
	while (mounts && !found && getline(&line, &room, mounts) >= 0)
		found = is_tmpfs_mount(line, pid, dev);
	if (mounts)
		fclose(mounts);
	free(line);
	return found;
}

static bool is_tmpfs(struct proc_devices *devices, pid_t pid, dev_t dev)
{
	struct device *more;
	size_t i;

	for (i = 0; i < devices->count; i++)
		if (devices->known[i].dev == dev)
			return devices->known[i].is_tmpfs;
	more = realloc(devices->known, (devices->count + 1) * sizeof(*more));
	if (!more)
		return find_tmpfs(pid, dev);
	devices->known = more;
	more[devices->count].dev = dev;
	more[devices->count].is_tmpfs = find_tmpfs(pid, dev);
	return more[devices->count++].is_tmpfs;
}

/*
 * Mappings.
 */

static bool begins_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static enum backing backing_of_none(const char *name)
{
	if (!*name || begins_with(name, "[heap]") || begins_with(name, "[stack") ||
	    begins_with(name, "[anon:"))
		return BACKING_NONE;
	return BACKING_SPECIAL;
}

/* There the kernel alone gives names. */
static enum backing backing_of_shm(const char *name)
{
	if (begins_with(name, "/memfd:"))
		return BACKING_MEMFD;
	return begins_with(name, "/SYSV") ? BACKING_SYSV : BACKING_SHM;
}

/* /proc calls the pool of "/dev/zero" so too: a private mapping of it has no file. */
enum backing proc_backing(struct proc_devices *devices, pid_t pid,
			  const struct proc_mapping *mapping)
{
	const char *name = mapping->name;

	if (devices->shm && dev_of(mapping) == devices->shm)
		return backing_of_shm(name);
	if (*name != '/' && !mapping->inode)
		return backing_of_none(name);
	if (!strcmp(name, "/dev/zero"))
		return BACKING_NONE;
	if (!mapping->dev_major && begins_with(name, "/secretmem"))
		return BACKING_SECRET;
	return is_tmpfs(devices, pid, dev_of(mapping)) ? BACKING_TMPFS : BACKING_FILE;
}

bool backing_is_shmem(enum backing backing)
{
	return backing >= BACKING_SHM && backing <= BACKING_TMPFS;
}

static bool has_stack_pointer(const struct proc_layout *layout,
			      const struct proc_mapping *mapping)
{
	size_t i;

	for (i = 0; i < layout->nr_stack_pointers; i++)
		if (mapping->start <= layout->stack_pointers[i] &&
		    layout->stack_pointers[i] < mapping->end)
			return true;
	return false;
}

/* Some kernels call what ends where the heap begins a heap too. */
static bool is_heap(const struct proc_layout *layout, const struct proc_mapping *mapping)
{
	return begins_with(mapping->name, "[heap]") && mapping->end > layout->start_brk;
}

static bool is_bss(const struct proc_layout *layout, const struct proc_mapping *mapping)
{
	return mapping->start == layout->bss_start ||
	       (layout->bss_start < layout->start_brk &&
		mapping->start < layout->start_brk && mapping->end > layout->bss_start);
}

static enum memclass_class class_of_anonymous(const struct proc_layout *layout,
					      const struct proc_mapping *mapping)
{
	if (is_heap(layout, mapping))
		return MEMCLASS_CLASS_HEAP;
	if (begins_with(mapping->name, "[stack]"))
		return MEMCLASS_CLASS_STACK;
	if (is_bss(layout, mapping))
		return MEMCLASS_CLASS_BSS;
	if (has_stack_pointer(layout, mapping))
		return MEMCLASS_CLASS_TSTACK;
	return MEMCLASS_CLASS_ANON;
}

static enum memclass_class class_of_private_file(const struct proc_mapping *mapping)
{
	if (mapping->prot & PROT_EXEC)
		return MEMCLASS_CLASS_TEXT;
	return mapping->prot & PROT_WRITE ? MEMCLASS_CLASS_DATA : MEMCLASS_CLASS_RODATA;
}

static enum memclass_class class_of_shared(enum backing backing)
{
	switch (backing) {
	case BACKING_SHM:
		return MEMCLASS_CLASS_SHM;
	case BACKING_SYSV:
		return MEMCLASS_CLASS_SYSV;
	case BACKING_MEMFD:
	case BACKING_SECRET:
		return MEMCLASS_CLASS_MEMFD;
	case BACKING_TMPFS:
		return MEMCLASS_CLASS_TMPFS;
	default:
		return MEMCLASS_CLASS_FILE;
	}
}

enum memclass_class proc_class(const struct proc_layout *layout,
			       const struct proc_mapping *mapping,
			       const struct proc_flags *flags, enum backing backing)
{
	if (backing == BACKING_SPECIAL)
		return MEMCLASS_CLASS_SPECIAL;
	if (flags->hugetlb)
		return MEMCLASS_CLASS_HUGETLB;
	if (flags->device)
		return MEMCLASS_CLASS_DEVICE;
	if (backing == BACKING_NONE)
		return class_of_anonymous(layout, mapping);
	return mapping->shared ? class_of_shared(backing) : class_of_private_file(mapping);
}
