// SPDX-License-Identifier: BSD-2-Clause
#include <ctl.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_TIMEOUT_S = 10 };

static char *run_dir(void)
{
	const char *dir = getenv("WEIR_RUN_DIR"), *xdg = getenv("XDG_RUNTIME_DIR");
	char *s = NULL;

	if (dir && *dir)
		return strdup(dir);
	if (geteuid() == 0 || !xdg || !*xdg)
		return strdup("/run/weir");
	return asprintf(&s, "%s/weir", xdg) < 0 ? NULL : s;
}

static char *socket_file(const char *name)
{
	char *dir = run_dir(), *file = NULL;

	if (dir && asprintf(&file, "%s/%s.sock", dir, name) < 0)
		file = NULL;
	free(dir);
	return file;
}

char *ctl_name(const char *name, const char *file)
{
	static const char suffix[] = ".click";
	const char *base;
	size_t len;

	if (name)
		return strdup(name);
	base = strrchr(file, '/');
	base = base ? base + 1 : file;
	len = strlen(base);
	if (len >= sizeof(suffix) && strcmp(base + len - (sizeof(suffix) - 1), suffix) == 0)
		len -= sizeof(suffix) - 1;
	return len && strcmp(base, "-") != 0 ? strndup(base, len) : strdup("router");
}

int ctl_serve(struct ctl_server *c, const struct session *s, const char *name, struct weir_err *err)
{
	const struct weir_control_options opt = {};
	char *dir = run_dir();
	mode_t mask;
	int fd;

	if (dir && mkdir(dir, 0755) < 0 && errno != EEXIST) {
		int rc = -errno;

		weir_error(err, NULL, "%s: %s", dir, strerror(errno));
		free(dir);
		return rc;
	}
	free(dir);
	if (strchr(name, '/'))
		return weir_error(err, NULL, "a router's name has no `/': %s", name);
	c->file = socket_file(name);
	if (!c->file)
		return -ENOMEM;
	mask = umask(0077); // whoever may connect may change the router
	fd = weir_control_listen_unix(c->file, err);
	umask(mask);
	if (fd < 0)
		return fd;
	c->fd = fd;
	return weir_control_open(&c->control, &s->engine->workers[0].free_node, fd, &opt);
}

void ctl_close(struct ctl_server *c)
{
	weir_control_close(c->control);
	if (c->fd) {
		close(c->fd);
		unlink(c->file);
	}
	free(c->file);
	*c = (struct ctl_server){};
}

// --- the other end ----------------------------------------------------------------------------

void ctl_each(void (*fn)(void *arg, const char *name), void *arg)
{
	static const char suffix[] = ".sock";
	const size_t n = sizeof(suffix) - 1;
	char *path = run_dir();
	DIR *dir = path ? opendir(path) : NULL;
	struct dirent *d;

	free(path);
	while (dir && (d = readdir(dir))) {
		size_t len = strlen(d->d_name);

		if (len <= n || strcmp(d->d_name + len - n, suffix) != 0)
			continue;
		d->d_name[len - n] = '\0';
		fn(arg, d->d_name);
	}
	if (dir)
		closedir(dir);
}

struct names {
	struct weir_buf text; // with commas
	unsigned n;
};

static void add_name(void *arg, const char *name)
{
	struct names *names = arg;

	weir_printf(&names->text, "%s%s", names->n++ ? ", " : "", name);
}

// The name of the only router that runs. malloc'd; NULL with a message.
static char *find_only(struct weir_err *err)
{
	char *path = run_dir();
	struct names names = {};

	ctl_each(add_name, &names);
	if (names.n > 1)
		weir_error(err, NULL, "several routers run, choose one with -n: %s",
			   names.text.text);
	else if (!names.n)
		weir_error(err, NULL, "no router runs here: %s has no socket", path ? path : "");
	free(path);
	if (names.n == 1)
		return names.text.text;
	weir_buf_free(&names.text);
	return NULL;
}

// A connected descriptor, or -errno.
static int dial_file(const char *file)
{
	const struct timeval limit = {.tv_sec = ANSWER_TIMEOUT_S};
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd, rc;

	if (strlen(file) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, file, strlen(file) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

int ctl_pid(const char *name)
{
	char *file = socket_file(name);
	int fd = file ? dial_file(file) : -ENOMEM;
	struct ucred peer = {};
	socklen_t size = sizeof(peer);

	free(file);
	if (fd < 0)
		return fd;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		peer.pid = -errno;
	close(fd);
	return peer.pid;
}

int ctl_refuse_running(const char *name, struct weir_err *err)
{
	int pid = ctl_pid(name);

	if (pid <= 0)
		return 0;
	weir_error(err, NULL, "the router `%s' runs as process %d; end that first", name, pid);
	return -EBUSY;
}

static FILE *dial(const char *name, struct weir_err *err)
{
	char *router = name ? strdup(name) : find_only(err), *file = NULL;
	FILE *f = NULL;
	int fd;

	if (router)
		file = socket_file(router);
	if (!file)
		goto done;
	fd = dial_file(file);
	if (fd < 0) {
		weir_error(err, NULL, "cannot reach router `%s': %s: %s", router, file,
			   strerror(-fd));
		goto done;
	}
	f = fdopen(fd, "r");
	if (!f)
		close(fd);
done:
	free(router);
	free(file);
	return f;
}

// Reads a line without its end; false when there is none.
static bool read_line(FILE *f, char **line, size_t *size)
{
	ssize_t n = getline(line, size, f);

	while (n > 0 && ((*line)[n - 1] == '\n' || (*line)[n - 1] == '\r'))
		(*line)[--n] = '\0';
	return n >= 0;
}

// Reads the lines of an answer. Its code, or -1 if it broke off; the texts of an error go to err.
static int read_answer(FILE *f, struct weir_err *err)
{
	struct weir_buf text = {};
	char *line = NULL;
	size_t size = 0;
	int code = -1;
	bool more = true;

	while (more && read_line(f, &line, &size)) {
		if (strlen(line) < 4)
			break;
		more = line[3] == '-';
		if (!more)
			code = atoi(line);
		weir_printf(&text, "%s%s", text.len ? "\n" : "", line + 4);
	}
	if (code < 0)
		weir_error(err, NULL, "the router did not answer");
	else if (code >= 300)
		weir_error(err, NULL, "%s", text.text);
	weir_buf_free(&text);
	free(line);
	return code;
}

static int read_data(FILE *f, struct weir_buf *value, struct weir_err *err)
{
	char *line = NULL, chunk[4096];
	size_t size = 0, left = 0, n;
	bool ok = read_line(f, &line, &size) && sscanf(line, "DATA %zu", &left) == 1;

	for (; ok && left; left -= n) {
		n = fread(chunk, 1, left < sizeof(chunk) ? left : sizeof(chunk), f);
		if (!n)
			ok = false;
		weir_append(value, chunk, n);
	}
	free(line);
	return ok ? 0 : weir_error(err, NULL, "the router's answer broke off");
}

// Sends "COMMAND handler LENGTH" with the text, and reads what comes.
static int ask(const char *name, const char *command, const char *handler, const char *text,
	       struct weir_buf *value, struct weir_err *err)
{
	char *line = NULL;
	size_t size = 0;
	int rc = -EIO;
	FILE *f;

	if (!*handler || strpbrk(handler, " \t\r\n"))
		return weir_error(err, NULL, "`%s' is no handler", handler);
	f = dial(name, err);
	if (!f)
		return -ECONNREFUSED;
	if (!read_line(f, &line, &size) || strncmp(line, "Click::ControlSocket/1.", 23) != 0) {
		weir_error(err, NULL, "this is no control socket");
		goto done;
	}
	rc = -EIO;
	if (dprintf(fileno(f), "%s %s %zu\r\n%s", command, handler, strlen(text), text) >= 0)
		rc = read_answer(f, err);
	rc = rc < 0 || rc >= 300 ? -EINVAL : 0;
	if (!rc && value)
		rc = read_data(f, value, err);
done:
	free(line);
	fclose(f);
	return rc;
}

int ctl_read(const char *name, const char *handler, const char *param, struct weir_buf *value,
	     struct weir_err *err)
{
	return ask(name, "READDATA", handler, param, value, err);
}

int ctl_write(const char *name, const char *handler, const char *value, struct weir_err *err)
{
	return ask(name, "WRITEDATA", handler, value, NULL, err);
}
