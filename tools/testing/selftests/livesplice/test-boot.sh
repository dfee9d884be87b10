#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Updates that are enabled come back: livesplice-boot remembers them, in the order in
# which they stand on each other, for this build of the kernel and for no other, and
# loads and enables them, with the parts for modules that are there.

. ./functions.sh

A=lsp_stack_a
B=lsp_stack_b
M=lsp_binfmt
TARGET=binfmt_misc
PART=${M}_$TARGET
BOOT=/tmp/boot
FILE=$BOOT/state/$(uname -r)
SAID=$BOOT/said
export LIVESPLICE_STATE=$BOOT/state

need_update $A $B $M $M-$TARGET
[ -e modules/$TARGET.ko ] || skip_all "no modules/$TARGET.ko"
[ -e ./livesplice-boot ] || PATH=../../../livesplice:$PATH

. ./kmod.sh

UPDATES=$MODULES/updates/livesplice

# boot VERB	its exit status; what it says is in $SAID
boot()
{
	PATH=$BOOT:$PATH livesplice-boot "$1" >$SAID 2>&1
	echo $?
}

all_off()
{
	echo "$(switch_off $B) $(switch_off $A) $(switch_off $M)"
}

all_unloaded()
{
	echo "$(unload $B) $(unload $A) $(unload $PART) $(unload $M)"
}

# states UPDATE...
states()
{
	for states_update; do
		value "$states_update" state 2>/dev/null || echo none
	done | xargs
}

trap 'rm -rf "$MODULES" $BOOT; cleanup' EXIT
rm -rf $BOOT
mkdir -p $BOOT "$UPDATES"
cp "$LSP_UPDATES"/$A.ko "$LSP_UPDATES"/$B.ko "$LSP_UPDATES"/$M.ko \
	"$LSP_UPDATES"/$M-$TARGET.ko "$UPDATES/"
applet depmod -a
make_modprobe $BOOT/modprobe

plan 30

is "nothing is remembered" "0 " "$(boot list) $(cat $SAID)"
is "so nothing is done" "0 " "$(boot restore) $(cat $SAID)"
is "load the target" ok "$(load_module $TARGET)"
is "enable three" "ok ok ok ok ok ok ok" "$(load $M) $(load $M-$TARGET) $(load $A) \
$(switch_on $A) $(load $B) $(switch_on $B) $(switch_on $M)"
is "remember them" "0 " "$(boot save) $(cat $SAID)"
check "for this build" grep -qE '^[0-9a-f]{40}$' "$FILE"
is "all of them" "$M $A $B" "$(boot list >/dev/null; sort $SAID | xargs)"
check "each behind what it stands on" \
	[ "$(grep -n $A $SAID | cut -d: -f1)" -lt "$(grep -n $B $SAID | cut -d: -f1)" ]
is "what is so already stays so" "0 " "$(boot restore) $(cat $SAID)"
is "disable them" "ok ok ok" "$(all_off)"
is "enable what is loaded" "0 " "$(boot restore) $(cat $SAID)"
is "states" "enabled enabled enabled" "$(states $A $B $M)"
is "disable and unload them" "ok ok ok ok ok ok ok" "$(all_off) $(all_unloaded)"
is "load and enable them" "0 " "$(boot restore) $(cat $SAID)"
is "states" "enabled enabled enabled" "$(states $A $B $M)"
check "with the part for the module" is_loaded $PART
is "and again, without the module" "ok ok ok ok ok ok ok ok" \
	"$(all_off) $(all_unloaded) $(unload $TARGET)"
is "load and enable them" "0 " "$(boot restore) $(cat $SAID)"
is "states" "enabled enabled enabled" "$(states $A $B $M)"
refuse "but for the part" is_loaded $PART
is "disable and unload them" "ok ok ok ok ok ok" \
	"$(all_off) $(unload $B) $(unload $A) $(unload $M)"

cp "$FILE" $BOOT/good
sed -i '1s/^./g/' "$FILE"
is "another build" 1 "$(boot restore)"
check "is named" grep -q "of another build of this release" $SAID
is "and nothing is done" "none none none" "$(states $A $B $M)"

cp $BOOT/good "$FILE"
rm "$UPDATES/$A.ko"
applet depmod -a
is "one is missing" 1 "$(boot restore)"
check "it is named" grep -q "^livesplice-boot: $A: not enabled: not loaded" $SAID
check "and who stands on it" grep -q "^livesplice-boot: $B: not enabled: not loaded" $SAID
is "the others are there" "none none enabled" "$(states $A $B $M)"
is "disable and unload it" "ok ok" "$(switch_off $M) $(unload $M)"
refuse "no warning" tainted $TAINT_WARN

finish
