# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The kernels that memclass serves, and what is needed to boot each of them.

KERNELS=(5.10 6.1 6.12 7.2 debug)
# Those that "all" leaves out: Debian's 6.12 for real-time preemption, and for arm64, with
# pages of 4 KiB and of 16; and a debug kernel that looks for data races.
MORE_KERNELS=(rt arm64 arm64-16k kcsan)
# The root that has it, or in which it is built.
declare -A KERNEL_RELEASE=(
	[5.10]=bullseye
	[6.1]=bookworm
	[6.12]=trixie
	[7.2]=sid
	[debug]=trixie
	[rt]=rt
	[arm64]=arm64
	[arm64-16k]=arm64
	[kcsan]=trixie
)

# kernel_arch KERNEL: the processors that it is for, as the kernel's makefile calls them.
kernel_arch()
{
	case $1 in
	arm64*) echo arm64 ;;
	*) echo x86 ;;
	esac
}

# kernel_is_built KERNEL: whether it is one of those that are built here, not Debian's.
kernel_is_built()
{
	[ -e "$VM/$1.config" ]
}

# kernel_args KERNEL: what it must be told. While it looks up the features of the
# boot processor once more, 6.12 takes itself for a kernel without five levels of
# page tables, and when an interrupt comes just then, KASAN calls every address wild:
# one boot in thirty. Debian's kernels do have their five levels, and mostly random
# addresses (see run), which on this kernel would take too long.
kernel_args()
{
	! kernel_is_built "$1" || echo no5lvl norandmaps
	[ "$1" != kcsan ] || echo kcsan.early_enable=1 kcsan.skip_watch=1000
}

# What the guest may need that Debian's kernels have as modules. The debug kernel
# has it all built in.
GUEST_MODULES=(virtio_pci virtio_console 9pnet_virtio 9p virtio_blk ext4 zram fuse)

kernel_check_name()
{
	[ -n "${KERNEL_RELEASE[$1]:-}" ] ||
		die "unknown kernel '$1': one of ${KERNELS[*]} ${MORE_KERNELS[*]} all"
}

# kernel_version KERNEL: what uname -r says in it.
kernel_version()
{
	case $1 in
	debug | kcsan) debug_kernel_version "$1" ;;
	*-16k) root_kernel_version "$(root_get "${KERNEL_RELEASE[$1]}")" '*-16k' ;;
	*) root_kernel_version "$(root_get "${KERNEL_RELEASE[$1]}")" ;;
	esac
}

# root_kernel_version ROOT [PATTERN]: the kernel that the root came with; where there are
# several, the one whose version is like that.
root_kernel_version()
{
	local image

	image=$(find "$1/boot" -name "vmlinuz-${2:-*}" | sort -V | head -n 1)
	[ -n "$image" ] || die "$1 has no kernel"
	printf '%s\n' "${image##*/vmlinuz-}"
}

# boot_get KERNEL: prints the directory that holds what QEMU boots:
#   vmlinux    uncompressed where it can be: unpacking costs seconds under emulation
#   base.cpio  busybox and the modules that the guest may need
boot_get()
{
	local release root

	release=${KERNEL_RELEASE[$1]}
	root=$(root_get "$release") || exit
	if kernel_is_built "$1"; then
		boot_get_of "$1" "$root" "$(debug_kernel_get "$1")"
	else
		boot_get_of "$1" "$root" "$(kernel_version "$1")"
	fi
}

# boot_get_of NAME ROOT VERSION: the same for one of the kernels that are installed
# in ROOT; VERSION is a directory for a kernel that is not.
boot_get_of()
{
	local key

	key=$({
		stat -c '%n %Y %s' "$2"/boot/vmlinuz-*
		echo "$3" "${GUEST_MODULES[@]}"
		declare -f boot_make boot_unpack boot_modules
	} | digest) || exit
	cache_get "boot-$1" "$key" 200 boot_make "$2" "$3"
}

boot_make()
{
	local root=$1 version=$2 dir=$3 base=$3/base tools busybox

	need cpio cpio
	tools=$(root_get workshop) || return
	mkdir -p "$base"/{bin,modules,proc,sys,dev,tmp,run,etc,mnt,newroot}
	# A root for other processors has one of its own, of the same release.
	busybox=$tools/bin/busybox
	[ ! -d "$root/usr/lib/aarch64-linux-gnu" ] || busybox=$root/bin/busybox
	cp "$busybox" "$base/bin/busybox"
	chroot "$tools" busybox --list | while read -r applet; do
		[ "$applet" = busybox ] || ln -s busybox "$base/bin/$applet"
	done
	if [ -d "$version" ]; then
		ln "$version/vmlinuz" "$dir/vmlinux" ||
			cp "$version/vmlinuz" "$dir/vmlinux"
		: >"$base/modules/order"
	else
		boot_unpack "$root/boot/vmlinuz-$version" >"$dir/vmlinux"
		boot_modules "$root" "$version" "$base/modules"
	fi || return
	(cd "$base" && find . | cpio --quiet -o -H newc >"$dir/base.cpio") || return
	rm -rf "$base"
}

# boot_unpack VMLINUZ: the ELF image inside. The boot protocol's header says where
# it is: setup_sects at 0x1f1, payload_offset and payload_length at 0x248. On arm64 it is
# an image already.
boot_unpack()
{
	local sects offset length unpack

	if [ "$(od -An -tx1 -j 56 -N 4 "$1")" = ' 41 52 4d 64' ]; then
		cat "$1"
		return
	fi
	sects=$(od -An -tu1 -j 497 -N 1 "$1")
	read -r offset length < <(od -An -tu4 -j 584 -N 8 "$1")
	offset=$(((sects + 1) * 512 + offset))
	case $(od -An -tx1 -j "$offset" -N 4 "$1") in
	*'fd 37 7a 58'*) unpack='xz -dc --single-stream' ;;
	*'28 b5 2f fd'*) unpack='zstd -dc' ;;
	*'02 21 4c 18'*) unpack='lz4 -dc' ;;
	*'1f 8b'*) unpack='gzip -dc' ;;
	*) die "$1: unknown compression" ;;
	esac
	# Four bytes of uncompressed size follow the stream.
	tail -c "+$((offset + 1))" "$1" | head -c "$((length - 4))" | $unpack
}

# boot_modules ROOT VERSION DIR: copies GUEST_MODULES with what they depend on,
# uncompressed, and writes DIR/order: "wanted module: files in loading order". Some
# kernels lack some: Debian's for clouds have no 9p. The guest says so when it
# matters.
boot_modules()
{
	local module file name

	for module in "${GUEST_MODULES[@]}"; do
		printf '%s:' "$module"
		{ chroot "$1" modprobe --set-version "$2" --show-depends "$module" 2>/dev/null || true; } |
			while read -r kind file _; do
				[ "$kind" = insmod ] || continue
				name=$(basename "${file%.xz}")
				printf ' %s' "$name"
				[ ! -e "$3/$name" ] || continue
				case $file in
				*.xz) xz -dc "$1$file" >"$3/$name" ;;
				*) cp "$1$file" "$3/$name" ;;
				esac
			done
		printf '\n'
	done >"$3/order"
}
