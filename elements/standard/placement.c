// SPDX-License-Identifier: BSD-2-Clause
// Placement: says where elements run. Each argument is `NAME driver` or `NAME userspace`; NAME is
// an element or a compound, looked up where the Placement stands. `weir plan` shows where all run
// without it, and why.
//
// What is to run in the driver and cannot is an error. Of a compound, those elements run there that
// can; it is an error if none can. A word about an element counts more than one about its compound,
// and the command line more than this.
//
//	Placement(if0/arpq userspace, monitor driver);
#include <weir/element.h>

#include <errno.h>

struct placement {
};

static int take(struct weir_element *e, struct weir_args *a, unsigned i, char **words, int n)
{
	bool driver = n == 2 && !strcmp(words[1], "driver");
	int rc;

	if (!driver && (n != 2 || strcmp(words[1], "userspace") != 0))
		return weir_args_error(a, (int)i,
				       "expected `NAME driver' or `NAME userspace', got `%s'",
				       a->rest[i]);
	rc = weir_wish(e, words[0], driver);
	if (rc == -ENOENT)
		return weir_args_error(a, (int)i, "there is no element or compound `%s'", words[0]);
	return rc;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	return weir_args_each(e, a, take);
}

WEIR_PLAIN_ELEMENT(placement, "Placement", .purpose = "says where elements run", .ports = "0/0",
		   .rest = "NAME driver|userspace",
		   .rest_help = "the element, or those of the compound, run there",
		   .configure = configure, .early = 1);
