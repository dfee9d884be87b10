#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Kinds of changes of which few files of the kernel have one that shows: static
# variables that stay, functions in parts, two names of one function, a table that
# grows, static branches and static calls whose keys are in a module, a member in
# a hole of a struct.

. ./functions.sh

U=lsp_every
L=lsp_layout
TARGET=lsp_kinds
PARAMETERS=/sys/module/$TARGET/parameters

need_update $U $L
[ -e modules/$TARGET.ko ] || skip_all "no modules/$TARGET.ko"

get()
{
	cat "$PARAMETERS/$1"
}

set_to()
{
	put "$PARAMETERS/$1" "$2" >/dev/null
}

# all INPUT	what the functions make of it, but for what changes by itself
all()
{
	set_to input "$1"
	echo "$(get cold), $(get parts), $(get alias), $(get table), $(get branch), $(get call)"
}

# parts_for_7 DIFFERENCE	the shared part adds that
parts_for_7()
{
	echo "$((first + $1)) $((second + $1))"
}

part()
{
	load "$1-$TARGET"
}

has_symbol()
{
	grep -q " $1.*\[$TARGET\]" /proc/kallsyms
}

replaced()
{
	[ -d "$SPLICE/$U/$TARGET/$1,1" ]
}

# gcc makes functions of parts of others, clang does not.
case $(cat /proc/version) in
*clang*) split='' extra=0 ;;
*) split=kinds_part.part.0 extra=3 ;;
esac

plan $((45 + extra))

is "load the target" ok "$(load_module $TARGET)"
if [ -n "$split" ]; then
	check "a function has a part that is cold" has_symbol 'kinds_cold\.cold'
	check "a function is a part that others share" has_symbol 'kinds_part\.part\.'
fi
is "before, for 1" "2, 2 3, 4 4, 1, 11, 12" "$(all 1)"
set_to input 7
# shellcheck disable=SC2046 # two numbers
set -- $(get parts)
first=$1 second=$2
is "before, for 7" "-14, $(parts_for_7 0), 22 22, -1, 17, 18" "$(all 7)"
is "a count" "11 12" "$(get count) $(get count)"

is "load" "ok ok" "$(load $U) $(part $U)"
is "loading changes nothing" "2, 2 3, 4 4, 1, 11, 12" "$(all 1)"
# shellcheck disable=SC2086 # none or one
for function in kinds_count kinds_cold $split kinds_parts kinds_more_parts kinds_table \
	kinds_branch kinds_call; do
	check "$function is replaced" replaced $function
done
is "a function with two names once" 1 \
	"$(find "$SPLICE/$U" -name 'kinds_first,*' -o -name 'kinds_second,*' | wc -l)"
is "enable" ok "$(switch_on $U)"
is "new code, for 1" "101, 3 4, 503 503, 1, 1001, 1012" "$(all 1)"
is "new code, for 7" "-140, $(parts_for_7 7), 521 521, -1, 1007, 1018" "$(all 7)"
is "the count goes on" "1013 1014" "$(get count) $(get count)"
set_to input 3
is "the table has grown" 9 "$(get table)"
set_to input 1
is "switch the branch" ok "$(put $PARAMETERS/branch 1)"
is "new code follows" 2001 "$(get branch)"
is "switch the call" ok "$(put $PARAMETERS/call 1)"
is "new code follows, too" 1022 "$(get call)"
is "disable" ok "$(switch_off $U)"
is "old code has followed" "2, 2 3, 4 4, 1, 21, 22" "$(all 1)"
is "the count was kept" "15 16" "$(get count) $(get count)"
is "the table is as it was" "-1" "$(set_to input 3; get table)"
is "switch back" "ok ok" "$(put $PARAMETERS/branch 0) $(put $PARAMETERS/call 0)"
is "enable again" ok "$(switch_on $U)"
is "new code has followed" "101, 3 4, 503 503, 1, 1001, 1012" "$(all 1)"
is "disable again" ok "$(switch_off $U)"
is "unload" ok "$(unload_all $U)"
is "all is as it was" "2, 2 3, 4 4, 1, 11, 12" "$(all 1)"

# A branch and a call that have been switched when the update comes.
is "switch both" "ok ok" "$(put $PARAMETERS/branch 1) $(put $PARAMETERS/call 1)"
is "load and enable" "ok ok ok" "$(load $U) $(part $U) $(switch_on $U)"
is "new code knows" "2001 1022" "$(get branch) $(get call)"
is "disable and unload" "ok ok" "$(switch_off $U) $(unload_all $U)"

# The struct.
is "before" 7 "$(get shape)"
is "load and enable the other update" "ok ok ok" \
	"$(load $L) $(part $L) $(switch_on $L)"
is "the new member counts" "107 207" "$(get shape) $(get shape)"
is "disable it" ok "$(switch_off $L)"
is "nobody asks for it" 7 "$(get shape)"
is "enable it again" "ok 307" "$(switch_on $L) $(get shape)"
is "disable and unload it" "ok ok" "$(switch_off $L) $(unload_all $L)"
is "unload the target" ok "$(unload $TARGET)"

finish
