#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Damaged objects, in every role that an object can have, do not make splice-elf
# access memory that is not its own, loop, or take memory without bounds.
#
#	KSRC=DIR		kernel source, for the instruction tables (needed)
#	KOBJ=DIR		a build, whose smaller objects become seeds
#	FUZZ_SECONDS=N		how long (default 30)
#	FUZZ_OUT=DIR		work there: build, inputs and findings stay
#	FUZZ_REPLAY=FILE	only this input, as a rule a finding
#
# What was found so far is tested, without the fuzzer, by diff-bad-object.sh.

# shellcheck disable=SC1091,SC2031 # the other library is for a subshell
. "$(dirname "$0")/tables-lib.bash"
here=$(cd "$OLDPWD" && cd "$(dirname "$0")" && pwd)

if [[ -z ${KSRC-} ]] || ! type -P clang > /dev/null; then
	echo "ok # SKIP KSRC is not set, or there is no clang"
	exit 4
fi
dir=$WORK
[[ -z ${FUZZ_OUT-} ]] || dir=$(cd "$OLDPWD" && realpath -m "$FUZZ_OUT")
[[ -z ${FUZZ_REPLAY-} ]] || FUZZ_REPLAY=$(cd "$OLDPWD" && realpath "$FUZZ_REPLAY")
mkdir -p "$dir"/{seeds,corpus,found} && cd "$dir" || exit 1

# A unit with all that a diff can carry, in three forms: as built, and with
# sections for each function before and after a change.
diff_seeds() (
	# shellcheck disable=SC1091
	SPLICE_ELF=$ELF . "$here/lib.sh"
	cat > unit.c <<-'END'
	static struct key key;
	static int counter = 3;
	ulong constant;
	static const char *const table[] = { "one", "two" };
	static noinline int helper(int x)
	{
		static int calls;
		alternative("nop; nop; nop", "call other", 7);
		calls++;
		_printk("helper %d %s", x, table[x & 1]);
		return other(x) + counter;
	}
	__section(".noinstr.text") int quiet(int x) { return x; }
	__section(".init.text") int boot(int x) { return helper(x); }
	int entry(int *p, int x)
	{
		if (branch(&key))
			keep("a new string");
		if (x < 0)
			BUG();
		count(&counter);
		return fetch(p) + helper(x) + (int)runtime_const_ptr(constant);
	}
	END
	pre < unit.c
	sed 's/helper(x) +/helper(x) * CHANGE +/; 1i #define CHANGE 3' unit.c | post
	cp plain.o "$dir"
	cp pre.o "$dir/fs.o"
	cp post.o "$dir/seeds"
)

seeds() {
	make_pre
	make_module
	# shellcheck disable=SC2119
	finish || return 1
	diff_seeds || return 1
	cp pre.o unit.o in.ko out.ko fs.o plain.o seeds/
	[[ -z ${KOBJ-} ]] ||
		find "$KOBJ"/{lib,kernel,fs,mm} -name '*.o' -size -12k -size +1k |
			sort | awk 'NR % 8 == 0' | head -n 40 |
			xargs -r cp --backup=numbered -t seeds
}

build() {
	make -s -C "$here/../../.." -f scripts/splice-gen/Makefile.host \
		HOSTCC=clang KDIR="$KSRC" OUT="$dir/build" "$dir/build/fuzz-elf"
}

fuzz() {
	local rc=0

	ASAN_OPTIONS=quarantine_size_mb=32 FUZZ_DIR=$dir build/fuzz-elf -max_total_time="${FUZZ_SECONDS:-30}" \
		-max_len=20000 -timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=1024 \
		-close_fd_mask=2 -print_final_stats=1 -artifact_prefix=found/ \
		corpus seeds > fuzz.log 2>&1 || rc=$?
	tail -n 60 fuzz.log
	return "$rc"
}

# The fuzzer's own threads, which start while the first input runs, do not get
# in its way: one start in twelve crashed when their memory was freed with ours.
starts() {
	local i

	for ((i = 0; i < 50; i++)); do
		FUZZ_DIR=$dir timeout 20 build/fuzz-elf -runs=1 -close_fd_mask=2 \
			seeds/pre.o > start.log 2>&1 || return 1
	done
}

# What was found, for who has only the log of this run.
findings() {
	local file

	sed -n 's/.*SUMMARY: /# /p' fuzz.log
	for file in found/*; do
		[[ ! -f $file ]] || { echo "# $file" && gzip -9c "$file" | base64 | sed 's/^/# /'; }
	done
}

# It did not just stand there.
was_busy() {
	local runs

	runs=$(sed -n 's/^#\([0-9]*\).*DONE.*/\1/p' fuzz.log)
	echo "${runs:-0} runs"
	((${runs:-0} > 100))
}

ok "fuzz target builds" build
ok "seeds" seeds
if [[ -n ${FUZZ_REPLAY-} ]]; then
	FUZZ_DIR=$dir build/fuzz-elf "$FUZZ_REPLAY"
	exit
fi
ok "it starts every time" starts
ok "no bad access, overflow or endless loop in ${FUZZ_SECONDS:-30} s" fuzz
ok "it ran" was_busy
findings
finished
