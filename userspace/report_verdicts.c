// SPDX-License-Identifier: GPL-2.0
/* The verdicts in a report: what 'memclass watch' would have said. */
#include "report_parts.h"

#include <inttypes.h>
#include <stdbool.h>

#include "capture.h"
#include "findings.h"
#include "html.h"
#include "replay.h"
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

static bool take_samples(struct subjects *subjects, struct source *capture)
{
	size_t i;

	subjects->capture = capture;
	if (!replay_add_machine(subjects, capture))
		return false;
	for (i = 0; i < replay_samples(capture); i++)
		if (!take_sample(subjects, capture, replay_choose(capture, i)))
			return false;
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

	if (finding_in_bytes(finding))
		fprintf(out, "<td class=\"n\">%s</td>", units_change(text, (int64_t)hour));
	else
		fprintf(out, "<td class=\"n\">+%.0f</td>", hour);
}

static void write_who(FILE *out, const struct finding *finding)
{
	if (finding_is_machine(finding)) {
		fputs("<td></td><td>the machine</td>", out);
		return;
	}
	fprintf(out, "<td class=\"n\">%d</td><td>", finding->subject->pid);
	html_text(out, finding->subject->comm);
	fputs("</td>", out);
}

static void write_finding(FILE *out, const struct finding *finding)
{
	const struct verdict_text *verdict = &verdicts[finding->growth.verdict];
	char name[CLASS_NAME_MAX];

	fprintf(out, "<tr><td>suspected %s</td>", verdict->name);
	write_who(out, finding);
	fprintf(out, "<td>%s</td>", finding_name(finding, name));
	write_rate(out, &finding->growth);
	fprintf(out, "<td class=\"n\">%.0f%%</td><td>", 100 * finding->growth.trend.confidence);
	html_text(out, verdict->to_be_sure);
	fputs("</td></tr>\n", out);
}

/* What is suspected comes first. */
static void write_findings(FILE *out, const struct findings *findings,
			   const struct subjects *subjects)
{
	size_t i;

	if (subjects_all_hidden(subjects)) {
		fputs("<p>There is nothing to judge by.</p>\n", out);
		return;
	}
	if (!findings->suspected) {
		fputs("<p>Nothing is suspected.</p>\n", out);
		return;
	}
	write_head(out);
	for (i = 0; i < findings->suspected; i++)
		write_finding(out, &findings->all[i]);
	fputs("</table></div>\n", out);
}

static void judge(FILE *out, struct source *capture)
{
	struct subjects subjects = { 0 };
	struct findings findings = { 0 };

	if (take_samples(&subjects, capture) &&
	    findings_read(&findings, &subjects, replay_samples(capture)))
		write_findings(out, &findings, &subjects);
	else
		fputs("<p>There was not enough memory for them.</p>\n", out);
	findings_free(&findings);
	subjects_free(&subjects);
}

void report_verdicts(FILE *out, struct source *capture)
{
	fputs("<h2>Verdicts</h2>\n", out);
	if (capture_nr_samples(capture) < TREND_POINTS_MIN)
		fprintf(out, "<p>Too few samples to tell: it takes %d.</p>\n", TREND_POINTS_MIN);
	else
		judge(out, capture);
}
