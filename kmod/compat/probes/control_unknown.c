// SPDX-License-Identifier: GPL-2.0
/*
 * Control: calls what no kernel has. Old C lets that pass with a guess, and 5.10 is
 * compiled as old C: then every function would seem to be there.
 */
#include <linux/mm.h>

bool probe(pmd_t pmd);
bool probe(pmd_t pmd)
{
	return memclass_control(pmd);
}
