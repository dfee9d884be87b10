#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# While more than one word of an object changes, who uses it must be free.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

# Names of functions with a row whose flags are $1: 0, 1 fragment, 2 reader.
rows() {
	local shndx offset name value section

	objcopy -O binary -j .livesplice.link.funcs \
		--set-section-flags .livesplice.link.funcs=alloc new.o rows
	od -An -v -tu4 -w32 rows | awk -v f="$1" '$7 == f { print $4, $5 }' |
	while read -r shndx offset; do
		readelf -sW plain.o | awk '$4 == "FUNC" { print $2, $7, $8 }' |
		while read -r value section name; do
			[[ $section:$((16#$value)) != "$shndx:$offset" ]] ||
				echo "$name"
		done
	done | sort | xargs
}

rows_are() {
	[[ $(rows "$1") == "$2" ]]
}

common='
struct rule { long min, max; };
extern int use(const void *p);
extern __attribute__((cold)) void bad(long x);
'
users='
struct owner { const struct rule *rules; };
static const struct owner owner = { rules };
static struct owner changing = { rules };
noinline int direct(int i) { return rules[i].max > rules[i].min; }
int by_table(void) { return use(&owner); }
int by_pointer(void) { return use(changing.rules); }
void repoint(void *p) { changing.rules = p; }
int with_cold(long x)
{
	if (__builtin_expect(x > 1000, 0)) {
		bad(x);
		return use(rules) + 1;
	}
	return x;
}
int none_of_them(int x) { return x * 3; }
'
pre <<END
$common
static const struct rule rules[2] = { { 1, 2 }, { 3, 4 } };
$users
int replaced(int x) { return use(rules) + x; }
END
post <<END
$common
static const struct rule rules[2] = { { 1, 2 }, { 5, 6 } };
$users
int replaced(int x) { return use(rules) + 2 * x; }
END
run_diff
check "two words of a table" result 0
check "it is rewritten" reports data rewritten rules
check "the users are in the report" reports data rewritten rules \
	"contents, used by"
check "with_cold has a fragment" grep -q with_cold.cold <(readelf -sW plain.o)
check "all users are readers, with their fragments" rows_are 2 \
	"by_pointer by_table direct repoint with_cold with_cold.cold"
check "a replaced one is replaced" rows_are 0 replaced
check "no fragment of it" rows_are 1 ""
check "the object that leads there stays" not reports data rewritten owner
check "new code uses it where it is" count_is 1 .text.replaced \
	"$(old_name rules o) \\+ 0"
check "its own copy is only what is written there" symbol \
	"LOCAL [0-9]+ rules.splice"
check "who has got its address is not known, by whatever object" \
	grep -q "note.rules.*with_cold().*by_table().* hand out its address: who" \
	report
check "one that reads it does not hand it out" not \
	grep -q "direct().* hand out" report
check "boot code does not use it" not grep -q "note.*boot code" report

# What is put into effect at boot is read by others as well: said, not refused.
pre <<END
$common
static const struct rule rules[2] = { { 1, 2 }, { 3, 4 } };
static const struct rule *registered = rules;
__section(".init.text") int start(void) { return use(&registered); }
int stop(void) { return use(registered); }
END
post <<END
$common
static const struct rule rules[2] = { { 1, 2 }, { 5, 6 } };
static const struct rule *registered = rules;
__section(".init.text") int start(void) { return use(&registered); }
int stop(void) { return use(registered); }
END
run_diff
check "known by boot code" result 0
check "boot code is no reader" rows_are 2 stop
check "but it is said" reports note rules "boot code uses it"

# What boot code has made of it stays.
boot() {
	cat <<-END
	$common
	$1 const struct rule rules[2] = { { 1, 2 }, { 3, $2 } };
	__section(".init.text") int start(void) { return rules[use(0)].max; }
	$3
	END
}
boot static 4 "" | pre
boot static 5 "" | post
run_diff
check "one word, used by boot code alone" reports data rewritten rules \
	"contents, used by no function"
check "one word, used by boot code alone: said" reports note rules \
	"only boot code has used it: no effect on what it made of it"

boot static "4 }, { 1, 2" "" | sed 's/rules\[2/rules[3/' | pre
boot static "5 }, { 1, 3" "" | sed 's/rules\[2/rules[3/' | post
run_diff
check "more words, used by boot code alone: said" reports note rules \
	"only boot code has used it: no effect on what it made of it"

user='int entry(int i) { return rules[i].max; }'
boot static 4 "$user" | pre
boot static 5 "$user" | post
run_diff
check "one word, used by boot code as well" reports note rules \
	"boot code has used it: no effect on what it made of it"
boot "" 4 "" | pre
boot "" 5 "" | post
run_diff
check "one word of what others know" reports data rewritten rules \
	"contents, one word"
check "one word of what others know: said" reports note rules \
	"boot code has used it: no effect on what it made of it"

# Those who give the address away when the kernel runs.
given() {
	cat <<-END
	$common
	static const struct rule rules[2] = { { 1, 2 }, { 3, $1 } };
	struct owner { const struct rule *rules; };
	int reads(int i) { return rules[i].max; }
	void stores(struct owner *o) { o->rules = rules; }
	const struct rule *returns(int i) { return rules + i; }
	extern int _printk(const char *fmt, ...);
	void prints(void) { _printk("", rules); }
	END
}
given 4 | pre
given 5 | post
run_diff
check "given away: no reason to refuse" result 0
check "given away: stored and returned" grep -q \
	"note.rules.[a-z]*(), [a-z]*() hand out its address: who has got it" report
check "given away: stored" grep -q "stores().* hand out" report
check "given away: returned" grep -q "returns().* hand out" report

one() {
	cat <<-END
	$common
	static const struct rule rules[2] = { { 1, 2 }, { 3, $1 } };
	const struct rule *returns(int i) { return rules + i; }
	END
}
one 4 | pre
one 5 | post
run_diff
check "given away by one" reports note rules \
	"returns() hands out its address: who has got it may see old and new"

# Functions that a table leads to do not read it.
pre <<END
$common
static int run(void) { return use(0); }
static int stop(void) { return use(0) + 1; }
static const struct ops { int (*run)(void), (*stop)(void); } ops = { run, stop };
int entry(void) { return use(&ops); }
END
post <<END
$common
static int run(void) { return use(0); }
static int stop(void) { return use(0) + 1; }
static const struct ops { int (*run)(void), (*stop)(void); } ops = { stop, run };
int entry(void) { return use(&ops); }
END
run_diff
check "an operations structure" reports data rewritten ops \
	"references, used by entry()"
check "its user is the only reader" rows_are 2 entry
finish
