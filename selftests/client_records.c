// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: the client understands the records of every ABI 1 module by what they say
 * of themselves, shows nothing as known that is not, and refuses what is broken.
 * Oracle: what this test wrote into the records.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"

#include "client/json.h"
#include "client/run.h"
#include "client/synthetic.h"

/* Each runs the client many times, which takes long on slow machines and kernels. */
#define CLIENT_TEST_F(fixture, name)	TEST_F_TIMEOUT(fixture, name, 150)

/* There is a bit in a record for each. */
#define COLUMNS_MAX	64

/* So many names of a newer module the client knows. */
#define NAMES_MAX	64

static const char *const fault_names[] = {
#define NAME(field, text) #field,
	MEMCLASS_FAULTS(NAME)
#undef NAME
};

#define NR_FAULTS	(sizeof(fault_names) / sizeof(fault_names[0]))

static const struct json *element(const struct json *json, size_t index)
{
	for (json = json ? json->first : NULL; json && index; json = json->next)
		index--;
	return json;
}

static bool has_name(const struct layout *layout, unsigned int class)
{
	return class < MEMCLASS_NR_CLASSES || (class < NAMES_MAX && !layout->unnamed);
}

/* The name that a class has in the output. */
static const char *name_of_class(const struct layout *layout, unsigned int class)
{
	static char name[32];

	if (has_name(layout, class))
		return synthetic_class_name(class);
	snprintf(name, sizeof(name), "class-%u", class);
	return name;
}

/* Its type; null in JSON is "(no string)" here. */
static const char *type_of_class(const struct layout *layout, unsigned int class)
{
	return has_name(layout, class) ? synthetic_class_type(class) : "(no string)";
}

#define EXPECT_NUMBER(expected, json, name) \
	EXPECT_EQ((uint64_t)(expected), json_number(json, name))

/* The sum over the classes, as synthetic_record() makes it. */
static uint64_t total(const struct layout *layout, uint32_t pid, unsigned int column)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < layout->nr_classes; i++)
		sum += synthetic_value(pid, i, column);
	return sum;
}

/*
 * Does @json have the values of @class in the columns that the module has, and null in
 * those that only memclass.h has? Newer ones need a name, and there can be
 * COLUMNS_MAX. Those of a record's total when @class is negative.
 */
static void expect_columns(struct __test_metadata *_metadata, const struct json *json,
			   const struct layout *layout, uint32_t pid, int class)
{
	unsigned int column;

	for (column = 0; column < COLUMNS_MAX + 2; column++) {
		const char *name = synthetic_column_name(column);

		if (column >= MEMCLASS_NR_COLUMNS &&
		    (column >= layout->nr_columns || column >= COLUMNS_MAX || layout->unnamed)) {
			EXPECT_EQ(-1, json_type(json, name));
		} else if (column >= layout->nr_columns) {
			EXPECT_EQ(JSON_NULL, json_type(json, name));
		} else if (class < 0) {
			EXPECT_NUMBER(total(layout, pid, column), json, name);
		} else {
			EXPECT_NUMBER(synthetic_value(pid, class, column), json, name);
		}
	}
}

/* The same for page faults. */
static void expect_faults(struct __test_metadata *_metadata, const struct json *json,
			  const struct layout *layout, uint32_t pid, int class)
{
	unsigned int column, i;

	for (column = 0; column < NR_FAULTS; column++) {
		const char *name = fault_names[column];
		uint64_t sum = 0;

		for (i = 0; i < layout->nr_classes; i++)
			if (class < 0 || class == (int)i)
				sum += synthetic_fault(pid, i, column);
		if (column >= layout->nr_faults || layout->faults_off) {
			EXPECT_EQ(JSON_NULL, json_type(json, name));
		} else {
			EXPECT_NUMBER(sum, json, name);
		}
	}
}

FIXTURE(layout)
{
	struct synthetic synthetic;
	struct run run;
};

FIXTURE_VARIANT(layout)
{
	struct layout layout;
};

FIXTURE_VARIANT_ADD(layout, own) {
	.layout = {
		.nr_columns = MEMCLASS_NR_COLUMNS,
		.nr_classes = MEMCLASS_NR_CLASSES,
		.nr_faults = NR_FAULTS,
	},
};

FIXTURE_VARIANT_ADD(layout, faults_off) {
	.layout = {
		.nr_columns = MEMCLASS_NR_COLUMNS,
		.nr_classes = MEMCLASS_NR_CLASSES,
		.nr_faults = NR_FAULTS,
		.faults_off = true,
	},
};

FIXTURE_VARIANT_ADD(layout, fewer_faults) {
	.layout = {
		.nr_columns = MEMCLASS_NR_COLUMNS,
		.nr_classes = MEMCLASS_NR_CLASSES,
		.nr_faults = NR_FAULTS - 2,
	},
};

FIXTURE_VARIANT_ADD(layout, newer_faults) {
	.layout = {
		.nr_columns = MEMCLASS_NR_COLUMNS,
		.nr_classes = MEMCLASS_NR_CLASSES,
		.nr_faults = NR_FAULTS + 3,
	},
};

FIXTURE_VARIANT_ADD(layout, older) {
	.layout = {
		.nr_columns = MEMCLASS_NR_COLUMNS - 5,
		.nr_classes = MEMCLASS_NR_CLASSES - 3,
	},
};

FIXTURE_VARIANT_ADD(layout, newer_columns) {
	.layout = {
		.nr_columns = MEMCLASS_NR_COLUMNS + 9,
		.nr_classes = MEMCLASS_NR_CLASSES,
		.nr_faults = NR_FAULTS,
	},
};

FIXTURE_VARIANT_ADD(layout, newer_classes) {
	.layout = {
		.nr_columns = MEMCLASS_NR_COLUMNS,
		.nr_classes = MEMCLASS_NR_CLASSES + 2,
		.nr_faults = NR_FAULTS,
	},
};

FIXTURE_VARIANT_ADD(layout, newer_head) {
	.layout = {
		.head_more = 40,
		.nr_columns = MEMCLASS_NR_COLUMNS,
		.nr_classes = MEMCLASS_NR_CLASSES,
		.nr_faults = NR_FAULTS,
	},
};

FIXTURE_VARIANT_ADD(layout, newer_in_all) {
	.layout = {
		.head_more = 72,
		.nr_columns = MEMCLASS_NR_COLUMNS + 4,
		.nr_classes = MEMCLASS_NR_CLASSES * 3,
		.nr_faults = NR_FAULTS + 2,
	},
};

FIXTURE_VARIANT_ADD(layout, newer_without_names) {
	.layout = {
		.nr_columns = MEMCLASS_NR_COLUMNS + 4,
		.nr_classes = MEMCLASS_NR_CLASSES + 2,
		.unnamed = true,
	},
};

FIXTURE_VARIANT_ADD(layout, newer_than_can_be) {
	.layout = {
		.nr_columns = COLUMNS_MAX + 1,
		.nr_classes = NAMES_MAX + 2,
		.nr_faults = NR_FAULTS,
	},
};

FIXTURE_VARIANT_ADD(layout, least) {
	.layout = {
		.nr_columns = 1,
		.nr_classes = 1,
	},
};

FIXTURE_SETUP(layout)
{
	synthetic_make(&self->synthetic, &variant->layout);
}

FIXTURE_TEARDOWN(layout)
{
	synthetic_remove(&self->synthetic);
	run_free(&self->run);
}

CLIENT_TEST_F(layout, show)
{
	const struct layout *layout = &variant->layout;
	const struct json *classes, *json, *walk;
	unsigned int i;

	synthetic_add_record(&self->synthetic, 0, 1);
	synthetic_add_record(&self->synthetic, 7, 7);
	run(&self->run, "show", "--json", "--debugfs", self->synthetic.dir, "7", NULL);
	EXPECT_EQ(0, self->run.status)
	TH_LOG("%s", self->run.err);
	ASSERT_TRUE(run_json(&self->run));
	json = self->run.json;
	EXPECT_NUMBER(1, json, "schema");
	EXPECT_NUMBER(7, json, "pid");
	EXPECT_NUMBER(8, json, "ppid");
	EXPECT_NUMBER(9, json, "uid");
	EXPECT_NUMBER(10, json, "threads");
	EXPECT_NUMBER(11, json, "start_ns");
	EXPECT_NUMBER(12, json, "page_tables");
	EXPECT_STREQ("synthetic", json_string(json, "comm"));
	EXPECT_STREQ("full", json_string(json, "tier"));
	EXPECT_EQ(JSON_FALSE, json_type(json, "shared_mm"));
	walk = json_member(json, "walk");
	EXPECT_NUMBER(13, walk, "walk_ns");
	EXPECT_NUMBER(14, walk, "max_hold_ns");
	EXPECT_NUMBER(15, walk, "slices");
	EXPECT_NUMBER(16, walk, "lock_drops");
	EXPECT_NUMBER(17, walk, "changed");
	expect_columns(_metadata, json_member(json, "total"), layout, 7, -1);
	expect_faults(_metadata, json_member(json, "total"), layout, 7, -1);
	if (!layout->nr_faults) {
		EXPECT_EQ(JSON_NULL, json_type(json, "faults"));
	} else {
		EXPECT_STREQ(layout->faults_off ? "off" : "on", json_string(json, "faults"));
	}
	if (layout->nr_faults && !layout->faults_off) {
		EXPECT_NUMBER(18, json, "faults_dropped");
	} else {
		EXPECT_EQ(JSON_NULL, json_type(json, "faults_dropped"));
	}
	classes = json_member(json, "classes");
	ASSERT_EQ((size_t)(layout->nr_classes), json_length(classes));
	for (i = 0; i < layout->nr_classes; i++) {
		json = element(classes, i);
		EXPECT_STREQ(name_of_class(layout, i), json_string(json, "class"));
		EXPECT_STREQ(type_of_class(layout, i), json_string(json, "type"));
		expect_columns(_metadata, json, layout, 7, i);
		expect_faults(_metadata, json, layout, 7, i);
	}
}

CLIENT_TEST_F(layout, faults_of_a_process)
{
	const struct layout *layout = &variant->layout;
	const struct json *classes, *json;
	const char *what = layout->faults_off ? "off" : "-";
	unsigned char *record;
	char expected[64];
	unsigned int i;
	size_t size;

	/* No page need be looked at for them: they are asked of the cheap tier. */
	record = synthetic_record(layout, 7, &size);
	for (i = 0; i <= 7; i += 7) {
		synthetic_write(&self->synthetic, "records", record, size,
				MEMCLASS_OFFSET_CHEAP | i * size);
		synthetic_add_record(&self->synthetic, i, 7);
	}
	free(record);
	run(&self->run, "faults", "--json", "--debugfs", self->synthetic.dir, "7", NULL);
	EXPECT_EQ(0, self->run.status)
	TH_LOG("%s", self->run.err);
	ASSERT_TRUE(run_json(&self->run));
	json = self->run.json;
	EXPECT_NUMBER(7, json, "pid");
	expect_faults(_metadata, json_member(json, "total"), layout, 7, -1);
	classes = json_member(json, "classes");
	/* Without all of minor and major there is no telling which rows have any. */
	if (layout->nr_faults >= 6 && !layout->faults_off) {
		ASSERT_EQ((size_t)layout->nr_classes, json_length(classes));
		for (i = 0; i < layout->nr_classes; i++)
			expect_faults(_metadata, element(classes, i), layout, 7, i);
		run_free(&self->run);
		return;
	}
	EXPECT_EQ(0U, json_length(classes));
	run_free(&self->run);
	/* What is not counted is no 0. */
	run(&self->run, "faults", "-rn", "--debugfs", self->synthetic.dir, "7", NULL);
	EXPECT_EQ(0, self->run.status);
	snprintf(expected, sizeof(expected), "total - %s %s %s %s %s %s %s\n", what, what, what,
		 what, what, what, what);
	EXPECT_STREQ(expected, self->run.out);
	run_free(&self->run);
	run(&self->run, "show", "-rn", "-o", "class,minor,major,remote_faults", "--debugfs",
	    self->synthetic.dir, "7", NULL);
	snprintf(expected, sizeof(expected), "total %s %s %s\n", what, what, what);
	EXPECT_NE(NULL, strstr(self->run.out, expected))
	TH_LOG("%s", self->run.out);
}

/* As many as it takes to need more than one read. */
#define MANY_PROCESSES	70
#define MANY_VMAS	300

CLIENT_TEST_F(layout, ps)
{
	const struct layout *layout = &variant->layout;
	const struct json *json, *processes;
	uint64_t sum = 0;
	uint32_t pid;

	for (pid = 1; pid <= MANY_PROCESSES; pid++) {
		synthetic_add_record(&self->synthetic, pid - 1, pid);
		sum += total(layout, pid, 0);
	}
	run(&self->run, "ps", "--json", "--debugfs", self->synthetic.dir, NULL);
	EXPECT_EQ(0, self->run.status)
	TH_LOG("%s", self->run.err);
	ASSERT_TRUE(run_json(&self->run));
	json = self->run.json;
	EXPECT_NUMBER(1, json, "schema");
	EXPECT_NUMBER(0, json, "shared_mms");
	EXPECT_NUMBER(sum, json_member(json, "total"), synthetic_column_name(0));
	EXPECT_EQ((size_t)(layout->nr_classes), json_length(json_member(json, "classes")));
	processes = json_member(json, "processes");
	ASSERT_EQ((size_t)(MANY_PROCESSES), json_length(processes));
	/* Higher pids have more of everything; where PSS is unknown they stay in order. */
	for (pid = 1; pid <= MANY_PROCESSES; pid++) {
		bool sorted = layout->nr_columns > MEMCLASS_COLUMN_pss;

		json = element(processes, sorted ? MANY_PROCESSES - pid : pid - 1);
		EXPECT_NUMBER(pid, json, "pid");
		EXPECT_NUMBER(total(layout, pid, 0), json_member(json, "total"),
			      synthetic_column_name(0));
	}
}

CLIENT_TEST_F(layout, maps)
{
	const struct layout *layout = &variant->layout;
	const struct json *json, *vmas, *walk;
	uint64_t walks = 0, walk_ns = 0;
	uint32_t ordinal;
	char text[32];

	synthetic_add_vma(&self->synthetic, 0, 1, 0);
	for (ordinal = 0; ordinal < MANY_VMAS; ordinal++)
		synthetic_add_vma(&self->synthetic, MEMCLASS_VMA_INDEX(1, ordinal), 1, ordinal);
	/* What comes next is somebody else's. */
	synthetic_add_vma(&self->synthetic, MEMCLASS_VMA_INDEX(1, ordinal), 2, 0);
	run(&self->run, "maps", "--json", "--debugfs", self->synthetic.dir, "1", NULL);
	EXPECT_EQ(0, self->run.status)
	TH_LOG("%s", self->run.err);
	ASSERT_TRUE(run_json(&self->run));
	json = self->run.json;
	EXPECT_NUMBER(1, json, "schema");
	EXPECT_NUMBER(1, json, "pid");
	EXPECT_NUMBER(5, json, "start_ns");
	EXPECT_EQ(JSON_TRUE, json_type(json, "complete"));
	vmas = json_member(json, "vmas");
	ASSERT_EQ((size_t)(MANY_VMAS), json_length(vmas));
	for (ordinal = 0; ordinal < MANY_VMAS; ordinal++) {
		json = element(vmas, ordinal);
		snprintf(text, sizeof(text), "0x%llx", (ordinal + 1) * 0x1000000ULL);
		EXPECT_STREQ(text, json_string(json, "start"));
		snprintf(text, sizeof(text), "0x%llx",
			 (ordinal + 1) * 0x1000000ULL + 0x1000);
		EXPECT_STREQ(text, json_string(json, "end"));
		EXPECT_STREQ(ordinal % 2 ? "r-x" : "-w-", json_string(json, "prot"));
		EXPECT_EQ(ordinal % 2 ? JSON_TRUE : JSON_FALSE, json_type(json, "shared"));
		EXPECT_NUMBER(ordinal * 4096, json, "offset");
		EXPECT_NUMBER(~0ULL, json, "inode");
		EXPECT_STREQ("fe:03", json_string(json, "dev"));
		EXPECT_STREQ("/synthetic", json_string(json, "name"));
		EXPECT_STREQ(name_of_class(layout, ordinal % layout->nr_classes), json_string(json, "class"));
		EXPECT_EQ(-1, json_type(json, "walk"));
		expect_columns(_metadata, json, layout, 1, ordinal);
	}
	/* What the walks took adds up, but for the longest hold. */
	for (ordinal = 0; ordinal < MANY_VMAS; ordinal += SYNTHETIC_WALK) {
		walks++;
		walk_ns += 7 + ordinal;
	}
	walk = json_member(self->run.json, "walk");
	EXPECT_NUMBER(walk_ns, walk, "walk_ns");
	EXPECT_NUMBER(8 + (walks - 1) * SYNTHETIC_WALK, walk, "max_hold_ns");
	EXPECT_NUMBER(9 * walks, walk, "slices");
	EXPECT_NUMBER(10 * walks, walk, "lock_drops");
	EXPECT_NUMBER(11 * walks, walk, "changed");
}

FIXTURE(record)
{
	struct synthetic synthetic;
	struct run run;
	struct memclass_record *record;
	struct memclass_vma *vma;
	size_t size;
	size_t vma_size;
};

FIXTURE_SETUP(record)
{
	synthetic_make(&self->synthetic, &layout_own);
	self->record = (void *)synthetic_record(&layout_own, 1, &self->size);
	self->vma = (void *)synthetic_vma(&layout_own, 1, 0, &self->vma_size);
	ASSERT_EQ(sizeof(*self->record), self->size);
	ASSERT_EQ(sizeof(*self->vma), self->vma_size);
}

FIXTURE_TEARDOWN(record)
{
	synthetic_remove(&self->synthetic);
	free(self->record);
	free(self->vma);
	run_free(&self->run);
}

static void put_record(const struct synthetic *synthetic, const struct memclass_record *record,
		       uint64_t index)
{
	synthetic_write(synthetic, "records", record, sizeof(*record), index * sizeof(*record));
}

static void put_vma(const struct synthetic *synthetic, const struct memclass_vma *vma)
{
	synthetic_write(synthetic, "vmas", vma, sizeof(*vma), 0);
	synthetic_write(synthetic, "vmas", vma, sizeof(*vma),
			MEMCLASS_VMA_INDEX(vma->pid, 0) * sizeof(*vma));
}

static bool has_control_characters(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text) && *text != '\n')
			return true;
	return false;
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

CLIENT_TEST_F(record, unfilled_columns)
{
	self->record->columns = 1ULL << MEMCLASS_COLUMN_rss |
				1ULL << MEMCLASS_COLUMN_private_dirty;
	self->record->flags = MEMCLASS_CHEAP;
	put_record(&self->synthetic, self->record, 0);
	run(&self->run, "ps", "-rn", "-o", "rss,pss,private_dirty,dirty,pid", "--debugfs",
	    self->synthetic.dir, NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_STREQ("16120048 - 16120112 - 1\n16120048 - 16120112 - total\n", self->run.out);
	run_free(&self->run);

	run(&self->run, "ps", "--json", "--debugfs", self->synthetic.dir, NULL);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_STREQ("cheap", json_string(self->run.json, "tier"));
	EXPECT_EQ(JSON_NULL, json_type(json_member(self->run.json, "total"), "pss"));
	EXPECT_NUMBER(16120048, json_member(self->run.json, "total"), "rss");
}

CLIENT_TEST_F(record, types)
{
	self->record->columns &= ~(1ULL << MEMCLASS_COLUMN_pss);
	put_record(&self->synthetic, self->record, 0);
	run(&self->run, "ps", "-rn", "-o", "p-anon,shared-file,OTHER", "--debugfs",
	    self->synthetic.dir, NULL);
	EXPECT_STREQ("- - -\n- - -\n", self->run.out);
	run_free(&self->run);

	/* Heap to anon, file alone, hugetlb to special; pss is column 3, of which 4. */
	self->record->columns |= 1ULL << MEMCLASS_COLUMN_pss;
	put_record(&self->synthetic, self->record, 0);
	run(&self->run, "ps", "-rn", "-o", "p-anon,shared-file,OTHER", "--debugfs",
	    self->synthetic.dir, NULL);
	EXPECT_STREQ("5010020 1012004 3042012\n5010020 1012004 3042012\n", self->run.out);
}

/* Memory that processes share is in the sum once. */
CLIENT_TEST_F(record, shared_mm)
{
	put_record(&self->synthetic, self->record, 0);
	self->record->pid = 2;
	self->record->flags = MEMCLASS_SHARED_MM;
	put_record(&self->synthetic, self->record, 1);
	run(&self->run, "ps", "-rn", "-s", "pid", "-o", "pid,mm,rss", "--debugfs",
	    self->synthetic.dir, NULL);
	EXPECT_STREQ("1 own 16120048\n2 shared 16120048\ntotal - 16120048\n", self->run.out);
	run_free(&self->run);

	run(&self->run, "ps", "--json", "--debugfs", self->synthetic.dir, NULL);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_NUMBER(1, self->run.json, "shared_mms");
	EXPECT_NUMBER(16120048, json_member(self->run.json, "total"), "rss");
	EXPECT_EQ(JSON_TRUE,
		  json_type(element(json_member(self->run.json, "processes"), 1), "shared_mm"));
}

CLIENT_TEST_F(record, sorting)
{
	static const struct {
		const char *by, *out;
	} cases[] = {
		{ "rss", "3\n1\n2\ntotal\n" },
		{ "RSS", "3\n1\n2\ntotal\n" },
		{ "pid", "1\n2\n3\ntotal\n" },
		{ "comm", "2\n3\n1\ntotal\n" },
		{ "virt", "1\n2\n3\ntotal\n" },	/* all the same */
		{ "private-dirty", "2\n1\n3\ntotal\n" },
		{ "private_dirty", "2\n1\n3\ntotal\n" },
	};
	static const struct {
		const char *comm;
		__u64 rss, dirty;
	} processes[] = { { "c", 5, 2 }, { "a", 1, 3 }, { "b", 9, 1 } };
	size_t i;

	for (i = 0; i < 3; i++) {
		self->record->pid = i + 1;
		strcpy(self->record->comm, processes[i].comm);
		self->record->total.rss = processes[i].rss;
		self->record->total.private_dirty = processes[i].dirty;
		put_record(&self->synthetic, self->record, i);
	}
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run(&self->run, "ps", "-rn", "-o", "pid", "-s", cases[i].by, "--debugfs",
		    self->synthetic.dir, NULL);
		EXPECT_STREQ(cases[i].out, self->run.out)
		TH_LOG("%s", cases[i].by);
		run_free(&self->run);
	}
}

CLIENT_TEST_F(record, units)
{
	static const struct {
		__u64 bytes;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1, "1" },
		{ 999, "999" },
		{ 1000, "1.0K" },
		{ 1023, "1.0K" },
		{ 1024, "1K" },
		{ 1536, "1.5K" },
		{ 4096, "4K" },
		{ 102348, "99.9K" },
		{ 102349, "100K" },	/* 99.95 */
		{ 102400, "100K" },
		{ 102912, "101K" },	/* 100.5 */
		{ 1023487, "999K" },
		{ 1023488, "1.0M" },	/* 999.5K */
		{ 1048576, "1M" },
		{ 1288490189, "1.2G" },
		{ 1ULL << 40, "1T" },
		{ 5ULL << 49, "2.5P" },
		{ 5ULL << 59, "2.5E" },
		{ ~0ULL, "16.0E" },
	};
	char text[16];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		self->record->total.rss = cases[i].bytes;
		put_record(&self->synthetic, self->record, 0);
		run(&self->run, "ps", "-n", "-o", "rss", "--debugfs", self->synthetic.dir, NULL);
		ASSERT_EQ(1, sscanf(self->run.out, "%15s", text));
		EXPECT_STREQ(cases[i].text, text)
		TH_LOG("%llu", cases[i].bytes);
		run_free(&self->run);
	}
}

CLIENT_TEST_F(record, hostile_names)
{
	static const char *const commands[] = { "show", "ps", "maps" };
	/* Headings, classes, processes or mappings, total: names do not make lines. */
	static const size_t lines[] = { 3 + 1 + MEMCLASS_NR_CLASSES + 1, 2 + 2 + 1, 1 + 1 + 1 };
	/* Neither is terminated, and this is not UTF-8. */
	static const char comm[16] = { '\x1b', '[', '3', '1', 'm', '\n', '\t', '\\',
				       '"', '\xff', '\xc2', '\x9b', '\xe2', '\x80', '\xae', 'x' };
	static const char json_comm[] = "\x1b[31m\n\t\\\"\xef\xbf\xbd\xc2\x9b\xe2\x80\xaex";
	size_t i;

	memcpy(self->record->comm, comm, sizeof(comm));
	put_record(&self->synthetic, self->record, 0);
	put_record(&self->synthetic, self->record, 1);
	for (i = 0; i < sizeof(self->vma->name); i++)
		self->vma->name[i] = comm[i % sizeof(comm)];
	put_vma(&self->synthetic, self->vma);

	setenv("LC_ALL", "C.UTF-8", 1);
	for (i = 0; i < 3; i++) {
		run(&self->run, commands[i], "--debugfs", self->synthetic.dir,
		    i == 1 ? NULL : "1", NULL);
		EXPECT_EQ(0, self->run.status)
		TH_LOG("%s", self->run.err);
		EXPECT_FALSE(has_control_characters(self->run.out));
		EXPECT_EQ(NULL, strstr(self->run.out, "\xc2\x9b"));
		EXPECT_EQ(NULL, strstr(self->run.out, "\xe2\x80\xae"));
		EXPECT_EQ(NULL, strchr(self->run.out, '\xff'));
		EXPECT_NE(NULL, strstr(self->run.out, "\\033[31m\\012\\011\\134\"\\377"));
		EXPECT_EQ(lines[i], count_lines(self->run.out));
		run_free(&self->run);

		run(&self->run, commands[i], "-r", "--debugfs", self->synthetic.dir,
		    i == 1 ? NULL : "1", NULL);
		EXPECT_FALSE(has_control_characters(self->run.out));
		run_free(&self->run);

		run(&self->run, commands[i], "--json", "--debugfs", self->synthetic.dir,
		    i == 1 ? NULL : "1", NULL);
		EXPECT_TRUE(run_json(&self->run));
		if (i == 0)
			EXPECT_STREQ(json_comm, json_string(self->run.json, "comm"));
		run_free(&self->run);
	}
}

CLIENT_TEST_F(record, cut_name)
{
	self->vma->flags = MEMCLASS_NAME_CUT;
	put_vma(&self->synthetic, self->vma);
	run(&self->run, "maps", "-n", "-o", "name", "--debugfs", self->synthetic.dir, "1", NULL);
	EXPECT_EQ(0, strncmp(self->run.out, ".../synthetic\n", 14));
}

/*
 * What is broken is refused, whatever command meets it: with status 1, a message, and
 * no figure on standard output.
 */
static void expect_refused(struct __test_metadata *_metadata,
			   const struct synthetic *synthetic, const char *what,
			   const char *message)
{
	static const char *const commands[] = { "show", "ps" };
	struct run got;
	size_t i;

	for (i = 0; i < 2; i++) {
		run(&got, commands[i], "--debugfs", synthetic->dir, i ? NULL : "1", NULL);
		EXPECT_EQ(1, got.status)
		TH_LOG("%s %s", commands[i], what);
		EXPECT_STREQ("", got.out)
		TH_LOG("%s %s", commands[i], what);
		EXPECT_NE(NULL, strstr(got.err, message))
		TH_LOG("%s %s: %s", commands[i], what, got.err);
		run_free(&got);
	}
}

CLIENT_TEST_F(record, broken)
{
	static const struct {
		const char *what;
		size_t member;
		__u32 value;
		const char *message;
	} cases[] = {
#define CASE(member, value, message) \
	{ #member " = " #value, offsetof(struct memclass_record, member), value, message }
		CASE(abi, 0, "ABI 0"),
		CASE(abi, MEMCLASS_ABI + 1, "ABI 2"),
		CASE(size, 0, "not of the size"),
		CASE(size, sizeof(struct memclass_record) - 1, "not of the size"),
		CASE(size, sizeof(struct memclass_record) + 1, "not of the size"),
		CASE(size, ~0U, "not of the size"),
		CASE(counts_offset, 0, "counts_offset"),
		CASE(counts_offset, 16, "counts_offset"),
		CASE(counts_offset, sizeof(struct memclass_record) + 1, "counts_offset"),
		CASE(counts_offset, sizeof(struct memclass_record), "counts_size"),
		CASE(counts_offset, ~0U, "counts_offset"),
		CASE(counts_size, 0, "counts_size"),
		CASE(counts_size, 7, "counts_size"),
		CASE(counts_size, sizeof(struct memclass_record), "counts_size"),
		CASE(counts_size, ~0U, "counts_size"),
		CASE(counts_size, sizeof(struct memclass_counts) + 8, "nr_classes"),
		CASE(nr_classes, MEMCLASS_NR_CLASSES + 1, "faults_offset"),
		CASE(nr_classes, ~0U, "faults_offset"),
		CASE(faults_offset, 0, "faults_offset"),
		CASE(faults_offset, offsetof(struct memclass_record, total), "nr_classes"),
		CASE(faults_offset, offsetof(struct memclass_record, faults), "faults_offset"),
		CASE(faults_offset, ~0U, "faults_offset"),
		CASE(faults_size, 7, "faults_offset"),
		CASE(faults_size, sizeof(struct memclass_faults) + 8, "faults_offset"),
		CASE(faults_size, ~0U, "faults_offset"),
	};
	unsigned char *bytes;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bytes = (unsigned char *)self->record + cases[i].member;
		__u32 good;

		memcpy(&good, bytes, sizeof(good));
		memcpy(bytes, &cases[i].value, sizeof(good));
		put_record(&self->synthetic, self->record, 0);
		put_record(&self->synthetic, self->record, 1);
		expect_refused(_metadata, &self->synthetic, cases[i].what, cases[i].message);
		memcpy(bytes, &good, sizeof(good));
	}
}

/* A second record of another size; a file that ends within one. */
CLIENT_TEST_F(record, broken_later)
{
	put_record(&self->synthetic, self->record, 0);
	self->record->size -= 8;
	put_record(&self->synthetic, self->record, 1);
	expect_refused(_metadata, &self->synthetic, "another size", "not of the size");

	self->record->size += 8;
	synthetic_write(&self->synthetic, "records", self->record, self->size - 1, 2 * self->size);
	put_record(&self->synthetic, self->record, 1);
	run(&self->run, "ps", "--debugfs", self->synthetic.dir, NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.err, "cut off"));
}

CLIENT_TEST_F(record, broken_vma)
{
	self->vma->counts_offset = 8;
	put_vma(&self->synthetic, self->vma);
	run(&self->run, "maps", "--debugfs", self->synthetic.dir, "1", NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.err, "counts_offset"));
	run_free(&self->run);

	/* What comes before is shown, and JSON stays JSON. */
	self->vma->counts_offset = offsetof(struct memclass_vma, counts);
	put_vma(&self->synthetic, self->vma);
	synthetic_write(&self->synthetic, "vmas", self->vma, 100,
			(MEMCLASS_VMA_INDEX(1, 0) + 1) * sizeof(*self->vma));
	run(&self->run, "maps", "--json", "--debugfs", self->synthetic.dir, "1", NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.err, "cut off"));
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_EQ(JSON_FALSE, json_type(self->run.json, "complete"));
	EXPECT_EQ((size_t)(1), json_length(json_member(self->run.json, "vmas")));
}

CLIENT_TEST_F(record, version)
{
	static const struct {
		const char *version, *message;
	} cases[] = {
		{ "abi 2\n", "speaks ABI 2, this client ABI 1" },
		{ "version 0.1.0\nabi 0\n", "speaks ABI 0" },
		{ "version 0.1.0\n", "does not name the ABI" },
		{ "", "does not name the ABI" },
		{ "abi 1\n", "does not name the size" },
		{ "abi 1\nrecord_size 4000\n", "does not name the size" },
		{ "abi 1\nrecord_size 4000\nvma_size 0\n", "does not name the size" },
		{ "abi 1\nrecord_size -1\nvma_size 4000\n", "does not name the size" },
	};
	char path[128];
	size_t i;

	put_record(&self->synthetic, self->record, 0);
	put_record(&self->synthetic, self->record, 1);
	snprintf(path, sizeof(path), "%s/version", self->synthetic.dir);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unlink(path);
		synthetic_write(&self->synthetic, "version", cases[i].version,
				strlen(cases[i].version), 0);
		expect_refused(_metadata, &self->synthetic, cases[i].version, cases[i].message);
	}
}

CLIENT_TEST_F(record, none)
{
	run(&self->run, "ps", "--json", "--debugfs", self->synthetic.dir, NULL);
	EXPECT_EQ(0, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_EQ((size_t)(0), json_length(json_member(self->run.json, "processes")));
	EXPECT_NUMBER(0, json_member(self->run.json, "total"), "rss");
	run_free(&self->run);

	run(&self->run, "show", "--debugfs", self->synthetic.dir, "1", NULL);
	EXPECT_EQ(1, self->run.status);
}

TEST_HARNESS_MAIN
