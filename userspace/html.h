/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HTML_H
#define HTML_H

#include <stdio.h>

/* Text goes through here, whoever it comes from. */
void html_text(FILE *out, const char *text);

void html_begin(FILE *out, const char *title);
void html_end(FILE *out);

/* What a class is drawn in: the name of a CSS class. */
const char *html_colour(unsigned int class);

#endif /* HTML_H */
