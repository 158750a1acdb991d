// SPDX-License-Identifier: BSD-2-Clause
#include "packages.h"

#include "graph.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static struct loaded {
	const struct weir_package *package;
	const char *folder;
} * loaded;
static unsigned n_loaded;

static const char **folders; // ended by NULL
static unsigned n_folders;

const char *const *weir_package_folders(void)
{
	return folders;
}

const struct weir_package *weir_package(unsigned i)
{
	return i < n_loaded ? loaded[i].package : NULL;
}

const char *weir_class_folder(const struct weir_class *c)
{
	for (unsigned i = 0; i < n_loaded; i++)
		for (const struct weir_class *const *k = loaded[i].package->classes;
		     k < loaded[i].package->classes_end; k++)
			if (*k == c)
				return loaded[i].folder;
	return NULL;
}

static bool is_loaded(const struct weir_package *p)
{
	for (unsigned i = 0; i < n_loaded; i++)
		if (loaded[i].package == p)
			return true;
	return false;
}

static int check(const struct weir_package *p, const char *file, struct weir_err *err)
{
	static const struct weir_abi here = WEIR_ABI;

	if (memcmp(&p->abi, &here, sizeof(here)) != 0)
		return weir_error(err, NULL,
				  "%s is of another version of weir: build it again, with the "
				  "share/weir/element.mk of this one",
				  file);
	if (p->classes == p->classes_end)
		return weir_error(err, NULL, "%s registers no class", file);
	return 0;
}

static int take(const struct weir_package *p, const char *folder, const char *file,
		struct weir_err *err)
{
	struct loaded *v = reallocarray(loaded, n_loaded + 1, sizeof(*v));
	int rc;

	if (!v)
		return -ENOMEM;
	loaded = v;
	rc = weir_classes_add(p->classes, p->classes_end, file, err);
	if (!rc)
		loaded[n_loaded++] = (struct loaded){p, folder};
	return rc;
}

static int load(const char *folder, const char *name, struct weir_err *err)
{
	char file[PATH_MAX];
	const struct weir_package *p;
	void *object;
	bool known;
	int rc = 0;

	// with a slash in it, or the dynamic linker looks elsewhere
	snprintf(file, sizeof(file), "%s/%s", folder, name);
	object = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!object)
		return weir_error(err, NULL, "cannot load elements: %s", dlerror());
	p = dlsym(object, "weir_package");
	known = p && is_loaded(p);
	if (!p)
		rc = weir_error(err, NULL, "%s holds no elements of weir", file);
	else if (!known)
		rc = check(p, file, err) ?: take(p, folder, file, err);
	if (rc || known)
		dlclose(object);
	return rc;
}

static int is_object(const struct dirent *d)
{
	size_t n = strlen(d->d_name), end = strlen(".so");

	return n > end && *d->d_name != '.' && !strcmp(d->d_name + n - end, ".so");
}

// The folder's name as it was given, kept; NULL: out of memory.
static const char *add_folder(const char *dir)
{
	const char **v;

	for (unsigned i = 0; i < n_folders; i++)
		if (!strcmp(folders[i], dir))
			return folders[i];
	v = reallocarray(folders, n_folders + 2, sizeof(*v));
	if (!v)
		return NULL;
	folders = v;
	v[n_folders] = strdup(dir);
	v[n_folders + 1] = NULL;
	return v[n_folders] ? v[n_folders++] : NULL;
}

static int load_folder(const char *dir, struct weir_err *err)
{
	const char *folder = add_folder(dir);
	struct dirent **found;
	int n, rc = 0;

	if (!folder)
		return -ENOMEM;
	n = scandir(dir, &found, is_object, alphasort);
	if (n < 0)
		return weir_error(err, NULL, "%s: %s", dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		int one = load(folder, found[i]->d_name, err);

		rc = rc ?: one;
		free(found[i]);
	}
	free(found);
	return rc;
}

int weir_packages_load(const char *const *dirs, struct weir_err *err)
{
	int rc = 0;

	for (; dirs && *dirs; dirs++) {
		int one = load_folder(*dirs, err);

		rc = rc ?: one;
	}
	return rc;
}
