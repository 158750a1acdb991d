// SPDX-License-Identifier: BSD-2-Clause
// Listening sockets for handlers.

#include <weir/control.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16 };

static int failed(int fd, const char *what, const char *where, struct weir_err *err)
{
	int e = errno;

	if (fd >= 0)
		close(fd);
	weir_error(err, NULL, "control socket %s: %s: %s", where, what, strerror(e));
	return -e;
}

int weir_control_listen_tcp(uint16_t port, bool more, bool localhost, struct weir_err *err)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
	char where[16];

	snprintf(where, sizeof(where), "%u", port);
	if (fd < 0)
		return failed(fd, "socket", where, err);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	sa.sin_addr.s_addr = htonl(localhost ? INADDR_LOOPBACK : INADDR_ANY);
	for (;; port++) {
		sa.sin_port = htons(port);
		if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
			break;
		if (!more || errno != EADDRINUSE || port == UINT16_MAX)
			return failed(fd, "bind", where, err);
	}
	if (listen(fd, BACKLOG) < 0)
		return failed(fd, "listen", where, err);
	return fd;
}

// Removes a socket file that is left over: nobody answers on it.
static void remove_stale(const struct sockaddr_un *sa)
{
	struct stat st;
	int fd;

	if (lstat(sa->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0 && errno == ECONNREFUSED)
		unlink(sa->sun_path);
	close(fd);
}

int weir_control_listen_unix(const char *file, struct weir_err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd;

	if (!*file || strlen(file) >= sizeof(sa.sun_path)) {
		weir_error(err, NULL, "control socket %s: the name must have 1 to %zu bytes", file,
			   sizeof(sa.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memcpy(sa.sun_path, file, strlen(file) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return failed(fd, "socket", file, err);
	remove_stale(&sa);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return failed(fd, "bind", file, err);
	if (listen(fd, BACKLOG) < 0) {
		unlink(file);
		return failed(fd, "listen", file, err);
	}
	return fd;
}
