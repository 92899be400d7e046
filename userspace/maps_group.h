/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MAPS_GROUP_H
#define MAPS_GROUP_H

#include <stdbool.h>

#include "command.h"
#include "json.h"
#include "source.h"

/* Mappings that have something in common, summed up. */
struct groups;

/* Says what is wrong with the request, if anything is. */
enum status groups_check(const struct request *request);

/* Return: NULL when there is no memory. groups_free() ends what begins here. */
struct groups *groups_new(const struct request *request);
bool groups_add(struct groups *groups, const struct vma *vma);
void groups_free(struct groups *groups);

/* Those with the most memory first. */
enum status groups_print(struct groups *groups, const struct request *request,
			 const struct counts *total);
void groups_emit(struct groups *groups, struct json *json);

#endif /* MAPS_GROUP_H */
