// SPDX-License-Identifier: GPL-2.0
#include "ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/settings.h"

#define TRIES	40

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
	const struct json *json = json_member(ledger->run.json, "lines");

	json = json ? json->first : NULL;
	while (json && strcmp(json_string(json, "line"), line))
		json = json->next;
	return json;
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

bool ledger_await_residue(struct ledger *ledger, int64_t residue, int64_t tolerance)
{
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		if (i) {
			ledger_free(ledger);
			usleep(100000);
		}
		setting_write("/proc/sys/vm/stat_refresh", "1");
		if (!ledger_take(ledger))
			return false;
		if (llabs(ledger_residue(ledger) - residue) <= tolerance)
			return true;
	}
	fprintf(stderr, "# residue %" PRId64 ", not %" PRId64 " +- %" PRId64 "\n%s",
		ledger_residue(ledger), residue, tolerance, ledger->run.out);
	return false;
}

uint64_t meminfo(const char *name)
{
	char line[128], found[64];
	uint64_t value = 0;
	FILE *file = fopen("/proc/meminfo", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63[^:]: %" SCNu64, found, &value) == 2 &&
		    !strcmp(found, name))
			break;
	if (file)
		fclose(file);
	return value * 1024;
}
