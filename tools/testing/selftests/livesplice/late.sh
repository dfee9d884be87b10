# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # what is set here is used by those who source it
#
# What test-late.sh and test-disabled.sh share: a module that comes later, and who
# loads parts when the kernel asks. Sourced after functions.sh; U is the update.

T=lsp_comer			# the module that comes
PART=${U}_$T
PARAMS=/sys/module/$T/parameters
LATE=/tmp/late

OLD=11				# what it gives
NEW=1011

need_update "$U" "$U-$T"
[ -e modules/$T.ko ] || skip_all "no modules/$T.ko"

. ./kmod.sh

old_helper=$(cat $HELPER)
rm -rf $LATE
mkdir -p $LATE /etc/modprobe.d
trap 'restore_late; cleanup' EXIT

# helper NAME	from now on the kernel calls this one: modprobe, gate, or none
helper()
{
	echo "$LATE/$1" >$HELPER
}

# Notes what it was asked for.
make_modprobe $LATE/quiet
cat >$LATE/modprobe <<EOF
#!/bin/sh
echo "\$*" >>$LATE/calls
exec $LATE/quiet "\$@"
EOF

# The same, once $LATE/go is there; a minute at most.
cat >$LATE/gate <<EOF
#!/bin/sh
echo \$\$ >$LATE/asked
for i in \$(seq 600); do
	[ ! -e $LATE/go ] || break
	sleep 0.1
done
exec $LATE/modprobe "\$@"
EOF
chmod 755 $LATE/modprobe $LATE/gate

restore_late()
{
	touch $LATE/go
	echo "$old_helper" >$HELPER
	rm -rf "$MODULES" /etc/modprobe.d/late.conf
}

# come		load the module; come_with PARAMETER...: in kmod's words
come()
{
	load_module $T
}

come_with()
{
	applet insmod modules/$T.ko "$@" 2>&1
}

# says FILE	a parameter of the module
says()
{
	cat "$PARAMS/$1"
}
