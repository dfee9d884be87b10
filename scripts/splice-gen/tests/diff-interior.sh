#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The jump stands at the entry: nobody may come in behind it.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

unit() {
	cat <<'END'
int entry(int x)
{
	static const void *const where[] = { &&one, &&two };

	goto *where[x & 1];
one:
	return other(x);
two:
	return other(x + 2) + 1;
}
END
}

pre < <(unit)
post < <(unit | sed 's/+ 1/+ 7/')
run_diff
check "a table of labels, which would lead to the old code" refused interior
check "the table is named" reports refuse interior where
finish
