/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TABLE_H
#define TABLE_H

#include "listing.h"

struct table;

enum status table_open(struct table **table, const struct listing *listing,
		       const struct request *request);
void table_row(struct table *table, const void *item);
enum status table_close(struct table *table);

#endif /* TABLE_H */
