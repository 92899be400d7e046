// SPDX-License-Identifier: GPL-2.0
#include "classes.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* 5.8 */
#ifndef STATX_ATTR_DAX
#define STATX_ATTR_DAX 0x00200000
#endif

/* 5.14; older headers do not have it. */
#ifndef SECRETMEM_MAGIC
#define SECRETMEM_MAGIC 0x5345434d
#endif

#define BIT(class) (1ULL << MEMCLASS_CLASS_##class)

static bool begins(const char *string, const char *prefix)
{
	return !strncmp(string, prefix, strlen(prefix));
}

static bool is_special_name(const char *name)
{
	return name[0] == '[' && strcmp(name, "[heap]") && strcmp(name, "[stack]") &&
	       !begins(name, "[anon:");
}

static bool holds_stack_pointer(const struct oracle *oracle, const struct oracle_vma *vma)
{
	size_t i;

	for (i = 0; i < oracle->nr_stack_pointers; i++)
		if (vma->start <= oracle->stack_pointers[i] &&
		    oracle->stack_pointers[i] < vma->end)
			return true;
	return false;
}

/*
 * /proc calls heap what only touches it: a bss that ends where it begins, and a
 * mapping that begins where it ends. Where that is, is nowhere to be read.
 */
static uint64_t heap_or_next_to_it(const struct oracle *oracle, const struct oracle_vma *vma)
{
	if (vma->end <= oracle->process.start_brk)
		return BIT(BSS);
	if (vma + 1 < oracle->vmas + oracle->nr_vmas && !strcmp(vma[1].name, "[heap]"))
		return BIT(HEAP);
	return vma > oracle->vmas && !strcmp(vma[-1].name, "[heap]") ? BIT(HEAP) | BIT(ANON) :
								       BIT(HEAP);
}

static uint64_t private_anon(const struct oracle *oracle, const struct oracle_vma *vma)
{
	const struct oracle_process *process = &oracle->process;
	uint64_t page = sysconf(_SC_PAGESIZE);
	uint64_t bss = (process->end_data + page - 1) / page * page;

	if (!strcmp(vma->name, "[heap]"))
		return heap_or_next_to_it(oracle, vma);
	if (!strcmp(vma->name, "[stack]"))
		return BIT(STACK);
	if (vma->start == bss || (vma->start < process->start_brk && vma->end > bss))
		return BIT(BSS);
	if (process->threads == 1)
		return BIT(ANON);
	if (holds_stack_pointer(oracle, vma))
		return BIT(TSTACK);
	/* That of a thread that runs cannot be read. */
	return oracle->nr_stack_pointers < process->threads ? BIT(ANON) | BIT(TSTACK) :
							      BIT(ANON);
}

/* The device number of the kernel's own tmpfs, that nothing is mounted from. */
static dev_t kernel_tmpfs(void)
{
	static dev_t device;
	struct stat stat;
	int fd;

	if (!device) {
		fd = memfd_create("", MFD_CLOEXEC);
		if (!fstat(fd, &stat))
			device = stat.st_dev;
		close(fd);
	}
	return device;
}

static uint64_t shared_memory(const struct oracle_vma *vma)
{
	if (makedev(vma->dev_major, vma->dev_minor) != kernel_tmpfs())
		return BIT(TMPFS);
	if (begins(vma->name, "/memfd:"))
		return BIT(MEMFD);
	return begins(vma->name, "/SYSV") ? BIT(SYSV) : BIT(SHM);
}

static uint64_t shared_file(const struct oracle_vma *vma, const struct statfs *fs, mode_t mode)
{
	switch (fs->f_type) {
	case TMPFS_MAGIC:
		return S_ISREG(mode) ? shared_memory(vma) : BIT(FILE);
	case SECRETMEM_MAGIC:
		return BIT(MEMFD);
	case OVERLAYFS_SUPER_MAGIC:
		/* It does not tell what lies below it. */
		return BIT(FILE) | BIT(TMPFS);
	default:
		return BIT(FILE);
	}
}

static uint64_t private_file(const struct oracle_vma *vma)
{
	if (vma->perms[2] == 'x')
		return BIT(TEXT);
	return vma->perms[1] == 'w' ? BIT(DATA) : BIT(RODATA);
}

/* Persistent memory, that its file system maps by itself. */
static bool is_dax(const char *path)
{
	struct statx statx_file;

	return !statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &statx_file) &&
	       statx_file.stx_attributes & STATX_ATTR_DAX;
}

uint64_t classes_expected(pid_t pid, const struct oracle *oracle,
			  const struct oracle_vma *vma)
{
	struct statfs fs = {};
	struct stat file = {};
	char path[96];

	if (is_special_name(vma->name))
		return BIT(SPECIAL);
	if (oracle_vma_has(vma, "ht"))
		return BIT(HUGETLB);
	if (oracle_vma_has(vma, "pf") || oracle_vma_has(vma, "io") || oracle_vma_has(vma, "mm"))
		return BIT(DEVICE);
	if (!oracle_vma_has_file(vma))
		return private_anon(oracle, vma);

	snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", pid, vma->start, vma->end);
	if (stat(path, &file) || statfs(path, &fs))
		return ~0ULL;
	if (S_ISCHR(file.st_mode) || fs.f_type == ANON_INODE_FS_MAGIC || is_dax(path))
		return BIT(DEVICE);
	return vma->perms[3] == 's' ? shared_file(vma, &fs, file.st_mode) : private_file(vma);
}
