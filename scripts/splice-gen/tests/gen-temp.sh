#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The temporary directory: gone after an interrupt, with all compilers, and left
# when wanted.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"

good=$(patch_of good kernel/sub/one.c 's/x \* PRIVATE/x * PRIVATE + 1/')

# A compiler that says when it runs, and goes on running.
mkdir "$WORK/bin"
cat > "$WORK/bin/gcc" <<EOF
#!/bin/sh
case "\$*" in
*--version*)	exec $(type -P gcc) "\$@" ;;
esac
echo \$\$ >> $WORK/running
exec sleep 60
EOF
chmod +x "$WORK/bin/gcc"

# Job control: a background job that can be interrupted.
set -m

# gone PID: or soon will be.
gone() {
	local tries=0

	while kill -0 "$1" 2> /dev/null; do
		((tries++ < 30)) || { echo "compiler $1 still runs"; return 1; }
		sleep 0.1
	done
}

# interrupt SIGNAL STATUS
interrupt() {
	local pid got=0 tries=0 compiler

	rm -f "$WORK/running"
	PATH="$WORK/bin:$PATH" "$GEN" -k "$SRC" -O "$OBJ" -o "$OUT" "$good" &
	pid=$!
	while [[ ! -s $WORK/running ]] && ((tries++ < 100)); do
		sleep 0.1
	done
	kill "-$1" "$pid"
	wait "$pid" || got=$?
	echo "status $got"
	((got == $2)) || return 1
	while read -r compiler; do
		gone "$compiler" || return 1
	done < "$WORK/running"
	[[ -z $(find "$TMPDIR" -mindepth 1) ]]
}

keeps() {
	gen --keep "$(patch_of broken kernel/sub/one.c 's/x \* PRIVATE/nowhere/')" \
		2> "$WORK/stderr"
	cat "$WORK/stderr"
	[[ -d $(sed -n 's/.*intermediate files: //p' "$WORK/stderr") ]]
}

ok "interrupted" interrupt INT 130
ok "terminated" interrupt TERM 143
ok "kept" keeps

finish
