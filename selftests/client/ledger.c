// SPDX-License-Identifier: GPL-2.0
#include "ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/settings.h"

/* On a kernel that checks itself a ledger takes seconds. */
#define TRIES	40
#define SECONDS	60

bool ledger_take(struct ledger *ledger)
{
	run(&ledger->run, "system", "--json", NULL);
	if (!ledger->run.status && run_json(&ledger->run))
		return true;
	fprintf(stderr, "# memclass system: status %d: %s\n", ledger->run.status,
		ledger->run.err);
	return false;
}

void ledger_free(struct ledger *ledger)
{
	run_free(&ledger->run);
}

uint64_t ledger_total(const struct ledger *ledger)
{
	return json_number(ledger->run.json, "total");
}

int64_t ledger_residue(const struct ledger *ledger)
{
	return json_signed(ledger->run.json, "residue");
}

const struct json *ledger_line(const struct ledger *ledger, const char *line)
{
	return json_find(json_member(ledger->run.json, "lines"), "line", line);
}

uint64_t ledger_bytes(const struct ledger *ledger, const char *line)
{
	return json_number(ledger_line(ledger, line), "bytes");
}

int64_t ledger_difference(const struct ledger *ledger, const char *line)
{
	return json_signed(ledger_line(ledger, line), "difference");
}

void system_settle(void)
{
	sync();
	setting_write("/proc/sys/vm/drop_caches", "3");
	setting_write("/proc/sys/vm/stat_refresh", "1");
}

/* Bytes of a line, what the kernel counts beside it, LINE:counted, or what is of no line. */
static bool figure(const struct ledger *ledger, const char *name, int64_t *value)
{
	char line[64];
	size_t length = strcspn(name, ":");
	const struct json *json;

	snprintf(line, sizeof(line), "%.*s", (int)length, name);
	json = ledger_line(ledger, line);
	if (!json)
		json = ledger->run.json;
	else
		name = name[length] ? name + length + 1 : "bytes";
	*value = json_signed(json, name);
	return json_member(json, name);
}

static bool figures(const struct ledger *ledger, const char *words, int64_t *sum)
{
	int64_t value, sign = 1;
	char copy[256], *rest, *word;

	snprintf(copy, sizeof(copy), "%s", words);
	*sum = 0;
	for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (!strcmp(word, "+") || !strcmp(word, "-")) {
			sign = *word == '+' ? 1 : -1;
			continue;
		}
		if (!figure(ledger, word, &value)) {
			fprintf(stderr, "# the ledger has no %s\n", word);
			return false;
		}
		*sum += sign * value;
	}
	return true;
}

static bool has_grown(const struct ledger *before, const struct ledger *after,
		      const struct ledger_growth *growth, bool complain)
{
	int64_t old, new, more;

	if (!figures(before, growth->of, &old) || !figures(after, growth->of, &new))
		return false;
	more = new - old - growth->bytes;
	if (llabs(more) <= growth->tolerance)
		return true;
	if (complain)
		fprintf(stderr,
			"# %s: %" PRId64 " more, not %" PRId64 " +- %" PRId64 "\n", growth->of,
			new - old, growth->bytes, growth->tolerance);
	return false;
}

static bool have_grown(const struct ledger *before, const struct ledger *after,
		       const struct ledger_growth *growths, bool complain)
{
	bool all = true;

	for (; growths->of; growths++)
		all &= has_grown(before, after, growths, complain);
	return all;
}

bool ledger_take_at_rest(struct ledger *ledger)
{
	static const struct ledger_growth nothing[] = {
		{ "processes.anon", 0, MIB / 4 },
		{ "processes.anon:counted", 0, MIB / 4 },
		{ "processes.shmem", 0, MIB / 4 },
		{ "unmapped.shmem", 0, MIB / 4 },
		{ "pinned", 0, 0 },
		{},
	};
	struct rounds rounds = { .seconds = SECONDS };
	bool taken = ledger_take(ledger), rest = false;
	struct ledger last = {};

	while (taken && !rest && again(&rounds, TRIES)) {
		ledger_free(&last);
		last = *ledger;
		usleep(100000);
		taken = ledger_take(ledger);
		rest = taken && have_grown(&last, ledger, nothing, false);
	}
	if (taken && !rest)
		have_grown(&last, ledger, nothing, true);
	ledger_free(&last);
	return taken;
}

bool ledger_await(struct ledger *after, const struct ledger *before,
		  const struct ledger_growth *growths)
{
	struct rounds rounds = { .seconds = SECONDS };

	while (again(&rounds, TRIES)) {
		if (rounds.number > 1)
			usleep(100000);
		ledger_free(after);
		setting_write("/proc/sys/vm/stat_refresh", "1");
		if (!ledger_take(after))
			return false;
		if (have_grown(before, after, growths, false))
			return true;
	}
	have_grown(before, after, growths, true);
	fprintf(stderr, "# before:\n%s# after:\n%s", before->run.out, after->run.out);
	return false;
}
