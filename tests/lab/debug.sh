# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Debug kernels of the lab, NAME-debug: NAME's root, but its kernel is built
# from the distribution's linux-source package with what debug.config adds
# (KASAN, lockdep, kmemleak). Sourced by tests/lab/lab, after image.sh.
#
# In the cache, each a folder named by a hash of all that went into it:
#   kernel/NAME-KEY        packages of the kernel and its headers
#   base/NAME-debug-KEY    as NAME's base, with these packages for its kernel

# Inside the root of build_kernel: the source package is in /build.
# shellcheck disable=SC2016
export DEBUG_KERNEL_SCRIPT='set -e
	cd /build
	apt-get -q update
	apt-get -qy --no-install-recommends install bc bison flex libelf-dev libssl-dev libdw-dev rsync python3 xz-utils cpio
	dpkg --fsys-tarfile linux-source-*.deb | tar -xf - --wildcards --strip-components=3 "./usr/src/linux-source-*.tar.xz"
	mkdir src
	tar -xJf linux-source-*.tar.xz -C src --strip-components=1
	rm linux-source-*
	cd src
	make -s x86_64_defconfig kvm_guest.config
	scripts/kconfig/merge_config.sh -m .config /build/debug.config
	make -s olddefconfig
	make -s "-j$(nproc)" bindeb-pkg KDEB_PKGVERSION=1 DPKG_FLAGS=-d
	mkdir /build/debs
	rm -f ../linux-image-*-dbg_*.deb
	mv ../linux-image-*.deb ../linux-headers-*.deb /build/debs'

build_kernel_inside() {
	local tmp=$1 base=$2
	stack_root "$tmp" "$base" || return 1
	mkdir -p "$tmp/root/build"
	mv "$tmp"/linux-source-*.deb "$tmp/debug.config" "$tmp/root/build/" || return 1
	in_root "$tmp/root" "$DEBUG_KERNEL_SCRIPT" || return 1
	mv "$tmp/root/build/debs/"*.deb "$tmp/"
}

# build_kernel NAME DIR BASE: the packages of a debug kernel.
build_kernel() {
	local name=$1 dir=$2 tmp=$2.tmp opts
	[ "$(id -u)" = 0 ] || die "building a kernel needs root"
	rm -rf "$tmp"
	mkdir -p "$tmp"
	cp "$LAB/debug.config" "$tmp/"
	archive "$name"
	(cd "$tmp" && apt-get "${opts[@]}" -q download "linux-source-$name") >"$dir.log" 2>&1 || {
		tail -n 5 "$dir.log" >&2
		die "$name: cannot get linux-source-$name"
	}
	say "$name: building a debug kernel (a quarter of an hour or more; log: $dir.log)"
	export -f build_kernel_inside stack_root in_root
	# shellcheck disable=SC2016
	unshare --mount -- bash -c '
		mount --make-rprivate /
		build_kernel_inside "$@"' build_kernel "$tmp" "$3/root" >>"$dir.log" 2>&1 || {
		tail -n 40 "$dir.log" >&2
		rm -rf "$tmp"
		die "$name: building the debug kernel failed; whole log: $dir.log"
	}
	rm -rf "$tmp/work" "$tmp/upper" "$tmp/root"
	mv "$tmp" "$dir"
	say "$name: debug kernel built"
}

# build_debug_base NAME DIR BASE KERNEL: BASE's root with KERNEL's packages.
build_debug_base() {
	local name=$1 dir=$2 tmp=$2.tmp release
	rm -rf "$tmp"
	mkdir -p "$tmp"
	say "$name: base root with the debug kernel"
	if ! { cp -a "$3/root" "$tmp/root" && mkdir -p "$tmp/root/build" && cp "$4"/*.deb "$tmp/root/build/"; }; then
		die "$name: cannot copy the base root"
	fi
	in_root "$tmp/root" 'set -e
		apt-get -qy purge "linux-image-*-amd64" "linux-headers-*-amd64"
		dpkg -i /build/*.deb
		rm -rf /build' >"$dir.log" 2>&1 || {
		tail -n 30 "$dir.log" >&2
		rm -rf "$tmp"
		die "$name: installing the debug kernel failed; whole log: $dir.log"
	}
	release=$(cd "$tmp/root/lib/modules" && echo ./*-fusept-debug)
	release=${release#./}
	if ! { cp -L "$tmp/root/boot/vmlinuz-$release" "$tmp/vmlinuz" && cp "$tmp/root/boot/initrd.img-$release" "$tmp/initrd"; }; then
		die "$name: the root holds no kernel or no initrd for $release"
	fi
	rm -f "$tmp/root/boot/initrd.img-$release"
	echo "$release" >"$tmp/release"
	make_disk "$tmp/root" "$tmp/disk.img" || die "$name: cannot make the base disk"
	mv "$tmp" "$dir"
}

# ensure_debug NAME: after NAME's BASE; BASE becomes that of NAME-debug.
ensure_debug() {
	local name=$1 kernel base
	kernel=$CACHE/kernel/$name-$({
		echo "$BASE"
		cat "$LAB/debug.config"
		echo "$DEBUG_KERNEL_SCRIPT"
	} | hash_of)
	base=$CACHE/base/$name-debug-$(echo "$kernel" | hash_of)
	mkdir -p "$CACHE/kernel"
	locked "$name-kernel" "$kernel" build_kernel "$name" "$kernel" "$BASE"
	locked "$name-debug" "$base" build_debug_base "$name-debug" "$base" "$BASE" "$kernel"
	BASE=$base
	keep_newest "$CACHE/kernel" "$name"
}
