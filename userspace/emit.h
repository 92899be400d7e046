/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EMIT_H
#define EMIT_H

#include "json.h"
#include "source.h"

/* Goes up when a reader of the older JSON would break; new members do not count. */
#define JSON_SCHEMA	1

void emit_counts(struct json *json, const struct counts *counts);
void emit_faults_state(struct json *json, const struct counts *total, uint64_t dropped);
void emit_faults(struct json *json, const struct counts *counts);
void emit_classes(struct json *json, const struct class_counts *classes, size_t count);
void emit_process(struct json *json, const struct process *process);
void emit_cost(struct json *json, const struct cost *cost);
void emit_vma(struct json *json, const struct vma *vma);

#endif /* EMIT_H */
