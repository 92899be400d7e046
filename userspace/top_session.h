/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOP_SESSION_H
#define TOP_SESSION_H

#include "command.h"
#include "counters.h"
#include "filter.h"
#include "source.h"
#include "subject.h"
#include "top_model.h"

/* What memclass top is looking at, at the moment: reads it, and knows what that costs. */

/* One within the other: what was entered is left again. */
enum top_level {
	TOP_PROCESSES,
	TOP_CLASSES,			/* of a process */
	TOP_MAPPINGS,			/* of a class there */
	NR_TOP_LEVELS
};

struct top_view {
	struct top_model model;
	const char *columns;		/* as -o has them; NULL: the usual ones */
	bool pages;			/* look at each page, whether a column needs it or not */
	bool looked;			/* the last reading did */
};

/* The machine, and the sum of the processes that are shown. */
struct top_totals {
	size_t processes;
	bool pss;			/* types are that, else RSS */
	uint64_t types[MEMCLASS_NR_TYPES];
	size_t types_unknown;		/* of so many processes */
	uint64_t memory;		/* 0: not known */
	uint64_t available;
	uint64_t swap;
	uint64_t swap_free;
};

/* What reading, and showing, takes of the machine. */
struct top_cost {
	double processor;		/* part of one, since the last reading; negative: unknown */
	uint64_t memory;
	uint64_t reading_ns;		/* what the last reading took */
	uint64_t began_ns;
	uint64_t used_ns;		/* of a processor, so far */
};

struct top_session {
	const struct request *request;
	struct filter filter;
	struct source *source;		/* NULL: it failed, and is tried again */
	enum top_level level;
	struct top_view views[NR_TOP_LEVELS];
	struct top_totals totals;
	struct top_cost cost;
	long long interval_ns;
	bool frozen;

	/* From the second level on. */
	struct process process;		/* without its classes */
	bool ended;
	struct subjects subjects;	/* what it did since it was entered */
	uint64_t samples;
	unsigned int class;
	uint64_t floor;			/* smaller mappings are left out */
	bool left_out;

	/* A capture has samples, of which this one is shown. */
	bool capture;
	size_t sample;
	size_t nr_samples;
	uint64_t unix_ns;		/* when it is of; 0: now */
};

/* On success, top_session_close() ends what begins here. */
enum status top_session_open(struct top_session *session, const struct request *request);
void top_session_close(struct top_session *session);

/* Failure has been complained about: the next time may be better. */
enum status top_session_read(struct top_session *session);

/* Time to let pass between two readings: longer than asked for where one takes long. */
long long top_session_pause_ns(const struct top_session *session);

static inline struct top_view *top_session_view(struct top_session *session)
{
	return &session->views[session->level];
}

/* Into the process or class that the cursor is on, or into a process by its pid. */
bool top_session_enter(struct top_session *session);
enum status top_session_enter_process(struct top_session *session, pid_t pid);
bool top_session_leave(struct top_session *session);

/* To another sample of a capture, if there is one so many further on. */
bool top_session_step(struct top_session *session, long samples);

#endif /* TOP_SESSION_H */
