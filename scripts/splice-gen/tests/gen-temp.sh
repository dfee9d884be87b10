#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is left behind: nothing after an interrupt, whatever ran at that moment, and
# all that is temporary when that is wanted.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"

good=$(patch_of good kernel/sub/one.c 's/x \* PRIVATE/x * PRIVATE + 1/')

# hang TOOL: a program that says when it runs, and goes on running.
hang() {
	rm -rf "${WORK:?}/bin"
	mkdir "$WORK/bin"
	cat > "$WORK/bin/$1" <<-EOF2
	#!/bin/sh
	case "$1 \$*" in
	gcc*--version*|splice-elf\ same*)
		exec $(type -P "$1" || echo "$HELPER") "\$@" ;;
	esac
	echo \$\$ >> $WORK/running
	exec sleep 60
	EOF2
	chmod +x "$WORK/bin/$1"
}

# Job control: a background job that can be interrupted.
set -m

# gone PID: or soon will be.
gone() {
	local tries=0

	while kill -0 "$1" 2> /dev/null; do
		((tries++ < 30)) || { echo "process $1 still runs"; return 1; }
		sleep 0.1
	done
}

# interrupt SIGNAL STATUS WHOM: "-" for all that a terminal would reach, "" for
# the script alone
interrupt() {
	local pid got=0 tries=0 program helper=$SPLICE_ELF

	rm -f "$WORK/running"
	[[ ! -e $WORK/bin/splice-elf ]] || helper=$WORK/bin/splice-elf
	SPLICE_ELF=$helper PATH="$WORK/bin:$PATH" \
		"$GEN" -k "$SRC" -O "$OBJ" -o "$OUT" "$good" &
	pid=$!
	while [[ ! -s $WORK/running ]] && ((tries++ < 600)); do
		sleep 0.1
	done
	[[ -s $WORK/running ]] || echo "it never ran"
	tries=$SECONDS
	kill "-$1" -- "$3$pid"
	wait "$pid" || got=$?
	echo "status $got after $((SECONDS - tries)) s"
	((SECONDS - tries < 30)) || return 1
	((got == $2)) || return 1
	while read -r program; do
		gone "$program" || return 1
	done < "$WORK/running"
	[[ -z $(find "$TMPDIR" "$OUT" -mindepth 1 -print) ]]
}

keeps() {
	gen --keep "$(patch_of broken kernel/sub/one.c 's/x \* PRIVATE/nowhere/')" \
		2> "$WORK/stderr"
	cat "$WORK/stderr"
	[[ -d $(sed -n 's/.*intermediate files: //p' "$WORK/stderr") ]]
	rm -r "${TMPDIR:?}"/*
}

ok "kept" keeps

hang gcc
ok "compiling: interrupted" interrupt INT 130 ''
ok "compiling: terminated" interrupt TERM 143 ''
ok "compiling: hung up" interrupt HUP 129 ''
ok "compiling: ^C" interrupt INT 130 -
for tool in awk patch find diff; do
	hang $tool
	ok "$tool: ^C" interrupt INT 130 -
	ok "$tool: terminated" interrupt TERM 143 -
done

need_helper
hang splice-elf
ok "comparing: ^C" interrupt INT 130 -
hang make
ok "linking: interrupted" interrupt INT 130 ''
ok "linking: terminated" interrupt TERM 143 ''
ok "linking: ^C" interrupt INT 130 -

# A module that is there, but not yet under its name: that takes a kernel.
if [[ -n ${KOBJ-} ]]; then
	SRC=$KSRC OBJ=$KOBJ
	good=$HERE/../../../tools/testing/selftests/livesplice/patches/hexdump.patch
	hang mv
	ok "writing: ^C" interrupt INT 130 -
	ok "writing: terminated" interrupt TERM 143 -
fi

# A child with the traps of the script must not remove what that works with.
child_ends() {
	local dir=$WORK/child

	mkdir "$dir" || return 1
	bash -c "$(sed -n '/^cleanup()/,/^}/p' "$GEN")"'
		stop_background() { :; }
		WORK=$1; KEEP=; UNFINISHED=()
		(cleanup); [[ -d $WORK ]] || exit 1
		cleanup; [[ ! -d $WORK ]]' - "$dir"
}
ok "a child that ends early" child_ends

finish
