#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Names of macros: __func__ and warn-once flags are copies, or the old ones.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

once='({ static _Bool __section(".data..once") __already_done;
	if (!__already_done) { __already_done = 1; _printk("once"); } })'
pre <<END
int entry(int x) { $once; return _printk("%s", __func__); }
int later(int x) { $once; return _printk("%s", __func__); }
END
post <<END
int early(int x) { $once; return x; }
int entry(int x) { $once; return _printk("%s", __func__) + 1; }
int later(int x) { $once; return _printk("%s", __func__); }
END
run_diff
check "object is written" result 0
check "other function is not touched" not reports func replaced later
check "flags of new code are its own" reports data new __already_done
check "__func__ is the old one" sh -c \
	"readelf -sW new.o | grep -q '__splice.old.*o\$'"
finish
