# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2154
# SPDX-License-Identifier: GPL-2.0
#
# --explain: why each function changed, from where on, and what would be in the
# way when the update is loaded. What is compiled here, with debug information,
# is only looked at; nothing of it gets into a module.
#
# Part of splice-gen, whose variables it uses: CHANGED, CHANGED_AT, TOUCHED,
# PRE_ROOT, SRCTREE, OBJTREE, ELF, HERE, WORK.

# The source of CHANGED[I] once more: with debug information, and its text with
# all macros gone. Line numbers are to be those of the files, hence no #line.
add_explain_jobs() {
	local i=$1 target=$2 flags='-ffunction-sections -fdata-sections -g' awk side
	local -A root=([old]=pre [new]=post)

	add_job "$i.debug-old" "$target" pre "$flags"
	add_job "$i.debug-new" "$target" plain "$flags"
	for side in old new; do
		printf -v awk 'awk -f %q %q > %q' "$HERE/functions.awk" \
			"$WORK/obj/$i.text-$side.o" "$WORK/obj/$i.text-$side"
		add_job "$i.text-$side" "$target" "${root[$side]}" "-E -P" "$awk"
	done
}

explain_changes() {
	local i id
	local -a ids=() which=()

	for i in "${!CHANGED[@]}"; do
		! grep -q $'^func\treplaced' "$WORK/detail.$i" || which+=("$i")
	done
	((${#which[@]})) || return 0
	step "explain"
	make_view plain post
	for i in "${which[@]}"; do
		add_explain_jobs "$i" "${CHANGED[i]}"
		for id in debug text; do
			ids+=("$i.$id-old" "$i.$id-new")
		done
	done
	run_jobs "${ids[@]}"
	for id in pre post; do
		touched_lines "$id" > "$WORK/lines.$id"
		touched_bodies "$id" > "$WORK/bodies.$id"
	done
	for i in "${which[@]}"; do
		explain_unit "$i" >> "$WORK/report"
	done
}

# PATH FIRST LAST
touched_lines() {
	local file range

	for file in "${TOUCHED[@]}"; do
		[[ -f $WORK/pre/$file && -f $WORK/post/$file ]] || continue
		for range in $(changed_lines "$1" "$file"); do
			echo "$file ${range/-/ }"
		done
	done
}

# Of functions and the like, by how they are written: a line that begins with }
# ends one.
touched_bodies() {
	local file

	for file in "${TOUCHED[@]}"; do
		[[ ! -f $WORK/$1/$file ]] || awk -v path="$file" '
			!body && !first && /[^ \t]/	{ first = NR }
			!body && /\{$/			{ body = 1 }
			/^\}/				{ print path, first, NR }
			/^\}/				{ body = first = 0 }
			!body && /^[ \t]*$|;$|^#|\*\/$/	{ first = 0 }
		' "$WORK/$1/$file"
	done
}

# Where the source could not be compiled again, less can be told of it.
explain_unit() {
	local i=$1 side file at=${CHANGED_AT[$1]}
	local -A name=([pre]=old [post]=new)
	local -a failed=("$WORK/jobs/$1".@(text|debug)-*.failed)
	local -a texts=("$WORK/obj/$1.text-old" "$WORK/obj/$1.text-new")

	if ((${#failed[@]})); then
		message "warning: ${CHANGED[i]}: not all can be explained: ${failed[*]##*/}"
		texts=(/dev/null /dev/null)
	fi

	for side in pre post; do
		file=$WORK/obj/$i.debug-${name[$side]}.o
		if [[ -f $file && ! -f $WORK/jobs/$i.debug-${name[$side]}.failed ]]; then
			find_frames "$i" "$side" "$file"
		fi > "$WORK/frames.$side"
		find_first "$i" "$side" "$WORK/obj/$at.$side.o" > "$WORK/asm.$side"
	done
	awk -v unit="${CHANGED[i]}" -f "$HERE/explain.awk" \
		-v roots="$WORK/plain/:$WORK/before/:$PRE_ROOT:$SRCTREE/:$OBJTREE/" \
		kind=text side=pre "${texts[0]}" side=post "${texts[1]}" \
		kind=lines side=pre "$WORK/lines.pre" side=post "$WORK/lines.post" \
		kind=bodies side=pre "$WORK/bodies.pre" side=post "$WORK/bodies.post" \
		kind=frames side=pre "$WORK/frames.pre" side=post "$WORK/frames.post" \
		kind=asm side=pre "$WORK/asm.pre" side=post "$WORK/asm.post" \
		kind=detail "$WORK/detail.$i"
}

# find_frames I SIDE OBJECT: functions and lines behind each instruction. Code
# that came out another size, for the sake of a line number, tells nothing.
find_frames() {
	local name section size offsets
	local -A sizes=()

	readelf -SW "$3" | sed -n 's/^ *\[ *[1-9][0-9]*\] *//p' |
	while read -r section _ _ _ size _; do
		sizes[$section]=$((16#$size))
	done
	awk -F '\t' -v side="$2" '$1 == "detail" && $2 == "code" && $4 == side {
		print $3, $5, $6, $7 }' "$WORK/detail.$1" |
	while read -r name section size offsets; do
		[[ ${sizes[$section]-} == "$size" && -n $offsets ]] || continue
		echo "@$name"
		tr , '\n' <<< "$offsets" | awk '{ printf "0x%x\n", $1 }' |
			addr2line -a -i -f -j "$section" -e "$3"
	done
}

# find_first I SIDE OBJECT: the instruction that differs, in words.
find_first() {
	local name section start size columns='$8, $9, $10'

	[[ $2 == pre ]] || columns='$11, $12, $13'
	awk -F '\t' "\$1 == \"detail\" && \$2 == \"first\" { print \$3, $columns }" \
		"$WORK/detail.$1" |
	while read -r name section start size; do
		echo "@$name"
		if ((!size)); then
			echo "(end)"
			continue
		fi
		objdump -dr -w --no-show-raw-insn -j "$section" \
			--start-address="$start" --stop-address=$((start + size)) "$3" |
			awk -F '\t' '/^ *[0-9a-f]+:\t/ {
				sub(/ +# [0-9a-f]+ <.*/, "", $2)
				gsub(/ +/, " ", $2)
				sub(/ $/, "", $2)
				print $2 (NF < 4 ? "" : " {" $4 "}")
			}' | head -n 1
	done
}
