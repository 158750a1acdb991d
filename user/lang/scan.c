// SPDX-License-Identifier: BSD-2-Clause
// What tokens, arguments and variables have in common: comments and quotes.

#include "lex.h"

#include <string.h>

bool lang_scan_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool lang_scan_is_ident(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '@';
}

bool lang_scan_is_comment(const char *s, const char *end)
{
	return end - s >= 2 && s[0] == '/' && (s[1] == '/' || s[1] == '*');
}

const char *lang_scan_comment(const char *s, const char *end)
{
	bool line = s[1] == '/';

	for (s += 2; s < end; s++) {
		if (line && (*s == '\n' || *s == '\r'))
			return s + 1 + (*s == '\r' && s + 1 < end && s[1] == '\n');
		if (!line && *s == '*' && s + 1 < end && s[1] == '/')
			return s + 2;
	}
	return line ? end : NULL;
}

const char *lang_scan_angle(const char *s, const char *end)
{
	for (s += 2; s && s < end;) {
		if (*s == '>')
			return s + 1;
		s = lang_scan_is_comment(s, end) ? lang_scan_comment(s, end) : s + 1;
	}
	return NULL;
}

const char *lang_scan_quote(const char *s, const char *end)
{
	char quote = *s++;

	while (s && s < end) {
		if (*s == quote)
			return s + 1;
		if (*s == '\\' && quote == '"' && s + 1 < end)
			s = s[1] == '<' ? lang_scan_angle(s, end) : s + 2;
		else
			s++;
	}
	return NULL;
}

const char *lang_scan_blanks(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	return s;
}

const char *lang_scan_directive(const char *s, const char *end)
{
	if (s == end || *s != '#')
		return NULL;
	s = lang_scan_blanks(s + 1, end);
	if (end - s > 4 && memcmp(s, "line", 4) == 0 && (s[4] == ' ' || s[4] == '\t'))
		s = lang_scan_blanks(s + 4, end);
	return s < end && *s >= '0' && *s <= '9' ? s : NULL;
}
