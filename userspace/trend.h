/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TREND_H
#define TREND_H

#include <stddef.h>

/*
 * What a figure did over time. Pure: numbers go in and numbers come out.
 */

/* No more are looked at: who has more takes every second, fourth, ... of them. */
#define TREND_POINTS	128

/* With fewer, nothing is said. */
#define TREND_POINTS_MIN	8

struct trend_points {
	size_t count;
	double seconds[TREND_POINTS];
	double values[TREND_POINTS];
	/* Between two of different parts there was a restart: their values do not compare. */
	unsigned int parts[TREND_POINTS];
};

/* A rise has to stand out of the noise this many times. */
#define TREND_STANDS_OUT	3.0

enum trend_shape {
	TREND_UNKNOWN,		/* too few points */
	TREND_STEADY,		/* or it went down, or up in a step or two */
	TREND_BENDING,		/* it rose, and rises less and less */
	TREND_SAWTOOTH,		/* it rises and falls back, again and again */
	TREND_RISING,
};

struct trend {
	enum trend_shape shape;
	double per_second;	/* slope: the median of those between all pairs of points */
	double rise;		/* at that slope, over the time of all parts */
	double noise;		/* how far points are from that line: robust deviation */
	double fit;		/* of pairs that differ: those that rise less those that fall */
	double bend;		/* slope of the second half, as a part of the first one's */
	double confidence;	/* 0 to 1: that RISING is no accident */
};

/* @least: a smaller rise is no rise. */
struct trend trend_of(const struct trend_points *points, double least);

#endif /* TREND_H */
