#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A read-only object of another size becomes a new one, if all users can follow.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

common='
extern int use(const void *p, int n);
struct ops { const long *list; int n; };
'
pre <<END
$common
static const long list[2] = { 1, 2 };
noinline int first(int i) { return use(list, i); }
int second(int i) { return use(list, 5 * i) + 1; }
int third(int x) { return use(0, x) + x; }
END
post <<END
$common
static const long list[3] = { 1, 2, 3 };
noinline int first(int i) { return use(list, i); }
int second(int i) { return use(list, 5 * i) + 1; }
int third(int x) { return use(0, x) + x; }
END
run_diff
check "a table grows" result 0
check "all its users go over to it" reports func replaced first \
	"uses list, which grew"
check "the other one, too" reports func replaced second "uses list, which grew"
check "nobody else" not reports func replaced third
check "it is a new object" reports data new list "it grew:"
check "the old one is not called removed" not reports data removed list
check "new code uses the new one" count_is 1 .text.first ".rodata.list \\+ 0|list \\+ 0"
check "nothing refers to the old one" not symbol \
	"GLOBAL UND $(old_name list o)"
check "nothing is rewritten" not has_section .livesplice.link.datas

post <<END
$common
static const long list[1] = { 1 };
noinline int first(int i) { return use(list, i); }
int second(int i) { return use(list, 5 * i) + 1; }
int third(int x) { return use(0, x) + x; }
END
run_diff
check "a table shrinks" reports data new list "it shrank:"

# A static one inside of a function.
pre <<END
$common
int lookup(int i)
{
	static const long list[2] = { 1, 2 };

	return use(list, i);
}
END
post <<END
$common
int lookup(int i)
{
	static const long list[3] = { 1, 2, 3 };

	return use(list, i);
}
END
run_diff
check "a table inside of a function grows" result 0
check "the function is replaced" reports func replaced lookup
check "with a new table" has_section .rodata.list.0

# A read-only object that leads to it gets the new address in place.
pre <<END
$common
static const long list[2] = { 1, 2 };
static const struct ops ops = { list, 7 };
int entry(void) { return use(&ops, 0); }
END
post <<END
$common
static const long list[3] = { 1, 2, 3 };
static const struct ops ops = { list, 7 };
int entry(void) { return use(&ops, 0); }
END
run_diff
check "a table that a table leads to" result 0
check "it grows" reports data new list "it grew:"
check "what leads to it is rewritten" reports data rewritten ops \
	"references, used by entry()"
check "no function changes" not reports func replaced
check "the address may be left behind" reports pinned list ops+0x0

# And a table that leads to one and grows as well.
pre <<END
$common
static const long list[2] = { 1, 2 };
static const struct ops all[1] = { { list, 2 } };
int entry(int i) { return use(all, i); }
END
post <<END
$common
static const long list[3] = { 1, 2, 3 };
static const struct ops all[2] = { { list, 3 }, { 0, 4 } };
int entry(int i) { return use(all, i); }
END
run_diff
check "both grow" result 0
check "both grow: the inner one" reports data new list "it grew:"
check "both grow: the outer one" reports data new all "it grew:"
check "both grow: its user" reports func replaced entry "uses all, which grew"

# Of several tables of one name both grow.
two() {
	cat <<-END
	$common
	noinline int one(int i)
	{
		static const long list[$1] = { 1, 2 };

		return use(list, i);
	}
	int two(int i)
	{
		static const long list[$1] = { 3, 4 };

		return use(list, i + 1);
	}
	END
}
two 2 | pre
two 3 | post
run_diff
check "two of one name" result 0
check "two of one name: one function" reports func replaced one
check "two of one name: the other one" reports func replaced two

# Somebody goes on using the old ones.
two_kept() {
	cat <<-END
	$common
	${2-} void one(struct ops *o)
	{
		static const long list[$1] = { 1, 2 };

		o->list = list;
	}
	${2-} void two(struct ops *o)
	{
		static const long list[$1] = { 3, 4 };

		o->list = list;
	}
	int entry(int i) { return use(0, i) ${3-}; }
	END
}
two_kept 2 | pre
two_kept 3 | post
run_diff
check "two of one name: kept" result 0
check "two of one name: said of one" reports note list.1 \
	"one() hands out the address of the old one"
check "two of one name: and of the other" reports note list.0 \
	"two() hands out the address of the old one"

two_kept 2 "" | pre
two_kept 2 "" "+ 1" | post
run_diff
check "two of one name: not if they stay" not reports note list

two_kept 2 '__section(".init.text")' | pre
two_kept 3 '__section(".init.text")' "+ 1" | post
run_diff
check "two of one name: boot code" refused data
check "two of one name: boot code is named" reports refuse data list.1 \
	"contents of an object that one() uses"

# What a switch becomes.
choice() {
	cat <<-END
	int entry(unsigned int x)
	{
		switch (x) {
		case 0: return 31;
		case 1: return 7;
		case 2: return 99;
		case 3: return 12;
		case 4: return $1;
		}
		return 0;
	}
	END
}
choice 58 | pre
choice 57 | post
run_diff
check "a switch is a table" grep -q CSWTCH <(readelf -sW pre.o)
check "a switch with another value" reports func replaced entry
check "a switch: nothing is rewritten" not has_section .livesplice.link.datas

# Whoever has kept the address of the old one goes on using that.
pre <<END
$common
static const long list[2] = { 1, 2 };
int reads(int i) { return list[i]; }
void stores(struct ops *o) { o->list = list; }
END
post <<END
$common
static const long list[3] = { 1, 2, 3 };
int reads(int i) { return list[i]; }
void stores(struct ops *o) { o->list = list; }
END
run_diff
check "a kept address is said" reports note list "stores() hands out the address"
check "a read is none" not reports note list "reads()"

# Users that cannot follow.
unreachable() {
	pre <<< "$common static const long list[2] = { 1, 2 }; $2"
	post <<< "$common static const long list[3] = { 1, 2, 3 }; $2"
	run_diff
	check "$1" refused data
	check "$1: it is named" reports refuse data list "$3"
	check "$1: no function is in the report" not reports func replaced
}

unreachable "writable data" \
	"static struct ops ops = { list, 7 };
	 int entry(void) { return use(&ops, 0) + ops.n++; }" \
	"size of an object that ops uses"
unreachable "boot code" \
	"__section(\".init.text\") int start(void) { return use(list, 2); }
	 int entry(void) { return use(list, 1); }" \
	"size of an object that start() uses"
unreachable "a registry" \
	"static const void * const entry __section(\"__param\")
		__attribute__((used)) = list;" \
	"size of an object that entry uses"
unreachable "what nobody knows" \
	"static const void * const entry __section(\"some_registry\")
		__attribute__((used)) = list;" \
	"size of an object that entry uses"

pre <<< 'const long list[2] = { 1, 2 };'
post <<< 'const long list[3] = { 1, 2, 3 };'
run_diff
check "a global one" refused data
check "a global one: why" reports refuse data list \
	"size of an object that other units know by its name"

pre <<END
$common
static const long list[2] = { 1, 2 };
__section(".noinstr.text") int entry(void) { return use(list, 1); }
END
post <<END
$common
static const long list[3] = { 1, 2, 3 };
__section(".noinstr.text") int entry(void) { return use(list, 1); }
END
run_diff
check "used by code that cannot be replaced" refused data
check "used by code that cannot be replaced: it is named" reports refuse data \
	list "size of an object that entry() uses"
finish
