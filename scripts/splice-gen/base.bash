# shellcheck shell=bash disable=SC2034,SC2153,SC2154
# SPDX-License-Identifier: GPL-2.0
#
# Updates on top of others: what is live already is a patch (--base) to the source
# of the build, and the new patch goes on top of that. The unit as it runs is
# then no object of the build: it is compiled as the live update was, a section
# for each function, and the engine looks for each function where it runs.
#
# Part of splice-gen, whose variables it uses: BASES, TOUCHED, UNITS, SRCTREE,
# OBJTREE, PRE_ROOT, WORK.

# apply_bases DIR: the live patches to the copies in it.
apply_bases() {
	local base

	for base in ${BASES[@]+"${BASES[@]}"}; do
		patch -d "$1" -p1 -f -F 0 -r - --no-backup-if-mismatch < "$base" \
			> "$WORK/patch.log" 2>&1 || {
			sed 's/^/  /' "$WORK/patch.log" >&2
			die "$E_APPLY" "$base does not apply to $SRCTREE, or what was given before it is not what is live"
		}
	done
}

# Files of the live patches.
base_files() {
	local base

	for base in ${BASES[@]+"${BASES[@]}"}; do
		awk -f "$HERE/patch-info.awk" -v want=files "$base" ||
			die "$E_APPLY" "$base: is not supported as a base"
	done
}

# The source as it is live. The lines of the tree keep their numbers in it, as
# they did when the live update was made.
make_base_view() {
	local file

	((${#BASES[@]})) || return 0
	make_view before pre
	for file in "${TOUCHED[@]}"; do
		number_lines "$WORK/tree/$file" "$WORK/pre/$file" "$WORK/before/$file"
	done
	PRE_ROOT=$WORK/before/
}

# is_based AT: is a unit of UNITS another one in what is live? The objects of the
# others are still those of the build.
is_based() {
	((${#BASES[@]})) && ! cmp -s "$WORK/obj/$1.tree.o" "$WORK/obj/$1.pre.o"
}

# running_object AT: in REPLY, the object of what a unit of UNITS runs as.
running_object() {
	REPLY=$OBJTREE/${UNITS[$1]}
	! is_based "$1" || REPLY=$WORK/obj/$1.pre.o
}
