// SPDX-License-Identifier: BSD-2-Clause
#include "iface.h"

#include "why.h"
#include "xsk.h"

#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/mount.h>
#include <linux/sockios.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int ask(const char *name, unsigned long request, struct ifreq *req)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), e = 0;

	if (fd < 0)
		return -errno;
	snprintf(req->ifr_name, sizeof(req->ifr_name), "%s", name);
	if (ioctl(fd, request, req) < 0) // what ETHTOOL_SFEATURES has to say besides is above zero
		e = -errno;
	close(fd);
	return e;
}

int xsk_iface_ethtool(const char *name, void *command)
{
	struct ifreq req = {.ifr_data = command};

	return ask(name, SIOCETHTOOL, &req);
}

int xsk_sysfs(void)
{
	int fs = (int)syscall(SYS_fsopen, "sysfs", FSOPEN_CLOEXEC), fd = -1;

	if (fs >= 0 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	if (fs >= 0)
		close(fs);
	if (fd < 0)
		fd = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int xsk_sysfs_read(const char *path, char *value, size_t size)
{
	int sysfs = xsk_sysfs(), fd, e = 0;
	ssize_t n = 0;

	if (sysfs < 0)
		return sysfs;
	fd = openat(sysfs, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (n = read(fd, value, size - 1)) < 0)
		e = -errno;
	value[n > 0 ? n : 0] = '\0';
	value[strcspn(value, "\n ")] = '\0';
	if (fd >= 0)
		close(fd);
	close(sysfs);
	return e;
}

int xsk_sysfs_write(const char *path, const char *value)
{
	int sysfs = xsk_sysfs(), fd, e = 0;

	if (sysfs < 0)
		return sysfs;
	fd = openat(sysfs, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		e = -errno;
	if (fd >= 0)
		close(fd);
	close(sysfs);
	return e;
}

int xsk_iface_channels(const char *name, struct xsk_channels *c)
{
	struct ethtool_channels v = {.cmd = ETHTOOL_GCHANNELS};
	int e = xsk_iface_ethtool(name, &v);

	*c = (struct xsk_channels){v.rx_count, v.tx_count, v.combined_count};
	return e;
}

int xsk_iface_set_channels(const char *name, const struct xsk_channels *c)
{
	struct ethtool_channels v = {.cmd = ETHTOOL_GCHANNELS};
	int e = xsk_iface_ethtool(name, &v);

	if (e)
		return e;
	v.cmd = ETHTOOL_SCHANNELS;
	v.rx_count = c->rx;
	v.tx_count = c->tx;
	v.combined_count = c->combined;
	return xsk_iface_ethtool(name, &v);
}

// By what the driver says, for processes that may not see the sysfs of their namespace.
static int ask_queues(struct xsk_iface *f)
{
	struct xsk_channels c;
	int e = xsk_iface_channels(f->name, &c);

	f->n_rx = c.rx + c.combined;
	f->n_tx = c.tx + c.combined;
	return e;
}

// Counts the queues that are in use, which is not what was allocated.
static int count_queues(struct xsk_iface *f)
{
	char path[64];
	int sysfs = xsk_sysfs(), fd;
	struct dirent *d;
	DIR *dir;

	if (sysfs < 0)
		return sysfs;
	snprintf(path, sizeof(path), "class/net/%s/queues", f->name);
	fd = openat(sysfs, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(sysfs);
	if (fd < 0)
		return ask_queues(f);
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	f->n_rx = f->n_tx = 0;
	while ((d = readdir(dir))) {
		f->n_rx += !strncmp(d->d_name, "rx-", 3);
		f->n_tx += !strncmp(d->d_name, "tx-", 3);
	}
	closedir(dir);
	return 0;
}

// The carrier itself: IFF_RUNNING is the operational state (RFC 2863), which the kernel brings up
// to date only once a second.
bool xsk_iface_has_carrier(const char *name)
{
	struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
	struct ifreq req = {};

	return ask(name, SIOCGIFFLAGS, &req) == 0 && req.ifr_flags & IFF_UP &&
	       xsk_iface_ethtool(name, &link) == 0 && link.data;
}

unsigned xsk_iface_mtu(const char *name)
{
	struct ifreq req = {};

	return ask(name, SIOCGIFMTU, &req) ? 0 : (unsigned)req.ifr_mtu;
}

// A virtio device is a child of the one that hangs on the bus.
int weir_xsk_node(const char *name)
{
	static const char *const AT[] = {"device/numa_node", "device/../numa_node"};
	char path[64], text[16];
	int node = -1;

	for (unsigned i = 0; node < 0 && i < 2; i++) {
		snprintf(path, sizeof(path), "class/net/%s/%s", name, AT[i]);
		if (!xsk_sysfs_read(path, text, sizeof(text)))
			node = atoi(text);
	}
	return node;
}

int xsk_iface_look(struct xsk_iface *f, const char *name, struct weir_err *err)
{
	struct ethtool_drvinfo drv = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq req = {};
	int e;

	*f = (struct xsk_iface){};
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->ifindex = if_nametoindex(name);
	if (!f->ifindex) {
		weir_error(err, NULL, "%s: there is no such interface", name);
		return -ENODEV;
	}
	e = ask(name, SIOCGIFHWADDR, &req);
	if (e)
		return xsk_why(err, name, "read its address", e);
	if (req.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
		weir_error(err, NULL, "%s: not an Ethernet interface", name);
		return -EINVAL;
	}
	memcpy(f->mac, req.ifr_hwaddr.sa_data, sizeof(f->mac));
	e = ask(name, SIOCGIFFLAGS, &req);
	if (e)
		return xsk_why(err, name, "read its flags", e);
	if (!(req.ifr_flags & IFF_UP)) {
		weir_error(err, NULL, "%s: the interface is down; ip link set %s up", name, name);
		return -ENETDOWN;
	}
	f->has_carrier = xsk_iface_has_carrier(name);
	e = ask(name, SIOCGIFMTU, &req);
	if (e)
		return xsk_why(err, name, "read its MTU", e);
	f->mtu = (unsigned)req.ifr_mtu;
	if (xsk_iface_ethtool(name, &drv) == 0)
		snprintf(f->driver, sizeof(f->driver), "%.31s", drv.driver);
	e = count_queues(f);
	if (e)
		return xsk_why(err, name, "count its queues", e);
	return 0;
}

int xsk_iface_promisc(const struct xsk_iface *f)
{
	struct packet_mreq want = {.mr_ifindex = (int)f->ifindex, .mr_type = PACKET_MR_PROMISC};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), e;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &want, sizeof(want))) {
		e = -errno;
		close(fd);
		return e;
	}
	return fd;
}

bool weir_xsk_queues(const char *ifname, unsigned *n_rx, unsigned *n_tx)
{
	struct xsk_iface f = {};

	snprintf(f.name, sizeof(f.name), "%s", ifname);
	if (!if_nametoindex(ifname) || count_queues(&f))
		return false;
	*n_rx = f.n_rx;
	*n_tx = f.n_tx;
	return true;
}
