# shellcheck shell=bash disable=SC2153,SC2154,SC2164
# SPDX-License-Identifier: GPL-2.0
#
# Runs the saved commands of a kernel build again, with other output files, and
# from the source with and without a patch.
#
# Where the patched source is wanted, the compiler sees a "view": a directory
# that looks like the source tree, made of links into it, but for the touched
# files. A build in its source tree runs inside of the view; one elsewhere has
# the name of the source tree in its commands, which then name the view. Both
# leave __FILE__ as it was.
#
# Part of splice-gen, whose variables it uses: UNITS, SAVED, EDITED, CLASS, TOUCHED,
# SRCTREE, OBJTREE, BUILT_ROOT (what the build calls the source tree), TREE_ROOT
# (where it is now), PRE_ROOT (what is compiled in its place), ELF, WORK, JOBS.

# More units than this are screened before they are looked at closely.
readonly SCREEN_FROM=8

# So many of them tell whether it pays to look at what the preprocessor says.
readonly SCREEN_SAMPLE=24

readonly PROGRESS_EVERY=5	# seconds

# clean_command COMMAND TARGET: in REPLY as the shell is to see it, without what
# kbuild appends to the compiler's part. Fails if the rest is more than that.
clean_command() {
	REPLY=${1//\$(pound)/#}
	REPLY=${REPLY//\$\$/\$}
	REPLY="${REPLY%% ; *} "
	[[ $REPLY == *" -o $2 "* ]] || return 1
	# What stands in quotes is no operator; looking for quotes is slow.
	[[ $REPLY != *[\;\|\&\<\>\`]* ||
	   ${REPLY//\'*([!\'])\'/} != *[\;\|\&\<\>\`]* ]]
}

# objtool_job TARGET FILE: what kbuild does to an object that is a module by
# itself, to be done to FILE; empty for all others.
objtool_job() {
	local command=${EDITED[$1]-}

	[[ -z $command ]] || printf '%s %q' "${command% "$1"}" "$2"
}

# Directories of the source tree that a view has as directories: those of the
# touched files, and those that an include leaves by "..", which would lead out
# of a view by way of a link.
view_directories() {
	{
		printf '%s\n' "${TOUCHED[@]}"
		(cd "$OBJTREE" && xargs sed -n "s|^  \([^ \$]*/\.\./[^ ]*\).*|\1|p") \
			< "$WORK/cmdfiles" | sort -u |
		awk -v root="$BUILT_ROOT" 'index($0, root) == 1 {
			print substr($0, length(root) + 1)
		}'
	} | awk -F / '{
		print dir = "."
		for (i = 1; i < NF; i++) {
			if ($i == "..")
				sub(/\/[^\/]*$/, "", dir)
			else if ($i != "" && $i != ".")
				print dir = dir "/" $i
		}
	}' | sort -u
}

# make_view VIEW FROM: the source tree with the touched files of $WORK/FROM in
# the place of its own.
make_view() {
	local view=$WORK/$1 dir file
	local -a entries

	view_directories | while read -r dir; do
		[[ ! -L $view/$dir ]] || rm "$view/$dir"
		mkdir -p "$view/$dir"
		[[ $(realpath "$view/$dir") == "$view${dir#.}" ]] ||
			die "$E_TREE" "$view/$dir: leads out of the view"
		entries=("$SRCTREE/$dir"/*)
		((!${#entries[@]})) || ln -s "${entries[@]}" "$view/$dir"
	done
	for file in "${TOUCHED[@]}"; do
		rm -f "$view/$file"
		[[ ! -f $WORK/$2/$file ]] || cp "$WORK/$2/$file" "$view/$file"
	done
}

# The lines below each hunk keep their numbers. Assembly has no use for them,
# and not the syntax that would tell where a directive may stand.
fix_lines() {
	local file from=pre

	# What is live was numbered like this too.
	((!${#BASES[@]})) || from=tree
	for file in "${TOUCHED[@]}"; do
		number_lines "$WORK/$from/$file" "$WORK/post/$file" "$WORK/view/$file"
	done
}

# number_lines BEFORE AFTER OUT
number_lines() {
	[[ $2 != *.S && -f $1 && -f $2 ]] || return 0
	{ diff -U0 "$1" "$2" || (($? == 1)); } |
		awk -f "$HERE/fix-lines.awk" - "$2" > "$3"
}

# add_job ID TARGET pre|post|plain|tree FLAGS [AFTER]: a run of the target's command
# that writes $WORK/obj/ID.o instead, from the source before or after the patch
# (plain: without fix_lines; tree: that of the build), and what the shell is to do
# if that went well.
add_job() {
	local id=$1 target=$2 out=$WORK/obj/$1.o root=$PRE_ROOT cwd=$OBJTREE
	local command=${SAVED[$2]} before

	case $3 in
	post)	root=$WORK/view/ ;;
	plain)	root=$WORK/plain/ ;;
	tree)	root=$TREE_ROOT ;;
	esac
	if [[ $root != "$BUILT_ROOT" && -n $BUILT_ROOT ]]; then
		for before in ' ' '=' ',' "'" '"' I; do
			command=${command//"$before$BUILT_ROOT"/"$before$root"}
		done
		[[ $command == *" -fmacro-prefix-map="* ]] ||
			command+=" -fmacro-prefix-map=$root=$BUILT_ROOT"
	elif [[ $root != "$BUILT_ROOT" ]]; then
		cwd=$root
	fi
	command=${command/" -o $target "/" -o $out "}
	if [[ $command =~ \ -Wp,-MM?D,[^\ ]+ ]]; then
		command=${command/"${BASH_REMATCH[0]}"/" -Wp,-MMD,$out.d"}
	fi
	printf 'cd %q || exit 1\n%s\n' "$cwd" "$command $4${5:+ && $5}" \
		> "$WORK/jobs/$id.sh"
}

# background COMMAND...: as a process group of its own, which cleanup() ends.
background() {
	setsid "$@" &
}

# A line every few seconds that says how many of TOTAL are through, and a file
# that says that there was one.
progress() {
	local through='' start=$SECONDS

	while :; do
		read -r -t "$PROGRESS_EVERY" -u "$NEVER" || :
		through=$(wc -l < "$WORK/jobs/through")
		[[ -e $WORK/jobs/told || -z $STEP_OPEN ]] || echo >&2
		: > "$WORK/jobs/told"
		echo "  $STEP: $((through)) of $1 after $((SECONDS - start)) s" >&2
	done
}

# run_jobs ID...: all of them; those that fail leave a file ID.failed.
run_jobs() {
	local pool teller=

	(($#)) || return 0
	[[ -z $VERBOSE ]] || (cd "$WORK/jobs" && tail -q -n +2 "${@/%/.sh}" >&2)
	printf '%s\n' "$@" > "$WORK/jobs/list"
	: > "$WORK/jobs/through"
	# shellcheck disable=SC2016 # for the other shell
	background xargs -a "$WORK/jobs/list" -P "$JOBS" -I {} sh -c \
		'sh "$0/$1.sh" > "$0/$1.log" 2>&1 || : > "$0/$1.failed"
		 echo >> "$0/through"' "$WORK/jobs" {}
	pool=$!
	if [[ -z $QUIET ]]; then
		progress $# &
		teller=$!
	fi
	wait "$pool"
	[[ -z $teller ]] || { kill "$teller"; wait "$teller" || :; }
	if [[ -e $WORK/jobs/told ]]; then
		rm "$WORK/jobs/told"
		STEP_OPEN=
	fi
}

make_views() {
	step "prepare source"
	mkdir "$WORK/jobs" "$WORK/obj"
	make_view view post
	fix_lines
	if [[ -n $WORKTREE ]]; then
		make_view before pre
		PRE_ROOT=$WORK/before/
	fi
	make_base_view
}

is_code() {
	[[ ${CLASS[$1]} == @(kernel|module) ]]
}

# A header may reach a thousand units and change few. These are found in two
# ways, each of which takes a fraction of the time of what follows it:
#
# - a unit that the preprocessor makes the same of, without and with the patch,
#   cannot come out differently; that costs half a run of the compiler, and is
#   the answer for most changes of macros;
# - a unit that comes out, with the patch, as it is in the build needs no closer
#   look: one run of the compiler instead of two.
screen_units() {
	((${#UNITS[@]} > SCREEN_FROM)) || return 0
	step preprocess "units: ${#UNITS[@]}"
	preprocess_units
	((${#UNITS[@]} > SCREEN_FROM)) || return 0
	step screen "units: ${#UNITS[@]}"
	compare_with_build
}

# keep_units SUFFIX: those that no job has left a file of, by their numbers.
keep_units() {
	local i
	local -a left=()

	for i in "${!UNITS[@]}"; do
		[[ -f $WORK/obj/$i.$1 ]] || left+=("${UNITS[i]}")
	done
	rm -f "$WORK"/obj/*."$1" "$WORK"/obj/*.o.d
	UNITS=(${left[@]+"${left[@]}"})
}

# An inline function that changes is in the text of all units, used or not. A few
# units from everywhere tell; if most of them differ, the others are not tried.
preprocess_units() {
	local i stride=$(((${#UNITS[@]} + SCREEN_SAMPLE - 1) / SCREEN_SAMPLE))
	local -a sample=() others=() equal

	for i in "${!UNITS[@]}"; do
		if ((i % stride)); then
			others+=("$i")
		else
			sample+=("$i")
		fi
	done
	preprocess_some ${sample[@]+"${sample[@]}"}
	equal=("$WORK"/obj/*.equal)
	((2 * ${#equal[@]} < ${#sample[@]})) ||
		preprocess_some ${others[@]+"${others[@]}"}
	keep_units equal
}

# preprocess_some NUMBER...
preprocess_some() {
	local i pre post after
	local -a ids=()

	for i; do
		pre=$WORK/obj/$i.cpp-pre.o
		post=$WORK/obj/$i.cpp-post.o
		printf -v after '{ ! cmp -s %q %q || : > %q; rm -f %q %q; }' \
			"$pre" "$post" "$WORK/obj/$i.equal" "$pre" "$post"
		add_job "$i.cpp-pre" "${UNITS[i]}" pre "-E -P"
		add_job "$i.cpp-post" "${UNITS[i]}" post "-E -P" "$after"
		cat "$WORK/jobs/$i.cpp-post.sh" >> "$WORK/jobs/$i.cpp-pre.sh"
		ids+=("$i.cpp-pre")
	done
	run_jobs ${ids[@]+"${ids[@]}"}
}

compare_with_build() {
	local i target out after edit
	local -a ids=()

	for i in "${!UNITS[@]}"; do
		target=${UNITS[i]}
		is_code "$target" || continue
		out=$WORK/obj/$i.screen.o
		edit=$(objtool_job "$target" "$out")
		printf -v after '{ %s %q same %q %q && : > %q; rm -f %q; }' "${edit:+$edit &&}" "$ELF" \
			"$OBJTREE/$target" "$out" "$WORK/obj/$i.same" "$out"
		add_job "$i.screen" "$target" post -g0 "$after"
		ids+=("$i.screen")
	done
	run_jobs ${ids[@]+"${ids[@]}"}
	keep_units same
}

compile_units() {
	local i target flags
	local -a ids=()

	step compile "units: ${#UNITS[@]}"
	for i in "${!UNITS[@]}"; do
		target=${UNITS[i]}
		flags=
		! is_code "$target" ||
			flags='-ffunction-sections -fdata-sections -g0'
		add_job "$i.pre" "$target" pre "$flags"
		add_job "$i.post" "$target" post "$flags"
		ids+=("$i.pre" "$i.post")
		((${#BASES[@]})) || continue
		add_job "$i.tree" "$target" tree "$flags"
		ids+=("$i.tree")
	done
	run_jobs ${ids[@]+"${ids[@]}"}
	check_pre
	check_post
	check_includes
}

# What was compiled for the build must still compile. The other units have their
# say all the same.
check_pre() {
	local failed=("$WORK"/jobs/*.@(pre|tree|replay).failed)

	((${#failed[@]})) || return 0
	message "error:"
	cat "${failed[@]/%.failed/.log}" >&2
	fault "$E_TREE" "the source does not compile without the patch: not the source of this build, or not its toolchain"
	forget_failed pre
}

# Nothing more can be said of units that do not compile before, or after, the
# patch.
forget_failed() {
	local i

	for i in "${!UNITS[@]}"; do
		[[ ! -f $WORK/jobs/$i.$1.failed ]] || unset "UNITS[i]"
	done
}

# A directive of fix_lines must never be what breaks a source, and line numbers
# in messages are those of the patched file.
check_post() {
	local failed=("$WORK"/jobs/*.post.failed) file
	local -a ids

	((${#failed[@]})) || return 0
	for file in "${TOUCHED[@]}"; do
		[[ ! -f $WORK/post/$file ]] || cp "$WORK/post/$file" "$WORK/view/$file"
	done
	ids=("${failed[@]#"$WORK/jobs/"}")
	ids=("${ids[@]%.failed}")
	rm "${failed[@]}"
	run_jobs "${ids[@]}"
	failed=("$WORK"/jobs/*.post.failed)
	((${#failed[@]})) || return 0
	message "error:"
	cat "${failed[@]/%.failed/.log}" | sed "s|$WORK/view/||g" >&2
	fault "$E_COMPILE" "the patched source does not compile"
	forget_failed post
}

# No touched file may have been read from the tree itself.
check_includes() {
	local dir=$OBJTREE deps=("$WORK"/obj/*.post.o.d) file
	local -A bad=()

	[[ -n $BUILT_ROOT ]] || dir=$WORK/view
	for file in "${TOUCHED[@]}"; do
		bad[$SRCTREE/$file]=1
	done
	cd "$dir"
	cat /dev/null ${deps[@]+"${deps[@]}"} | tr -s ' ' '\n' |
		grep -F -f "$WORK/names" | sort -u | xargs -r realpath -m |
	while read -r file; do
		[[ -z ${bad[$file]-} ]] ||
			die "$E_TREE" "${file#"$SRCTREE/"}: was included from the tree instead of its patched copy"
	done || :
	cd "$OLDPWD"
}
