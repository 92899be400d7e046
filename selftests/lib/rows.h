/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must hold of every record and row, whatever its process does meanwhile: because
 * each page was counted once and in one piece.
 */
#ifndef SELFTESTS_ROWS_H
#define SELFTESTS_ROWS_H

#include "memclass.h"

/* Return: NULL, or of which kind of faults the total is not the sum of its classes. */
const char *faults_total_fault(const struct memclass_record *record);

/* Both return NULL, or what does not hold; the text is kept until next time. */
const char *record_fault(const struct memclass_record *record);
const char *vma_fault(const struct memclass_vma *vma);

/* For tests with rules of their own: makes such a text. */
__attribute__((format(printf, 1, 2))) const char *fault(const char *format, ...);

#define EXPECT_RIGHT(what) \
	do { \
		const char *bad = (what); \
		EXPECT_EQ(NULL, bad) \
		{ \
			TH_LOG("%s", bad); \
		} \
	} while (0)

#define ASSERT_RIGHT(what) \
	do { \
		const char *bad = (what); \
		ASSERT_EQ(NULL, bad) \
		{ \
			TH_LOG("%s", bad); \
		} \
	} while (0)

#endif /* SELFTESTS_ROWS_H */
