// SPDX-License-Identifier: BSD-2-Clause
#include <weir/element.h>
#include <weir/kernel.h>

struct weir_kernel *weir_kernel_of(struct weir_args *a, const struct weir_element *e)
{
	if (!e)
		return NULL; // the argument is missing, which was said
	if (e->class->kernel)
		return e->class->kernel(e);
	weir_args_error(a, -1,
			"`%s' (%s) does not follow the kernel's routes, as KernelRoutes does",
			e->name, e->class->name);
	return NULL;
}
