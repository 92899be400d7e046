// SPDX-License-Identifier: GPL-2.0
/* The members of the JSON that several commands write. memclass(8) documents them. */
#include "emit.h"

#include <stdlib.h>
#include <sys/mman.h>

static void emit_newer(struct json *json, const struct counts *counts, unsigned int column)
{
	const char *name = newer_column_name(column);

	if (!name)
		return;
	if (counts->filled & (1ULL << column))
		json_number(json, name, counts->values[column]);
	else
		json_null(json, name);
}

/* All columns, into the object that is open; those of a newer module too. */
void emit_counts(struct json *json, const struct counts *counts)
{
	unsigned int i;

#define EMIT(field, tier, text) \
	if (counts->filled & COLUMN_BIT(field)) \
		json_number(json, #field, counts->values[MEMCLASS_COLUMN_##field]); \
	else \
		json_null(json, #field);
	MEMCLASS_COLUMNS(EMIT)
#undef EMIT
	for (i = MEMCLASS_NR_COLUMNS; i < COUNTED_MAX; i++)
		emit_newer(json, counts, i);
}

/* The same for page faults. */
void emit_faults(struct json *json, const struct counts *counts)
{
#define EMIT(field, text) \
	if (counts->faults_filled & FAULT_BIT(field)) \
		json_number(json, #field, counts->faults[FAULT_COLUMN_##field]); \
	else \
		json_null(json, #field);
	MEMCLASS_FAULTS(EMIT)
#undef EMIT
}

/* Whether they are counted, null for a module that cannot; and what has no class. */
void emit_faults_state(struct json *json, const struct counts *total, uint64_t dropped)
{
	bool on = total->faults_filled;

	if (on || total->faults_off)
		json_string(json, "faults", on ? "on" : "off");
	else
		json_null(json, "faults");
	if (on)
		json_number(json, "faults_dropped", dropped);
	else
		json_null(json, "faults_dropped");
}

static void emit_class(struct json *json, unsigned int class)
{
	char name[CLASS_NAME_MAX];
	const char *type = class_type_name(class);

	json_string(json, "class", class_name(name, class));
	if (type)
		json_string(json, "type", type);
	else
		json_null(json, "type");
}

void emit_classes(struct json *json, const struct class_counts *classes, size_t count)
{
	size_t i;

	json_open_array(json, "classes");
	for (i = 0; i < count; i++) {
		json_open_object(json, NULL);
		emit_class(json, classes[i].class);
		emit_counts(json, &classes[i].counts);
		emit_faults(json, &classes[i].counts);
		json_close_object(json);
	}
	json_close_array(json);
}

/* Into the object that is open; null when it is not known. */
void emit_cost(struct json *json, const struct cost *cost)
{
	if (cost->unknown) {
		json_null(json, "walk");
		return;
	}
	json_open_object(json, "walk");
	json_number(json, "slices", cost->slices);
	json_number(json, "lock_drops", cost->lock_drops);
	json_number(json, "max_hold_ns", cost->max_hold_ns);
	json_number(json, "walk_ns", cost->walk_ns);
	json_number(json, "changed", cost->changed);
	json_close_object(json);
}

/* Into the object that is open. */
void emit_process(struct json *json, const struct process *process)
{
	json_number(json, "pid", process->pid);
	json_number(json, "ppid", process->ppid);
	json_number(json, "uid", process->uid);
	json_string(json, "comm", process->comm);
	json_number(json, "start_ns", process->start_ns);
	json_number(json, "threads", process->threads);
	if (process->shared_mm_unknown)
		json_null(json, "shared_mm");
	else
		json_bool(json, "shared_mm", process->shared_mm);
	json_string(json, "tier", process->cheap ? "cheap" : "full");
	json_number(json, "page_tables", process->page_tables);
	emit_faults_state(json, &process->total, process->faults_dropped);
	json_open_object(json, "total");
	emit_counts(json, &process->total);
	emit_faults(json, &process->total);
	json_close_object(json);
	if (process->classes_unknown)
		json_null(json, "classes");
	else
		emit_classes(json, process->classes, process->nr_classes);
	emit_cost(json, &process->cost);
}

void emit_vma(struct json *json, const struct vma *vma)
{
	json_open_object(json, NULL);
	/* As text: many readers take numbers for doubles, which have 53 bits. */
	json_format(json, "start", "0x%llx", (unsigned long long)vma->start);
	json_format(json, "end", "0x%llx", (unsigned long long)vma->end);
	json_format(json, "prot", "%c%c%c", vma->prot & PROT_READ ? 'r' : '-',
		    vma->prot & PROT_WRITE ? 'w' : '-', vma->prot & PROT_EXEC ? 'x' : '-');
	json_bool(json, "shared", vma->shared);
	emit_class(json, vma->class);
	json_number(json, "offset", vma->offset);
	json_format(json, "dev", "%02x:%02x", vma->dev_major, vma->dev_minor);
	json_number(json, "inode", vma->inode);
	json_string(json, "name", vma->name);
	json_bool(json, "name_cut", vma->name_cut);
	emit_counts(json, &vma->counts);
	json_close_object(json);
}
