# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is used by those who source it
#
# Kernel source and kernel builds in the cache. Sourced after lib.sh by
# demo.sh, check.sh, lint.sh and corpus.sh.
#
# A tree in the cache is named by what it was made from: the source and the
# patch that was put on top; all builds of it share it. The overlay goes in anew
# each time, and leaves alone what did not change, so that make sees only what did.

KBUILD_REPRODUCIBLE=(KBUILD_BUILD_USER=livesplice KBUILD_BUILD_HOST=cache)
[ -z "$KERNEL_LLVM" ] || KBUILD_REPRODUCIBLE+=("LLVM=$KERNEL_LLVM")

# The tarball of the distribution's source package, empty if it has none.
source_tarball()
{
	local file

	for file in {/usr/src,"$CACHE/source"}"/linux-source-$KERNEL_SERIES.tar."{xz,zst,bz2}; do
		if [ -e "$file" ]; then
			printf '%s\n' "$file"
			return
		fi
	done
}

# Does the distribution know the source package, and asked again if need be?
source_is_packaged()
{
	local package=linux-source-$KERNEL_SERIES

	apt-cache show "$package" >/dev/null 2>&1 ||
		{ [ "$(id -u)" -eq 0 ] && apt-get update >"$CACHE/apt.log" 2>&1 &&
		  apt-cache show "$package" >/dev/null 2>&1; }
}

# The release after this machine's, by name.
next_release()
{
	local own

	own=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	awk -F, -v own="$own" 'next_one { print $3; exit } $3 == own { next_one = 1 }' \
		/usr/share/distro-info/debian.csv
}

# shellcheck disable=SC2016 # the variables are apt's
# One line of an apt source list: the backports of the next release, from where
# this machine has its packages.
next_backports()
{
	apt-get indextargets --format '$(CREATED_BY) $(RELEASE) $(REPO_URI) $(COMPONENT)' |
		awk -v own="$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" \
		    -v suite="$(next_release)-backports" \
		    -v key=/usr/share/keyrings/debian-archive-keyring.gpg '
			$1 == "Packages" && $2 == own && $4 == "main" {
				print "deb [signed-by=" key "] " $3 " " suite " main"
				exit
			}'
}

# A series that is newer than this release is in the backports of the next one.
# Only the tarball is taken; apt's own lists and configuration stay as they are.
source_from_backports()
{
	local dir=$CACHE/source/apt package=linux-source-$KERNEL_SERIES
	local -a apt=(apt-get -o Dir::Etc::SourceList="$dir/sources.list"
		-o Dir::Etc::SourceParts=- -o Dir::State::Lists="$dir/lists"
		-o Dir::Cache="$dir/cache" -o APT::Sandbox::User=root)

	need_packages distro-info-data
	step "downloading $package"
	rm -rf "$dir"
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	next_backports >"$dir/sources.list"
	(cd "$dir" && "${apt[@]}" update && "${apt[@]}" download "$package" &&
	 dpkg-deb --fsys-tarfile "$package"_*.deb |
		tar -x -C "$CACHE/source" --strip-components=3 --wildcards './usr/src/*') \
		>"$CACHE/apt.log" 2>&1 </dev/null ||
		{ tail -n 20 "$CACHE/apt.log" >&2; die "no $package (log: $CACHE/apt.log)"; }
	rm -rf "$dir"
}

# Brings the tarball, if it is not there: $(source_tarball).
source_get()
{
	case $KERNEL_SERIES in
	7.3 | 6.12 | 6.1) ;;
	*) die "TREE=$KERNEL_SERIES: not 7.3, 6.12 or 6.1; KDIR= takes any tree" ;;
	esac
	[ -z "$(source_tarball)" ] || return 0
	command -v apt-get >/dev/null || return 0
	if source_is_packaged; then
		need_packages "linux-source-$KERNEL_SERIES"
	else
		source_from_backports
	fi
}

# What identifies the kernel source: a given tree (KDIR) or the tarball.
source_fingerprint()
{
	if [ -n "${KDIR:-}" ]; then
		(cd "$KDIR" && find . -name .git -prune -o -type f \
			-printf '%P %s %T@\n' | sort) | fingerprint
	else
		fingerprint <"$(source_tarball)"
	fi
}

source_unpack()
{
	local src=$1

	if [ -n "${KDIR:-}" ]; then
		cp -a "$KDIR/." "$src"
		rm -rf "$src/.git"
		[ ! -e "$src/.config" ] || make -C "$src" -s mrproper
	else
		tar -xf "$(source_tarball)" -C "$src" --strip-components=1
	fi
}

# Patches the tree. With BASE_TOLERANT, hunks that do not apply are left out
# and named: later stable releases may have changed what the patch undoes.
source_patch()
{
	local src=$1 patch=$2 log=$3

	if patch -d "$src" -p1 --dry-run -f <"$patch" >"$log" 2>&1; then
		patch -d "$src" -p1 -f --no-backup-if-mismatch <"$patch" >>"$log"
		return
	fi
	if [ -z "${BASE_TOLERANT:-}" ]; then
		cat "$log" >&2
		return 1
	fi
	patch -d "$src" -p1 -f --no-backup-if-mismatch -r - <"$patch" >"$log" 2>&1
	note "   parts of $(basename "$patch") do not fit this source:"
	grep -E 'FAILED|ignored|No file' "$log" | sed 's/^/   /'
}

overlay()
{
	"$TOP/scripts/overlay/overlay" "$@"
}

# kernel_tree KIND BASEPATCH
#	Sets SRC, the tree with that patch, TREE, a directory of the cache for what
#	is built of it in this way, and OBJ in it; brings SRC up to date with the
#	overlay.
kernel_tree()
{
	local kind=$1 base=$2 start=$SECONDS name

	[ -n "${KDIR:-}" ] || source_get
	[ -n "${KDIR:-}" ] || [ -n "$(source_tarball)" ] ||
		die "no kernel source: give KDIR= or install linux-source-$KERNEL_SERIES"
	name=$({ source_fingerprint; cat "$base"; } | fingerprint)
	TREE=$CACHE/$kind-$name
	SRC=$CACHE/source-$name
	OBJ=$TREE/obj
	mkdir -p "$OBJ" "$TREE/log"
	if [ ! -e "$CACHE/source-$name.unpacked" ]; then
		step "kernel source: ${KDIR:-$(source_tarball)}"
		rm -rf "$SRC"
		mkdir "$SRC"
		source_unpack "$SRC" || die "cannot unpack the kernel source"
		source_patch "$SRC" "$base" "$TREE/log/base.log" ||
			die "$(basename "$base") does not apply to this source"
		touch "$CACHE/source-$name.unpacked"
		note "   $((SECONDS - start)) s"
	fi
	if ! overlay integrate "$SRC" >"$TREE/log/overlay.log" 2>&1; then
		cat "$TREE/log/overlay.log" >&2
		die "the overlay does not go into $SRC"
	fi
}

# Every option that the tree has on x86.
config_known()
{
	find -H "$SRC" -path "$SRC/arch/*" ! -path "$SRC/arch/x86*" ! -path "$SRC/arch/Kconfig" \
		-prune -o -name 'Kconfig*' -print0 |
		xargs -0 sed -nE 's/^[[:space:]]*(menu)?config ([A-Z0-9_]+).*/CONFIG_\2/p'
}

# The fragment on standard input, with what this tree has instead of options that
# it lacks; options that it lacks without an excuse stay, for config_verify().
config_for_tree()
{
	awk 'FILENAME == ARGV[1] { known[$1]; next }
	     FILENAME == ARGV[2] {
			if (/^CONFIG_/ && !($1 in known)) {
				excused[$1]
				for (i = 2; i <= NF; i++)
					if ($i != "-")
						print $i
			}
			next
	     }
	     { split($0, option, "=") }
	     !(option[1] in excused)' <(config_known) "$VM/kernel.instead" -
}

# The last word on each option, from fragments on standard input.
config_merge()
{
	awk '{ name = $1 == "#" && / is not set$/ ? $2 : $1; sub(/=.*/, "", name) }
	     name !~ /^CONFIG_/ { next }
	     !(name in last) { order[++n] = name }
	     { last[name] = $0 }
	     END { for (i = 1; i <= n; i++) print last[order[i]] }'
}

# Every option that the fragment asks for must really be set, and those that it
# does not want must not.
config_verify()
{
	local fragment=$1 config=$2 line missing=

	while read -r line; do
		case $line in
		CONFIG_*=*) grep -qxF "$line" "$config" || missing+=" $line" ;;
		"# "*) ! grep -q "^${line:2:-11}=" "$config" || missing+=" ${line:2:-11}" ;;
		esac
	done <"$fragment"
	[ -z "$missing" ] || die "options that the kernel's configuration did not keep:$missing"
}

kmake()
{
	make -C "$SRC" O="$OBJ" "${KBUILD_REPRODUCIBLE[@]}" "$@"
}

# The fragments that make up the configuration, in order, the last word counts.
config_parts()
{
	local own=$VM/configs/$KERNEL_CONFIG.config

	case $(config_base) in
	small) echo "$VM/kernel.config" ;;
	*) echo "$VM/configs/guest" ;;
	esac
	[ -z "$KERNEL_CONFIG" ] || echo "$own"
	[ -z "${DEBUG:-}" ] || echo "$VM/debug.config"
	[ "${DEBUG:-}" != kasan ] || echo "$VM/kasan.config"
}

# On what the fragments are put: "# base: NAME" of the configuration. Small is
# nothing but what the fragments ask for.
config_base()
{
	local own=$VM/configs/$KERNEL_CONFIG.config

	if [ -z "$KERNEL_CONFIG" ]; then
		echo small
	else
		[ -f "$own" ] || die "CONFIG=$KERNEL_CONFIG: not one of configs/"
		sed -n 's/^# base: //p' "$own" | grep . || echo small
	fi
}

# Without the modules that nobody here loads.
config_few_modules()
{
	{
		echo "Module Size Used by"
		printf '%s 1 0\n' binfmt_misc overlay exportfs lsp_kinds lsp_lent \
			lsp_comer lsp_caller lsp_targets
	} >"$TREE/lsmod"
	yes '' | kmake -s LSMOD="$TREE/lsmod" localmodconfig
}

# config_begin BASE FRAGMENT	the configuration that the fragment is put on
config_begin()
{
	case $1 in
	small) kmake -s KCONFIG_ALLCONFIG="$2" allnoconfig ;;
	defconfig)
		kmake -s x86_64_defconfig && cat "$2" >>"$OBJ/.config" ;;
	distribution)
		need_packages "linux-config-$KERNEL_SERIES" dwarves &&
		xz -dc "/usr/src/linux-config-$KERNEL_SERIES/config.amd64_none_cloud-amd64.xz" \
			>"$OBJ/.config" && cat "$2" >>"$OBJ/.config" &&
		kmake -s olddefconfig && config_few_modules ;;
	*) die "$1: no such base" ;;
	esac
}

# Configured again only if the fragments or the overlay's Kconfig changed.
config_kernel()
{
	local fragment=$TREE/config base want
	local -a parts

	base=$(config_base) || exit
	mapfile -t parts < <(config_parts)
	want=$({ echo "$base"; cat "${parts[@]}" "$VM/kernel.instead" \
		"$SRC"/kernel/livesplice/Kconfig 2>/dev/null; } | fingerprint)
	if [ "$(cat "$OBJ/.livesplice-config" 2>/dev/null)" != "$want" ]; then
		step "configuration${KERNEL_CONFIG:+ $KERNEL_CONFIG}"
		cat "${parts[@]}" | config_merge | config_for_tree >"$fragment"
		config_begin "$base" "$fragment" >"$TREE/log/config.log" 2>&1 ||
			{ cat "$TREE/log/config.log" >&2; die "$base: no configuration"; }
		kmake -s olddefconfig >>"$TREE/log/config.log" 2>&1
		config_verify "$fragment" "$OBJ/.config"
		echo "$want" >"$OBJ/.livesplice-config"
	else
		# What was installed since may have brought options of its own.
		kmake -s olddefconfig >"$TREE/log/config.log" 2>&1
	fi
}

# kernel_build		bzImage, modules and what an external module needs.
kernel_build()
{
	run_long "kernel in $OBJ" "$TREE/log/build.log" \
		nice -n 5 make -C "$SRC" O="$OBJ" "${KBUILD_REPRODUCIBLE[@]}" \
		-j"$JOBS" bzImage modules ||
		die "the kernel does not build"
	if grep -E '(warning:|WARNING:)' "$TREE/log/build.log"; then
		note "the kernel build is not free of warnings"
	fi
	GUEST_KERNEL=$OBJ/arch/x86/boot/bzImage
}

# A configuration that differs in some options from one that was built begins with the
# objects of that one: kbuild knows which of them an option is in.
seed_objects()
{
	local from=$CACHE/check-${TREE##*-}/obj

	[ -n "$KERNEL_CONFIG" ] && [ -z "$KERNEL_LLVM${DEBUG:-}" ] || return 0
	[ "$(config_base)" = small ] && [ -e "$from/vmlinux" ] || return 0
	[ ! -e "$OBJ/.config" ] || return 0
	step "objects of $from"
	cp -a "$from/." "$OBJ/"
	rm -f "$OBJ/.livesplice-config"
}

# The kernel of `make demo` and `make check`: known vulnerable, small. With
# DEBUG=1 it has lockdep, with DEBUG=kasan KASAN as well. check_config stops before
# it is built.
check_config()
{
	local kind=check

	case ${DEBUG:-} in
	'') ;;
	kasan) kind+=-kasan ;;
	*) kind+=-debug ;;
	esac
	kind+=${KERNEL_CONFIG:+-$KERNEL_CONFIG}${KERNEL_LLVM:+-llvm${KERNEL_LLVM#[-1]}}
	kernel_tree "$kind" "$VM/demo/CVE-2017-5123-vulnerable.patch"
	seed_objects
	config_kernel
}

check_kernel()
{
	check_config
	kernel_build
}

# tree_patch FILE
#	The patch as this series has to have it: of patches/SERIES, if it is there.
tree_patch()
{
	local other=$SELFTESTS/patches/$KERNEL_SERIES/${1#"$SELFTESTS/patches/"}

	[ -f "$other" ] || other=$1
	printf '%s\n' "$other"
}

# make_update PATCH NAME DIR [OPTION...]
#	DIR/NAME.ko by the real generator; sets GEN_S and returns its status.
make_update()
{
	local patch name=$2 dir=$3 start rc arg
	local -a args=()

	patch=$(tree_patch "$1")
	shift 3
	for arg; do
		args+=("$(tree_patch "$arg")")
	done

	start=$(date +%s%N)
	"$SRC/scripts/splice-gen/splice-gen" -k "$SRC" -O "$OBJ" -n "$name" \
		-o "$dir" ${args[@]+"${args[@]}"} "$patch" >"$dir/$name.log" 2>&1 </dev/null
	rc=$?
	GEN_S=$(awk -v a="$start" -v b="$(date +%s%N)" 'BEGIN { printf "%.1f", (b - a) / 1e9 }')
	return $rc
}

# guest_program SOURCE OUT [SOURCE...]
#	Static helper programs of the selftests and probes, built for the guest.
guest_program()
{
	local out=$2

	set -- "$1" "${@:3}"
	gcc -static -O2 -Wall -Wextra -o "$out" "$@" || die "cannot build $1"
}

# guest_kmod DIR	Who loads modules when the kernel asks: kmod, as on a machine
#	for people, with its libraries.
guest_kmod()
{
	local lib

	mkdir -p "$1"
	cp -L "$(command -v kmod)" "$1/kmod"
	ldd "$1/kmod" | grep -o '/[^ ]*' | while read -r lib; do
		cp -L "$lib" "$1/"
	done
}

# guest_test_modules DIR NAME...	Modules of the selftests that look at the kernel
#	from inside it: lsp_NAME.ko.
guest_test_modules()
{
	local dir=$1 build name rc
	shift

	build=$(mktemp -d)
	cp "$SELFTESTS"/test_modules/{Makefile,*.c} "$build/"
	make -s -C "$build" KDIR="$OBJ" ${KERNEL_LLVM:+"LLVM=$KERNEL_LLVM"} modules >"$build/log" 2>&1
	rc=$?
	[ $rc -eq 0 ] || cat "$build/log"
	for name; do
		cp "$build/lsp_$name.ko" "$dir/" || rc=1
	done
	rm -rf "$build"
	return $rc
}
