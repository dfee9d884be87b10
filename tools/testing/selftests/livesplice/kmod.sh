# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # what is set here is used by those who source it
#
# Who loads modules when the kernel asks: kmod, as on a machine for people; busybox
# knows neither aliases of depmod's kind nor compressed modules. Sourced after
# functions.sh.

KMOD=$PWD/kmod
MODULES=/lib/modules/$(uname -r)
HELPER=/proc/sys/kernel/modprobe

[ -e "$KMOD/kmod" ] || skip_all "no kmod"
mkdir -p "$MODULES/updates"
touch "$MODULES/modules.order" "$MODULES/modules.builtin" \
	"$MODULES/modules.builtin.modinfo"

# applet NAME ARGUMENT...	of kmod, not of busybox
applet()
{
	applet_name=$1
	shift
	"$KMOD/ld-linux-x86-64.so.2" --argv0 "$applet_name" \
		--library-path "$KMOD" "$KMOD/kmod" "$@"
}

# make_modprobe FILE	that does what the kernel's own does
make_modprobe()
{
	cat >"$1" <<-EOF
		#!/bin/sh
		exec $KMOD/ld-linux-x86-64.so.2 --argv0 modprobe \
			--library-path $KMOD $KMOD/kmod "\$@"
	EOF
	chmod 755 "$1"
}

# install FILE...	what modprobe finds
install()
{
	rm -rf "$MODULES/updates"/*
	for install_file; do
		cp "$install_file" "$MODULES/updates/"
	done
	applet depmod -a
}
