# shellcheck shell=bash disable=SC2030,SC2031,SC2034,SC2153,SC2154
# SPDX-License-Identifier: GPL-2.0
#
# From the objects with the new code to the parts of an update: an ordinary
# external module build for all of them at once, the tables that make a module a
# part of an update, and a look at the result by other eyes.
#
# Part of splice-gen, whose variables it uses: CHANGED, OBJECT, SAVED, NAME,
# DESCRIPTION, SRCTREE, OBJTREE, TREE_ROOT, OUTPUT, ELF, WORK, JOBS.

# Warnings that are about what only finish_part completes.
readonly LINK_NOISE=(
	'modpost: "[^ ]*" \[.*\] undefined!$'
	"modpost: [^ ]*: symbol '[^ ]*' undefined!\$"
	"modpost: [^ ]*: unexpected non-allocatable section '\.livesplice\.link\.[a-z]*'"
	'modpost: suppressed [0-9]* unresolved symbol warnings'
	'modpost: .* \(\.livesplice\.link\.[a-z]*\): unexpected non-allocatable'
	'objtool: \.livesplice\.link\.[a-z]*\+0x[0-9a-f]*: data relocation to !ENDBR'
)

# What kbuild takes from the environment: it is no part of the input.
readonly KBUILD_ENV=(
	MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES ARCH SUBARCH CROSS_COMPILE LLVM
	LLVM_IAS C CF CHECK W V O M MO KBUILD_OUTPUT KBUILD_EXTMOD
	KBUILD_EXTRA_SYMBOLS KBUILD_EXTRA_WARN KBUILD_MODPOST_NOFINAL
	KBUILD_MODPOST_WARN KBUILD_CFLAGS_MODULE KBUILD_AFLAGS_MODULE
	KBUILD_LDFLAGS_MODULE KBUILD_VERBOSE KBUILD_SRC KCFLAGS KAFLAGS KCPPFLAGS
	KRUSTFLAGS CFLAGS_MODULE AFLAGS_MODULE LDFLAGS_MODULE CFLAGS_KERNEL
	AFLAGS_KERNEL INSTALL_MOD_PATH INSTALL_MOD_STRIP
)

# Longest name of a module.
readonly MODULE_NAME_MAX=55

PARTS=()		# what the update changes: vmlinux, then modules

# The first part is there in any case: it is what the others belong to.
list_parts() {
	local target object

	PARTS=(vmlinux)
	for target in "${CHANGED[@]}"; do
		tr : '\n' <<< "${OBJECT[$target]}"
	done | sort -u | while read -r object; do
		[[ $object != vmlinux ]] || continue
		PARTS+=("$object")
		((${#NAME} + 1 + ${#object} <= MODULE_NAME_MAX)) ||
			usage "${NAME}_$object: too long for a module's name; choose a shorter one with -n"
	done
}

# file_of PART: name of its module's file, without ending.
file_of() {
	[[ $1 == vmlinux ]] && echo "$NAME" || echo "$NAME-$1"
}

# units_of PART: the indexes of its units.
units_of() {
	local i

	for i in "${!CHANGED[@]}"; do
		[[ :${OBJECT[${CHANGED[i]}]}: != *":$1:"* ]] || echo "$i"
	done
}

# write_unit_command UNIT VERSION: its saved command, as modpost wants to see it: with
# the versions of what it exports (CONFIG_MODVERSIONS). Who uses that are other parts of
# the same update, so all of it has the version that the patch has.
write_unit_command() {
	{
		echo
		nm "$WORK/module/unit-$1.o" |
			sed -n "s/.* __\(export_symbol\|ksymtab\)_\(.*\)/#SYMVER \2 0x$2/p"
	} > "$WORK/module/.unit-$1.o.cmd"
}

# The sources of all modules and the file for kbuild.
write_module_sources() {
	local part file text i alias version

	text=${DESCRIPTION//\\/\\\\}
	text=${text//\"/\\\"}
	echo "ccflags-y := -g0" > "$WORK/module/Kbuild"
	for part in "${PARTS[@]}"; do
		file=$(file_of "$part")
		# What the kernel asks for when the module comes later.
		alias=
		[[ $part == vmlinux ]] ||
			alias="MODULE_ALIAS(\"livesplice:$NAME:$part\");"
		cat > "$WORK/module/main-$part.c" <<-EOF
		// SPDX-License-Identifier: GPL-2.0
		#include <linux/module.h>

		MODULE_DESCRIPTION("$text");
		MODULE_LICENSE("GPL");
		$alias
		EOF
		{
			echo "obj-m += $file.o"
			echo "$file-y := main-$part.o"
			units_of "$part" | while read -r i; do
				echo "$file-y += unit-$i.o"
			done
		} >> "$WORK/module/Kbuild"
	done
	version=$(sha256sum < "$WORK/all.patch" | head -c 8)
	for i in "${!CHANGED[@]}"; do
		write_unit_command "$i" "$version"
	done
}

link_modules() {
	local cc
	local -a tree=(-C "$OBJTREE")

	step "link modules"
	write_module_sources
	cc=${SAVED[${CHANGED[0]}]}
	[[ $TREE_ROOT != "$SRCTREE/" ]] || tree=(-C "$SRCTREE" O="$OBJTREE")
	# Debug information would hold the name of the temporary directory.
	background env "${KBUILD_ENV[@]/#/--unset=}" make "${tree[@]}" \
		${TOOLCHAIN[@]+"${TOOLCHAIN[@]}"} \
		M="$WORK/module" CC="${cc%% -*}" KBUILD_MODPOST_WARN=1 \
		KCFLAGS=-g0 CONFIG_DEBUG_INFO_BTF_MODULES= \
		-j "$JOBS" "V=${VERBOSE:-0}" modules > "$WORK/link.log" 2>&1
	if ! wait "$!"; then
		cat "$WORK/link.log" >&2
		die "$E_TREE" "the module cannot be linked"
	fi
	if [[ -n $VERBOSE ]]; then
		cat "$WORK/link.log" >&2
	else
		grep -i 'warning' "$WORK/link.log" |
			grep -v -E "$(printf '%s\n' "${LINK_NOISE[@]}")" >&2 || :
	fi
}

# What all parts have in common, and no other build has.
make_id() {
	local part

	{
		for part in "${PARTS[@]}"; do
			echo "$part"
			cat "$WORK/module/$(file_of "$part").ko"
		done
		cat "$WORK/all.patch"
	} | sha256sum | head -c 32
}

# finish_part PART ID: the tables that make the module a part of an update.
finish_part() {
	local part=$1 file i object based=
	local -a args=()

	file=$(file_of "$part")
	while read -r i; do
		running_object "${CHANGED_AT[i]}"
		args+=(-u "$i:${CHANGED[i]}:$REPLY")
		! is_based "${CHANGED_AT[i]}" || based=-B
	done < <(units_of "$part")
	for object in ${REPLACES[@]+"${REPLACES[@]}"}; do
		args+=(-X "$object")
	done
	if [[ $part == vmlinux ]]; then
		for object in "${PARTS[@]:1}"; do
			args+=(-T "$object")
		done
	fi
	"$ELF" finish -o "$WORK/$file.ko" "$WORK/module/$file.ko" \
		-s "$OBJTREE/Module.symvers" -S "$WORK/module/Module.symvers" \
		-N "$NAME" -O "$part" -I "$2" \
		-D "$DESCRIPTION" \
		-R "$(build_release)" \
		-P "$WORK/all.patch" ${based:+"$based"} "${args[@]}" > "$WORK/finish" ||
		refused_late "$WORK/finish"
}

verify_part() {
	local i file
	local -a inputs=()

	file=$(file_of "$1")
	while read -r i; do
		inputs+=(-i "$WORK/module/unit-$i.o")
	done < <(units_of "$1")
	"$ELF" verify "$WORK/$file.ko" -s "$OBJTREE/Module.symvers" \
		-S "$WORK/module/Module.symvers" \
		${inputs[@]+"${inputs[@]}"} > "$WORK/verify" ||
		refused_late "$WORK/verify"
}

finish_parts() {
	local part id

	step "finish"
	id=$(make_id)
	for part in "${PARTS[@]}"; do
		finish_part "$part" "$id"
	done
	step "verify"
	for part in "${PARTS[@]}"; do
		verify_part "$part"
	done
}

# All of them, or none: a part alone is of no use.
install_parts() {
	local part file

	for part in "${PARTS[@]}"; do
		file=$(file_of "$part")
		UNFINISHED+=("$OUTPUT/.$file.ko.$$")
		cp "$WORK/$file.ko" "$OUTPUT/.$file.ko.$$"
	done
	for part in "${PARTS[@]}"; do
		file=$(file_of "$part")
		mv "$OUTPUT/.$file.ko.$$" "$OUTPUT/$file.ko"
		report module "${OUTPUT%/}/$file.ko"
	done
}

# What the last steps would refuse, found without a module: for a run that will
# not come to them. New code of a unit is there unless its change was refused.
refuse_early() {
	local part

	((${#CHANGED[@]})) || return 0
	step "check"
	list_parts
	for part in "${PARTS[@]}"; do
		check_part "$part"
	done
}

check_part() {
	local i
	local -a units=() new=()

	while read -r i; do
		running_object "${CHANGED_AT[i]}"
		units+=(-u "$i:${CHANGED[i]}:$REPLY")
		[[ ! -f $WORK/module/unit-$i.o ]] ||
			new+=("$WORK/module/unit-$i.o")
	done < <(units_of "$1")
	((${#units[@]})) || return 0
	if ((${#new[@]})); then
		rm -f "$WORK/module/new.o"
		"$LINKER" -r -o "$WORK/module/new.o" "${new[@]}" >&2 ||
			fault "$E_TREE" "the new code of the units does not go together"
		new=("$WORK"/module/new.o*)
	fi
	"$ELF" finish -c -s "$OBJTREE/Module.symvers" -O "$1" "${units[@]}" \
		${new[@]+"${new[@]}"} > "$WORK/check" ||
		grep '^refuse' "$WORK/check" >> "$WORK/report" ||
		fault "$E_TREE" "splice-elf failed"
}

# Refused only when the whole module was there: still an answer of its own.
refused_late() {
	grep '^refuse' "$1" >> "$WORK/report" ||
		die "$E_TREE" "splice-elf failed"
	conclude
}
