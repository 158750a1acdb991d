// SPDX-License-Identifier: BSD-2-Clause
// Lists of numbers: workers, CPUs.

#include <weir/args.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

static const char *skip(const char *s)
{
	while (*s == ',' || isspace((unsigned char)*s))
		s++;
	return s;
}

// The digits at *s; false: there are none, or it is too large.
static bool take(const char **s, uint32_t max, uint32_t *number)
{
	char *end;
	unsigned long v;

	if (!isdigit((unsigned char)**s))
		return false;
	errno = 0;
	v = strtoul(*s, &end, 10);
	*s = end;
	*number = (uint32_t)v;
	return !errno && v <= max;
}

int weir_each_number(const char *list, uint32_t max, int (*fn)(void *arg, uint32_t number),
		     void *arg)
{
	const char *s = skip(list);
	uint32_t first, last;
	int rc = 0;

	if (!*s)
		return -EINVAL;
	while (*s && !rc) {
		if (!take(&s, max, &first))
			return -EINVAL;
		last = first;
		if (*s == '-' && (s++, !take(&s, max, &last)))
			return -EINVAL;
		if (last < first || (*s && *s != ',' && !isspace((unsigned char)*s)))
			return -EINVAL;
		for (uint32_t i = first; !rc && i <= last; i++)
			rc = fn(arg, i);
		s = skip(s);
	}
	return rc;
}
