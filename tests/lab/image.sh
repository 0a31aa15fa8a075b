# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Root file systems and disk images of the lab; sourced by tests/lab/lab.
#
# Layers per kernel, each a folder in the cache named by a hash of all
# that went into it, built under a temporary name and renamed when complete:
#   base   the distribution's packages                     root/ disk.img vmlinuz initrd
#   pkg    base + our .deb packages, module built by DKMS  upper/ disk.img debs/
#   more   pkg + packages asked for by --install           upper/ disk.img
#   tests  test programs compiled against pkg              files/
# One lock per kernel keeps two builders apart.

# Paths of the tree that end up in our packages, and .gitignore, which tells the
# sources from what a build leaves.
pkg_paths=(.gitignore VERSION Kbuild module.mk dkms.conf include fs tools packaging)

say() { echo "lab: $*" >&2; }
die() { say "$*"; exit "$EXIT_LAB"; }

# need COMMAND PACKAGE ...: installs the packages whose command is missing.
need() {
	local want=()
	while [ $# -ge 2 ]; do
		command -v "$1" >/dev/null || want+=("$2")
		shift 2
	done
	[ ${#want[@]} -eq 0 ] && return 0
	[ "$(id -u)" = 0 ] || die "missing packages, and not root to install them: ${want[*]}"
	say "installing ${want[*]}"
	apt-get -q update >&2 || say "apt-get update failed; trying the lists at hand"
	# Another tree's make, or the machine itself, may be installing.
	DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=600 install --no-install-recommends "${want[@]}" >&2 ||
		die "cannot install: ${want[*]}"
}

need_host_tools() {
	need mmdebstrap mmdebstrap qemu-system-x86_64 qemu-system-x86 mkfs.ext4 e2fsprogs flock util-linux
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
		need debian-archive-keyring-missing debian-archive-keyring
}

# kernel_line NAME: sets K_SUITES, K_IMAGE, K_OPTS (apt options) and K_MORE
# (packages) from the kernels file.
kernel_line() {
	local name suites image opts opt
	while read -r name suites image opts; do
		[ "$name" = "$1" ] || continue
		K_SUITES=${suites//,/ } K_IMAGE=$image K_OPTS=() K_MORE=
		for opt in ${opts//,/ }; do
			case $opt in
			-) ;;
			+*) K_MORE+=",${opt#+}" ;;
			*=*) K_OPTS+=("$opt") ;;
			*) die "kernel '$1': option '$opt' is neither NAME=VALUE nor +PACKAGE" ;;
			esac
		done
		return 0
	done < <(sed 's/#.*//' "$LAB/kernels")
	die "unknown kernel '$1'; known: $(kernel_names | tr '\n' ' ')"
}

kernel_names() { sed 's/#.*//' "$LAB/kernels" | awk 'NF { print $1 }'; }

# apt_sources SUITE ...: one-line sources of these suites, from the archives
# that this machine's apt is set up with.
apt_sources() {
	local suite uri main='' security='' host
	# shellcheck disable=SC1091
	host=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016
	while read -r uri suite; do
		case $suite in
		"$host" | "$host"/) main=$uri ;;
		"$host"-security | "$host"/updates) security=$uri ;;
		esac
	done < <(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | sort -u)
	[ -n "$main" ] || die "apt's sources name no archive for this machine's suite '$host'"
	for suite in "$@"; do
		case $suite in
		*-security) [ -z "$security" ] || echo "deb $security $suite main" ;;
		*) echo "deb $main $suite main" ;;
		esac
	done
}

# apt_options: apt settings of this machine that a root's apt needs too.
apt_options() {
	local v
	for v in Acquire::http::Proxy Acquire::https::Proxy Acquire::Check-Valid-Until Acquire::Check-Date; do
		apt-config dump --no-empty --format '%f "%v"%n' "$v"
	done
	for v in "${K_OPTS[@]}"; do
		echo "${v%%=*} \"${v#*=}\""
	done
}

# archive NAME: sets opts, what makes apt look at that kernel's suites only.
archive() {
	local dir=$CACHE/apt/$1
	opts=(-o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=-
		-o Dir::State::lists="$dir/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$dir/cache" -c "$dir/apt.conf")
}

# resolve NAME: prints "IMAGE HEADERS VERSION" of the newest kernel packages.
# The answer is kept, so that a later run asks no archive; --refresh renews it.
resolve() {
	local name=$1 dir=$CACHE/apt/$1 p h best='' version kept lock opts
	kept=$dir/resolved-$(echo "$K_SUITES $K_IMAGE" | hash_of)
	if [ -z "$REFRESH" ] && [ -s "$kept" ]; then
		cat "$kept"
		return 0
	fi
	exec {lock}>"$CACHE/lock/$name-apt"
	flock "$lock"
	if [ -z "$REFRESH" ] && [ -s "$kept" ]; then
		cat "$kept"
		return 0
	fi
	say "$name: asking the archive for the newest kernel"
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	# shellcheck disable=SC2086
	apt_sources $K_SUITES | sed 's/^deb /deb [signed-by=\/usr\/share\/keyrings\/debian-archive-keyring.gpg] /' >"$dir/sources.list"
	apt_options | sed 's/ / /; s/$/;/' >"$dir/apt.conf"
	archive "$name"
	apt-get "${opts[@]}" -q update >"$dir/log" 2>&1 || {
		tail -n 5 "$dir/log" >&2
		[ -s "$kept" ] || die "$name: cannot read the archive's lists"
		say "$name: archive not reached, keeping the packages chosen before"
		cat "$kept"
		return 0
	}
	while read -r p; do
		# shellcheck disable=SC2254
		case $p in
		*-rt-amd64 | *-cloud-amd64) continue ;;
		$K_IMAGE) ;;
		*) continue ;;
		esac
		h=linux-headers-${p#linux-image-}
		apt-cache "${opts[@]}" show "$h" >/dev/null 2>&1 || continue
		best=$p
	done < <(apt-cache "${opts[@]}" pkgnames linux-image- | sort -V)
	[ -n "$best" ] || die "$name: no package matches $K_IMAGE in $K_SUITES"
	version=$(apt-cache "${opts[@]}" policy "$best" | awk '/Candidate:/ { print $2 }')
	echo "$best linux-headers-${best#linux-image-} $version" >"$kept.new"
	mv "$kept.new" "$kept"
	cat "$kept"
}

# hash_of: key from standard input.
hash_of() { sha256sum | cut -c1-16; }

# tree_files PATH ...: files of the tree below these paths, sources only.
tree_files() { "$TOP/packaging/sources" "$@"; }

# snapshot FILE PATH ...: packs these sources, the same bytes for the same
# content: what is hashed is what is built, whoever edits the tree meanwhile.
snapshot() {
	local file=$1
	shift
	(cd "$TOP" && tree_files "$@" | tar -cf "$file" --mtime=@0 --owner=0 --group=0 --numeric-owner \
		--mode=u+rw,go=u-w --format=gnu -T -) || die "cannot pack the tree: $*"
}

# keep_newest DIR NAME: removes all but the three last used layers of a kernel.
keep_newest() {
	local d n=0
	# What an interrupted build left.
	find "$1" -maxdepth 1 -name "$2-*.tmp" -mmin +120 -exec rm -rf {} +
	while read -r d; do
		n=$((n + 1))
		[ $n -le 3 ] || rm -rf "$d" "$d.log"
	done < <(find "$1" -maxdepth 1 -name "$2-????????????????" -printf '%T@ %p\n' | sort -rn | cut -d' ' -f2-)
}

# make_disk ROOT IMAGE: an ext4 disk with the files of ROOT and 4 GiB spare.
make_disk() {
	local kib
	kib=$(du -xsk "$1" | cut -f1)
	rm -f "$2"
	truncate -s $((kib + 4 * 1024 * 1024))K "$2"
	mkfs.ext4 -q -F -m 0 -L labroot -E lazy_itable_init=1,lazy_journal_init=1,nodiscard -O ^metadata_csum_seed -d "$1" "$2"
}

build_base() {
	local name=$1 image=$2 headers=$3 dir=$4 tmp=$4.tmp list opt args=() release
	need_host_tools
	[ "$(id -u)" = 0 ] || die "building a root file system needs root"
	rm -rf "$tmp"
	mkdir -p "$tmp"
	release=${image#linux-image-}
	list=$(sed 's/#.*//' "$LAB/packages" | awk 'NF { print $1 }' | paste -sd,)
	while read -r opt; do
		args+=(--aptopt="$opt")
	done < <(apt_options)
	# Parts of the kernel and of documentation that no guest of ours can use:
	# leaving them out halves the time to unpack, index and image a root.
	for opt in '/usr/share/doc/*' '/usr/share/locale/*' '/usr/share/man/*' '/usr/share/info/*' \
		'*/lib/modules/*/kernel/sound/*' '*/lib/modules/*/kernel/drivers/gpu/*' \
		'*/lib/modules/*/kernel/drivers/media/*' '*/lib/modules/*/kernel/drivers/net/*' \
		'*/lib/modules/*/kernel/drivers/infiniband/*' '*/lib/modules/*/kernel/drivers/staging/*' \
		'*/lib/modules/*/kernel/drivers/iio/*' '*/lib/modules/*/kernel/drivers/usb/*' \
		'*/lib/modules/*/kernel/drivers/hwmon/*' '*/lib/modules/*/kernel/drivers/scsi/*'; do
		args+=(--dpkgopt="path-exclude=$opt")
	done
	args+=(--dpkgopt='path-include=*/lib/modules/*/kernel/drivers/scsi/scsi*'
		--dpkgopt='path-include=*/lib/modules/*/kernel/drivers/net/veth*'
		--dpkgopt='path-include=/usr/share/man/*fuse*' --dpkgopt='force-unsafe-io')
	say "$name: building the base root with $image (some minutes; log: $dir.log)"
	# shellcheck disable=SC2016,SC2086
	apt_sources $K_SUITES | mmdebstrap --mode=root --variant=apt "${args[@]}" \
		--include="$list,$image,$headers$K_MORE" \
		--essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"; printf "MODULES=list\nCOMPRESS=lz4\nRESUME=none\nFSTYPE=ext4\n" >"$1/etc/initramfs-tools/conf.d/lab"; printf "virtio_pci\nvirtio_blk\next4\n" >"$1/etc/initramfs-tools/modules"' \
		"${K_SUITES%% *}" "$tmp/root" - >"$dir.log" 2>&1 || {
		tail -n 30 "$dir.log" >&2
		rm -rf "$tmp"
		die "$name: building the base root failed"
	}
	install -m 755 "$LAB/stub" "$tmp/root/sbin/lab-init"
	printf 'lab\n' >"$tmp/root/etc/hostname"
	printf '127.0.0.1 localhost lab\n' >"$tmp/root/etc/hosts"
	in_root "$tmp/root" 'useradd -m -u 1000 -s /bin/bash user1 && useradd -m -u 1001 -s /bin/bash user2' >>"$dir.log" 2>&1 ||
		die "$name: cannot add the test users"
	if ! { cp -L "$tmp/root/boot/vmlinuz-$release" "$tmp/vmlinuz" && cp "$tmp/root/boot/initrd.img-$release" "$tmp/initrd"; }; then
		die "$name: the root holds no kernel or no initrd for $release"
	fi
	rm -f "$tmp/root/boot/initrd.img-$release" "$tmp/root/boot/System.map-$release"
	echo "$release" >"$tmp/release"
	make_disk "$tmp/root" "$tmp/disk.img" || die "$name: cannot make the base disk"
	mv "$tmp" "$dir"
	say "$name: base root ready"
}

# in_root ROOT SCRIPT [ENV=VALUE ...]: runs a script in a root with what a
# build expects to be mounted; every mount goes away with it.
in_root() {
	local root=$1 script=$2
	shift 2
	# shellcheck disable=SC2016
	unshare --mount --uts --ipc --pid --fork --kill-child -- sh -c '
		root=$1 script=$2; shift 2
		mount --make-rprivate /
		mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" && mount --rbind /dev "$root/dev" &&
		mount -t tmpfs -o mode=1777 tmp "$root/tmp" || exit 1
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@" \
			chroot "$root" bash -c "$script"
	' in_root "$root" "$script" "$@"
}

# stack_root DEST LOWER ...: mounts (or, where the machine cannot stack file
# systems, copies) the layers at DEST/root; writes land in DEST/upper.
# Call it within a private mount namespace.
stack_root() {
	local dest=$1 lower
	shift
	lower=$(printf '%s\n' "$@" | tac | paste -sd:)
	mkdir -p "$dest/root" "$dest/upper" "$dest/work"
	mount -t overlay overlay -o "lowerdir=$lower,upperdir=$dest/upper,workdir=$dest/work" "$dest/root" 2>/dev/null && return 0
	rm -rf "$dest/upper" "$dest/work"
	for lower in "$@"; do
		cp -a "$lower/." "$dest/root/" || return 1
	done
}

# What runs inside the namespace of build_pkg: $1 layer folder, $2 base layer.
build_pkg_inside() {
	local tmp=$1 base=$2 release rc=0
	release=$(cat "$base/release")
	stack_root "$tmp" "$base/root" || return 1
	mkdir -p "$tmp/root/build/fuse_pt"
	tar -xf "$tmp/src.tar" -C "$tmp/root/build/fuse_pt" || return 1
	in_root "$tmp/root" 'set -e
		cd /build/fuse_pt
		packaging/deb/build /build/debs
		# the one page of documentation that a test uses, too
		apt-get -qy --no-install-recommends -o "DPkg::Options::=--path-include=/usr/share/doc/fuse-pt-dkms/*" \
			install /build/debs/*.deb
	' || rc=$?
	find "$tmp/root/var/lib/dkms/fuse_pt" -name make.log -exec sh -c 'echo "== $1"; cat "$1"' _ {} \;
	[ $rc = 0 ] || return $rc
	if ! find "$tmp/root/lib/modules/$release/updates" "$tmp/root/lib/modules/$release/extra" -name 'fuse_pt.ko*' 2>/dev/null | grep -q .; then
		echo "DKMS did not build fuse_pt for $release"
		return 1
	fi
	mkdir -p "$tmp/debs"
	cp "$tmp/root/build/debs/"*.deb "$tmp/debs/"
	rm -rf "$tmp/root/build"
	make_disk "$tmp/root" "$tmp/disk.img"
}

build_pkg() {
	local name=$1 base=$2 dir=$3 tmp=$3.tmp
	[ "$(id -u)" = 0 ] || die "building the packages' root needs root"
	rm -rf "$tmp"
	mkdir -p "$tmp"
	say "$name: building our packages, DKMS and the disk (a minute; log: $dir.log)"
	mv "$4" "$tmp/src.tar"
	export -f build_pkg_inside stack_root in_root make_disk
	# shellcheck disable=SC2016
	unshare --mount -- bash -c '
		mount --make-rprivate /
		build_pkg_inside "$@"' build_pkg "$tmp" "$base" >"$dir.log" 2>&1 || {
		grep -nE '(^|[ :])([Ee]rror|ERROR)([: ]|$)' "$dir.log" | head -n 40 >&2
		tail -n 40 "$dir.log" >&2
		rm -rf "$tmp"
		die "$name: building our packages failed; whole log: $dir.log"
	}
	rm -rf "$tmp/work" "$tmp/src.tar"
	[ ! -e "$tmp/upper" ] || rmdir "$tmp/root"
	mv "$tmp" "$dir"
	say "$name: packages installed, module built by DKMS"
}

# $1 layer folder, $2 ... layers below, --, packages. NAME/SUITE is NAME from
# another suite. src:NAME is the source package NAME, unpacked in /usr/src/NAME
# and built there by its script in tests/suites, which has a copy at
# /usr/src/suites; orig:NAME[/SUITE] is the same of the upstream archive alone, as
# it is in that package, without the distribution's changes. deb:NAME[/SUITE] is a
# package as any, and its script there is run in /usr/src/NAME, which is empty.
# npm:NAME@VERSION is that package of the npm registry, in /usr/src/NAME.
build_more_inside() {
	local tmp=$1 lower=() registry
	shift
	while [ "$1" != -- ]; do
		lower+=("$1")
		shift
	done
	shift
	stack_root "$tmp" "${lower[@]}" || return 1
	mkdir -p "$tmp/root/usr/src/suites"
	tar -xf "$tmp/src.tar" -C "$tmp/root/usr/src/suites" --strip-components=2 || return 1
	# The registry that this machine uses, and whom it trusts to be that.
	[ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$tmp/root/usr/src/suites/"
	registry=$(npm config get registry 2>/dev/null)
	# Services are for the tests to start; a package may want to start its own.
	# shellcheck disable=SC2016
	in_root "$tmp/root" 'set -e
		printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d
		chmod 755 /usr/sbin/policy-rc.d
		packages=() sources=() scripts=() npm=()
		archive=$(sed -n "s/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p" /etc/apt/sources.list | head -n 1)
		lists=/etc/apt/sources.list.d
		for p in $PACKAGES; do
			kind=deb
			case $p in
			npm:*)
				npm+=("${p#npm:}") packages+=(npm)
				continue
				;;
			src:* | orig:*)
				sources+=("$p") kind=deb-src
				[ -e $lists/lab-sources.list ] || sed -n "s/^deb /deb-src /p" /etc/apt/sources.list >$lists/lab-sources.list
				;;
			deb:*)
				p=${p#deb:}
				packages+=("$p") scripts+=("${p%%/*}")
				;;
			*) packages+=("$p") ;;
			esac
			suite=${p##*/}
			[ "$suite" != "$p" ] || continue
			grep -q "^deb .* $suite main" /etc/apt/sources.list && continue
			# An old suite is no longer renewed; a newer one is signed by newer keys.
			echo "$kind [check-valid-until=no] $archive $suite main" >"$lists/lab-$kind-$suite.list"
			printf "Package: *\nPin: release n=%s\nPin-Priority: 100\n" "$suite" >"/etc/apt/preferences.d/lab-$suite"
		done
		apt-get -q update
		[ ${#packages[@]} -eq 0 ] || apt-get -qy --no-install-recommends install "${packages[@]}"
		ca=/usr/src/suites/ca-certificates.crt
		[ ! -e $ca ] || export npm_config_cafile=$ca
		[ -z "$REGISTRY" ] || export npm_config_registry=$REGISTRY
		for p in "${npm[@]}"; do
			mkdir -p "/usr/src/${p%@*}"
			npm install --no-audit --no-fund --prefix "/usr/src/${p%@*}" "$p"
		done
		for p in "${sources[@]}"; do
			kind=${p%%:*} p=${p#*:} name=${p%%/*} list=$lists/lab-sources.list
			# Of all suites it would be the newest.
			[ ! -e "$lists/lab-deb-src-${p##*/}.list" ] || list=$lists/lab-deb-src-${p##*/}.list
			get=(apt-get -q -o "Dir::Etc::SourceList=$list" -o Dir::Etc::SourceParts=/dev/null source --download-only)
			mkdir -p "/tmp/$name"
			cd "/tmp/$name"
			case $kind in
			src)
				"${get[@]}" "$p"
				dpkg-source --no-check -x ./*.dsc "/usr/src/$name"
				;;
			orig)
				"${get[@]}" --tar-only "$p"
				mkdir -p "/usr/src/$name"
				tar -xf ./*.orig.tar.* -C "/usr/src/$name" --strip-components=1
				;;
			esac
			scripts+=("$name")
		done
		for name in "${scripts[@]}"; do
			mkdir -p "/usr/src/$name"
			cd "/usr/src/$name"
			bash -e "/usr/src/suites/$name.build"
		done' PACKAGES="$*" REGISTRY="$registry" || return 1
	make_disk "$tmp/root" "$tmp/disk.img"
}

build_more() {
	local name=$1 dir=$2 tmp=$2.tmp
	[ "$(id -u)" = 0 ] || die "installing packages in the root needs root"
	rm -rf "$tmp"
	mkdir -p "$tmp"
	mv "$3" "$tmp/src.tar"
	shift 3
	say "$name: installing the distribution's packages asked for (log: $dir.log)"
	export -f build_more_inside stack_root in_root make_disk
	# shellcheck disable=SC2016
	unshare --mount -- bash -c '
		mount --make-rprivate /
		build_more_inside "$@"' build_more "$tmp" "$@" >"$dir.log" 2>&1 || {
		tail -n 40 "$dir.log" >&2
		rm -rf "$tmp"
		die "$name: installing the packages failed; whole log: $dir.log"
	}
	rm -rf "$tmp/work" "$tmp/src.tar"
	[ ! -e "$tmp/upper" ] || rmdir "$tmp/root"
	mv "$tmp" "$dir"
	say "$name: packages of the distribution installed"
}

build_tests_inside() {
	local tmp=$1
	shift
	stack_root "$tmp" "$@" || return 1
	mkdir -p "$tmp/root/build" "$tmp/files"
	tar -xf "$tmp/src.tar" -C "$tmp/root/build" || return 1
	# One program that does not compile must not keep the other tests from
	# running; the runner reports it.
	in_root "$tmp/root" 'cd /build/tests/guest && { make -k -j2 -C progs; make -s -C progs install DESTDIR=/build/dest; }' || return 1
	# A debug kernel has to find what this module does wrong.
	case $(echo "$tmp"/root/lib/modules/*) in
	*-fusept-debug)
		# shellcheck disable=SC2016
		in_root "$tmp/root" 'cd /build/tests/guest/checkers && make -C /lib/modules/*/build M="$PWD" modules' || return 1
		cp "$tmp/root/build/tests/guest/checkers/fusept_checkers.ko" "$tmp/files/" || return 1
		;;
	esac
	cp -a "$tmp/root/build/dest/usr/lib/fusept-tests/." "$tmp/files/" &&
		cp -a "$tmp/root/build/tests/guest/." "$tmp/files/" && rm -rf "$tmp/files/progs" "$tmp/files/checkers" &&
		cp "$tmp/root/build/tests/lab/log-check" "$tmp/files/"
}

build_tests() {
	local name=$1 dir=$2 tmp=$2.tmp
	[ "$(id -u)" = 0 ] || die "compiling the test programs needs root"
	rm -rf "$tmp"
	mkdir -p "$tmp"
	mv "$3" "$tmp/src.tar"
	shift 3
	export -f build_tests_inside stack_root in_root
	# shellcheck disable=SC2016
	unshare --mount -- bash -c '
		mount --make-rprivate /
		build_tests_inside "$@"' build_tests "$tmp" "$@" >"$dir.log" 2>&1 || {
		tail -n 40 "$dir.log" >&2
		rm -rf "$tmp"
		die "$name: compiling the test programs failed; whole log: $dir.log"
	}
	[ ! -s "$tmp/files/not-built" ] || {
		grep -A4 ': error' "$dir.log" | head -n 40 >&2
		say "$name: these test programs do not compile: $(tr '\n' ' ' <"$tmp/files/not-built")"
	}
	rm -rf "$tmp/work" "$tmp/upper" "$tmp/root" "$tmp/src.tar"
	mv "$tmp" "$dir"
}

# locked NAME DIR CMD ...: runs CMD, which makes DIR, unless DIR is there or
# another builder made it while we waited.
locked() {
	local name=$1 dir=$2 lock
	shift 2
	[ ! -d "$dir" ] || return 0
	exec {lock}>"$CACHE/lock/$name"
	if ! flock -n "$lock"; then
		say "$name: another build is at work; waiting for it"
		flock "$lock"
	fi
	[ -d "$dir" ] || "$@"
	exec {lock}>&-
}

# ensure NAME LAYER [PACKAGE ...]: builds what is missing; sets BASE, DISK and,
# for the layers pkg and tests, PKG and TESTS. Packages go on top of pkg.
ensure() {
	local name=$1 layer=$2 image headers version key lower src more debug=
	shift 2
	case $name in *-debug) debug=1 name=${name%-debug} ;; esac
	kernel_line "$name"
	mkdir -p "$CACHE"/{apt,base,pkg,more,tests,log,lock}
	read -r image headers version < <(resolve "$name") || die "$name: no kernel packages found"
	key=$({
		echo "$image $headers $version $K_SUITES$K_MORE"
		sed 's/#.*//' "$LAB/packages" | awk 'NF { print $1 }'
		cat "$LAB/stub"
		declare -f build_base make_disk
	} | hash_of)
	BASE=$CACHE/base/$name-$key
	locked "$name" "$BASE" build_base "$name" "$image" "$headers" "$BASE"
	touch "$BASE"
	if [ -n "$debug" ]; then
		ensure_debug "$name"
		name=$name-debug key=${BASE##*-}
		touch "$BASE"
	fi
	DISK=$BASE/disk.img
	if [ "$layer" != base ]; then
		src=$(mktemp "$CACHE/src.XXXXXX")
		snapshot "$src" "${pkg_paths[@]}"
		key=$({
			echo "$key"
			cat "$src"
			declare -f build_pkg_inside make_disk
		} | hash_of)
		PKG=$CACHE/pkg/$name-$key
		locked "$name" "$PKG" build_pkg "$name" "$BASE" "$PKG" "$src"
		rm -f "$src"
		touch "$PKG"
		DISK=$PKG/disk.img
		lower=$PKG/upper
		[ -d "$lower" ] || lower=$PKG/root
	fi
	if [ $# -gt 0 ]; then
		src=$(mktemp "$CACHE/src.XXXXXX")
		snapshot "$src" tests/suites
		more=$CACHE/more/$name-$({
			echo "$key" "$@"
			cat "$src"
			declare -f build_more_inside make_disk
		} | hash_of)
		locked "$name" "$more" build_more "$name" "$more" "$src" "$BASE/root" "$lower" -- "$@"
		rm -f "$src"
		touch "$more"
		# shellcheck disable=SC2034 # lab boots it
		DISK=$more/disk.img
	fi
	if [ "$layer" = tests ]; then
		src=$(mktemp "$CACHE/src.XXXXXX")
		snapshot "$src" tests/guest tests/lab/log-check
		key=$({
			echo "$key"
			cat "$src"
			declare -f build_tests_inside
		} | hash_of)
		TESTS=$CACHE/tests/$name-$key
		locked "$name" "$TESTS" build_tests "$name" "$TESTS" "$src" "$BASE/root" "$lower"
		rm -f "$src"
		touch "$TESTS"
	fi
	keep_newest "$CACHE/base" "$name"
	keep_newest "$CACHE/pkg" "$name"
	keep_newest "$CACHE/more" "$name"
	keep_newest "$CACHE/tests" "$name"
}

# kernel_source NAME: prints a folder with the parts of the kernel's source
# that static checks read, from the distribution's linux-source package.
kernel_source() {
	local name=$1 image headers version dir
	kernel_line "$name"
	mkdir -p "$CACHE"/{apt,source,lock}
	read -r image headers version < <(resolve "$name") || die "$name: no kernel packages found"
	dir=$CACHE/source/$name-$version
	locked "$name-source" "$dir" fetch_source "$name" "$dir"
	echo "$dir"
}

fetch_source() {
	local name=$1 dir=$2 opts
	say "$name: fetching the kernel's source"
	rm -rf "$dir.tmp"
	mkdir -p "$dir.tmp"
	archive "$name"
	(
		set -e
		cd "$dir.tmp"
		apt-get "${opts[@]}" -q download "linux-source-$name" >log 2>&1
		dpkg --fsys-tarfile linux-source-*.deb | tar -xf - --wildcards --strip-components=3 './usr/src/linux-source-*.tar.xz'
		tar -xJf linux-source-*.tar.xz --strip-components=1 --wildcards '*/fs/fuse/*' '*/scripts/checkpatch.pl' \
			'*/scripts/spelling.txt' '*/scripts/const_structs.checkpatch'
		rm linux-source-*
	) || {
		cat "$dir.tmp/log" >&2
		die "$name: cannot get linux-source-$name"
	}
	mv "$dir.tmp" "$dir"
}

# scratch CMD ...: runs CMD in a copy-on-write view of $BASE/root, in a copy
# of the tree.
scratch() {
	local work status
	[ "$(id -u)" = 0 ] || die "chroot needs root"
	work=$(mktemp -d "$CACHE/scratch.XXXXXX") || die "cannot make a scratch folder"
	# shellcheck disable=SC2064
	trap "rm -rf '$work'" EXIT
	export -f stack_root in_root tree_files
	# shellcheck disable=SC2016
	TOP=$TOP unshare --mount -- bash -c '
		work=$1 base=$2; shift 2
		mount --make-rprivate /
		stack_root "$work" "$base" || exit 1
		mkdir -p "$work/root/build/tree"
		cd "$TOP" && tree_files . | tar -cf - -T - | tar -xf - -C "$work/root/build/tree" || exit 1
		in_root "$work/root" "cd /build/tree && $(printf "%q " "$@")"' scratch "$work" "$BASE/root" "$@"
	status=$?
	rm -rf "$work"
	trap - EXIT
	return $status
}
