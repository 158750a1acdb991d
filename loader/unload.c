// SPDX-License-Identifier: BSD-2-Clause

// `weir unload`: takes away what a router left in the driver.

#include <cmd.h>
#include <ctl.h>
#include <pins.h>
#include <stdio.h>

static const char usage[] = "usage: weir unload NAME\n"
			    "Takes away what `weir load' or `weir run --keep' left in the "
			    "driver under the name.\n";

static int unload(const char *name, struct weir_err *err)
{
	struct weir_pins *p;
	int rc = ctl_refuse_running(name, err);

	rc = rc ?: weir_pins_open(&p, name, true, err);
	if (rc)
		return rc;
	if (weir_pins_has(p))
		weir_pins_drop(p);
	else
		rc = weir_error(err, NULL, "nothing is in the driver under the name `%s'", name);
	weir_pins_close(p);
	return rc;
}

int cmd_unload(int argc, char **argv)
{
	struct weir_err err = {};
	int rc;

	if (argc != 2 || argv[1][0] == '-') {
		fputs(usage, stderr);
		return 2;
	}
	rc = unload(argv[1], &err);
	if (err.text)
		fputs(err.text, stderr);
	weir_err_free(&err);
	return rc ? 1 : 0;
}
