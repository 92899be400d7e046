/* SPDX-License-Identifier: GPL-2.0 */
#ifndef GROWTH_H
#define GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "memclass.h"
#include "trend.h"

/*
 * From samples of what a process has, taken over time, to what is growing there and
 * what that looks like. Pure: it looks at no clock, and at no file but what it saved.
 */

/* What can grow: the classes, and what belongs to none. The last ones are the system's. */
enum growth_row {
	GROWTH_THREADS = 32,	/* no module has more classes */
	GROWTH_PAGE_TABLES,
	GROWTH_SHMEM,		/* in files on a tmpfs and memfds that nobody maps */
	GROWTH_SLAB,		/* of the kernel, beyond what threads and mappings take */
	GROWTH_RESIDUE,		/* memory that the kernel does not account for */
	GROWTH_ROWS
};

_Static_assert((int)MEMCLASS_NR_CLASSES <= (int)GROWTH_THREADS, "classes come first");

enum growth_figure {
	GROWTH_SIZE,		/* bytes that it takes, swapped ones too; of threads, how many */
	GROWTH_FIRM,		/* those that the kernel cannot just drop, where that differs */
	GROWTH_VIRT,
	GROWTH_VMAS,
	NR_GROWTH_FIGURES
};

/* A figure that was not counted. */
#define GROWTH_NOT_COUNTED	UINT64_MAX

struct growth_figures {
	uint64_t values[NR_GROWTH_FIGURES];
	uint64_t faults;	/* so far; 0 where they are not counted */
};

struct growth_sample {
	uint64_t time_ns;
	uint64_t life;		/* differs from the last sample's: it was restarted */
	struct growth_figures rows[GROWTH_ROWS];
};

/*
 * What it looks like.
 * X(VERDICT, name, suspected, what is seen, what it would take to be sure)
 */
#define VERDICTS(X) \
	X(UNKNOWN, "unknown", false, \
	  "too few samples, or too much noise", \
	  "watch for longer") \
	X(STEADY, "steady", false, \
	  "no lasting growth", \
	  "watch for longer") \
	X(WARMING_UP, "warming-up", false, \
	  "it grew and bends to a plateau", \
	  "watch for longer: the plateau stays") \
	X(SAWTOOTH, "sawtooth", false, \
	  "it grows and falls back to where it was, as with a garbage collector", \
	  "watch for longer: what it falls back to must not rise") \
	X(CACHE, "cache", false, \
	  "pages of files, which the kernel drops when it needs memory", \
	  "nothing: it is no loss") \
	X(HEAP_GROWTH, "heap-growth", true, \
	  "small malloc()s are not freed, or free pieces lie between used ones", \
	  "call malloc_trim() in it: what is given back was only fragmented; then trace malloc()") \
	X(ANON_GROWTH, "anon-growth", true, \
	  "private memory grows: large malloc()s, arenas or a runtime's own heap", \
	  "watch over two full collections of its runtime; then trace mmap()") \
	X(MAPPING_LEAK, "mapping-leak", true, \
	  "ever more mappings: mmap() without munmap()", \
	  "compare 'memclass maps' of now and later, and trace mmap()") \
	X(ADDRESS_SPACE_LEAK, "address-space-leak", true, \
	  "address space grows and what is resident does not", \
	  "trace mmap() and munmap(): it is reserved and never used") \
	X(THREAD_LEAK, "thread-leak", true, \
	  "ever more threads, and their stacks", \
	  "look at what the newest ones do: /proc/PID/task/*/comm and stack") \
	X(SHM_GROWTH, "shm-growth", true, \
	  "shared anonymous memory or a System V segment fills up", \
	  "ipcs -m, and 'memclass maps' of all who map it") \
	X(TMPFS_GROWTH, "tmpfs-growth", true, \
	  "files on a tmpfs grow", \
	  "du of the tmpfs, and lsof +L1 for files that were removed and are still open") \
	X(MEMFD_GROWTH, "memfd-growth", true, \
	  "a memfd grows", \
	  "its name is in 'memclass maps'; /proc/PID/fd says who else holds it") \
	X(FILE_MAPPING_GROWTH, "file-mapping-growth", true, \
	  "pages of a mapped file are written to, or locked, faster than written back", \
	  "sync, and see whether its dirty part stays small") \
	X(COW_GROWTH, "cow-growth", true, \
	  "ever more pages of a private file mapping are copied by writing to them", \
	  "'memclass maps -o +cow' names the file") \
	X(PAGE_TABLE_GROWTH, "page-table-growth", true, \
	  "page tables grow out of proportion to what they map", \
	  "look for large mappings that are touched here and there") \
	X(HUGETLB_GROWTH, "hugetlb-growth", true, \
	  "huge pages of the pool are taken", \
	  "compare with HugePages_Free in /proc/meminfo") \
	X(UNATTRIBUTED_GROWTH, "unattributed-growth", true, \
	  "the kernel takes memory that belongs to no process", \
	  "slabtop for slab; else sockets and pipes (ss -m), and drivers: unload one and see")

#define VERDICT_ENUM(verdict, name, suspected, seen, sure)	VERDICT_##verdict,
enum verdict {
	VERDICTS(VERDICT_ENUM)
	NR_VERDICTS
};
#undef VERDICT_ENUM

struct verdict_text {
	const char *name;
	bool suspected;
	const char *seen;
	const char *to_be_sure;
};

extern const struct verdict_text verdicts[NR_VERDICTS];

/* What is said of a row. */
struct growth_finding {
	enum growth_row row;
	enum verdict verdict;
	enum growth_figure figure;	/* that the verdict is about */
	uint64_t now;			/* what that was in the last sample */
	uint64_t size;			/* and GROWTH_SIZE */
	double size_per_second;
	struct trend trend;		/* and what it did */
	double faults_per_second;
};

struct growth;

struct growth *growth_new(void);
void growth_free(struct growth *growth);
bool growth_add(struct growth *growth, const struct growth_sample *sample);

/* Points before that time are as if they had never been; the last one stays. */
void growth_forget(struct growth *growth, uint64_t before_ns);

/* For the next run of this program. Loading returns NULL when that is no such thing. */
bool growth_save(const struct growth *growth, struct bytes *out);
struct growth *growth_load(struct bytes *in);

/*
 * What is said of each row that is not empty, in the order of the rows. Who was there in
 * less than half of the samples that were taken in all is not suspected: it has just
 * begun, and what begins grows.
 *
 * Return: of how many rows, at most GROWTH_ROWS.
 */
size_t growth_judge(const struct growth *growth, uint64_t samples,
		    struct growth_finding *findings);

#endif /* GROWTH_H */
