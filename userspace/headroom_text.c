// SPDX-License-Identifier: GPL-2.0
/* What is said of limits, to people and to programs. */
#include "headroom.h"

#include <inttypes.h>
#include <stdio.h>

#include "json.h"
#include "text.h"
#include "units.h"

static bool in_bytes(const struct headroom_limit *limit)
{
	return limit->of != LIMIT_OF_MAPPINGS && limit->of != LIMIT_OF_THREADS;
}

static const char *in_words(char text[UNITS_MAX], const struct headroom_limit *limit,
			    uint64_t value, bool plain)
{
	if (!plain && in_bytes(limit))
		return units_bytes(text, value);
	snprintf(text, UNITS_MAX, "%" PRIu64, value);
	return text;
}

static void print_limit(const struct headroom_limit *limit, bool plain)
{
	char used[UNITS_MAX], max[UNITS_MAX], left[UNITS_MAX];
	char cgroup[TEXT_ESCAPED(256)];

	printf("  %-18s %s of %s used, %s left", limit->name,
	       in_words(used, limit, limit->used, plain),
	       in_words(max, limit, limit->max, plain),
	       in_words(left, limit, headroom_left(limit), plain));
	if (limit->droppable)
		printf(" and %s that can be dropped",
		       in_words(used, limit, limit->droppable, plain));
	if (limit->cgroup)
		printf(", in %s", text_escape(cgroup, sizeof(cgroup), limit->cgroup));
	putchar('\n');
}

void headroom_print(const struct headroom *headroom, const struct request *request)
{
	size_t i;

	if (!headroom->nr)
		return;
	printf("headroom, nearest limits first");
	if (headroom->scored)
		printf("; OOM score %u, adjusted by %d", headroom->oom_score,
		       headroom->oom_score_adj);
	printf(":\n");
	for (i = 0; i < headroom->nr; i++)
		print_limit(&headroom->limits[i], request->bytes);
}

static void emit_limit(struct json *json, const struct headroom_limit *limit)
{
	json_open_object(json, NULL);
	json_string(json, "limit", limit->name);
	json_number(json, "used", limit->used);
	json_number(json, "max", limit->max);
	json_number(json, "left", headroom_left(limit));
	json_number(json, "droppable", limit->droppable);
	if (limit->cgroup)
		json_string(json, "cgroup", limit->cgroup);
	else
		json_null(json, "cgroup");
	json_close_object(json);
}

void headroom_emit(struct json *json, const char *key, const struct headroom *headroom)
{
	size_t i;

	json_open_array(json, key);
	for (i = 0; i < headroom->nr; i++)
		emit_limit(json, &headroom->limits[i]);
	json_close_array(json);
}

void headroom_emit_score(struct json *json, const struct headroom *headroom)
{
	if (headroom->scored) {
		json_number(json, "oom_score", headroom->oom_score);
		json_signed(json, "oom_score_adj", headroom->oom_score_adj);
	} else {
		json_null(json, "oom_score");
		json_null(json, "oom_score_adj");
	}
}
