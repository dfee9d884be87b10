#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The same patch and the same build give the same module, byte by byte, wherever
# and whenever and with however many compilers it is made. Needs a kernel (KSRC
# and KOBJ).

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper
if [[ -z ${KSRC-} || -z ${KOBJ-} ]]; then
	echo "ok # SKIP KSRC and KOBJ do not name a kernel"
	exit 4
fi
SRC=$KSRC OBJ=$KOBJ

# Names of files, lines, strings, static variables, in several units.
patch=$(patch_of several fs/proc/cmdline.c \
	's/^\tseq_puts\(m, saved.*/\tWARN_ONCE(!saved_command_line, "no command line\\n");\n&/' \
	lib/hexdump.c 's/^int hex2bin\(.*/static int calls;\n\n&/;s/^\twhile \(count--\) \{/\tcalls++;\n&/' \
	fs/eventfd.c 's/^\tif \(iov_iter_count.*/\tif (!to)\n\t\tpr_warn("%s:%d\\n", __FILE__, __LINE__);\n&/')

# made WHERE COMMAND...: in WHERE/fix.ko
made() {
	local where=$1

	shift
	mkdir -p "$where/out" "$where/tmp"
	(cd "$where" && TMPDIR=$where/tmp "$@" "$GEN" -k "$SRC" -O "$OBJ" -n fix \
		"${OPTIONS[@]}" "$patch")
}

same_as_first() {
	made "$@" && cmp "$WORK/first/fix.ko" "$1/fix.ko"
}

nothing_of_here() {
	! grep -a -q -F -e "$WORK" -e splice-gen. "$1"
}

OPTIONS=(-j 1 -o .)
ok "made" made "$WORK/first" env
units() {
	"$SPLICE_ELF" show "$WORK/first/fix.ko"
	[[ $("$SPLICE_ELF" show "$WORK/first/fix.ko" | grep -c "^  unit ") == 3 ]]
}
ok "all units are in it" units
ok "no name of a temporary directory" nothing_of_here "$WORK/first/fix.ko"
OPTIONS=(-j 7 -o ../directory)
ok "elsewhere, another time, place, language and number of compilers" \
	same_as_first "$WORK/second/in/a/much/longer/directory" env TZ=Asia/Tokyo \
	LANG=de_DE.UTF-8 LC_ALL=tr_TR.UTF-8 HOME=/ USER=somebody
OPTIONS=(-j 3 -o . -q)
ok "whatever kbuild would take from the environment" \
	same_as_first "$WORK/third" env KCFLAGS=-g V=1 ARCH=arm64 W=1 \
	KBUILD_BUILD_TIMESTAMP=now CFLAGS_MODULE=-O1 MAKEFLAGS=-k O=/nowhere
finish
