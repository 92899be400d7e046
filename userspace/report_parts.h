/* SPDX-License-Identifier: GPL-2.0 */
#ifndef REPORT_PARTS_H
#define REPORT_PARTS_H

#include <stdio.h>

#include "source.h"

/* Parts of a report that other parts of the client know about. They choose samples. */
void report_verdicts(FILE *out, struct source *capture);
void report_ledger(FILE *out, struct source *capture);

#endif /* REPORT_PARTS_H */
