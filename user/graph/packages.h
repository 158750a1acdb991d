// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Elements from outside of weir's tree: a folder with a shared object, and perhaps a BPF object,
// for each. owner: control thread, before there is a router.

#include <weir/package.h>

// Loads every *.so of the folders (ended by NULL; NULL: none), so that its classes are known,
// unless that was done already. 0 or -errno with all mistakes in err; what is of another version,
// or has a class that is known, is not taken.
int weir_packages_load(const char *const *dirs, struct weir_err *err);
// The folders that were given, ended by NULL; NULL: none was.
const char *const *weir_package_folders(void);

// The i-th shared object that was loaded; NULL: there are no more.
const struct weir_package *weir_package(unsigned i);
// The folder from which a class came; NULL: it is weir's own.
const char *weir_class_folder(const struct weir_class *c);
