// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: the fault counters and others who trace the same function do not disturb each
 * other, whoever comes and goes first: all of them see every fault.
 * Oracle: the number of pages that a child touched while they were there, and what each
 * counts when it is alone.
 */
#include "fault_bpf.h"
#include "fault_module.h"

#include "kselftest_harness.h"
#include "lib/kernel.h"
#include "lib/patience.h"

#define FUNCTION	"handle_mm_fault"
#define TRACING		"/sys/kernel/tracing/"
#define INSTANCE	TRACING "instances/memclass/"
#define PROBES		TRACING "kprobe_events"

/*
 * Who else there is. Each counts what the child does, and nothing else.
 */
struct neighbour {
	const char *name;
	/* Return: NULL, or why this kernel has none. */
	const char *(*begin)(pid_t pid);
	uint64_t (*counted)(void);
	void (*end)(void);
};

/* In the ring buffer of the instance: also what was overwritten. */
static uint64_t traced(void)
{
	char path[128], text[1024], *line, *rest;
	uint64_t sum = 0;
	unsigned int cpu;

	for (cpu = 0;; cpu++) {
		snprintf(path, sizeof(path), INSTANCE "per_cpu/cpu%u/stats", cpu);
		if (text_read(path, text, sizeof(text)) <= 0)
			return sum;
		for (line = strtok_r(text, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest)) {
			if (!strncmp(line, "entries: ", 9))
				sum += strtoull(line + 9, NULL, 10);
			if (!strncmp(line, "overrun: ", 9))
				sum += strtoull(line + 9, NULL, 10);
		}
	}
}

static bool instance_make(void)
{
	return !mkdir(INSTANCE, 0700) || errno == EEXIST;
}

static const char *function_begin(pid_t pid)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", pid);
	if (!instance_make())
		return "no tracefs";
	if (!text_write(INSTANCE "set_ftrace_filter", FUNCTION) ||
	    !text_write(INSTANCE "set_ftrace_pid", text) ||
	    !text_write(INSTANCE "current_tracer", "function"))
		return "no function tracer";
	return NULL;
}

static void function_end(void)
{
	text_write(INSTANCE "current_tracer", "nop");
	rmdir(INSTANCE);
}

static const char *probe_begin(pid_t pid, const char *definition)
{
	char text[64];

	snprintf(text, sizeof(text), "common_pid == %d", pid);
	if (!instance_make())
		return "no tracefs";
	if (!text_write(PROBES, definition))
		return "no kprobe events";
	if (!text_write(INSTANCE "events/memclass/fault/filter", text) ||
	    !text_write(INSTANCE "events/memclass/fault/enable", "1"))
		return "the kprobe event cannot be enabled";
	return NULL;
}

static const char *kprobe_begin(pid_t pid)
{
	return probe_begin(pid, "p:memclass/fault " FUNCTION);
}

static const char *kretprobe_begin(pid_t pid)
{
	return probe_begin(pid, "r:memclass/fault " FUNCTION);
}

static void probe_end(void)
{
	text_write(INSTANCE "events/memclass/fault/enable", "0");
	rmdir(INSTANCE);
	text_write(PROBES, "-:memclass/fault");
}

static struct bpf_counter bpf;

static const char *bpf_begin(pid_t pid, enum bpf_attach_type where)
{
	static char text[64];

	if (bpf_count(&bpf, FUNCTION, where, pid))
		return NULL;
	snprintf(text, sizeof(text), "no BPF tracing: %s", strerror(errno));
	return text;
}

static const char *fentry_begin(pid_t pid)
{
	return bpf_begin(pid, BPF_TRACE_FENTRY);
}

static const char *fexit_begin(pid_t pid)
{
	return bpf_begin(pid, BPF_TRACE_FEXIT);
}

static uint64_t bpf_traced(void)
{
	return bpf_counted(&bpf);
}

static void bpf_gone(void)
{
	bpf_end(&bpf);
}

static const struct neighbour function = { "function tracer", function_begin, traced, function_end };
static const struct neighbour kprobe = { "kprobe", kprobe_begin, traced, probe_end };
static const struct neighbour kretprobe = { "kretprobe", kretprobe_begin, traced, probe_end };
static const struct neighbour fentry = { "BPF fentry", fentry_begin, bpf_traced, bpf_gone };
static const struct neighbour fexit = { "BPF fexit", fexit_begin, bpf_traced, bpf_gone };

FIXTURE(beside)
{
	struct child child;
};

FIXTURE_VARIANT(beside)
{
	const struct neighbour *neighbour;
	const char *hook;
	bool brief;		/* where each takes seconds, these are enough */
};

#define BESIDE(neighbour_name, hook_name, is_brief) \
	FIXTURE_VARIANT_ADD(beside, neighbour_name##_##hook_name) \
	{ \
		.neighbour = &neighbour_name, .hook = #hook_name, .brief = is_brief, \
	}

BESIDE(function, ftrace, true);
BESIDE(function, kprobe, false);
BESIDE(kprobe, ftrace, false);
BESIDE(kprobe, kprobe, true);
BESIDE(kretprobe, ftrace, true);
BESIDE(kretprobe, kprobe, false);
BESIDE(fentry, ftrace, true);
BESIDE(fentry, kprobe, false);
BESIDE(fexit, ftrace, false);
BESIDE(fexit, kprobe, true);

FIXTURE_SETUP(beside)
{
	if (access(MODULE_KO, R_OK))
		SKIP(return, MODULE_KO " is not there");
	if (kernel_checks_itself() && !variant->brief)
		SKIP(return, "each neighbour has one hook on a kernel that checks itself");
	self->child = faulter_start();
	ASSERT_NE(-1, self->child.pid);
}

FIXTURE_TEARDOWN(beside)
{
	if (!self->child.pid)
		return;
	variant->neighbour->end();
	child_end(&self->child);
	EXPECT_TRUE(module_is_loaded() ? faults_set("auto") : !module_load(""));
}

/* Or the test ends here. */
#define NEIGHBOUR_BEGINS() \
	do { \
		const char *why = variant->neighbour->begin(self->child.pid); \
\
		if (why) \
			SKIP(return, "%s", why); \
	} while (0)

/* The neighbour sees as many as there are, and memclass, if it is there, as well. */
#define EXPECT_ALL_SEEN(with_memclass) \
	do { \
		const uint64_t was = variant->neighbour->counted(); \
\
		if (with_memclass) \
			EXPECT_RIGHT(faulter_check(&self->child)); \
		else \
			ASSERT_TRUE(child_step(&self->child)); \
		EXPECT_EQ(FAULTER_PAGES, variant->neighbour->counted() - was); \
	} while (0)

#define EXPECT_HOOK() \
	do { \
		char value[64]; \
\
		ASSERT_TRUE(version_get("faults", value, sizeof(value))); \
		EXPECT_STREQ(variant->hook, value); \
	} while (0)

TEST_F(beside, comes_after)
{
	char parameters[64];

	snprintf(parameters, sizeof(parameters), "faults=%s", variant->hook);
	ASSERT_EQ(0, module_unload());
	NEIGHBOUR_BEGINS();
	EXPECT_ALL_SEEN(false);
	ASSERT_EQ(0, module_load(parameters));
	EXPECT_HOOK();
	EXPECT_ALL_SEEN(true);
	ASSERT_EQ(0, module_unload());
	EXPECT_ALL_SEEN(false);
	variant->neighbour->end();
}

TEST_F(beside, comes_first)
{
	ASSERT_TRUE(faults_set("off"));
	ASSERT_TRUE(faults_set(variant->hook));
	EXPECT_HOOK();
	EXPECT_RIGHT(faulter_check(&self->child));
	NEIGHBOUR_BEGINS();
	EXPECT_ALL_SEEN(true);
	/* The hook goes and comes back. */
	ASSERT_TRUE(faults_set("off"));
	EXPECT_ALL_SEEN(false);
	ASSERT_TRUE(faults_set(variant->hook));
	EXPECT_ALL_SEEN(true);
	variant->neighbour->end();
	EXPECT_RIGHT(faulter_check(&self->child));
	EXPECT_HOOK();
}

/*
 * All that this kernel has, at once.
 */

TEST(all_at_once)
{
	static const struct neighbour *const all[] = { &function, &fexit };
	const char *const hooks[] = { "ftrace", "kprobe" };
	uint64_t was[ARRAY_SIZE(all)];
	bool there[ARRAY_SIZE(all)];
	struct bpf_counter entry;
	struct child child;
	unsigned int i, hook;
	uint64_t entries;
	bool has_entry;

	if (access(MODULE_KO, R_OK))
		SKIP(return, MODULE_KO " is not there");
	child = faulter_start();
	ASSERT_NE(-1, child.pid);
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		there[i] = !all[i]->begin(child.pid);
		if (!there[i])
			all[i]->end();
	}
	has_entry = bpf_count(&entry, FUNCTION, BPF_TRACE_FENTRY, child.pid);
	for (hook = 0; hook < ARRAY_SIZE(hooks); hook++) {
		ASSERT_TRUE(faults_set(hooks[hook]));
		for (i = 0; i < ARRAY_SIZE(all); i++)
			was[i] = there[i] ? all[i]->counted() : 0;
		entries = bpf_counted(&entry);
		EXPECT_RIGHT(faulter_check(&child));
		for (i = 0; i < ARRAY_SIZE(all); i++) {
			if (!there[i])
				continue;
			EXPECT_EQ(FAULTER_PAGES, all[i]->counted() - was[i])
			{
				TH_LOG("%s beside %s", all[i]->name, hooks[hook]);
			}
		}
		if (has_entry)
			EXPECT_EQ(FAULTER_PAGES, bpf_counted(&entry) - entries);
	}
	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (there[i])
			all[i]->end();
	bpf_end(&entry);
	ASSERT_TRUE(faults_set("auto"));
	child_end(&child);
}

TEST_HARNESS_MAIN
