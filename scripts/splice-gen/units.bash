# shellcheck shell=bash disable=SC2030,SC2031,SC2034,SC2154,SC2164
# SPDX-License-Identifier: GPL-2.0
#
# What was compiled from the files that a patch touches?
#
# Part of splice-gen: from TOUCHED it makes UNITS, and for each of them SOURCE,
# SAVED, CLASS and OBJECT; what cannot be followed to a unit is refused.

UNITS=()		# targets that were compiled from them
declare -A SOURCE=()	# target -> file that it is compiled from
declare -A SAVED=()	# target -> command that made it
declare -A EDITED=()	# target -> command that objtool then edited it with
declare -A CLASS=()	# target -> kernel, module, or why it is neither
declare -A OBJECT=()	# target -> vmlinux or names of modules, with ":" between

# is_idle kconfig|make FILE: does the change of the file mean nothing to this build?
is_idle() {
	local side

	for side in pre post; do
		[[ -f $WORK/$side/$2 ]] || return
		awk -v kind="$1" -v config="$OBJTREE/include/config/auto.conf" \
			-f "$HERE/build-text.awk" "$WORK/$side/$2" > "$WORK/$side.text"
	done
	cmp -s "$WORK/pre.text" "$WORK/post.text" || return
	report note "$2" "what changes in it has no effect on this build"
}

# Is this a file whose users the saved commands tell? Others are refused.
is_followed() {
	local file=$1

	case $file in
	Documentation/*|LICENSES/*|samples/*|tools/testing/*|*.rst|.*|\
	COPYING|CREDITS|MAINTAINERS|README)
		return 1 ;;
	Kconfig*|*/Kconfig*)
		! is_idle kconfig "$file" || return 1
		refuse kconfig "$file" "the configuration of a running kernel is fixed" ;;
	Makefile*|*/Makefile*|Kbuild|*/Kbuild)
		! is_idle make "$file" || return 1
		refuse build "$file" "how the kernel is built cannot change" ;;
	*.rs)
		refuse rust "$file" "a Rust source" ;;
	*.[chS])
		return 0 ;;
	*)
		refuse input "$file" "neither C nor assembly, nor known to mean nothing" ;;
	esac
	return 1
}

find_units() {
	local file target source path how command
	local -A known=()

	step "find units"
	for file in ${TOUCHED[@]+"${TOUCHED[@]}"}; do
		! is_followed "$file" || echo "$file"
	done > "$WORK/followed"
	sed 's|.*/|/|' "$WORK/followed" | sort -u > "$WORK/names"
	cd "$OBJTREE"
	{ find . -name '.*.cmd' -print0 |
	  xargs -0 grep -l -F -f "$WORK/names" -- || :; } > "$WORK/cmdfiles"
	xargs -r awk -v root="$BUILT_ROOT" -f "$HERE/find-units.awk" \
		"$WORK/followed" < "$WORK/cmdfiles" | sort > "$WORK/hits"
	cd "$OLDPWD"
	while IFS=$'\t' read -r target source path how command; do
		known[$path]=1
		if [[ $how == made || $target != *.@(o|s|lds) ]]; then
			refuse generated "$path" "the build makes $target with it"
		elif [[ -z ${SOURCE[$target]-} ]]; then
			add_unit "$target" "$source" "$command"
		fi
	done < "$WORK/hits"
	while read -r file; do
		[[ -z ${known[$file]-} ]] || continue
		report note "$file" "nothing in this build was made from it"
		! is_shadow "$file" ||
			refuse shadow "$file" "a new header with the name of one that the build has: who would include it now cannot be told"
	done < "$WORK/followed"
}

# May the compiler find this new header where it found another one so far?
is_shadow() {
	local dir=/${1%/*}

	[[ $1 == *.h && ! -f $WORK/pre/$1 ]] || return 1
	(cd "$OBJTREE" && xargs -r grep -l -F -e "/${dir##*/}/${1##*/}" -- \
		< "$WORK/cmdfiles" > /dev/null)
}

add_unit() {
	local target=$1 source=$2 path=${2#"$BUILT_ROOT"}

	if [[ -f $WORK/pre/$path && ! -f $WORK/post/$path ]]; then
		refuse unit-gone "$path" "$target of the running kernel was made from it"
		return
	fi
	if ! clean_command "$3" "$target"; then
		refuse command "$target" "its saved command cannot be replayed"
		return
	fi
	UNITS+=("$target")
	SOURCE[$target]=$source
	SAVED[$target]=$REPLY
	[[ $3 != *" ; "*objtool*" $target" ]] || EDITED[$target]=${3##* ; }
	OBJECT[$target]=vmlinux
	classify "$target"
	[[ ${CLASS[$target]} != module ]] || find_modules "$target"
}

# Modules that the target is a part of: kbuild lists the objects of each in a
# file. Without these files its command tells, if they are as old as kbuild's.
find_modules() {
	local target=$1 names

	if [[ ! -f $WORK/modules ]]; then
		# shellcheck disable=SC2016 # for awk
		(cd "$OBJTREE" && find . -name '*.mod' -print0 | xargs -0 -r awk '{
			path = name = FILENAME
			gsub(/^\.\/|\.mod$/, "", path)
			gsub(/.*\/|\.mod$/, "", name)
			gsub(/-/, "_", name)
			for (i = 1; i <= NF; i++)
				print $i "\t" name "\t" path
		}') > "$WORK/modules"
	fi
	names=$(awk -F '\t' -v target="$target" '$1 == target { print $2 }' \
		"$WORK/modules" | sort -u | paste -s -d :)
	if [[ -z $names && ${SAVED[$target]} =~ \
	      -DKBUILD_MODNAME=[\'\"]*([A-Za-z0-9_:]+) ]]; then
		names=${BASH_REMATCH[1]}
	fi
	OBJECT[$target]=${names:-unknown}
}

# Assembly that starts the kernel, is how it is entered, left, traced or called
# by firmware, is the target of thunks, or holds a file: no ordinary code.
is_special_assembly() {
	case ${1#"$BUILT_ROOT"} in
	arch/*/entry/*|arch/*/kernel/head*|arch/*/kernel/relocate_kernel*|\
	arch/*/kernel/ftrace*|arch/*/kernel/acpi/*|arch/*/kernel/ibt_selftest*|\
	arch/*/kernel/verify_cpu*|arch/*/lib/retpoline*|arch/*/mm/*|\
	arch/*/platform/*|arch/*/power/*|arch/*/xen/*|arch/*/coco/*|\
	arch/*/virt/*|certs/*)
		return 0 ;;
	esac
	return 1
}

# Has kbuild been told to keep objtool away from the object? Conditions in the
# Makefile are not looked at.
is_unchecked() {
	local makefile=$SRCTREE/${1%/*}/Makefile name=${1##*/}

	[[ -f $makefile ]] || return 1
	grep -q -E "^OBJECT_FILES_NON_STANDARD(_${name//./\\.})?[[:space:]]*[:+?]?=[[:space:]]*y" \
		"$makefile"
}

classify_assembly() {
	local target=$1 command=${SAVED[$1]}

	if is_special_assembly "${SOURCE[$target]}" || is_unchecked "$target"; then
		CLASS[$target]=asm
	elif [[ $command != *" -D__KERNEL__ "* ]]; then
		CLASS[$target]=outside
	elif [[ $command == *" -DMODULE "* ]]; then
		CLASS[$target]=module
	else
		CLASS[$target]=kernel
	fi
}

# What is not code of the running kernel may have been compiled from a touched
# file all the same; it must then come out unchanged.
classify() {
	local target=$1 class

	case $target in
	*.lds)				class=linker-script ;;
	*.s)				class=asm-offsets ;;
	arch/*/boot/*)			class=boot ;;
	arch/*/realmode/*)		class=realmode ;;
	arch/*/purgatory/*)		class=purgatory ;;
	*/libstub/*)			class=stub ;;
	scripts/*|tools/*|usr/*)	class=host ;;
	*)
		case ${SOURCE[$target]}:${SAVED[$target]} in
		*/vdso/*.S:*)			class=vdso ;;
		*.S:*)				classify_assembly "$target"
						return ;;
		*" -mcmodel=kernel "*" -DMODULE "*) class=module ;;
		*" -mcmodel=kernel "*)		class=kernel ;;
		*)				class=outside ;;
		esac
		[[ $class:$target != outside:*/vdso/* ]] || class=vdso ;;
	esac
	CLASS[$target]=$class
}

# Lines of $WORK/SIDE/FILE that the other side has not, as "FIRST-LAST ...".
changed_lines() {
	{ diff -U0 "$WORK/pre/$2" "$WORK/post/$2" || (($? == 1)); } |
		awk -v side="$1" '/^@@ / {
			n = split(substr(side == "pre" ? $2 : $3, 2), at, ",")
			count = n > 1 ? at[2] : 1
			if (count)
				print at[1] "-" at[1] + count - 1
		}' | paste -s -d ' '
}

# If all that changes in a header are prototypes, and functions of a name that
# it did not have: success, and the names of the prototypes.
only_declares() {
	local file=$1 side kind name

	[[ $file == *.h && -f $WORK/pre/$file && -f $WORK/post/$file ]] || return 1
	for side in pre post; do
		awk -v lines="$(changed_lines "$side" "$file")" \
			-f "$HERE/declarations.awk" "$WORK/$side/$file"
	done | sort -u > "$WORK/declared"
	while read -r kind name; do
		case $kind in
		prototype)	echo "$name" ;;
		function)	! grep -q -w -F "$name" "$WORK/pre/$file" || return 1 ;;
		*)		return 1 ;;
		esac
	done < "$WORK/declared"
}

# A prototype in a header that everyone includes is of no account to units whose
# object does not even hold the function's name, as caller or as definition. A
# new function cannot have been used.
drop_bystanders() {
	local file target path
	local -A declares=() keep=()
	local -a left=()

	: > "$WORK/prototypes"
	for file in ${TOUCHED[@]+"${TOUCHED[@]}"}; do
		only_declares "$file" > "$WORK/names.new" || continue
		declares[$file]=1
		cat "$WORK/names.new" >> "$WORK/prototypes"
	done
	((${#declares[@]} && ${#UNITS[@]} > SCREEN_FROM)) || return 0
	while IFS=$'\t' read -r target _ path _; do
		[[ -n ${declares[$path]-} ]] || keep[$target]=1
	done < "$WORK/hits"
	cd "$OBJTREE"
	for target in "${UNITS[@]}"; do
		[[ -f $target ]] || keep[$target]=1
	done
	printf '%s\0' "${UNITS[@]}" |
		{ xargs -0 grep -s -l -F -f "$WORK/prototypes" -- || :; } |
	while read -r target; do
		keep[$target]=1
	done
	cd "$OLDPWD"
	for target in "${UNITS[@]}"; do
		[[ -z ${keep[$target]-} ]] || left+=("$target")
	done
	UNITS=(${left[@]+"${left[@]}"})
}
