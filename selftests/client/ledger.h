/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What "memclass system" says, line by line, and how to make a machine hold still for it.
 */
#ifndef SELFTESTS_CLIENT_LEDGER_H
#define SELFTESTS_CLIENT_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "client/run.h"

struct ledger {
	struct run run;
};

/* Ends with ledger_free(), in any case. Return: whether there is one. */
bool ledger_take(struct ledger *ledger);
void ledger_free(struct ledger *ledger);

uint64_t ledger_total(const struct ledger *ledger);
int64_t ledger_residue(const struct ledger *ledger);

/* Of a line by its full name; with one that it lacks, what JSON has instead. */
uint64_t ledger_bytes(const struct ledger *ledger, const char *line);
int64_t ledger_difference(const struct ledger *ledger, const char *line);
const struct json *ledger_line(const struct ledger *ledger, const char *line);

/*
 * The second of two that are alike: nobody else is busy. When there is no rest for a long
 * time it says so, and takes what there is.
 */
bool ledger_take_at_rest(struct ledger *ledger);

/* Gives up what the page cache can, and brings the kernel's counters up to date. */
void system_settle(void);

/*
 * What is to become of a line; of several, "A + B - C". LINE:counted is what the kernel
 * counts beside it; "residue" and "pinned" will do as well.
 */
struct ledger_growth {
	const char *of;			/* NULL behind the last */
	int64_t bytes;			/* more than before */
	int64_t tolerance;		/* give or take */
};

/*
 * Takes ledgers into @after until all of @growths have come true in one of them, or do
 * not for a long time: counters lag behind, and somebody else may be busy.
 */
bool ledger_await(struct ledger *after, const struct ledger *before,
		  const struct ledger_growth *growths);

#endif /* SELFTESTS_CLIENT_LEDGER_H */
