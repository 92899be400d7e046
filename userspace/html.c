// SPDX-License-Identifier: GPL-2.0
/* A page of its own: nothing is fetched, nothing is run. */
#include "html.h"

#include <stdint.h>
#include <string.h>

#include "memclass.h"

/* By class: what is private anonymous is warm, files are blue, shared memory is green. */
static const char *const colours[MEMCLASS_NR_CLASSES + 1] = {
	[MEMCLASS_CLASS_HEAP] = "#d9480f",
	[MEMCLASS_CLASS_STACK] = "#a61e4d",
	[MEMCLASS_CLASS_TSTACK] = "#d6336c",
	[MEMCLASS_CLASS_BSS] = "#e8a200",
	[MEMCLASS_CLASS_ANON] = "#f08c00",
	[MEMCLASS_CLASS_TEXT] = "#1864ab",
	[MEMCLASS_CLASS_DATA] = "#339af0",
	[MEMCLASS_CLASS_RODATA] = "#74a9d8",
	[MEMCLASS_CLASS_SHM] = "#2b8a3e",
	[MEMCLASS_CLASS_SYSV] = "#5c940d",
	[MEMCLASS_CLASS_MEMFD] = "#37b24d",
	[MEMCLASS_CLASS_TMPFS] = "#82c91e",
	[MEMCLASS_CLASS_FILE] = "#0b7285",
	[MEMCLASS_CLASS_HUGETLB] = "#6741d9",
	[MEMCLASS_CLASS_DEVICE] = "#868e96",
	[MEMCLASS_CLASS_SPECIAL] = "#adb5bd",
	[MEMCLASS_NR_CLASSES] = "#495057",	/* newer ones */
};

static const char style[] =
	":root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--dim:#5d6670;--line:#d5dae0;"
	"--head:#f3f5f7}\n"
	"@media(prefers-color-scheme:dark){:root{--back:#14171b;--text:#e4e8ec;--dim:#98a2ad;"
	"--line:#333a42;--head:#1f242a}}\n"
	"body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;padding:1rem 1.25rem 3rem;"
	"max-width:66rem;background:var(--back);color:var(--text)}\n"
	"h1{font-size:1.5rem;margin:.4rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}\n"
	"p{margin:.3rem 0 .6rem}.dim{color:var(--dim)}\n"
	"table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
	".wide{overflow-x:auto}\n"
	"th,td{text-align:left;padding:.15rem .7rem .15rem 0;border-bottom:1px solid var(--line);"
	"white-space:nowrap}\n"
	"th{background:var(--head);font-weight:600}td.n,th.n{text-align:right}\n"
	"td.up{color:#d9480f}td.down{color:#2b8a3e}tr.total td{font-weight:600}\n"
	"figure{margin:.6rem 0 1.2rem}figcaption{font-weight:600}\n"
	"svg{width:100%;height:auto;display:block}\n"
	"svg text{fill:var(--dim);font:12px system-ui,sans-serif}\n"
	"svg .grid{stroke:var(--line);stroke-width:1}\n"
	".key{display:flex;flex-wrap:wrap;gap:.1rem 1rem;font-size:.85rem}\n"
	".key span::before{content:'';display:inline-block;width:.8em;height:.8em;"
	"margin-right:.35em;background:var(--c)}\n"
	".few{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:0 1.5rem}\n";

const char *html_colour(unsigned int class)
{
	static char name[16];

	snprintf(name, sizeof(name), "c%u",
		 class < MEMCLASS_NR_CLASSES ? class : MEMCLASS_NR_CLASSES);
	return name;
}

/* Bytes that are not UTF-8 become what browsers show for them; control characters too. */
void html_text(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	for (; *at; at++) {
		switch (*at) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			if (*at < ' ' || *at == 0x7f)
				fprintf(out, "\\%03o", *at);
			else
				fputc(*at, out);
		}
	}
}

void html_begin(FILE *out, const char *title)
{
	unsigned int i;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; img-src data:\">\n"
	      "<link rel=\"icon\" href=\"data:,\">\n<title>",
	      out);
	html_text(out, title);
	fprintf(out, "</title>\n<style>\n%s", style);
	for (i = 0; i <= MEMCLASS_NR_CLASSES; i++)
		fprintf(out, ".c%u{--c:%s;fill:%s}\n", i, colours[i], colours[i]);
	fputs("</style>\n</head>\n<body>\n", out);
}

void html_end(FILE *out)
{
	fputs("</body>\n</html>\n", out);
}
