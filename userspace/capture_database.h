/* SPDX-License-Identifier: GPL-2.0 */
/* A capture as it is read. For source_capture.c, and what opens it. */
#ifndef CAPTURE_DATABASE_H
#define CAPTURE_DATABASE_H

#include "capture.h"
#include "source_ops.h"

struct capture {
	struct source source;
	const char *path;
	sqlite3 *db;
	struct sample {
		int64_t id;
		struct capture_sample when;
	} *samples;
	size_t nr_samples;
	size_t chosen;
	char *fact;
	struct cursor processes;
	struct cursor classes;
	struct cursor mappings;
};

/* Return: false, for who fails with it. */
bool database_say_unreadable(const struct capture *capture);
bool database_say_malformed(const struct capture *capture, const char *what);

/* Return: false, and has said why, when it is no good capture. */
bool database_open(struct capture *capture);

#endif /* CAPTURE_DATABASE_H */
