// SPDX-License-Identifier: GPL-2.0
#include "unserved.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "child.h"
#include "module.h"

/* Who is asked, and what it does then. */
struct server {
	int fd;
	size_t length;
	void (*asked)(const void *data);
	const void *data;
};

static void *hear_of_fault(void *data)
{
	const struct server *server = data;
	struct pollfd event = { .fd = server->fd, .events = POLLIN };
	struct uffd_msg message;

	if (poll(&event, 1, -1) == 1 &&
	    read(server->fd, &message, sizeof(message)) == sizeof(message))
		server->asked(server->data);
	return NULL;
}

char *unserved_by_userfaultfd(size_t length, void (*asked)(const void *data), const void *data)
{
	char *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register all = {
		.range = { .start = (uintptr_t)memory, .len = length },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	static struct server server;
	pthread_t thread;

	server = (struct server) {
		.fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK),
		.asked = asked,
		.data = data,
	};
	if (memory == MAP_FAILED || server.fd < 0 || ioctl(server.fd, UFFDIO_API, &api) ||
	    ioctl(server.fd, UFFDIO_REGISTER, &all) ||
	    pthread_create(&thread, NULL, hear_of_fault, &server))
		return NULL;
	return memory;
}

#define FILE_NODE	2

static void answer(const struct server *server, const struct fuse_in_header *request, int error,
		   const void *body, size_t length)
{
	struct fuse_out_header head = {
		.len = sizeof(head) + length,
		.error = -error,
		.unique = request->unique,
	};
	const struct iovec parts[] = { { &head, sizeof(head) }, { (void *)body, length } };

	/* Whoever asked may have gone. */
	if (writev(server->fd, parts, 2) < 0)
		return;
}

static struct fuse_attr attributes(const struct server *server, uint64_t node)
{
	return (struct fuse_attr) {
		.ino = node,
		.mode = node == FILE_NODE ? S_IFREG | 0600 : S_IFDIR | 0700,
		.nlink = 1,
		.size = node == FILE_NODE ? server->length : 0,
	};
}

/* A directory with one file, by any name, that can be opened; to read it takes for ever. */
static void serve_file_system(const struct server *server)
{
	static char request[FUSE_MIN_READ_BUFFER + 65536];
	const struct fuse_in_header *head = (void *)request;

	while (read(server->fd, request, sizeof(request)) > 0 || errno == EINTR ||
	       errno == ENOENT) {
		const struct fuse_init_out init = {
			.major = FUSE_KERNEL_VERSION,
			.minor = 31,
			.max_write = 4096,
		};
		const struct fuse_entry_out entry = {
			.nodeid = FILE_NODE,
			.attr = attributes(server, FILE_NODE),
		};
		const struct fuse_attr_out attr = { .attr = attributes(server, head->nodeid) };
		const struct fuse_open_out open = { .fh = 1 };

		switch (head->opcode) {
		case FUSE_INIT:
			answer(server, head, 0, &init, sizeof(init));
			break;
		case FUSE_LOOKUP:
			answer(server, head, 0, &entry, sizeof(entry));
			break;
		case FUSE_GETATTR:
			answer(server, head, 0, &attr, sizeof(attr));
			break;
		case FUSE_OPEN:
			answer(server, head, 0, &open, sizeof(open));
			break;
		case FUSE_READ:
			server->asked(server->data);
			break;
		case FUSE_FORGET:
		case FUSE_BATCH_FORGET:
		case FUSE_INTERRUPT:
			break;
		default:
			answer(server, head, ENOSYS, NULL, 0);
		}
	}
}

char *unserved_by_fuse(size_t length, void (*asked)(const void *data), const void *data)
{
	char options[96];
	struct server server = { .length = length, .asked = asked, .data = data };
	pid_t server_pid;
	void *memory;

	module_want("fuse");
	server.fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (server.fd < 0 || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return NULL;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", server.fd);
	if (mount("memclass", "/mnt", "fuse", MS_NOSUID | MS_NODEV, options) ||
	    setpgid(0, 0))
		return NULL;
	server_pid = fork();
	if (!server_pid) {
		die_with_parent();
		serve_file_system(&server);
		_exit(0);
	}
	/* With the last of these the file system ends, and so does waiting for it. */
	close(server.fd);
	if (server_pid < 0)
		return NULL;
	memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		      open("/mnt/file", O_RDONLY | O_CLOEXEC), 0);
	return memory == MAP_FAILED ? NULL : memory;
}
