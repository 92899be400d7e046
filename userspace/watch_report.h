/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WATCH_REPORT_H
#define WATCH_REPORT_H

#include "command.h"
#include "subject.h"
#include "table.h"

/* The end of a watch: what was found, as a table with reasons, or as JSON. */
struct watch {
	const struct request *request;
	struct subjects subjects;
	uint64_t samples;
	double seconds;
	bool chosen;			/* somebody asked for these: show all of them */
};

extern const struct listing watch_listing;

/* Return: OK, or SUSPECTED when there is something; or FAILURE. */
enum status watch_report(const struct watch *watch);

#endif /* WATCH_REPORT_H */
