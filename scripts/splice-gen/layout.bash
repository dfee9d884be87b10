# shellcheck shell=bash disable=SC2030,SC2031,SC2154
# SPDX-License-Identifier: GPL-2.0
#
# Does the new code expect another layout of objects that exist?
#
# The changed units are compiled once more before and after the patch, with
# debug information; splice-types compares what that says of types.
#
# Part of splice-gen, whose variables it uses: CHANGED, SOURCE, LAYOUT_OK (types that the
# author speaks for), PRE_ROOT, ELF, WORK.

# All types, also those that only a sizeof names, in the object itself. The rest
# is as for the objects that are compared, so that functions have equal names.
readonly TYPES_FLAGS='-ffunction-sections -fdata-sections -g -gdwarf-5
	-gno-split-dwarf -gz=none -fno-debug-types-section
	-fno-eliminate-unused-debug-types'
readonly TYPE_PATTERN='^((struct|union|enum|typedef|variable) )?[A-Za-z_][A-Za-z0-9_]*$'

# Also from lines "Splice-layout-ok: STRUCT, ..." in the message of the patch.
collect_layout_ok() {
	local word
	local -a words=()

	awk -f "$HERE/patch-info.awk" -v want=layout-ok "$WORK/all.patch" |
		mapfile -t words
	for word in ${words[@]+"${words[@]}"}; do
		LAYOUT_OK+=("$word")
	done
	for word in ${LAYOUT_OK[@]+"${LAYOUT_OK[@]}"}; do
		[[ $word =~ $TYPE_PATTERN ]] ||
			usage "layout-ok: \"$word\": not the name of a struct"
	done
}

find_types_helper() {
	TYPES=${ELF%/*}/splice-types
	[[ -x $TYPES ]] ||
		die "$E_TREE" "no splice-types beside $ELF: it is built with it, and needs libdw"
}

# Does the unit define types? Assembly does not.
has_types() {
	[[ ${SOURCE[${CHANGED[$1]}]} != *.S ]]
}

# add_types_jobs NUMBER: the unit before and after, to NUMBER.old.o and .new.o.
add_types_jobs() {
	local flags=${TYPES_FLAGS//[$'\n\t']/ }

	add_job "$1.old" "${CHANGED[$1]}" pre \
		"$flags ${PRE_ROOT:+-fdebug-prefix-map=$PRE_ROOT=}"
	add_job "$1.new" "${CHANGED[$1]}" post \
		"$flags -fdebug-prefix-map=$WORK/view/="
}

check_types_jobs() {
	local failed=("$WORK"/jobs/*.@(old|new|types).failed)

	((${#failed[@]})) || return 0
	message "error:"
	cat "${failed[@]/%.failed/.log}" >&2
	fault "$E_TREE" "the layout of types cannot be compared"
}

# What was found goes into the report, once for all units that say the same.
compare_types() {
	local i out text='' word
	local -a ids=()

	step "compare types"
	for word in ${LAYOUT_OK[@]+"${LAYOUT_OK[@]}"}; do
		printf -v text '%s -l %q' "$text" "$word"
	done
	: > "$WORK/obj/none.types"
	for i in "${!CHANGED[@]}"; do
		has_types "$i" || continue
		out=$WORK/obj/$i
		[[ ! -f $WORK/jobs/$i.old.failed && ! -f $WORK/jobs/$i.new.failed ]] ||
			continue
		# The status 1 means that something was refused.
		printf 'cd %q || exit 1\n%q -a %q -b %q -r %q%s > %q || [ $? = 1 ]\n' \
			"$WORK" "$TYPES" "$out.old.o" "$out.new.o" \
			"$out.replaced" "$text" "$out.types" > "$WORK/jobs/$i.types.sh"
		ids+=("$i.types")
	done
	run_jobs ${ids[@]+"${ids[@]}"}
	check_types_jobs
	cat "$WORK"/obj/*.types | sort -u > "$WORK/types"
	grep -v '^author' "$WORK/types" >> "$WORK/report" || :
	for word in ${LAYOUT_OK[@]+"${LAYOUT_OK[@]}"}; do
		grep -q -x -F "author	$word" "$WORK/types" ||
			usage "layout-ok: $word: the patch changes no layout of this name"
	done
}
