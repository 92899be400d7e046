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
 * X(TYPE, name, explanation)
 */
#define MEMCLASS_TYPES(X) \
	X(PRIVATE_ANON,	"private-anon", \
	  "no file behind it, no other process in it: heap, stacks, malloc()") \
	X(PRIVATE_FILE,	"private-file", \
	  "programs and libraries; pages written to become anonymous (cow)") \
	X(SHARED_ANON,	"shared-anon", \
	  "shared memory without a file on disk") \
	X(SHARED_FILE,	"shared-file", \
	  "a file, written to for all") \
	X(OTHER,	"other", \
	  "huge page pools, devices, the kernel's own mappings")

/*
 * The finer kind of a VMA. Every VMA has exactly one class, every class one type.
 * X(CLASS, name, TYPE, explanation)
 */
#define MEMCLASS_CLASSES(X) \
	X(HEAP,		"heap",		PRIVATE_ANON, \
	  "the program break, brk(): small malloc()s") \
	X(STACK,	"stack",	PRIVATE_ANON, \
	  "the stack of the main thread") \
	X(TSTACK,	"tstack",	PRIVATE_ANON, \
	  "holds the stack pointer of another live thread") \
	X(BSS,		"bss",		PRIVATE_ANON, \
	  "the program's own zero-initialised variables") \
	X(ANON,		"anon",		PRIVATE_ANON, \
	  "any other private anonymous mapping: large malloc()s, arenas") \
	X(TEXT,		"text",		PRIVATE_FILE, \
	  "executable: code") \
	X(DATA,		"data",		PRIVATE_FILE, \
	  "writable: variables") \
	X(RODATA,	"rodata",	PRIVATE_FILE, \
	  "neither executable nor writable: constants, read-only files") \
	X(SHM,		"shm",		SHARED_ANON, \
	  "MAP_SHARED | MAP_ANONYMOUS, and what drivers take from the same pool") \
	X(SYSV,		"sysv",		SHARED_ANON, \
	  "a System V segment, shmget()") \
	X(MEMFD,	"memfd",	SHARED_ANON, \
	  "memfd_create(), memfd_secret()") \
	X(TMPFS,	"tmpfs",	SHARED_ANON, \
	  "a file on a tmpfs, /dev/shm among them") \
	X(FILE,		"file",		SHARED_FILE, \
	  "MAP_SHARED of a file on any other file system") \
	X(HUGETLB,	"hugetlb",	OTHER, \
	  "hugetlbfs and MAP_HUGETLB, private or shared") \
	X(DEVICE,	"device",	OTHER, \
	  "memory of a device; files on persistent memory (DAX)") \
	X(SPECIAL,	"special",	OTHER, \
	  "put there by the kernel: vdso, vvar, vsyscall, uprobes")

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

#define MEMCLASS_ENUM_TYPE(type, name, text)		MEMCLASS_TYPE_##type,
#define MEMCLASS_ENUM_CLASS(class, name, type, text)	MEMCLASS_CLASS_##class,
#define MEMCLASS_ENUM_KIND(kind, name)			MEMCLASS_KIND_##kind,

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
 * the running kernel calls so; but that can say of hugetlb pages of 1 GiB that they are
 * shared when they are not.
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
 * waits for it, or for the processor, looked at before each page table, and after a
 * fixed amount of work. Times are those from when the walk goes on with the lock.
 */
struct memclass_cost {
	__u64 walk_ns;		/* that the lock was held, in all */
	__u64 max_hold_ns;	/* longest that the lock was held at a time */
	__u32 slices;		/* times that the lock was taken */
	__u32 lock_drops;	/* times that it was let go because somebody waited */
	__u32 changed;		/* times that there was more or less mapped after */
	__u32 reserved;
};

/*
 * Page faults of a process, by the class of what they hit. Together minor and major ones
 * are as many as /proc/PID/stat says, counted from when memclass began to, or since
 * the process last became another program.
 * X(field, explanation)
 *
 * A fault is counted for who takes it, as in /proc: to read another process's memory
 * (ptrace, process_vm_readv) is a fault of the reader.
 */
#define MEMCLASS_FAULTS(X) \
	X(minor_read,	"faults without waiting for a device, to read") \
	X(minor_write,	"the same, to write") \
	X(minor_exec,	"the same, to run code") \
	X(major_read,	"faults that waited for a device, to read") \
	X(major_write,	"the same, to write") \
	X(major_exec,	"the same, to run code") \
	X(cow_faults,	"the part of all write faults in private file mappings") \
	X(remote_faults, "the part of all faults in another process's memory")

struct memclass_faults {
#define MEMCLASS_FIELD(field, text)	__u64 field;
	MEMCLASS_FAULTS(MEMCLASS_FIELD)
#undef MEMCLASS_FIELD
};

/*
 * Objects of shared memory, as in the file "objects".
 * X(KIND, name, explanation)
 */
#define MEMCLASS_OBJECT_KINDS(X) \
	X(TMPFS,	"tmpfs",	"a file on a tmpfs, /dev/shm among them") \
	X(SMALL,	"small",	"files with little memory, all of one mount") \
	X(MEMFD,	"memfd",	"memfd_create()") \
	X(SYSV,		"sysv",		"a System V segment, shmget()") \
	X(SHM,		"shm",		"MAP_SHARED | MAP_ANONYMOUS") \
	X(DRIVER,	"driver",	"a graphics driver's, or another part of the kernel's") \
	X(HUGETLBFS,	"hugetlbfs",	"a file on a hugetlbfs")

#define MEMCLASS_ENUM_OBJECT(kind, name, text)		MEMCLASS_OBJECT_##kind,

enum memclass_object_kind {
	MEMCLASS_OBJECT_KINDS(MEMCLASS_ENUM_OBJECT)
	MEMCLASS_NR_OBJECT_KINDS
};

/* X(FLAG, bit, name, explanation) */
#define MEMCLASS_OBJECT_FLAGS(X) \
	X(UNLINKED,	1U << 0, "unlinked",	"its name is deleted") \
	X(LOCKED,	1U << 1, "locked",	"cannot be swapped out") \
	X(MANY,		1U << 2, "many",	"has more mappers and holders than counted") \
	X(CUT,		1U << 3, "cut",		"only the end of the name is there")

#define MEMCLASS_ENUM_FLAG(flag, bit, name, text)	MEMCLASS_OBJECT_##flag = (bit),

enum memclass_object_flag {
	MEMCLASS_OBJECT_FLAGS(MEMCLASS_ENUM_FLAG)
};

/* memclass_record.flags and memclass_vma.flags */
#define MEMCLASS_SHARED_MM	(1U << 0)	/* also a lower pid's: not in totals */
#define MEMCLASS_CHEAP		(1U << 1)	/* only the cheap columns are filled */
#define MEMCLASS_NAME_CUT	(1U << 2)	/* only the end of the name is there */
#define MEMCLASS_FAULTS_ON	(1U << 3)	/* page faults are counted */

/*
 * The file "version" has a key and its value on each line. These are what a client
 * needs to read the other files of a module that is older or newer than its header:
 *
 * abi			MEMCLASS_ABI; with another one, nothing below is certain
 * record_size		of struct memclass_record, which offsets in "records" count in
 * vma_size		of struct memclass_vma, the same for "vmas"
 * class_names		of all classes, in the order of their numbers
 * class_types		the type of each of them
 * column_names		of all columns, in the order of struct memclass_counts
 *
 * Names are of a-z, 0-9, '_' and '-', with a blank between. Other keys can come and go.
 */

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
 * record_size from "version", and the rest from the record: the counts of class c are
 * at counts_offset + (1 + c) * counts_size, those of all classes at counts_offset; its
 * faults likewise, with faults_offset and faults_size.
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
	__u32 faults_offset;	/* of faults_total */
	__u32 faults_size;	/* of struct memclass_faults */
	__u64 faults_dropped;	/* faults of which the class is not known */
	struct memclass_counts total;
	struct memclass_counts classes[MEMCLASS_NR_CLASSES];
	struct memclass_faults faults_total;
	struct memclass_faults faults[MEMCLASS_NR_CLASSES];
};

#define MEMCLASS_NAME_MAX	256

/*
 * One mapping, as read from "vmas".
 *
 * The offset is MEMCLASS_VMA_INDEX(pid, n) * sizeof(struct memclass_vma) for mapping
 * n, from 0 on, in address order; otherwise as for "records": after a process's last
 * mapping comes the first one of the next process. Reading on from where the last
 * read of the same open file ended goes on by address, whatever was unmapped or
 * mapped before it; any other offset counts mappings from the first. Rows do not
 * overlap: of a mapping that changes while it is walked there can be several, each for
 * a part, as it was when it was walked.
 *
 * ESRCH, once: the process whose mappings were being read has ended, or become another
 * program, before its last one was; those that are missing cannot be had any more. The
 * file position stays where it is, and reading on from there goes on with the next
 * process. Whose mappings end without it, was read to its end.
 *
 * Mappings are walked a few at a time. cost is what the walk took that this row and
 * those after it come from, up to the next row that has a cost, and is all zeroes in
 * the others: so the costs of rows that were read add up.
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
