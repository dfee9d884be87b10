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

# The state of a message inside of a function, wherever it is.
pre <<END
int entry(int x) { static int _rs; return _rs++ + x; }
END
post <<END
int entry(int x) { static int _rs; return _rs++ + 2 * x; }
END
run_diff
check "a state inside of a function is copied" reports data new _rs.0 "own copy"

# A variable of the file is no state of a message, whatever its name.
for name in _rs __already_done __msg CSWTCH; do
	pre <<-END
	static int $name;
	void set(int x) { $name = x; }
	int get(int x) { return $name + x; }
	END
	post <<-END
	static int $name;
	void set(int x) { $name = x; }
	int get(int x) { return $name + 2 * x; }
	END
	run_diff
	check "$name of a file: no copy" not reports data new
	check "$name of a file: the running one is used" symbol \
		"GLOBAL UND $(old_name $name o)"
done

pre <<< 'static int _rs = 1; int get(int x) { return _rs += x; }'
post <<< 'static int _rs = 2; int get(int x) { return _rs += x; }'
run_diff
check "another value of a variable of a file" refused data
finish
