#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runtime constants of new code are listed for finish.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
extern ulong USER_PTR_MAX;
int unchanged(ulong p) { return p < runtime_const_ptr(USER_PTR_MAX); }
int entry(ulong p) { return p; }
END
post <<'END'
extern ulong USER_PTR_MAX;
int unchanged(ulong p) { return p < runtime_const_ptr(USER_PTR_MAX); }
int entry(ulong p) { return p > runtime_const_ptr(USER_PTR_MAX); }
END
run_diff
check "object is written" result 0
check "one row" section_size .livesplice.link.consts 24
check "it names the immediate" \
	count_is 1 .livesplice.link.consts "(.text.entry|entry.splice) \+ [0-9a-f]+"
check "and the constant" count_is 1 .livesplice.link.consts "USER_PTR_MAX.*"
check "the table itself is not carried" not has_section runtime_ptr_USER_PTR_MAX

pre <<'END'
extern unsigned int __futex_mask;
int entry(unsigned int p) { return p; }
END
post <<'END'
extern unsigned int __futex_mask;
int entry(unsigned int p) { return runtime_const_mask_32(p, __futex_mask); }
END
run_diff
check "a mask" section_size .livesplice.link.consts 24
check "its constant" count_is 1 .livesplice.link.consts "__futex_mask.*"

pre <<'END'
int entry(ulong p) { return p; }
END
post <<'END'
static ulong limit = 7;
int entry(ulong p) { return p > runtime_const_ptr(limit) && p < *(volatile ulong *)&limit; }
END
run_diff
check "a constant that is new" refused runtime-const
finish
