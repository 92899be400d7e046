// SPDX-License-Identifier: GPL-2.0
/* Rows of tables that have one for each process, and one for their sum. */
#include "process_row.h"

#include "source.h"
#include "user.h"

void process_row_pid(const void *item, struct cell *cell)
{
	const struct process *process = item;

	if (process->pid == PROCESS_ROW_TOTAL)
		cell_text(cell, "total");
	else
		cell_number(cell, process->pid);
}

void process_row_ppid(const void *item, struct cell *cell)
{
	const struct process *process = item;

	if (process->pid != PROCESS_ROW_TOTAL)
		cell_number(cell, process->ppid);
}

void process_row_uid(const void *item, struct cell *cell)
{
	const struct process *process = item;

	if (process->pid != PROCESS_ROW_TOTAL)
		cell_number(cell, process->uid);
}

void process_row_user(const void *item, struct cell *cell)
{
	const struct process *process = item;

	if (process->pid != PROCESS_ROW_TOTAL)
		cell_text(cell, user_name(process));
}

void process_row_comm(const void *item, struct cell *cell)
{
	const struct process *process = item;

	cell_text(cell, process->comm);
}

void process_row_mm(const void *item, struct cell *cell)
{
	const struct process *process = item;

	if (process->pid == PROCESS_ROW_TOTAL)
		return;
	if (process->shared_mm_unknown)
		cell->kind = CELL_UNKNOWN;
	else
		cell_text(cell, process->shared_mm ? "shared" : "own");
}

void process_row_threads(const void *item, struct cell *cell)
{
	const struct process *process = item;

	cell_number(cell, process->threads);
}

void process_row_age(const void *item, struct cell *cell)
{
	const struct process *process = item;

	if (process->pid == PROCESS_ROW_TOTAL || process->read_ns < process->start_ns)
		return;
	cell->kind = CELL_SECONDS;
	cell->number = (process->read_ns - process->start_ns) / 1000000000;
}

void process_row_tables(const void *item, struct cell *cell)
{
	cell_bytes(cell, ((const struct process *)item)->page_tables);
}

/* The cheap tier knows no PSS. */
static uint64_t column_of_types(const struct process *process)
{
	return process->cheap ? COLUMN_BIT(rss) : COLUMN_BIT(pss);
}

void process_row_of_type(const struct process *process, enum memclass_type type,
			 struct cell *cell)
{
	uint64_t sum = 0, value;
	size_t i;

	cell->kind = CELL_UNKNOWN;
	if (process->classes_unknown)
		return;
	for (i = 0; i < process->nr_classes; i++) {
		if (!class_has_type(process->classes[i].class, type))
			continue;
		if (!counts_get(&process->classes[i].counts, column_of_types(process), &value))
			return;
		sum += value;
	}
	cell_bytes(cell, sum);
}

#define TYPE_GETTER(type, name, text) \
	void process_row_##type(const void *item, struct cell *cell) \
	{ \
		process_row_of_type(item, MEMCLASS_TYPE_##type, cell); \
	}
MEMCLASS_TYPES(TYPE_GETTER)

const struct counts *process_row_counts(const void *item)
{
	return &((const struct process *)item)->total;
}
