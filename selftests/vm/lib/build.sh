# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Builds what goes into a guest, in the release roots, below build/. Nothing is
# written beside the sources, and nothing is built twice from the same sources, be it in
# another clone of the repository.

BUILD=${BUILD:-$TOP/build}

# sources PATH...: the files below, without what a build beside them left there.
sources()
{
	(cd "$TOP" && find "$@" -type f ! -name '.*' ! -name '*.[oa]' ! -name '*.ko' \
		! -name '*.mod' ! -name '*.mod.c' ! -name modules.order \
		! -name Module.symvers ! -name '*.answer' ! -path kmod/compat/config.h \
		! -path 'kmod/compat/*.txt' | LC_ALL=C sort)
}

# tree_digest PATH...: of all sources below, names and contents.
tree_digest()
{
	local list

	list=$(sources "$@") || exit
	(cd "$TOP" && xargs -d '\n' sha256sum <<<"$list") | digest
}

# build_if_changed DIR KEY BUILD [ARG...]: runs "BUILD ARG... DIR" unless that was
# done for KEY already. The lock makes a second run wait and then find it done.
build_if_changed()
{
	local dir=$1 key=$2
	shift 2

	mkdir -p "$dir"
	(
		flock 9
		[ "$(cat "$dir/.built" 2>/dev/null)" != "$key" ] || exit 0
		rm -f "$dir/.built"
		"$@" "$dir" >"$dir/log" 2>&1 9>&- || {
			cat "$dir/log" >&2
			die "$1 failed in ${dir#"$TOP"/}"
		}
		echo "$key" >"$dir/.built"
	) 9>"$dir/.lock" || exit
}

# build_or_take DIR KEY BUILD [ARG...]: as build_if_changed(), and what was built is kept
# in the cache as well, for a clone that has not built it: of each folder, what the last
# three of its KEYs gave.
build_or_take()
{
	local name=${1#"$BUILD"/}

	build_if_changed "$1" "$2" build_or_copy "built-${name//\//-}" "$(digest <<<"$2")" "${@:3}"
}

# take_build ENTRY DIR: what is taken is older than any source, whenever that was edited,
# so that make does not trust it for another KEY; and no file of it is ever half there.
take_build()
{
	local entry=$1 dir=$2 taken=$2/.taken

	rm -rf "$taken"
	[ -e "$entry" ] || return
	cp -a "$entry" "$taken" && rm -f "$taken/.lock" &&
		find "$taken" -type f -exec touch -d @0 {} + &&
		find "$dir" -mindepth 1 -maxdepth 1 ! -name .lock ! -name log ! -name .taken \
			-exec rm -r {} + &&
		find "$taken" -mindepth 1 -maxdepth 1 -exec mv -t "$dir" {} + &&
		rmdir "$taken" && touch "$entry"
}

# build_or_copy NAME KEY BUILD [ARG...] DIR
build_or_copy()
{
	local name=$1 entry=$CACHE/$1-$2 new=$CACHE/.new-$1 dir=${*: -1}

	mkdir -p "$CACHE" || die "cannot make the cache $CACHE"
	(
		flock 9
		# What was about to come or to go when something was killed.
		rm -rf "$new"
		! take_build "$entry" "$dir" || exit 0
		"${@:3}" 9>&- || exit
		[ ! -e "$entry" ] || exit 0
		# When there is no room to keep it, it is built all the same.
		if cp -a "$dir" "$new" && touch "$new" && mv -T "$new" "$entry"; then
			find "$CACHE" -maxdepth 1 -name "$name-????????????" -printf '%T@ %p\n' |
				sort -rn | tail -n +4 | cut -d' ' -f2- | while read -r old; do
				mv -T "$old" "$new" && rm -rf "$new"
			done
		else
			rm -rf "$new"
		fi
	) 9>"$CACHE/.lock-$name"
}

# kernel_build_dir KERNEL: KDIR as seen inside the release's root.
kernel_build_dir()
{
	if kernel_is_built "$1"; then
		echo /memclass-debug-kernel/build
	else
		echo "/lib/modules/$(kernel_version "$1")/build"
	fi
}

# build_module KERNEL: prints the path of memclass.ko for it. A warning, of sparse or
# under W=1 as well, is an error.
build_module()
{
	local dir=$BUILD/kmod/$1 key

	key=$(tree_digest Kbuild kmod)-$(modules_key "$1") || exit
	build_or_take "$dir" "$key" module_make "$1"
	printf '%s\n' "$dir/tree/kmod/memclass.ko"
}

module_make()
{
	modules_make "$1" "$2" '' 'W=1 C=1' Kbuild kmod || return
	! grep -iE '(warning|error)[: ]' "$2/log" || {
		# What is done already would not warn again.
		rm -rf "$2/tree"
		return 1
	}
}

# build_test_modules KERNEL: prints the folder with the modules that tests load.
build_test_modules()
{
	local dir=$BUILD/test-modules/$1 key

	key=$(tree_digest selftests/modules)-$(modules_key "$1") || exit
	build_or_take "$dir" "$key" test_modules_make "$1"
	printf '%s\n' "$dir/tree/selftests/modules"
}

test_modules_make()
{
	modules_make "$1" "$2" selftests/modules '' selftests/modules
}

# modules_key KERNEL: what modules depend on beside their sources.
modules_key()
{
	{
		kernel_version "$1" || exit
		root_key "${KERNEL_RELEASE[$1]}"
		declare -f module_make test_modules_make modules_make
	} | digest
}

# modules_make KERNEL DIR FOLDER CHECKS PATH...: those that FOLDER's Kbuild names, from
# these of the repository's files, in KERNEL's own root. CHECKS are variables for make.
modules_make()
{
	local kernel=$1 dir=$2 folder=$3
	local -a binds=(--bind "$2/tree" /memclass-module) checks

	read -r -a checks <<<"$4"
	# The headers of another kernel can be older than what was made with the last one's:
	# make would see nothing to do.
	if [ "$(cat "$dir/.kernel" 2>/dev/null)" != "$(kernel_version "$kernel")" ]; then
		rm -rf "$dir/tree"
		kernel_version "$kernel" >"$dir/.kernel"
	fi
	sync_tree "$dir/tree" "${@:5}" || return
	if [ "$(kernel_arch "$kernel")" = arm64 ]; then
		checks+=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-)
	fi
	if kernel_is_built "$kernel"; then
		binds+=(--bind "$(debug_kernel_get "$kernel")" /memclass-debug-kernel) || return
	fi
	root_run "${KERNEL_RELEASE[$kernel]}" "${binds[@]}" -- \
		make -C "$(kernel_build_dir "$kernel")" M="/memclass-module${folder:+/$folder}" \
		-j"$(nproc)" "${checks[@]}" modules
}

# sync_tree DIR PATH...: makes DIR hold these of the repository's files as they are
# now. Unchanged ones keep their times, so that make does only what is needed; when
# files came or went, it starts afresh.
sync_tree()
{
	local to=$1 file
	shift

	sources "$@" >"$to.files.new" || return
	cmp -s "$to.files.new" "$to.files" || rm -rf "$to"
	mv "$to.files.new" "$to.files"
	while read -r file; do
		cmp -s "$TOP/$file" "$to/$file" ||
			install -D -m 644 "$TOP/$file" "$to/$file" || return
	done <"$to.files"
}

# build_userspace: prints the directory with the client (bin/ and lib/) and the
# selftests' programs (selftests/).
build_userspace()
{
	build_userspace_for x86
}

# build_userspace_for ARCH: the same, for other processors.
build_userspace_for()
{
	local dir=$BUILD/userspace root=workshop ksft key

	if [ "$1" = arm64 ]; then
		dir=$dir-arm64 root=arm64
	fi
	ksft=$(ksft_get) || exit
	key=$(tree_digest userspace selftests kmod/uapi packaging/systemd)-$(root_key $root)-$ksft || exit
	build_or_take "$dir" "$key" userspace_make $root "$ksft"
	printf '%s\n' "$dir/out"
}

userspace_make()
{
	mkdir -p "$3/out"
	root_run "$1" --bind "$TOP" /memclass --bind "$3/out" /out \
		--bind "$2" /ksft -- \
		/memclass/selftests/vm/lib/make-userspace
}
