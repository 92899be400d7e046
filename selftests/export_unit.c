// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: systemd runs the export as packaging/systemd has it: the sandbox takes nothing away
 * that it needs, the timer is one, and what goes wrong is in the journal.
 * Oracle: systemd of the release that is booted; the metrics' own word on missing parts.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/module.h"
#include "lib/patience.h"

#include "client/exposition.h"
#include "client/run.h"

/* The units as they were when this was built. */
__asm__(".section .rodata\n"
	"service:\n"
	".incbin \"../packaging/systemd/memclass-export.service\"\n"
	".byte 0\n"
	"timer:\n"
	".incbin \"../packaging/systemd/memclass-export.timer\"\n"
	".byte 0\n"
	".previous");
extern const char service[], timer[];

#define UNITS		"/run/systemd/system"
#define CLIENT		"/usr/sbin/memclass"
#define DIRECTORY	"/var/lib/prometheus/node-exporter"
#define TEXTFILE	DIRECTORY "/memclass.prom"
#define HISTORY		"/run/memclass/export.history"

FIXTURE(unit)
{
	struct run run;
	struct exposition found;
	bool linked;
};

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file || fputs(text, file) < 0 || fclose(file))
		exit(1);
}

static int shell(struct run *run, const char *command)
{
	run_free(run);
	run_shell(run, command);
	return run->status;
}

FIXTURE_SETUP(unit)
{
	if (!module_is_there() || geteuid() || access(UNITS, W_OK))
		SKIP(return, "needs root, the module and systemd");
	self->linked = !symlink("/memclass/bin/memclass", CLIENT);
	ASSERT_TRUE(self->linked);
	write_text(UNITS "/memclass-export.service", service);
	write_text(UNITS "/memclass-export.timer", timer);
	ASSERT_EQ(0, shell(&self->run, "mkdir -p " DIRECTORY " && systemctl daemon-reload"));
}

FIXTURE_TEARDOWN(unit)
{
	shell(&self->run, "systemctl stop memclass-export.timer; "
			  "systemctl reset-failed memclass-export.service; "
			  "rm -f " UNITS "/memclass-export.*; rm -rf /run/memclass " DIRECTORY);
	if (self->linked)
		unlink(CLIENT);
	exposition_free(&self->found);
	run_free(&self->run);
}

#define VALUE(series)	exposition_value(&self->found, series)

#define START(expected) \
	do { \
		EXPECT_EQ(expected, !!shell(&self->run, "systemctl start memclass-export.service")) \
		TH_LOG("%s", self->run.err); \
	} while (0)

#define READ() \
	do { \
		const char *_wrong; \
\
		exposition_free(&self->found); \
		_wrong = exposition_read(&self->found, TEXTFILE); \
		ASSERT_EQ(NULL, _wrong) \
		TH_LOG("%s", _wrong); \
	} while (0)

static bool journal_has(struct run *run, const char *message)
{
	/* What was said last may be on its way to the journal. */
	shell(run, "journalctl --sync; journalctl -o cat -u memclass-export.service");
	return strstr(run->out, message);
}

TEST_F(unit, exports)
{
	struct stat stat_of;

	START(0);
	READ();
	EXPECT_EQ(1, VALUE("memclass_module_up"));
	EXPECT_EQ(0, exposition_sum(&self->found, "memclass_export_part_missing"));
	EXPECT_LT(1, VALUE("memclass_cgroups"));
	EXPECT_LT(1, VALUE("memclass_processes"));
	EXPECT_GT(400U, self->found.count);
	ASSERT_EQ(0, stat(TEXTFILE, &stat_of));
	EXPECT_EQ(0644U, stat_of.st_mode & 07777);
	ASSERT_EQ(0, stat(HISTORY, &stat_of));
	EXPECT_EQ(0600U, stat_of.st_mode & 07777);
	START(0);
	READ();
	/* What the first run saw is there for the second. */
	EXPECT_EQ(2, VALUE("memclass_export_samples"));
}

TEST_F(unit, timer)
{
	EXPECT_EQ(0, shell(&self->run, "systemctl start memclass-export.timer"));
	EXPECT_EQ(0, shell(&self->run, "systemctl is-active memclass-export.timer"));
	EXPECT_EQ(0, shell(&self->run, "systemctl list-timers --no-legend memclass-export.timer"));
	EXPECT_NE(NULL, strstr(self->run.out, "memclass-export.service"))
	TH_LOG("%s", self->run.out);
}

TEST_F(unit, no_directory)
{
	ASSERT_EQ(0, shell(&self->run, "rm -rf " DIRECTORY));
	START(1);
	EXPECT_TRUE(journal_has(&self->run, "cannot make " TEXTFILE))
	TH_LOG("%s", self->run.out);
}

TEST_F(unit, no_module)
{
	if (access(MODULE_KO, R_OK))
		SKIP(return, "there is no %s to load again", MODULE_KO);
	ASSERT_EQ(0, module_remove("memclass"));
	START(1);
	EXPECT_EQ(0, module_insert(MODULE_KO, ""));
	READ();
	EXPECT_EQ(0, VALUE("memclass_module_up"));
	EXPECT_FALSE(isnan(VALUE("memclass_memory_total_bytes")));
	EXPECT_TRUE(journal_has(&self->run, "module is not loaded"))
	TH_LOG("%s", self->run.out);
}

TEST_HARNESS_MAIN
