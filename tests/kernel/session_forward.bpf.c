// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#include "session_forward.h"

#include <nat/session_lookup.bpf.h>

static inline unsigned session_forwarded(const struct session_forward *self, struct packet *p)
{
	struct session_words key;
	const struct session_found found = session_of(&self->view, p, &key);

	return found.at ? session_forward(&found, &key, p, true) : WEIR_HANDOVER;
}

WEIR_PROGRAM(session_forward, weir_leave, session_forwarded(self_, p_))
