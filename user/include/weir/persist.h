// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Memory of an element that outlives its process where the router is kept (`weir run --keep`, also
// when the process is killed), and that programs in the driver may read: an array map, pinned
// beside the router's other parts. The next process that runs a router of that name gets the same
// bytes, while the programs of the last one still read and write them.

#include <weir/err.h>
#include <weir/front.h>

// owner: control. Zero-initialised is closed.
struct weir_persist {
	void *at;	   // n values, from the beginning of a page; zero where it is new
	size_t value_size; // a multiple of 8
	uint32_t n;
	bool found;   // it was there already: whoever wrote it may have been killed on the way
	int fd;	      // of the map, for weir_share; -1: plain memory, of this process alone
	size_t bytes; // mapped; 0: closed
};

// From init. name: of letters, digits and _; unique in the element. What is there under the name of
// the element and this one, but with another size of values or number of them, or another
// `version`, is not touched: -EEXIST and in err what it is and how to be rid of it. Plain memory,
// on huge pages, where nothing is kept and nothing was found, and where no map can be had (`weir
// click`, no memory for one; a router that is to be kept warns). 0, -EEXIST or -ENOMEM.
int weir_persist_open(struct weir_persist *k, struct weir_element *e, const char *name, uint32_t n,
		      size_t value_size, uint32_t version, struct weir_err *err);
// From fini. What is kept stays if the router is kept, and goes otherwise.
void weir_persist_close(struct weir_persist *k);
