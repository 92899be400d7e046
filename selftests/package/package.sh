# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests of the packages have in common: packages, and copies of release roots
# to install them in. A script that sources it has set VM, TOP and is in a mount
# namespace of its own, with which all mounts go.

PACKAGED=(LICENSE README.md Makefile Kbuild dkms.conf kmod userspace packaging)

# not COMMAND...: which "set -e" takes notice of, as it does not of "!".
not()
{
	! "$@"
}
# For scripts in guests.
# shellcheck disable=SC2034 # of those that source this
NOT='not() { ! "$@"; }; '

# package_get RELEASE: prints a folder with its packages.
package_get()
{
	local dir=$BUILD/package/$1 key

	key=$(tree_digest "${PACKAGED[@]}")-$(root_key "$1") || exit
	build_if_changed "$dir" "$key" package_make "$1"
	printf '%s\n' "$dir/out"
}

package_make()
{
	rm -rf "$2/out"
	package_build "$1" "$2/out"
}

# package_build RELEASE DIR [OPTION...]: what make deb does for it.
package_build()
{
	local release=$1 dir=$2
	shift 2

	mkdir -p "$dir"
	root_run "$release" --bind "$TOP" /memclass --bind "$dir" /out -- \
		/memclass/packaging/deb --out /out "$@"
}

# package_change DEB VERSION DIR [COMMAND...]: a package like DEB, of another version, into
# DIR. The command is run where the module's sources are.
package_change()
{
	local deb=$1 version=$2 dir=$3 tree=$work/tree old sources
	shift 3

	old=$(dpkg-deb -f "$deb" Version)
	rm -rf "$tree"
	dpkg-deb -R "$deb" "$tree"
	sed -i -e "s/^Version: .*/Version: $version/" -e 's/memclass (>= [^)]*)/memclass/' \
		"$tree/DEBIAN/control"
	# What DKMS and the module know of it.
	old=${old%%~*} sources=$tree/usr/src/memclass-$version
	if [ -d "$tree/usr/src/memclass-$old" ]; then
		mv "$tree/usr/src/memclass-$old" "$sources"
		sed -i "s/$old/$version/" "$tree/usr/lib/memclass-dkms/kernels" \
			"$sources/"{dkms.conf,kmod/uapi/memclass.h}
	fi
	[ $# = 0 ] || (cd "$sources" && "$@")
	mkdir -p "$dir"
	dpkg-deb --root-owner-group -b "$tree" "$dir" >/dev/null
}

# stub [LINE]: in the place of the module's sources, one that is built in a second.
stub()
{
	echo 'obj-m := memclass.o' >kmod/Kbuild
	printf '%s\n' '#include "uapi/memclass.h"' '#include <linux/module.h>' \
		'MODULE_LICENSE("GPL");' 'MODULE_DESCRIPTION("None");' \
		'MODULE_VERSION(MEMCLASS_VERSION);' "$@" >kmod/memclass.c
}

# copy_open ROOT: a copy of it that can be written to, in memory: $work/root, also $root.
copy_open()
{
	mkdir -p "$work"
	mount -t tmpfs copy "$work"
	mkdir "$work/upper" "$work/work" "$work/root"
	root=$work/root
	mount -t overlay -o "lowerdir=$1,upperdir=$work/upper,workdir=$work/work" root "$root"
}

# hide DIR...: they look empty from now on.
hide()
{
	local dir

	for dir; do
		[ ! -d "$dir" ] || mount -t tmpfs hidden "$dir"
	done
}

# copy_thin KERNEL-VERSION: hides those of its modules that no guest has a device for. With
# them depmod takes four times as long, and it runs each time that DKMS installs or removes.
copy_thin()
{
	local dir

	for dir in "$root/lib/modules/$1/kernel"/{sound,drivers/*,net/*}; do
		case ${dir#*/kernel/} in
		drivers/block | drivers/char | drivers/virtio | net/9p) ;;
		*) hide "$dir" ;;
		esac
	done
}

# in_copy COMMAND...: with /proc, without which objtool fails, for as long as it
# takes. INITRD=No: nobody boots from an initramfs of the root's own.
in_copy()
{
	# shellcheck disable=SC2016 # the inner shell expands it
	unshare --mount --propagation private sh -ec '
		mount -t proc proc "$1/proc" 2>/dev/null || mount --rbind /proc "$1/proc"
		mount --rbind /dev "$1/dev"
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root \
			INITRD=No DEBIAN_FRONTEND=noninteractive chroot "$@"' sh "$root" "$@"
}

# copy_install DEB...: with apt, from files on the host. What it says is in $work/said.
copy_install()
{
	local deb names=()

	for deb; do
		cp "$deb" "$root/tmp/"
		names+=("/tmp/${deb##*/}")
	done
	in_copy apt-get -q install -y --no-install-recommends --allow-downgrades "${names[@]}" \
		>"$work/said" 2>&1 || {
		cat "$work/said"
		return 1
	}
	cat "$work/said"
	(cd "$root" && rm -f "${names[@]#/}")
	copy_is_whole
}

# copy_without_compiler: takes from the copy all that a module could be built with.
copy_without_compiler()
{
	# shellcheck disable=SC2016 # the inner shell expands it
	in_copy sh -c 'apt-get -q purge -y dkms make $(dpkg-query -W -f "\${Package}\n" |
		grep -E "^(gcc|gcc-[0-9]+(-x86-64-linux-gnu)?|linux-headers-.*)$")'
	not in_copy sh -c 'command -v gcc || command -v dkms'
}

# copy_is_whole: no package is half way to something.
copy_is_whole()
{
	ktap_same 'dpkg --audit' '' "$(in_copy dpkg --audit)"
	in_copy apt-get -q check
}

# unpacked FILE: a module, as it was before it was compressed.
unpacked()
{
	case $1 in
	*.xz) xz -dc "$1" ;;
	*) cat "$1" ;;
	esac
}

# footprint: each path where packages leave something. Not what apt and dpkg know of all
# packages, logs, what Python keeps, and the key that DKMS makes once for itself.
footprint()
{
	(cd "$root" && find . -xdev \
		\( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/cache -o -path ./var/log \
		-o -path ./tmp -o -path ./run -o -path ./proc -o -path ./dev -o -name __pycache__ \) -prune -o \
		! -path './var/lib/dkms/mok.*' -printf '%p %y %m %l\n' | LC_ALL=C sort)
	grep -l memclass "$root"/lib/modules/*/modules.* || true
}

# fleet_keys DIR: it gets a key that signs (fleet.key, fleet.der), and another one that
# nobody knows (other.*).
fleet_keys()
{
	mkdir -p "$1"
	# shellcheck disable=SC2016 # the inner shell expands it
	root_run toolbox --bind "$1" /fleet -- sh -ec '
		cd /fleet
		for key in fleet other; do
			openssl req -new -x509 -nodes -days 36500 -newkey rsa:2048 \
				-subj "/CN=memclass test $key/" -keyout $key.key -out $key.pem
			openssl x509 -in $key.pem -outform DER -out $key.der
		done'
}

# fleet_firmware DIR VMLINUZ: for vm/run --secure-boot, firmware that knows the first of these
# keys, and VMLINUZ signed with it.
fleet_firmware()
{
	cp "$2" "$1/unsigned"
	# shellcheck disable=SC2016 # the inner shell expands it
	root_run toolbox --bind "$1" /fleet -- sh -ec '
		cd /fleet
		owner=$(cat /proc/sys/kernel/random/uuid) firmware=/usr/share/OVMF
		cp $firmware/OVMF_CODE_4M.secboot.fd code.fd
		virt-fw-vars -i $firmware/OVMF_VARS_4M.fd -o vars.fd --sb \
			--set-pk "$owner" fleet.pem --add-kek "$owner" fleet.pem \
			--add-db "$owner" fleet.pem
		sbsign --key fleet.key --cert fleet.pem --output vmlinuz unsigned'
	rm "$1/unsigned"
}
