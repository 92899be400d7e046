// SPDX-License-Identifier: GPL-2.0
#include "class.h"

static bool overlaps(const struct mc_class_facts *facts, __u64 from, __u64 to)
{
	return from < to && facts->start < to && facts->end > from;
}

static bool holds(const struct mc_class_facts *facts, __u64 addr)
{
	return facts->start <= addr && addr < facts->end;
}

/*
 * The program break's VMA, or one of them: mprotect() splits it. Without address
 * space randomisation it follows the bss so closely that both are one VMA; that is
 * the heap, as it says in /proc/PID/maps.
 */
static bool is_heap(const struct mc_class_facts *facts)
{
	return overlaps(facts, facts->start_brk, facts->brk);
}

/*
 * A static position-independent program has its break moved away from it, below or
 * far above; its bss is then known only by where it starts.
 */
static bool is_bss(const struct mc_class_facts *facts)
{
	return overlaps(facts, facts->bss_start, facts->start_brk) ||
	       facts->start == facts->bss_start;
}

/*
 * Where a stack pointer is changes from one moment to the next. So it decides last:
 * a coroutine's stack in the bss remains bss.
 */
static enum memclass_class private_anon(const struct mc_class_facts *facts)
{
	if (is_heap(facts))
		return MEMCLASS_CLASS_HEAP;
	if (holds(facts, facts->start_stack))
		return MEMCLASS_CLASS_STACK;
	if (is_bss(facts))
		return MEMCLASS_CLASS_BSS;
	if (facts->stack_pointer)
		return MEMCLASS_CLASS_TSTACK;
	return MEMCLASS_CLASS_ANON;
}

static enum memclass_class private_file(const struct mc_class_facts *facts)
{
	if (facts->exec)
		return MEMCLASS_CLASS_TEXT;
	if (facts->write)
		return MEMCLASS_CLASS_DATA;
	return MEMCLASS_CLASS_RODATA;
}

static enum memclass_class shared(const struct mc_class_facts *facts)
{
	switch (facts->file) {
	case MC_FILE_SHM:
		return MEMCLASS_CLASS_SHM;
	case MC_FILE_SYSV:
		return MEMCLASS_CLASS_SYSV;
	case MC_FILE_MEMFD:
		return MEMCLASS_CLASS_MEMFD;
	case MC_FILE_TMPFS:
		return MEMCLASS_CLASS_TMPFS;
	default:
		return MEMCLASS_CLASS_FILE;
	}
}

/**
 * mc_class_of() - the class of a VMA
 * @facts: all that decides it
 *
 * What is neither anonymous nor a file's was put there by the kernel itself; that
 * comes first, because vvar also says that it is a device. An anonymous mapping is
 * never shared: MAP_SHARED of /dev/zero opened for reading, which says so, is as
 * private as MAP_PRIVATE of it.
 */
enum memclass_class mc_class_of(const struct mc_class_facts *facts)
{
	if (facts->file == MC_FILE_NONE && !facts->anonymous)
		return MEMCLASS_CLASS_SPECIAL;
	if (facts->hugetlb)
		return MEMCLASS_CLASS_HUGETLB;
	if (facts->device)
		return MEMCLASS_CLASS_DEVICE;
	if (facts->anonymous)
		return private_anon(facts);
	if (facts->shared)
		return shared(facts);
	return private_file(facts);
}

static const struct {
	const char *name;
	enum memclass_type type;
} classes[] = {
#define CLASS_ROW(class, name, type) { name, MEMCLASS_TYPE_##type },
	MEMCLASS_CLASSES(CLASS_ROW)
};

static const char *const type_names[] = {
#define TYPE_ROW(type, name) name,
	MEMCLASS_TYPES(TYPE_ROW)
};

const char *mc_class_name(enum memclass_class class)
{
	return classes[class].name;
}

const char *mc_class_type_name(enum memclass_class class)
{
	return type_names[classes[class].type];
}
