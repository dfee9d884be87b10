#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Lines that move are no change, wherever a line number is kept.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int first(int x) { return x + 1; }
int second(int x) { if (x) BUG(); return x; }
END
post <<'END'
int first(int x)
{
	return x + 1;
}
int second(int x) { if (x) BUG(); return x; }
END
run_diff
check "moved bug entry: nothing to do" result 66

pre <<'END'
int first(int x) { return x + 1; }
int second(int x) { return x * __LINE__; }
END
post <<'END'
int first(int x) {
	return x + 1; }
#line 2
int second(int x) { return x * __LINE__; }
END
run_diff
check "#line keeps the numbers in code: nothing to do" result 66
finish
