// SPDX-License-Identifier: BSD-2-Clause
#include "page.h"

#include <ctype.h>

void page_begin_thing(struct page *p)
{
	if (p->json)
		weir_printf(p->out, p->things ? ",\n{" : "\n{");
	p->things++;
	p->fields = 0;
}

void page_end_thing(struct page *p)
{
	weir_printf(p->out, p->json ? "}" : "\n");
}

void page_begin_field(struct page *p, const char *name)
{
	if (p->fields++)
		weir_printf(p->out, p->json ? "," : " ");
	if (p->json)
		weir_printf(p->out, "\"%s\":", name);
}

// The kernel lets interfaces have nearly any name.
void page_string(struct page *p, const char *s)
{
	if (!p->json) {
		weir_printf(p->out, "%s", s);
		return;
	}
	weir_append(p->out, "\"", 1);
	for (; *s; s++)
		if (*s == '"' || *s == '\\' || !isprint((unsigned char)*s))
			weir_printf(p->out, "\\u%04x", (unsigned char)*s);
		else
			weir_append(p->out, s, 1);
	weir_append(p->out, "\"", 1);
}

void page_word(struct page *p, const char *name, const char *value)
{
	page_begin_field(p, name);
	page_string(p, value);
}

void page_named(struct page *p, const char *name, const char *value)
{
	page_begin_field(p, name);
	if (!p->json)
		weir_printf(p->out, "%s ", name);
	page_string(p, value);
}

void page_number(struct page *p, const char *name, unsigned long long value)
{
	page_begin_field(p, name);
	if (!p->json)
		weir_printf(p->out, "%s ", name);
	weir_printf(p->out, "%llu", value);
}

void page_flag(struct page *p, const char *name, bool value)
{
	if (!value)
		return;
	page_begin_field(p, name);
	weir_printf(p->out, "%s", p->json ? "true" : name);
}

void page_begin_list(struct page *p, const char *name)
{
	page_begin_field(p, name);
	if (p->json)
		weir_printf(p->out, "[");
}

void page_begin_item(struct page *p, unsigned i, const char *name)
{
	if (p->json)
		weir_printf(p->out, i ? ",{" : "{");
	else
		weir_printf(p->out, i ? " %s " : "%s ", name);
	p->fields = 0;
}

void page_end_item(struct page *p)
{
	if (p->json)
		weir_printf(p->out, "}");
}

void page_end_list(struct page *p)
{
	if (p->json)
		weir_printf(p->out, "]");
	p->fields = 1;
}
