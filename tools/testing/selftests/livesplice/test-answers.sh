#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Data that was initialised when the kernel booted, and is to be another: a hook
# brings it over, and back when the update is undone. What an administrator has set
# meanwhile stays. Then a bit of live objects that means the contrary from now on.

. ./functions.sh

U=lsp_answers
BIT=lsp_meaning			# of the entries of binfmt_misc: off, not on
TARGET=binfmt_misc
MISC=/tmp/misc
FILE=/tmp/answer
AIO=/proc/sys/fs/aio-max-nr
PRINTK=/proc/sys/kernel/printk
BURST=/proc/sys/net/core/message_burst
DOMAINS=/proc/execdomains

need_update $U $BIT $BIT-$TARGET
[ -e modules/$TARGET.ko ] || skip_all "no modules/$TARGET.ko"

level()
{
	awk '{ print $2 }' $PRINTK
}

all()
{
	echo "$(cat $AIO) $(level) $(cat $BURST)"
}

reads()
{
	awk '$1 == "reads" { print $2 }' $DOMAINS
}

# entry NAME	for files of that kind, which are echoed instead of run
entry()
{
	echo ":$1:E::$1::/bin/echo:" >$MISC/register
	echo 'echo as a script' >"$FILE.$1"
	chmod 755 "$FILE.$1"
}

# What the entry says, and what is so.
of()
{
	echo "$(head -n 1 "$MISC/$1"): $("$FILE.$1")"
}

on()
{
	echo "enabled: $FILE.$1"
}

off="disabled: as a script"

trap 'exec 3<&-; umount $MISC 2>/dev/null; cleanup; unload $TARGET >/dev/null' EXIT

plan 33

is "before" "65536 4 10" "$(all)"
is "nobody counts" "" "$(reads)"
is "load" ok "$(load $U)"
is "nothing has changed" "65536 4 10" "$(all)"
is "enable" ok "$(switch_on $U)"
is "the new defaults" "131072 5 20" "$(all)"
is "what init would have allocated is there" "1 2" "$(reads) $(reads)"
is "disable" ok "$(switch_off $U)"
is "the old ones" "65536 4 10" "$(all)"
is "nobody counts" "" "$(reads)"

is "an administrator sets one" ok "$(put $AIO 1000)"
is "enable" ok "$(switch_on $U)"
is "it stays, the others are new" "1000 5 20" "$(all)"
is "the count is new" 1 "$(reads)"
is "disable and unload" "ok ok" "$(switch_off $U) $(unload $U)"
is "it still stays" "1000 4 10" "$(all)"
is "set it back" ok "$(put $AIO 65536)"

is "load the target" ok "$(load_module $TARGET)"
mkdir -p $MISC
mount -t $TARGET none $MISC
for name in aa bb cc; do
	entry $name
done
echo 0 >$MISC/bb
exec 3<$MISC/cc
echo -1 >$MISC/cc
is "one entry is on, one is off" "$(on aa) $off" "$(of aa) $(of bb)"
is "load" "ok ok" "$(load $BIT) $(load $BIT-$TARGET)"
is "enable" ok "$(switch_on $BIT)"
is "the same is so" "$(on aa) $off" "$(of aa) $(of bb)"
is "also for one that was deleted while it was open" enabled "$(head -n 1 <&3)"
echo 0 >$MISC/aa
echo 1 >$MISC/bb
is "the other way round" "$off $(on bb)" "$(of aa) $(of bb)"
entry dd
entry ee
echo 0 >$MISC/ee
is "new ones" "$(on dd) $off" "$(of dd) $(of ee)"
is "disable" ok "$(switch_off $BIT)"
is "the same is so" "$off $(on bb)" "$(of aa) $(of bb)"
is "for the new ones as well" "$(on dd) $off" "$(of dd) $(of ee)"
echo 1 >$MISC/aa
is "they can be switched" "$(on aa)" "$(of aa)"
is "enable again" ok "$(switch_on $BIT)"
is "the same is so" "$(on aa) $(on bb) $(on dd) $off" "$(of aa) $(of bb) $(of dd) $(of ee)"
is "disable and unload" "ok ok ok" \
	"$(switch_off $BIT) $(unload ${BIT}_$TARGET) $(unload $BIT)"
exec 3<&-
umount $MISC
is "unload the target" ok "$(unload $TARGET)"

finish
