// SPDX-License-Identifier: GPL-2.0
/*
 * 6.18, "mm: introduce memdesc_flags_t": a folio's flags are a struct around the
 * word that they were before.
 */
#include <linux/mm.h>

unsigned long probe(const struct folio *folio);
unsigned long probe(const struct folio *folio)
{
	return folio->flags.f;
}
