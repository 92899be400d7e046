/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* The machine's memory, in bytes, as far as it shows growth that is no process's. */
struct machine {
	uint64_t available;		/* and free swap: what there is left to take */
	uint64_t shmem;
	uint64_t slab;			/* that cannot be reclaimed */
	uint64_t residue;		/* in no line of /proc/meminfo */
	uint64_t huge_free;		/* in the pool of huge pages */
};

/* Return: false when /proc cannot tell. */
bool machine_read(struct machine *machine);

#endif /* MACHINE_H */
