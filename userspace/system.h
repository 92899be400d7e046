/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include "command.h"
#include "ledger.h"

/* @before: the round before this one, NULL in the first. */
void system_json(const struct ledger *ledger, const struct ledger *before);
void system_line(const struct ledger *ledger, const struct ledger *before,
		 const struct request *request);

#endif /* SYSTEM_H */
