#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What runs at boot only means nothing now, unless something needs it.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

init='__attribute__((section(".init.text"), noipa))'
pre <<END
static $init int setup(int x) { return x + 1; }
$init int start(void) { return setup(3); }
int entry(int x) { return x; }
END
post <<END
static $init int setup(int x) { return x + 5; }
$init int start(void) { return setup(3); }
int entry(int x) { return x; }
END
run_diff
check "only boot code: nothing to do" result 66
check "only boot code: it is named" reports note setup \
	"changed in section .init.text: no effect on a running kernel"
check "only boot code: what did not change is not" not reports note start

post <<END
static $init int setup(int x) { return x + 1; }
int entry(int x) { return x; }
END
run_diff
check "boot code that is gone: nothing to do" result 66
check "boot code that is gone: it is named" reports note start \
	"gone from section .init.text: no effect on a running kernel"

post <<END
static $init int setup(int x) { return x + 1; }
$init int start(void) { return setup(3); }
$init int more(void) { return 3; }
int entry(int x) { return x; }
END
run_diff
check "new boot code" reports note more \
	"new in section .init.text: no effect on a running kernel"
check "nothing is gone" not grep -q "gone from" report

post <<END
static $init int setup(int x) { return x + 1; }
$init int start(void) { return setup(3); }
int entry(int x) { return setup(x); }
END
run_diff
check "new code that needs boot code" refused init

# Bytes that nothing names, beside what has a name.
bytes() {
	cat <<-END
	asm(".pushsection .init.rodata,\"a\"\n.long $1\n.popsection");
	const int named __section(".init.rodata") = $2;
	int entry(int x) { return x; }
	${3-}
	END
}
what="something without a name in it changes: no effect on a running kernel"
pre < <(bytes 1,2 3)
post < <(bytes 1,2 3)
run_diff
check "boot data without a name that stays" not reports note .init.rodata
post < <(bytes 1,2 4)
run_diff
check "what has a name is named" reports note named
check "and nothing else is" not reports note .init.rodata
post < <(bytes 1,5 3)
run_diff
check "boot data without a name" result 66
check "boot data without a name: it is told" reports note .init.rodata "$what"
post < <(bytes 1,entry 3)
run_diff
check "an address in it" reports note .init.rodata "$what"
post < <(bytes 1,2 3 'asm(".pushsection .init.data,\"aw\"\n.long 9\n.popsection");')
run_diff
check "new boot data without a name" reports note .init.data "$what"
post <<< "int entry(int x) { return x; }"
run_diff
check "boot data without a name that is gone" reports note .init.rodata "$what"

# What is built in never exits, but modules do.
pre <<'END'
__section(".exit.text") void leave(void) { _printk("a"); }
int entry(int x) { return x; }
END
post <<'END'
__section(".exit.text") void leave(void) { _printk("a"); _printk("b"); }
int entry(int x) { return x; }
END
run_diff
check "exit code" result 66
check "exit code: it is named" reports note leave "changed in section .exit.text"
diff_options=(-m)
run_diff
check "exit code of a module" result 66
check "exit code of a module: it is named" reports note leave \
	"changed in section .exit.text of a module: not replaced"
post <<'END'
int entry(int x) { return x; }
END
run_diff
check "exit code of a module that is gone" reports note leave \
	"gone from section .exit.text of a module: not replaced"
finish
