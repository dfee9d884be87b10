#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Static locals that cannot be told apart are refused.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int entry(int x)
{
	if (x) { static int n; return n++; } else { static int n; return n--; }
}
END
post <<'END'
int entry(int x)
{
	if (x == 7) { static int n; return ++n; }
	if (x) { static int n; return n += 2; } else { static int n; return n -= 3; }
}
END
run_diff
check "ambiguity is refused" refused static-local
finish
