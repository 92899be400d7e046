/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "command.h"

struct counters;
struct object;
struct process;
struct source;

/*
 * Where all memory is: a line for each use of it. A line that has others below it, by its
 * name, is their sum.
 * X(LINE, name, made of, counter, held, explanation)
 *
 * What a line is made of: counters of the kernel and lines above it, added and taken
 * away; less than nothing is nothing. "": its parts, or what processes were seen to have.
 *
 * The counter beside it, if any, is made in the same way. Held: it counts the same by
 * other means, so that there should be no difference.
 */
#define LEDGER_LINES(X) \
	X(FREE, "free", "", "", false, \
	  "of use to nobody") \
	X(FREE_PAGES, "free.pages", "MemFree", "MemFree", false, \
	  "free for all") \
	X(FREE_LISTS, "free.lists", "zoneinfo:count", "zoneinfo:count", false, \
	  "kept at hand by each processor") \
	X(PROCESSES, "processes", "", "", false, \
	  "what processes map, each page once, by the type of the mapping") \
	X(ANON, "processes.anon", "", "AnonPages", true, \
	  "pages without a file") \
	LEDGER_LINES_OF(X, ANON, "processes.anon") \
	X(FILE, "processes.file", "", "Mapped - processes.shmem", true, \
	  "pages of files, and secret ones") \
	X(FILE_PRIVATE_ANON, "processes.file.private-anon", "", "", false, \
	  "in private anonymous mappings") \
	X(FILE_PRIVATE_FILE, "processes.file.private-file", "", "", false, \
	  "in private mappings of files") \
	X(FILE_SHARED_ANON, "processes.file.secret", "", "", false, \
	  "memfd_secret(), which the kernel counts as files and cannot take back") \
	X(FILE_SHARED_FILE, "processes.file.shared-file", "", "", false, \
	  "in shared mappings of files") \
	X(FILE_OTHER, "processes.file.other", "", "", false, \
	  "of devices and the kernel") \
	X(SHMEM, "processes.shmem", "", "", false, \
	  "pages of tmpfs, memfds, System V segments and shared memory") \
	LEDGER_LINES_OF(X, SHMEM, "processes.shmem") \
	X(UNMAPPED, "unmapped", "", "", false, \
	  "what no process maps, but can be mapped") \
	X(UNMAPPED_ANON, "unmapped.anon", \
	  "Active(anon) + Inactive(anon) + Active(file) + Inactive(file) + Unevictable" \
	  " + nr_isolated_anon + nr_isolated_file - Cached - Buffers - AnonPages", \
	  "SwapCached", false, \
	  "swapped out or in but still here; rests of huge pages; unmapped, but pinned") \
	X(UNMAPPED_SHMEM, "unmapped.shmem", "", "Shmem - processes.shmem", true, \
	  "the rest of Shmem; 'memclass objects --unmapped' names it") \
	X(SHMEM_TMPFS, "unmapped.shmem.tmpfs", "", "", false, \
	  "files on tmpfs") \
	X(SHMEM_MEMFD, "unmapped.shmem.memfd", "", "", false, \
	  "memfds") \
	X(SHMEM_SYSV, "unmapped.shmem.sysv", "", "", false, \
	  "System V segments") \
	X(SHMEM_SHM, "unmapped.shmem.shm", "", "", false, \
	  "MAP_SHARED | MAP_ANONYMOUS") \
	X(SHMEM_DRIVER, "unmapped.shmem.driver", "", "", false, \
	  "of graphics drivers, or another part of the kernel") \
	X(SHMEM_UNKNOWN, "unmapped.shmem.unknown", "", "", false, \
	  "all of it, where the module is older and has no objects") \
	X(CACHE, "unmapped.cache", "", "Cached - Shmem", false, \
	  "files that were read or written, kept while there is room") \
	X(CACHE_CLEAN, "unmapped.cache.clean", \
	  UNMAPPED_CACHE " - Dirty - Writeback", "", false, \
	  "can be dropped at once") \
	X(CACHE_DIRTY, "unmapped.cache.dirty", \
	  UNMAPPED_CACHE " - unmapped.cache.clean", "Dirty + Writeback", false, \
	  "has to be written first") \
	X(BUFFERS, "unmapped.buffers", "Buffers", "Buffers", false, \
	  "blocks of devices, what file systems keep of themselves among them") \
	X(HUGETLB, "hugetlb", "", "Hugetlb", true, \
	  "pools of huge pages") \
	X(HUGETLB_USED, "hugetlb.used", "hugepages:total - hugepages:free", "", false, \
	  "taken") \
	X(HUGETLB_RESERVED, "hugetlb.reserved", "hugepages:resv", "", false, \
	  "promised, and not yet taken") \
	X(HUGETLB_FREE, "hugetlb.free", "hugepages:free - hugepages:resv", "", false, \
	  "of use to nobody else") \
	X(KERNEL, "kernel", "", "", false, \
	  "what the kernel has for itself, and counts") \
	X(SLAB, "kernel.slab", "", "Slab", true, \
	  "small objects") \
	X(SLAB_RECLAIMABLE, "kernel.slab.reclaimable", "SReclaimable", "SReclaimable", false, \
	  "can be dropped: names and inodes of files, most of all") \
	X(SLAB_UNRECLAIMABLE, "kernel.slab.unreclaimable", "SUnreclaim", "SUnreclaim", false, \
	  "all others") \
	X(RECLAIMABLE, "kernel.reclaimable", "KReclaimable - SReclaimable", \
	  "KReclaimable - SReclaimable", false, \
	  "other things that can be dropped") \
	X(TABLES, "kernel.page-tables", "", "PageTables", true, \
	  "page tables") \
	X(TABLES_PROCESSES, "kernel.page-tables.processes", "", "", false, \
	  "of processes") \
	X(TABLES_OTHER, "kernel.page-tables.other", \
	  "PageTables - kernel.page-tables.processes", "", false, \
	  "of the kernel, and those that no process has for itself") \
	X(TABLES_SECOND, "kernel.second-tables", "SecPageTables", "SecPageTables", false, \
	  "page tables of virtual machines and devices") \
	X(STACKS, "kernel.stacks", "KernelStack", "KernelStack", false, \
	  "a stack for each thread") \
	X(VMALLOC, "kernel.vmalloc", "VmallocUsed - KernelStack", \
	  "VmallocUsed - KernelStack", false, \
	  "large areas other than stacks: modules, tables, BPF programs") \
	X(PERCPU, "kernel.percpu", "Percpu", "Percpu", false, \
	  "what there is once for each processor") \
	X(MEMMAP, "kernel.memmap", "nr_memmap_pages", "nr_memmap_pages", false, \
	  "what describes memory that was added later") \
	X(BOUNCE, "kernel.bounce", "Bounce + WritebackTmp", "Bounce + WritebackTmp", false, \
	  "copies on their way to a device or a FUSE server") \
	X(GPU, "kernel.gpu", "GPUActive + GPUReclaim", "GPUActive + GPUReclaim", false, \
	  "of graphics cards") \
	X(BROKEN, "kernel.broken", "HardwareCorrupted", "HardwareCorrupted", false, \
	  "found broken and put aside") \
	X(COMPRESSED, "compressed", "", "nr_zspages", true, \
	  "swapped out, and compressed in memory") \
	X(ZRAM, "compressed.zram", "zram:mm_stat", "", false, \
	  "by zram") \
	X(ZSWAP, "compressed.zswap", "Zswap", "Zswap", false, \
	  "by zswap") \
	X(COMPRESSED_OTHER, "compressed.other", \
	  "nr_zspages - compressed.zram - compressed.zswap", "", false, \
	  "by zswap, where the kernel does not count that")

/* The same for each kind of page that processes map. */
#define LEDGER_LINES_OF(X, KIND, name) \
	X(KIND##_PRIVATE_ANON, name ".private-anon", "", "", false, \
	  "in private anonymous mappings") \
	X(KIND##_PRIVATE_FILE, name ".private-file", "", "", false, \
	  "in private mappings of files") \
	X(KIND##_SHARED_ANON, name ".shared-anon", "", "", false, \
	  "in shared memory") \
	X(KIND##_SHARED_FILE, name ".shared-file", "", "", false, \
	  "in shared mappings of files") \
	X(KIND##_OTHER, name ".other", "", "", false, \
	  "of devices and the kernel")

/* What processes map of drivers and the kernel looks like a file's, but is no cache. */
#define UNMAPPED_CACHE \
	"Cached - Shmem - processes.file + processes.file.other"

enum ledger_line {
#define LEDGER_ENUM(LINE, name, made_of, counter, held, text)	LEDGER_##LINE,
	LEDGER_LINES(LEDGER_ENUM)
#undef LEDGER_ENUM
	NR_LEDGER_LINES
};

struct ledger {
	uint64_t total;			/* all memory that the kernel manages: MemTotal */
	int64_t residue;		/* what is on no line of it */
	size_t processes;
	struct {
		uint64_t bytes;
		bool counted;		/* this kernel has the counter */
		int64_t counter;
	} lines[NR_LEDGER_LINES];
	uint64_t swap_total;
	uint64_t swap_free;
	uint64_t swap_processes;	/* each entry as often as it is mapped */
	bool pinned_known;
	uint64_t pinned;		/* for devices, on whatever line; each pin by itself */

	/* Since boot. */
	uint64_t minor_faults;
	uint64_t major_faults;
	uint64_t swapped_in;		/* bytes */
	uint64_t swapped_out;
	struct timespec when;		/* CLOCK_MONOTONIC */
};

/* What is always the same about a line. */
struct ledger_row {
	const char *name;
	const char *made_of;
	const char *counter;
	bool held;
	const char *text;
};

extern const struct ledger_row ledger_rows[NR_LEDGER_LINES];

/* How many lines it is a part of; its name after the last of them. */
unsigned int ledger_depth(enum ledger_line line);
const char *ledger_short_name(enum ledger_line line);

/*
 * It begins, takes in all processes and objects, and ends with the kernel's counters: these
 * come last, all at about the same time, since reading processes takes longer. False: a
 * process does not say enough, which was complained about. @objects: it was given all there
 * are; otherwise what they are together is made of the counters.
 */
void ledger_begin(struct ledger *ledger);
bool ledger_take(struct ledger *ledger, const struct process *process);
void ledger_take_object(struct ledger *ledger, const struct object *object);
void ledger_end(struct ledger *ledger, const struct counters *counters, bool objects);

/* All of that. @request says where the module's files are; NULL will do for what is not live. */
enum status ledger_read(struct source *source, const struct request *request,
			struct ledger *ledger);

#endif /* LEDGER_H */
