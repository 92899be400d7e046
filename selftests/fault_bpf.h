/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A BPF program at the entry or exit of a kernel function, that counts the calls of one
 * process, or of all. Without libbpf, which would have to be in the guest.
 */
#ifndef FAULT_BPF_H
#define FAULT_BPF_H

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct bpf_counter {
	int map, program, link;
};

static inline int bpf_call(enum bpf_cmd command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* The types that this kernel describes. NULL: it does not. free() it. */
static inline unsigned char *btf_read(size_t *size)
{
	const int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	unsigned char *btf = NULL;
	struct stat stat;
	size_t done = 0;
	ssize_t got = 0;

	if (fd >= 0 && !fstat(fd, &stat))
		btf = malloc(stat.st_size);
	while (btf && done < (size_t)stat.st_size &&
	       (got = read(fd, btf + done, stat.st_size - done)) > 0)
		done += got;
	if (fd >= 0)
		close(fd);
	*size = done;
	return btf;
}

/* What follows the head of a type. */
static inline size_t btf_more(const struct btf_type *type)
{
	const size_t nr = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(__u32);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return nr * 3 * sizeof(__u32);
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return nr * 2 * sizeof(__u32);
	default:
		return 0;
	}
}

/* The number of the function, 0 for none. */
static inline __u32 btf_function(const char *name)
{
	size_t size;
	unsigned char *btf = btf_read(&size);
	const struct btf_header *header = (const void *)btf;
	const unsigned char *at, *end;
	const char *strings;
	__u32 id = 0;

	if (!btf || size < sizeof(*header) || header->magic != BTF_MAGIC) {
		free(btf);
		return 0;
	}
	strings = (const char *)btf + header->hdr_len + header->str_off;
	at = btf + header->hdr_len + header->type_off;
	end = at + header->type_len;
	while (at < end) {
		const struct btf_type *type = (const void *)at;

		id++;
		if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC &&
		    !strcmp(strings + type->name_off, name))
			break;
		at += sizeof(*type) + btf_more(type);
	}
	if (at >= end)
		id = 0;
	free(btf);
	return id;
}

#define INSN(op, to, from, offset, value) \
	{ .code = (op), .dst_reg = (to), .src_reg = (from), .off = (offset), .imm = (value) }

/*
 * Counts the calls of @function by the process @pid, 0 for any.
 *
 * Return: false when this kernel has no such programs; errno says why.
 */
static inline bool bpf_count(struct bpf_counter *counter, const char *function,
			     enum bpf_attach_type where, pid_t pid)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(__u32),
		.value_size = sizeof(__u64),
		.max_entries = 1,
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = where,
		.license = (uintptr_t)"GPL",
	};
	union bpf_attr attach = {};

	*counter = (struct bpf_counter) { -1, -1, -1 };
	load.attach_btf_id = btf_function(function);
	if (!load.attach_btf_id) {
		errno = ENOENT;
		return false;
	}
	counter->map = bpf_call(BPF_MAP_CREATE, &map);
	if (counter->map < 0)
		return false;
	{
		const struct bpf_insn program[] = {
			INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_current_pid_tgid),
			INSN(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_0, 0, 0, 32),
			INSN(BPF_JMP | (pid ? BPF_JNE : BPF_JEQ) | BPF_K, BPF_REG_0, 0, 9,
			     pid ?: -1),
			INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, 0),
			INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0),
			INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),
			INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0,
			     counter->map),
			INSN(0, 0, 0, 0, 0),
			INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
			INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0),
			INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, 1),
			INSN(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1, 0, BPF_ADD),
			INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
		};

		load.insns = (uintptr_t)program;
		load.insn_cnt = sizeof(program) / sizeof(program[0]);
		counter->program = bpf_call(BPF_PROG_LOAD, &load);
	}
	if (counter->program < 0)
		return false;
	attach.raw_tracepoint.prog_fd = counter->program;
	counter->link = bpf_call(BPF_RAW_TRACEPOINT_OPEN, &attach);
	return counter->link >= 0;
}

static inline uint64_t bpf_counted(const struct bpf_counter *counter)
{
	const __u32 key = 0;
	uint64_t value = 0;
	union bpf_attr lookup = {
		.map_fd = counter->map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return bpf_call(BPF_MAP_LOOKUP_ELEM, &lookup) ? 0 : value;
}

static inline void bpf_end(struct bpf_counter *counter)
{
	close(counter->link);
	close(counter->program);
	close(counter->map);
}

#endif /* FAULT_BPF_H */
