// SPDX-License-Identifier: GPL-2.0
/* Charts as SVG. */
#include "chart.h"

#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "units.h"

/* Room for what stands beside the axes. */
#define LEFT	64
#define RIGHT	12
#define TOP	8
#define BOTTOM	22

/* About so many lines across. */
#define LINES	4

struct scale {
	const struct chart *chart;
	double top;			/* the value at the upper edge */
	double step;			/* from a line to the next */
};

static double total_at(const struct chart *chart, size_t areas, size_t point)
{
	double total = 0;
	size_t i;

	for (i = 0; i < areas; i++)
		total += chart->areas[i].values[point];
	return total;
}

/* Powers of two, so that the lines are at 1M, 2M, 4M... */
static double step_for(double top)
{
	double step = 4096;

	while (step * LINES < top)
		step *= 2;
	return step;
}

static struct scale scale_of(const struct chart *chart)
{
	struct scale scale = { .chart = chart };
	double top = 1;
	size_t i;

	for (i = 0; i < chart->nr_points; i++)
		if (total_at(chart, chart->nr_areas, i) > top)
			top = total_at(chart, chart->nr_areas, i);
	scale.step = step_for(top);
	for (scale.top = scale.step; scale.top < top; scale.top += scale.step)
		;
	return scale;
}

static double x_of(const struct scale *scale, size_t point)
{
	const struct chart *chart = scale->chart;
	double all = chart->seconds[chart->nr_points - 1];

	return LEFT + (all > 0 ? chart->seconds[point] / all : 0) *
			      (chart->width - LEFT - RIGHT);
}

static double y_of(const struct scale *scale, double value)
{
	double height = scale->chart->height - TOP - BOTTOM;

	return TOP + height * (1 - value / scale->top);
}

static void write_lines(FILE *out, const struct scale *scale)
{
	char text[UNITS_MAX];
	double value;

	for (value = 0; value <= scale->top; value += scale->step) {
		double y = y_of(scale, value);

		fprintf(out,
			"<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
			"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
			LEFT, (int)scale->chart->width - RIGHT, y, y, LEFT - 6, y + 4,
			value ? units_bytes(text, value) : "0");
	}
}

static void write_times(FILE *out, const struct scale *scale)
{
	double all = scale->chart->seconds[scale->chart->nr_points - 1];
	int y = scale->chart->height - 6, right = scale->chart->width - RIGHT;
	char text[UNITS_MAX];

	fprintf(out, "<text x=\"%d\" y=\"%d\">0</text>", LEFT, y);
	fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>",
		(LEFT + right) / 2, y, units_age(text, all / 2));
	fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", right, y,
		units_age(text, all));
}

/* Along its upper edge, and back along that of the one below. */
static void write_area(FILE *out, const struct scale *scale, size_t area)
{
	const struct chart *chart = scale->chart;
	uint64_t last = chart->areas[area].values[chart->nr_points - 1];
	char text[UNITS_MAX];
	size_t i;

	fprintf(out, "<polygon class=\"%s\" points=\"", html_colour(chart->areas[area].class));
	for (i = 0; i < chart->nr_points; i++)
		fprintf(out, "%.1f,%.1f ", x_of(scale, i),
			y_of(scale, total_at(chart, area + 1, i)));
	for (i = chart->nr_points; i-- > 0;)
		fprintf(out, "%.1f,%.1f ", x_of(scale, i),
			y_of(scale, total_at(chart, area, i)));
	fputs("\"><title>", out);
	html_text(out, chart->areas[area].name);
	fprintf(out, ": %s at the end</title></polygon>\n", units_bytes(text, last));
}

/* Two points at least. */
void chart_write(FILE *out, const struct chart *chart)
{
	struct scale scale = scale_of(chart);
	size_t i;

	fprintf(out, "<svg viewBox=\"0 0 %u %u\" role=\"img\">\n", chart->width, chart->height);
	write_lines(out, &scale);
	for (i = 0; i < chart->nr_areas; i++)
		write_area(out, &scale, i);
	write_times(out, &scale);
	fputs("</svg>\n", out);
}

/* From the top down, as they are drawn. */
void chart_write_key(FILE *out, const struct chart *chart)
{
	size_t i;

	fputs("<div class=\"key\">", out);
	for (i = chart->nr_areas; i-- > 0;) {
		fprintf(out, "<span class=\"%s\">", html_colour(chart->areas[i].class));
		html_text(out, chart->areas[i].name);
		fputs("</span>\n", out);
	}
	fputs("</div>\n", out);
}
