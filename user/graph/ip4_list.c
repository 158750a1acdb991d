// SPDX-License-Identifier: BSD-2-Clause
#include <weir/ip4_list.h>

#include <errno.h>
#include <stdlib.h>

int weir_ip4_list_add(struct weir_ip4_list *list, be32 addr)
{
	be32 *v;

	if (weir_ip4_list_search(list, addr))
		return 0;
	v = reallocarray(list->v, list->n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	v[list->n++] = addr;
	list->v = v;
	list->bits |= 1ULL << (addr.be >> 24 & 63);
	return 0;
}

int weir_ip4_list_parse(struct weir_ip4_list *list, struct weir_args *a, const char *text,
			const char *name)
{
	char **words = NULL;
	int n = weir_words(text ? text : "", &words), rc = n < 0 ? n : 0;

	for (int i = 0; i < n && !rc; i++) {
		be32 addr;

		rc = weir_parse(a->element, WEIR_T_IP4, words[i], name, &addr, a->err);
		if (!rc)
			rc = weir_ip4_list_add(list, addr);
	}
	weir_words_free(words, n < 0 ? 0 : n);
	return rc;
}

void weir_ip4_list_free(struct weir_ip4_list *list)
{
	free(list->v);
	*list = (struct weir_ip4_list){};
}

bool weir_ip4_list_search(const struct weir_ip4_list *list, be32 addr)
{
	for (unsigned i = 0; i < list->n; i++)
		if (list->v[i].be == addr.be)
			return true;
	return false;
}
