/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * memclass: what the module, its clients and its tests share.
 *
 * Each list below is written once, as a macro that applies another one, X, to
 * every row. The order is the ABI: rows are appended, never moved or removed.
 */
#ifndef _UAPI_MEMCLASS_H
#define _UAPI_MEMCLASS_H

#include <linux/types.h>

/* Of the module. dkms.conf and the packages are held against it. */
#define MEMCLASS_VERSION	"0.1.0"

/* Of the files below debugfs. Goes up when a reader of an older one would break. */
#define MEMCLASS_ABI		1

/*
 * How the memory was asked for: private or shared, anonymous or file.
 * X(TYPE, name)
 */
#define MEMCLASS_TYPES(X) \
	X(PRIVATE_ANON,	"private-anon") \
	X(PRIVATE_FILE,	"private-file") \
	X(SHARED_ANON,	"shared-anon") \
	X(SHARED_FILE,	"shared-file") \
	X(OTHER,	"other")

/*
 * The finer kind of a VMA. Every VMA has exactly one class, every class one type.
 * X(CLASS, name, TYPE)
 *
 * HEAP		the program break's: between start_brk and brk
 * STACK	the main thread's stack
 * TSTACK	holds the user stack pointer of another live thread
 * BSS		the program's own zero-initialised data
 * ANON		any other private anonymous mapping
 * TEXT		private and executable file mapping
 * DATA		private and writable
 * RODATA	private and neither
 * SHM		MAP_SHARED | MAP_ANONYMOUS, and what drivers take from the same pool
 * SYSV		System V segment
 * MEMFD	memfd_create(), memfd_secret()
 * TMPFS	file on a tmpfs mount
 * FILE		MAP_SHARED of a file on any other file system
 * HUGETLB	hugetlbfs, private or shared
 * DEVICE	device memory and DAX
 * SPECIAL	what the kernel itself put there: vdso, vvar, vsyscall, uprobes
 */
#define MEMCLASS_CLASSES(X) \
	X(HEAP,		"heap",		PRIVATE_ANON) \
	X(STACK,	"stack",	PRIVATE_ANON) \
	X(TSTACK,	"tstack",	PRIVATE_ANON) \
	X(BSS,		"bss",		PRIVATE_ANON) \
	X(ANON,		"anon",		PRIVATE_ANON) \
	X(TEXT,		"text",		PRIVATE_FILE) \
	X(DATA,		"data",		PRIVATE_FILE) \
	X(RODATA,	"rodata",	PRIVATE_FILE) \
	X(SHM,		"shm",		SHARED_ANON) \
	X(SYSV,		"sysv",		SHARED_ANON) \
	X(MEMFD,	"memfd",	SHARED_ANON) \
	X(TMPFS,	"tmpfs",	SHARED_ANON) \
	X(FILE,		"file",		SHARED_FILE) \
	X(HUGETLB,	"hugetlb",	OTHER) \
	X(DEVICE,	"device",	OTHER) \
	X(SPECIAL,	"special",	OTHER)

/*
 * What a resident page is, whatever the VMA that maps it: a private file mapping
 * holds FILE pages and, where it was written to, ANON pages.
 * X(KIND, name)
 *
 * ANON, FILE and SHMEM are what /proc/PID/status counts as RssAnon, RssFile and
 * RssShmem. ZERO is the shared page of zeroes, which never counts as resident.
 */
#define MEMCLASS_KINDS(X) \
	X(ANON,		"anon") \
	X(FILE,		"file") \
	X(SHMEM,	"shmem") \
	X(HUGETLB,	"hugetlb") \
	X(ZERO,		"zero")

#define MEMCLASS_ENUM_TYPE(type, name)		MEMCLASS_TYPE_##type,
#define MEMCLASS_ENUM_CLASS(class, name, type)	MEMCLASS_CLASS_##class,
#define MEMCLASS_ENUM_KIND(kind, name)		MEMCLASS_KIND_##kind,

/* The counts at the end are those of this header: a newer module may know more. */
enum memclass_type {
	MEMCLASS_TYPES(MEMCLASS_ENUM_TYPE)
	MEMCLASS_NR_TYPES
};

enum memclass_class {
	MEMCLASS_CLASSES(MEMCLASS_ENUM_CLASS)
	MEMCLASS_NR_CLASSES
};

enum memclass_kind {
	MEMCLASS_KINDS(MEMCLASS_ENUM_KIND)
	MEMCLASS_NR_KINDS
};

/*
 * What is counted for a class, or for one VMA. All but VMAS are bytes.
 * X(field, tiers, explanation)
 *
 * CHEAP columns are filled by both tiers, FULL ones only where every page is looked
 * at. Private, shared, dirty, referenced, PSS and swap are what /proc/PID/smaps of
 * the running kernel calls so.
 */
#define MEMCLASS_COLUMNS(X) \
	X(vmas,		 CHEAP,	"mappings (a number, not bytes)") \
	X(virt,		 CHEAP,	"address space") \
	X(rss,		 CHEAP,	"resident, without hugetlb and the zero page") \
	X(pss,		 FULL,	"resident, each page divided by how often it is mapped") \
	X(pss_dirty,	 FULL,	"the dirty part of pss") \
	X(private_clean, FULL,	"mapped once, not written to") \
	X(private_dirty, FULL,	"mapped once, written to") \
	X(shared_clean,	 FULL,	"mapped more than once, not written to") \
	X(shared_dirty,	 FULL,	"mapped more than once, written to") \
	X(referenced,	 FULL,	"accessed since the kernel last looked") \
	X(anon,		 FULL,	"resident pages without a file") \
	X(file,		 FULL,	"resident pages of files") \
	X(shmem,	 FULL,	"resident pages of tmpfs, memfd, System V and shared memory") \
	X(cow,		 FULL,	"anon pages in a private file mapping: copied on write") \
	X(lazyfree,	 FULL,	"anon pages given to MADV_FREE and not yet taken") \
	X(thp_anon,	 FULL,	"anon mapped by huge entries") \
	X(thp_shmem,	 FULL,	"shmem mapped by huge entries") \
	X(thp_file,	 FULL,	"file mapped by huge entries") \
	X(hugetlb_private, FULL, "hugetlb pages mapped once; not in rss") \
	X(hugetlb_shared, FULL,	"hugetlb pages mapped more than once; not in rss") \
	X(swap,		 CHEAP,	"swapped out, the swapped part of mapped shmem included") \
	X(locked,	 FULL,	"pss of mlocked mappings") \
	X(ksm,		 FULL,	"anon pages merged by KSM") \
	X(zero,		 CHEAP,	"entries that map the zero page; not in rss") \
	X(swap_shmem,	 CHEAP,	"the part of swap that belongs to shmem objects") \
	X(pss_anon,	 FULL,	"the part of pss in anon pages") \
	X(pss_file,	 FULL,	"the part of pss in file pages") \
	X(pss_shmem,	 FULL,	"the part of pss in shmem pages")

struct memclass_counts {
#define MEMCLASS_FIELD(field, tier, text)	__u64 field;
	MEMCLASS_COLUMNS(MEMCLASS_FIELD)
#undef MEMCLASS_FIELD
};

/* A bit for each column, by its place in MEMCLASS_COLUMNS. */
enum memclass_column {
#define MEMCLASS_ENUM_COLUMN(field, tier, text)	MEMCLASS_COLUMN_##field,
	MEMCLASS_COLUMNS(MEMCLASS_ENUM_COLUMN)
#undef MEMCLASS_ENUM_COLUMN
	MEMCLASS_NR_COLUMNS
};

/*
 * What reading a process cost it, and whether it held still.
 *
 * A walk holds the target's mmap_lock in slices: it lets go as soon as somebody
 * waits for it, looked at before each page table, and after a fixed amount of work.
 */
struct memclass_cost {
	__u64 walk_ns;		/* from the first to the last page */
	__u64 max_hold_ns;	/* longest that the lock was held at a time */
	__u32 slices;		/* times that the lock was taken */
	__u32 lock_drops;	/* times that it was let go because somebody waited */
	__u32 changed;		/* times that the mappings were not the same after */
	__u32 reserved;
};

/* memclass_record.flags and memclass_vma.flags */
#define MEMCLASS_SHARED_MM	(1U << 0)	/* a process with a lower pid has the same memory: not in totals */
#define MEMCLASS_CHEAP		(1U << 1)	/* only the cheap columns are filled */
#define MEMCLASS_NAME_CUT	(1U << 2)	/* memclass_vma.name holds the end of a longer path */

/*
 * One process, as read from "records".
 *
 * A read at offset pid * sizeof(struct memclass_record) gives the records of the
 * processes with that pid or the next higher ones, as many as fit in the buffer, and
 * leaves the file position after the last one; 0 bytes: there are no more. Pids are
 * those of the reader's pid namespace. Kernel threads, zombies and processes that
 * have given up their memory have no record. A read can return fewer records than
 * fit, so that it stays short.
 *
 * EINVAL: an offset that is negative or no multiple of the size, a buffer smaller
 * than a record. EFAULT: a buffer that cannot be written to. EINTR: killed.
 *
 * To read records of an ABI 1 module that is older or newer than this header, take
 * the sizes from the record: record n begins at n * size, the counts of class c at
 * counts_offset + (1 + c) * counts_size, those of all classes at counts_offset.
 * New fields are added at the end of memclass_counts and of the record's head, new
 * classes at the end of the list.
 */
struct memclass_record {
	__u32 size;		/* of this struct */
	__u32 abi;
	__u32 counts_offset;	/* of total */
	__u32 counts_size;	/* of struct memclass_counts */
	__u32 nr_classes;
	__u32 flags;
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	__u32 threads;
	__u64 start_ns;		/* since boot; tells a process from a later one with its pid */
	__u64 columns;		/* a bit for each column that is filled */
	__u64 page_tables;	/* bytes of page tables, as VmPTE */
	struct memclass_cost cost;
	char comm[16];
	struct memclass_counts total;
	struct memclass_counts classes[MEMCLASS_NR_CLASSES];
};

#define MEMCLASS_NAME_MAX	256

/*
 * One mapping, as read from "vmas".
 *
 * The offset is MEMCLASS_VMA_INDEX(pid, n) * sizeof(struct memclass_vma) for mapping
 * n, from 0 on, in address order; otherwise as for "records": after a process's last
 * mapping comes the first one of the next process. Reading on from where the last
 * read of the same open file ended goes on by address, whatever was unmapped or
 * mapped before it; any other offset counts mappings from the first.
 */
struct memclass_vma {
	__u32 size;		/* of this struct */
	__u32 abi;
	__u32 counts_offset;	/* of counts */
	__u32 counts_size;	/* of struct memclass_counts */
	__u32 class;
	__u32 flags;
	__u32 pid;
	__u32 ordinal;		/* among the process's mappings */
	__u64 start_ns;		/* of the process */
	__u64 columns;		/* a bit for each column that is filled */
	__u64 start;		/* addresses of the mapping */
	__u64 end;
	__u64 offset;		/* in the file, bytes */
	__u64 inode;
	__u32 dev_major;
	__u32 dev_minor;
	__u32 prot;		/* PROT_READ, PROT_WRITE, PROT_EXEC */
	__u32 shared;		/* MAP_SHARED */
	struct memclass_cost cost;
	char name[MEMCLASS_NAME_MAX];	/* path or name of what is mapped, "" for nothing */
	struct memclass_counts counts;
};

#define MEMCLASS_VMA_ORDINALS	(1ULL << 24)
#define MEMCLASS_VMA_INDEX(pid, n) \
	((__u64)(pid) * MEMCLASS_VMA_ORDINALS + (n))

/*
 * Added to an offset in "records" or "vmas": only the cheap tier, which looks at
 * page tables but at no page. It stays in the file position.
 */
#define MEMCLASS_OFFSET_CHEAP	(1ULL << 62)

#endif /* _UAPI_MEMCLASS_H */
