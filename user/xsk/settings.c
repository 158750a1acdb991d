// SPDX-License-Identifier: BSD-2-Clause
#include "settings.h"

#include "why.h"
#include "xsk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	// With busy polling, interrupts stay off while the router asks in time.
	BUSY_USECS = 200,
	NS_PER_US = 1000,
};

// The sender of a veth runs its receive path at once, and Linux 6.18 gives its sockets no NAPI to
// poll: with the timeout every packet would wait for it (120 us for a round trip instead of 8).
static bool has_timeout(const struct xsk_device *d)
{
	return strcmp(d->iface.driver, "veth") != 0;
}

static unsigned busy_usecs(const struct xsk_device *d)
{
	return d->device->opt.busy_usecs ?: BUSY_USECS;
}

static int set_queues(struct xsk_guard *g, struct xsk_device *d, struct weir_err *err)
{
	const struct weir_device_options *opt = &d->device->opt;
	bool had_carrier = d->iface.has_carrier;
	int e = xsk_guard_channels(g, d->iface.name, opt->n_queues, opt->rss == WEIR_RSS_EQUAL);

	if (e == -EINVAL)
		return weir_error(err, NULL,
				  "%s: cannot set %u queues: it has not as many, or its RSS table "
				  "was set by hand and names others; RSS equal deals that out anew",
				  d->iface.name, opt->n_queues);
	if (e)
		return xsk_why(err, d->iface.name, "set the number of its queues", e);
	e = xsk_iface_look(&d->iface, d->device->name, err);
	if (e)
		return e;
	d->iface.has_carrier = had_carrier;
	if (d->iface.n_rx != opt->n_queues)
		return weir_error(err, NULL, "%s: has %u queues, though %u were set", d->iface.name,
				  d->iface.n_rx, opt->n_queues);
	return 0;
}

static int set_rss(struct xsk_guard *g, const struct xsk_device *d, struct weir_err *err)
{
	static const enum xsk_flow UDP[] = {XSK_UDP4, XSK_UDP6};
	int e = xsk_guard_spread(g, d->iface.name, d->iface.n_rx);

	if (e == -EOPNOTSUPP)
		return weir_error(err, NULL,
				  "%s: RSS equal: its driver (%s) has no RSS table to set; leave "
				  "RSS out",
				  d->iface.name, d->iface.driver);
	if (e)
		return xsk_why(err, d->iface.name, "set its RSS table", e);
	for (unsigned i = 0; i < 2; i++) {
		e = xsk_guard_hash_ports(g, d->iface.name, UDP[i]);
		if (e)
			weir_warn(err, NULL,
				  "%s: its driver does not put the ports of IPv%c UDP into its "
				  "hash (%s)",
				  d->iface.name, UDP[i] == XSK_UDP4 ? '4' : '6', strerror(-e));
	}
	return 0;
}

static int set_busy_poll(struct xsk_guard *g, const struct xsk_device *d, struct weir_err *err)
{
	char path[64], timeout[16];
	int e;

	snprintf(path, sizeof(path), "class/net/%s/napi_defer_hard_irqs", d->iface.name);
	e = xsk_guard_sysfs(g, path, "2");
	if (!e && has_timeout(d)) {
		snprintf(path, sizeof(path), "class/net/%s/gro_flush_timeout", d->iface.name);
		snprintf(timeout, sizeof(timeout), "%u", busy_usecs(d) * NS_PER_US);
		e = xsk_guard_sysfs(g, path, timeout);
	}
	return e ? xsk_why(err, d->iface.name, "set it up for busy polling", e) : 0;
}

static const struct weir_element *tags_reader(const struct xsk_device *d)
{
	return d->device->receiver ? weir_tags_reader(d->device->receiver) : NULL;
}

static void warn_of_tags(const struct xsk_device *d, enum xsk_feature f,
			 const struct weir_element *reader, struct weir_err *err)
{
	const bool is_filter = f == XSK_FILTERS || f == XSK_FILTERS_OUTER;

	weir_warn(err, NULL, "%s: its %s cannot be switched off, so `%s' (%s) misses VLAN tags%s",
		  d->iface.name, xsk_feature_name(f), reader->name, reader->class->name,
		  is_filter ? " of VLANs that the host does not have; PROMISC true lets them pass"
			    : "");
}

// What is promiscuous does not filter.
static int keep_tags(struct xsk_guard *g, const struct xsk_device *d, struct weir_err *err)
{
	const struct weir_element *reader = tags_reader(d);
	const unsigned n = d->device->opt.promisc ? XSK_FILTERS : XSK_FEATURES;
	struct xsk_features now;
	int e = 0;

	if (!reader || xsk_features_read(d->iface.name, &now))
		return 0;
	for (unsigned f = 0; !e && f < n; f++) {
		e = xsk_guard_feature_off(g, d->iface.name, f);
		if (e == -EOPNOTSUPP) {
			warn_of_tags(d, f, reader, err);
			e = 0;
		}
	}
	return e ? xsk_why(err, d->iface.name, "have it leave VLAN tags in packets", e) : 0;
}

int xsk_settings_check_keep(const struct xsk_device *d, struct weir_err *err)
{
	const struct weir_element *reader = tags_reader(d);
	struct weir_tag_offload o;

	if (!reader || !weir_xsk_tags(d->device, &o) || o.veth ||
	    !(o.strips || (o.filters && !o.filters_fixed)))
		return 0;
	return weir_error(err, NULL,
			  "%s: `%s' (%s) looks at VLAN tags, which the interface leaves in packets "
			  "only as long as a process asks it to; do that once and for all with: "
			  "ethtool -K %s rx-vlan-offload off rx-vlan-stag-hw-parse off "
			  "rx-vlan-filter off",
			  d->iface.name, reader->name, reader->class->name, d->iface.name);
}

int xsk_settings_apply(struct xsk_guard *g, struct xsk_device *d, struct weir_err *err)
{
	const struct weir_device_options *opt = &d->device->opt;
	int e = 0;

	if (opt->n_queues && opt->n_queues != d->iface.n_rx)
		e = set_queues(g, d, err);
	if (!e && opt->rss == WEIR_RSS_EQUAL)
		e = set_rss(g, d, err);
	if (!e && opt->busy_poll)
		e = set_busy_poll(g, d, err);
	if (!e)
		e = keep_tags(g, d, err);
	return e;
}

void xsk_settings_warn(const struct xsk_device *d, struct weir_err *err)
{
	const struct xsk_iface *f = &d->iface;
	struct weir_tag_offload tags;
	struct xsk_rss rss;

	if (d->device->receiver && !tags_reader(d) && weir_xsk_tags(d->device, &tags) &&
	    tags.strips && !tags.veth)
		weir_warn(err, NULL,
			  "%s takes VLAN tags off before the router sees them; keep them "
			  "with: ethtool -K %s rxvlan off",
			  f->name, f->name);
	if (f->n_rx < 2 || xsk_rss_read(f->name, &rss))
		return;
	if (rss.fields[XSK_UDP4] && !xsk_rss_has_ports(&rss, XSK_UDP4))
		weir_warn(err, NULL,
			  "%s leaves UDP ports out of its hash, so the UDP flows between "
			  "two hosts share one queue; spread them with RSS equal of FromDevice, "
			  "or with: ethtool -N %s rx-flow-hash udp4 sdfn",
			  f->name, f->name);
	xsk_rss_free(&rss);
}

static void print_wish(FILE *f, const struct xsk_rss *rss, const struct weir_device *d,
		       unsigned n_queues)
{
	if (d->opt.rss == WEIR_RSS_EQUAL &&
	    !(xsk_rss_is_even(rss, n_queues) && xsk_rss_has_ports(rss, XSK_UDP4)))
		fputs("; RSS equal changes that", f);
}

char *weir_xsk_rss(const struct weir_device *d)
{
	unsigned n_rx, n_tx;
	struct xsk_rss rss;
	char *text = NULL;
	size_t size;
	FILE *f;

	if (!(d->roles & WEIR_DEVICE_RX) || !weir_xsk_queues(d->name, &n_rx, &n_tx) || n_rx < 2 ||
	    xsk_rss_read(d->name, &rss))
		return NULL;
	f = rss.n ? open_memstream(&text, &size) : NULL;
	if (f) {
		xsk_rss_print(f, &rss, n_rx);
		print_wish(f, &rss, d, n_rx);
		fclose(f);
	}
	xsk_rss_free(&rss);
	return text;
}

static void print_polling(FILE *f, const struct xsk_device *d)
{
	fprintf(f, "%s: busy polling, up to %u packets at a time", d->iface.name,
		d->device->opt.busy_budget ?: XSK_BUSY_BUDGET);
	if (has_timeout(d))
		fprintf(f, "; interrupts come back after %u us without", busy_usecs(d));
	fputc('\n', f);
}

// What was switched off is not among the interface's features any more.
static void print_tags(FILE *f, const struct xsk_device *d)
{
	const struct weir_element *reader = tags_reader(d);
	struct weir_tag_offload o;
	struct weir_buf text = {};

	if (!reader || !weir_xsk_tags(d->device, &o))
		return;
	weir_tags_print(&o, reader, &text);
	if (text.len)
		fprintf(f, "%s: VLAN tags: %s\n", d->iface.name, text.text);
	else
		fprintf(f, "%s: leaves VLAN tags in packets, for `%s' (%s)\n", d->iface.name,
			reader->name, reader->class->name);
	weir_buf_free(&text);
}

void xsk_settings_print(FILE *f, const struct xsk_device *d)
{
	char *rss = weir_xsk_rss(d->device);

	if (rss)
		fprintf(f, "%s: RSS %s\n", d->iface.name, rss);
	free(rss);
	print_tags(f, d);
	if (d->device->opt.busy_poll)
		print_polling(f, d);
}
