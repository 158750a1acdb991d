// SPDX-License-Identifier: BSD-2-Clause

// Goes into every shared object of elements: where its classes and case rows stand.

#include <weir/package.h>

// Bounds of sections, which the linker sets; an object may have no rows.
#define WEIR_BOUND __attribute__((weak, visibility("hidden")))
extern const struct weir_class *const __start_weir_class_list[] WEIR_BOUND;
extern const struct weir_class *const __stop_weir_class_list[] WEIR_BOUND;
extern const struct weir_cases *const __start_weir_cases[] WEIR_BOUND;
extern const struct weir_cases *const __stop_weir_cases[] WEIR_BOUND;

extern const struct weir_package weir_package;
const struct weir_package weir_package __attribute__((visibility("default"))) = {
	.abi = WEIR_ABI,
	.classes = __start_weir_class_list,
	.classes_end = __stop_weir_class_list,
	.cases = __start_weir_cases,
	.cases_end = __stop_weir_cases,
};
