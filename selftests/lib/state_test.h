/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program of states: a test for each. STATE(name) { ... } is what the process does
 * before it holds still; STATES_OVER(name, memory) makes a test of it for a kind of
 * memory, that it gets as an argument.
 */
#ifndef SELFTESTS_STATE_TEST_H
#define SELFTESTS_STATE_TEST_H

#include "kselftest_harness.h"

#include "memory.h"
#include "reading.h"
#include "settings.h"
#include "state.h"

/* Pages of each process that are looked at one by one. */
#ifndef STATE_PAGES
#define STATE_PAGES	16384
#endif

/* Seconds; on slow machines with slow kernels. */
#ifndef STATE_TIMEOUT
#define STATE_TIMEOUT	150
#endif

FIXTURE(state)
{
	struct settings settings;
	struct state state;
};

FIXTURE_VARIANT(state)
{
	void (*build)(const void *argument);
	const void *argument;
};

#define STATE(name) \
	static void name(const void *argument); \
	FIXTURE_VARIANT_ADD(state, name) { .build = name }; \
	static void name(const void *argument)

#define STATE_OVER(name, memory) \
	FIXTURE_VARIANT_ADD(state, name##_##memory) \
	{ \
		.build = name, .argument = &memory \
	}

/* With the settings that the program's states change; they are put back. */
#define STATES_MAIN(...) \
	FIXTURE_SETUP(state) \
	{ \
		static const char *const settings[] = { __VA_ARGS__ __VA_OPT__(, ) NULL }; \
\
		if (!memclass_is_loaded()) \
			SKIP(return, "memclass is not loaded"); \
		settings_keep(&self->settings, settings); \
		state_make(&self->state, variant->build, variant->argument); \
		if (!self->state.skip[0] && !self->state.failure[0]) \
			return; \
		if (self->state.skip[0]) \
			SKIP(, "%s", self->state.skip); \
		else \
			EXPECT_STREQ("", self->state.failure); \
		state_end(&self->state); \
		settings_restore(&self->settings); \
	} \
	FIXTURE_TEARDOWN(state) \
	{ \
		state_end(&self->state); \
		settings_restore(&self->settings); \
	} \
	TEST_F_TIMEOUT(state, exact, STATE_TIMEOUT) \
	{ \
		EXPECT_EQ(0U, state_check(&self->state, STATE_PAGES)); \
	} \
	TEST_HARNESS_MAIN

#endif /* SELFTESTS_STATE_TEST_H */
