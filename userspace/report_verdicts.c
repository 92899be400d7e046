// SPDX-License-Identifier: GPL-2.0
/* The verdicts in a report: what 'memclass watch' would have said. */
#include "report_parts.h"

#include <inttypes.h>
#include <stdbool.h>

#include "capture.h"
#include "growth.h"
#include "html.h"
#include "subject.h"
#include "units.h"

static bool take_sample(struct subjects *subjects, struct source *capture, uint64_t time_ns)
{
	enum source_result result;
	struct process process;
	bool taken = true;

	subjects_begin(subjects);
	result = source_first_process(capture, &process);
	while (result == SOURCE_GOT && taken) {
		taken = subjects_take(subjects, &process);
		process_free(&process);
		result = source_next_process(capture, &process);
	}
	if (result == SOURCE_GOT)
		process_free(&process);
	return taken && result == SOURCE_END && subjects_end(subjects, time_ns);
}

/* A trend has fewer points: nobody has to wait for the samples of weeks. */
#define SAMPLES_MAX	512

static size_t samples_of(const struct source *capture)
{
	size_t samples = capture_nr_samples(capture);

	return samples < SAMPLES_MAX ? samples : SAMPLES_MAX;
}

/* Evenly over all; the first and the last are among them. */
static bool take_samples(struct subjects *subjects, struct source *capture)
{
	size_t samples = samples_of(capture), last = capture_nr_samples(capture) - 1, i;
	const struct capture_sample *when;

	for (i = 0; i < samples; i++) {
		when = capture_choose(capture, i ? i * last / (samples - 1) : 0);
		if (!take_sample(subjects, capture, when->boot_ns))
			return false;
	}
	return true;
}

static void write_head(FILE *out)
{
	fputs("<div class=\"wide\"><table>\n<tr><th>Verdict</th><th class=\"n\">pid</th>"
	      "<th>Command</th><th>Class</th><th class=\"n\">in an hour</th>"
	      "<th class=\"n\">confidence</th><th>It would take, to be sure</th></tr>\n",
	      out);
}

static void write_rate(FILE *out, const struct growth_finding *finding)
{
	double hour = finding->trend.per_second * 3600;
	char text[UNITS_MAX];

	if (finding->figure == GROWTH_VMAS || finding->row == GROWTH_THREADS)
		fprintf(out, "<td class=\"n\">+%.0f</td>", hour);
	else
		fprintf(out, "<td class=\"n\">%s</td>", units_change(text, (int64_t)hour));
}

static void write_finding(FILE *out, const struct subject *subject,
			  const struct growth_finding *finding)
{
	const struct verdict_text *verdict = &verdicts[finding->verdict];
	char name[CLASS_NAME_MAX];

	fprintf(out, "<tr><td>suspected %s</td><td class=\"n\">%d</td><td>", verdict->name,
		subject->pid);
	html_text(out, subject->comm);
	fprintf(out, "</td><td>%s</td>",
		finding->row < GROWTH_THREADS ? class_name(name, finding->row) : "");
	write_rate(out, finding);
	fprintf(out, "<td class=\"n\">%.0f%%</td><td>", 100 * finding->trend.confidence);
	html_text(out, verdict->to_be_sure);
	fputs("</td></tr>\n", out);
}

/* Return: of how many there was something to say. */
static size_t write_findings(FILE *out, const struct subjects *subjects, size_t samples)
{
	struct growth_finding findings[GROWTH_ROWS];
	size_t suspected = 0, count, i, j;

	for (i = 0; i < subjects->count; i++) {
		count = growth_judge(subjects->all[i]->growth, samples, findings);
		for (j = 0; j < count; j++) {
			if (!verdicts[findings[j].verdict].suspected)
				continue;
			if (!suspected++)
				write_head(out);
			write_finding(out, subjects->all[i], &findings[j]);
		}
	}
	if (suspected)
		fputs("</table></div>\n", out);
	return suspected;
}

void report_verdicts(FILE *out, struct source *capture)
{
	struct subjects subjects = { 0 };

	fputs("<h2>Verdicts</h2>\n", out);
	if (capture_nr_samples(capture) < TREND_POINTS_MIN)
		fprintf(out, "<p>Too few samples to tell: it takes %d.</p>\n", TREND_POINTS_MIN);
	else if (!take_samples(&subjects, capture))
		fputs("<p>There was not enough memory for them.</p>\n", out);
	else if (!write_findings(out, &subjects, samples_of(capture)))
		fputs("<p>Nothing is suspected.</p>\n", out);
	subjects_free(&subjects);
}
