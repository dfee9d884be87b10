#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A struct that grew: eventfds get a count of reads, in shadow variables. Those
# that were there before get it when they are read, whoever is closed leaves
# nothing, and what an undo leaves behind is told of and found by the next one.

. ./functions.sh

U=lsp_shadow
ID=0x20261129
OUT=/tmp/eventfd-serve.out
IN=/tmp/eventfd-serve.in

# An eventfd says how often it was read, and 1 if it was counted from its beginning,
# 2 if it was there before, 0 if it is not counted yet.

need_update $U

# tell COMMAND...	to the one that keeps the eventfds; sets $answer
tell()
{
	tell_lines=$(wc -l <$OUT)
	echo "$*" >&9
	wait_for 10 says_more "$tell_lines"
	answer=$(sed -n "$((tell_lines + 1))p" $OUT)
}

# said COMMAND...
said()
{
	tell "$@"
	echo "$answer"
}

left()
{
	new_log | grep -c "$U: .* shadow variable"
}

rm -f $IN $OUT
mkfifo $IN
: >$OUT
lsp-helper eventfd-serve reads <$IN >$OUT 2>/dev/null &
background="$background $!"
exec 9>$IN

plan 33

is "an eventfd" 0 "$(said new)"
is "another one" 1 "$(said new)"
is "nobody counts" none "$(said info 0)"
mark_log
is "load and enable" "ok ok" "$(load $U) $(switch_on $U)"
is "it was there before" "0 0" "$(said info 0)"
is "read it" 1 "$(said read 0)"
is "it has got its count" "1 2" "$(said info 0)"
is "read it again" 1 "$(said read 0)"
is "that goes on" "2 2" "$(said info 0)"
is "the other one has none" "0 0" "$(said info 1)"
is "a new one" 2 "$(said new)"
is "has one from the beginning" "0 1" "$(said info 2)"
is "which counts" "1 1 2 1" "$(said read 2) $(said read 2) $(said info 2)"
is "close the first" 0 "$(said close 0)"
is "close the second, which never had one" 0 "$(said close 1)"
is "close the new one" 0 "$(said close 2)"
is "undo and unload" "ok ok" "$(switch_off $U) $(unload $U)"
is "nothing is left" 0 "$(left)"

is "three eventfds" "3 4 5" "$(said new) $(said new) $(said new)"
is "load and enable" "ok ok" "$(load $U) $(switch_on $U)"
is "two are read" "1 1" "$(said read 3) $(said read 4)"
is "one of those is closed" 0 "$(said close 3)"
is "a new one" 6 "$(said new)"
is "undo" ok "$(switch_off $U)"
is "nobody counts" none "$(said info 4)"
mark_log
is "unload" ok "$(unload $U)"
matches "what is left is told, with its number" \
	"*$U: 2 shadow variables of id $ID left behind*" "$(new_log)"
is "load and enable again" "ok ok" "$(load $U) $(switch_on $U)"
is "what was left is found" "1 2 0 1" "$(said info 4) $(said info 6)"
is "it goes on counting" "1 2 2" "$(said read 4) $(said info 4)"
is "close them all" "0 0 0" "$(said close 4) $(said close 5) $(said close 6)"
mark_log
is "undo and unload" "ok ok" "$(switch_off $U) $(unload $U)"
is "nothing is left" 0 "$(left)"
exec 9>&-

finish
