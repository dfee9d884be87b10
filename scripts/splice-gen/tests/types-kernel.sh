#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Layouts of a real kernel: the debug information of its units is understood,
# and says the same of the same source.

# shellcheck disable=SC1091,SC2119
. "$(dirname "$0")/types-lib.bash"
here=${BASH_SOURCE[0]%/*}
[[ $here == /* ]] || here=$OLDPWD/$here

if [[ ! -f ${KSRC-}/Kbuild || ! -f ${KOBJ-}/Module.symvers ]]; then
	echo "ok # SKIP KSRC and KOBJ do not name a kernel and its build"
	exit 4
fi

# patch_of FILE SED
patch_of() {
	mkdir -p "a/${1%/*}" "b/${1%/*}"
	cp "$KSRC/$1" "a/$1"
	sed -E "$2" "a/$1" > "b/$1"
	diff -u "a/$1" "b/$1" > kernel.patch
}

explain() {
	"$here/../splice-gen" -q -k "$KSRC" -O "$KOBJ" --explain kernel.patch \
		> report 2> errors
	rc=$?
	sed 's/^ \{17\}//' report > lines
}

patch_of fs/eventfd.c 's/^struct eventfd_ctx \{/&\n\tunsigned int first;/'
explain
check "a struct of the kernel" test "$rc" -eq 1
check "its name" says '^  layout +struct eventfd_ctx$'
check "its file" says '^fs/eventfd.c:[0-9]+: [0-9]+ (-> [0-9]+ )?bytes( as before)?$'
check "what is added" says '^  first: added at 0, 4 bytes \(unsigned int\)$'
check "what moves" says '^  kref: moved 0 -> 4$'
check "its objects are allocated" says '^there can be objects: '
check "nothing else" test "$(grep -c '^  layout' lines)" -eq 1
patch_of fs/eventfd.c 's/res = events;/&\n\tres \&= 0xffffffff;/;s/iov_iter_count\(to\) </& 1 +/'
explain
check "code alone" test "$rc" -eq 0
check "code alone: no note" not says note

finish
