// SPDX-License-Identifier: GPL-2.0
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "say.h"

static bool make_room(struct snapshot *snapshot)
{
	size_t room = snapshot->room ? snapshot->room * 2 : 256;
	struct process *more;

	if (snapshot->count < snapshot->room)
		return true;
	more = realloc(snapshot->all, room * sizeof(*more));
	if (!more) {
		say_error("out of memory");
		return false;
	}
	snapshot->all = more;
	snapshot->room = room;
	return true;
}

enum status snapshot_take(struct snapshot *snapshot, struct source *source)
{
	enum source_result result;
	struct process process;

	memset(snapshot, 0, sizeof(*snapshot));
	result = source_first_process(source, &process);
	while (result == SOURCE_GOT) {
		if (!make_room(snapshot)) {
			process_free(&process);
			result = SOURCE_FAILED;
			break;
		}
		snapshot->all[snapshot->count++] = process;
		snapshot->hidden += process.classes_unknown;
		result = source_next_process(source, &process);
	}
	if (result == SOURCE_END)
		return STATUS_OK;
	snapshot_free(snapshot);
	return STATUS_FAILURE;
}

void snapshot_free(struct snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < snapshot->count; i++)
		process_free(&snapshot->all[i]);
	free(snapshot->all);
	memset(snapshot, 0, sizeof(*snapshot));
}
