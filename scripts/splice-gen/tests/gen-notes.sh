#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What means nothing to a running kernel is said all the same, by name.

# shellcheck disable=SC1091
. "$(dirname "$0")/gen-lib.bash"
need_helper

source_file init/main.c <<-'EOF'
int start(int x);
__attribute__((section(".init.text"), noinline)) int start(int x)
{
	return x + 1;
}
int running(int x);
int running(int x)
{
	return (x ^ 3) * (x + 2);
}
EOF
compile init/main.c init/main.o

boot=$(patch_of boot init/main.c 's/x \+ 1/x + 5/')
ok "boot code alone" status 66 \
	'^  note: start: changed in section .init.text: no effect' gen "$boot"
ok "nothing is to be done" says '^nothing to change in a running kernel'
ok "JSON has the note" status 66 \
	'"notes":\[\{"where":"start","text":"changed in section' gen --json "$boot"
both=$(patch_of both init/main.c 's/x \+ 1/x + 5/; s/x \+ 2/x + 6/')
ok "with other code" status 0 '^      replaced  running\(\)' gen --explain "$both"
ok "the note is there" says '^  note: start: changed in section .init.text'

# Data alone is something, too.
source_file lib/table.c <<-'EOF'
static const int table[] = { 1, 2, 3, 4, 5, 6 };
int look(int x);
int look(int x)
{
	return table[x & 3] * (x + 1);
}
EOF
compile lib/table.c lib/table.o
ok "only data" status 0 '^      rewritten table  ' \
	gen --explain "$(patch_of table lib/table.c 's/1, 2, 3/3, 2, 1/')"
ok "is something to be done" bash -c "! grep -q 'nothing to change' '$WORK/stdout'"
finish
