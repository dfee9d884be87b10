# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0
#
# Can updates be made from this source tree, this build and this toolchain?
#
# Part of splice-gen, whose options SRCTREE and OBJTREE it completes. It finds
# out BUILT_ROOT (what the build calls the source tree, with its slash; empty if
# it ran there), PRE_ROOT (what is compiled in its place), TOOLCHAIN (what kbuild
# has to be told to take that of the build), LINKER and ELF (the helper).

# Options under which the objects of the build are not what goes into the kernel,
# or are not what the saved commands make; and why.
readonly BAD_OPTIONS='
LTO_CLANG	objects hold no machine code until the whole kernel is linked
AUTOFDO_CLANG	what the profile does to one function changes with the others
PROPELLER_CLANG	functions are put in order, and split, when the kernel is linked
RANDSTRUCT	members of structs have an order of their own in each build
GCC_PLUGIN_LATENT_ENTROPY	each run of the compiler makes other code
GCOV_KERNEL	counters of the old code would be those of the new code'

TOOLCHAIN=() LINKER=ld

is_set() {
	grep -q "^CONFIG_$1=y" "$OBJTREE/include/config/auto.conf"
}

find_helper() {
	local file

	for file in "${SPLICE_ELF-}" "$OBJTREE/scripts/splice-gen/splice-elf" \
		    "$HERE/splice-elf"; do
		[[ -x $file && ! -d $file ]] || continue
		ELF=$(realpath "$file")
		return
	done
	die "$E_TREE" "no splice-elf: neither built in $OBJTREE nor in \$SPLICE_ELF"
}

find_trees() {
	if [[ -z $SRCTREE ]]; then
		SRCTREE=${HERE%/scripts/splice-gen}
		[[ -f $SRCTREE/Kbuild ]] ||
			usage "this script stands in no kernel tree; say which with -k"
	fi
	[[ -d $SRCTREE ]] || usage "$SRCTREE: no such directory"
	SRCTREE=$(realpath "$SRCTREE")
	[[ -n $OBJTREE ]] || OBJTREE=$SRCTREE
	[[ -d $OBJTREE ]] || usage "$OBJTREE: no such directory"
	OBJTREE=$(realpath "$OBJTREE")
}

vet_config() {
	local option why bad=0

	[[ -f $OBJTREE/.config ]] ||
		die "$E_TREE" "$OBJTREE: was never configured: no .config"
	[[ -f $OBJTREE/include/config/auto.conf ]] ||
		die "$E_TREE" "$OBJTREE: was never built: no include/config/auto.conf"

	is_set LIVESPLICE || {
		message "CONFIG_LIVESPLICE is not set in $OBJTREE: the kernel built there cannot take updates"
		bad=1
	}
	is_set X86_64 || {
		message "CONFIG_X86_64 is not set in $OBJTREE: no other architecture is supported yet"
		bad=1
	}
	is_set X86_KERNEL_IBT || {
		message "CONFIG_X86_KERNEL_IBT is not set in $OBJTREE: objects that objtool edited one by one are not supported yet"
		bad=1
	}
	while read -r option why; do
		if [[ -z $option ]] || ! is_set "$option"; then
			continue
		fi
		message "CONFIG_$option is set in $OBJTREE: not supported: $why"
		bad=1
	done <<< "$BAD_OPTIONS"
	((!bad)) || die "$E_TREE" "updates cannot be made for this configuration"
}

vet_built() {
	local file

	for file in include/config/kernel.release Module.symvers; do
		[[ -f $OBJTREE/$file ]] ||
			die "$E_TREE" "$OBJTREE: was never built, or not to the end: no $file"
	done
}

# From any object: what the build calls the source tree, and the compiler.
vet_toolchain() {
	local cmdfile target source cc banner wanted

	find "$OBJTREE/init" "$OBJTREE/kernel" "$OBJTREE/mm" -name '.*.o.cmd' \
		2> /dev/null | sort > "$WORK/commands" || :
	BUILT_ROOT=none
	while read -r cmdfile; do
		target=$(sed -n 's/^source_\([^ ]*\.o\) := .*/\1/p' "$cmdfile")
		source=$(sed -n 's/^source_[^ ]* := //p' "$cmdfile")
		[[ -n $target && $source == *"${target%.o}.c" ]] || continue
		BUILT_ROOT=${source%"${target%.o}.c"}
		break
	done < "$WORK/commands"
	[[ $BUILT_ROOT != none ]] ||
		die "$E_TREE" "$OBJTREE: was never built: no saved commands (.*.o.cmd)"
	clean_command "$(sed -n 's/^\(saved\)\?cmd_[^ ]* := //p' "$cmdfile")" \
		"$target" || die "$E_TREE" "$cmdfile: no command that can be replayed"
	cc=${REPLY%% -*}
	banner=$($cc --version 2> /dev/null | head -n 1) || :
	wanted=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\(.*\)"$/\1/p' \
		"$OBJTREE/.config")
	[[ ${banner//#/} == "$wanted" ]] ||
		die "$E_TREE" "other compiler: $OBJTREE was built with \"$wanted\", $cc is \"${banner:-not there}\""
	find_linker "$cc"
}

# find_linker CC: the linker of the build, and by which words kbuild finds both
# again. One that is not in PATH, or has a version in its name, brings the others.
find_linker() {
	local cc=${1##* } base

	base=${cc##*/}
	[[ $base == clang* ]] && is_set LD_IS_LLD || return 0
	LINKER=${cc%"$base"}ld.lld${base#clang}
	case $cc in
	clang)	TOOLCHAIN=(LLVM=1) ;;
	*/*)	TOOLCHAIN=("LLVM=${cc%"$base"}") ;;
	*)	TOOLCHAIN=("LLVM=${base#clang}") ;;
	esac
}

# Sources may have moved since; what is in them is proven later by the objects.
# shellcheck disable=SC2034 # PRE_ROOT and TREE_ROOT are for replay.bash
vet_sources() {
	[[ -f $SRCTREE/Kbuild ]] || die "$E_TREE" "$SRCTREE: not a kernel source tree"
	PRE_ROOT=$BUILT_ROOT
	[[ $(cd "$OBJTREE" && realpath -m "${BUILT_ROOT:-.}") == "$SRCTREE" ]] &&
		return
	[[ -n $BUILT_ROOT ]] ||
		die "$E_TREE" "$OBJTREE: was built in its source tree, not from $SRCTREE"
	PRE_ROOT=$SRCTREE/
}

vet() {
	step vet
	find_trees
	vet_config
	vet_built
	vet_toolchain
	vet_sources
	TREE_ROOT=$PRE_ROOT
	find_helper
}
