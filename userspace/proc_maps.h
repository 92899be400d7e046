/* SPDX-License-Identifier: GPL-2.0 */
/* The mappings of a process, from /proc/PID/smaps, one by one. */
#ifndef PROC_MAPS_H
#define PROC_MAPS_H

#include "proc_class.h"
#include "source.h"

struct proc_maps;

/* Return: NULL, with errno. */
struct proc_maps *proc_maps_open(pid_t pid, const struct proc_stat *stat, uint32_t threads,
				 struct proc_devices *devices);
bool proc_maps_next(struct proc_maps *maps, struct vma *vma);
void proc_maps_close(struct proc_maps *maps);

#endif /* PROC_MAPS_H */
