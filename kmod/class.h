/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From facts about a VMA to its class. Pure: the selftests compile this in
 * userspace, so nothing here may need more of the kernel than its types. Inline: page
 * faults are sorted by it, and then only the facts that decide are looked up.
 */
#ifndef MC_CLASS_H
#define MC_CLASS_H

#include "uapi/memclass.h"

#ifdef __KERNEL__
#include <linux/compiler.h>
#include <linux/types.h>
#else
#include <stdbool.h>
#endif

/* What a VMA's file is. The first four hold shared memory, whoever maps it how. */
enum mc_file_kind {
	MC_FILE_SHM,	/* without a name: MAP_SHARED | MAP_ANONYMOUS, drivers */
	MC_FILE_SYSV,
	MC_FILE_MEMFD,
	MC_FILE_TMPFS,
	MC_FILE_OTHER,
	MC_FILE_NONE,
};

struct mc_class_facts {
	/* Of the VMA. */
	__u64 start;
	__u64 end;
	enum mc_file_kind file;
	bool anonymous;		/* its faults bring zeroed pages; it can have a file */
	bool shared;
	bool exec;
	bool write;
	bool hugetlb;
	bool device;		/* shows no pages of its own, but those of a driver */
	bool stack_pointer;	/* a live thread's user stack pointer is in it */

	/* Of the process. */
	__u64 start_stack;
	__u64 bss_start;	/* end_data, rounded up to a page */
	__u64 start_brk;
	__u64 brk;
};

static inline bool mc_class_overlaps(const struct mc_class_facts *facts, __u64 from, __u64 to)
{
	return from < to && facts->start < to && facts->end > from;
}

static inline bool mc_class_holds(const struct mc_class_facts *facts, __u64 addr)
{
	return facts->start <= addr && addr < facts->end;
}

/*
 * The program break's VMA, or one of them: mprotect() splits it. Without address
 * space randomisation it follows the bss so closely that both are one VMA; that is
 * the heap, as it says in /proc/PID/maps.
 */
static inline bool mc_class_is_heap(const struct mc_class_facts *facts)
{
	return mc_class_overlaps(facts, facts->start_brk, facts->brk);
}

/*
 * A static position-independent program has its break moved away from it, below or
 * far above; its bss is then known only by where it starts.
 */
static inline bool mc_class_is_bss(const struct mc_class_facts *facts)
{
	return mc_class_overlaps(facts, facts->bss_start, facts->start_brk) ||
	       facts->start == facts->bss_start;
}

/*
 * Where a stack pointer is changes from one moment to the next. So it decides last:
 * a coroutine's stack in the bss remains bss.
 */
static inline enum memclass_class mc_class_private_anon(const struct mc_class_facts *facts)
{
	if (mc_class_is_heap(facts))
		return MEMCLASS_CLASS_HEAP;
	if (mc_class_holds(facts, facts->start_stack))
		return MEMCLASS_CLASS_STACK;
	if (mc_class_is_bss(facts))
		return MEMCLASS_CLASS_BSS;
	if (facts->stack_pointer)
		return MEMCLASS_CLASS_TSTACK;
	return MEMCLASS_CLASS_ANON;
}

static inline enum memclass_class mc_class_private_file(const struct mc_class_facts *facts)
{
	if (facts->exec)
		return MEMCLASS_CLASS_TEXT;
	if (facts->write)
		return MEMCLASS_CLASS_DATA;
	return MEMCLASS_CLASS_RODATA;
}

static inline enum memclass_class mc_class_shared(const struct mc_class_facts *facts)
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
static __always_inline enum memclass_class mc_class_of(const struct mc_class_facts *facts)
{
	if (facts->file == MC_FILE_NONE && !facts->anonymous)
		return MEMCLASS_CLASS_SPECIAL;
	if (facts->hugetlb)
		return MEMCLASS_CLASS_HUGETLB;
	if (facts->device)
		return MEMCLASS_CLASS_DEVICE;
	if (facts->anonymous)
		return mc_class_private_anon(facts);
	if (facts->shared)
		return mc_class_shared(facts);
	return mc_class_private_file(facts);
}

/* Each class that has a bit in @left, which is 0 in the end. */
#define mc_for_each_class(class, left) \
	for (; (left) && ((class) = __ffs(left), true); (left) &= (left) - 1)

const char *mc_class_name(enum memclass_class class);
enum memclass_type mc_class_type(enum memclass_class class);
const char *mc_class_type_name(enum memclass_class class);

#endif /* MC_CLASS_H */
