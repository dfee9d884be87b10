#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Updates that must not get in: truncated, damaged, made for another build of
# the kernel, loaded twice. Each is rejected without a splat and without
# leaving memory behind; what is enabled cannot be unloaded.

. ./functions.sh

U=lsp_cmdline
OTHER=lsp_other_build
COPY=/tmp/bad.ko
LOADS=200

need_update $U $OTHER

# Sections of the update: "NAME OFFSET SIZE" lines made on the host.
section()
{
	awk -v name="$1" '$1 == name { print $2, $3 }' "$LSP_UPDATES/$U.sections"
}

# damaged OFFSET BIT	loads a copy with one bit turned, unloads what got in
damaged()
{
	cp "$LSP_UPDATES/$U.ko" $COPY
	lsp-helper flip $COPY "$1" "$2"
	damaged_answer=$(lsp-helper load $COPY)
	[ "$damaged_answer" != ok ] || unload $U >/dev/null
	echo "$damaged_answer"
}

# damage_table NAME COUNT	turns COUNT bits spread over a table; prints how
# many of these updates were rejected
damage_table()
{
	# shellcheck disable=SC2046 # two words
	set -- "$2" $(section "$1")
	damage_i=0
	damage_refused=0
	while [ $damage_i -lt "$1" ]; do
		damage_at=$(($2 + damage_i * $3 / $1))
		[ "$(damaged $damage_at $damage_i)" = ok ] ||
			damage_refused=$((damage_refused + 1))
		damage_i=$((damage_i + 1))
	done
	echo $damage_refused
}

truncated_all_refused()
{
	size=$(stat -c %s "$LSP_UPDATES/$U.ko")
	part=1
	while [ "$part" -lt 40 ]; do
		head -c $((size * part / 40)) "$LSP_UPDATES/$U.ko" >"$COPY"
		answer=$(lsp-helper load "$COPY")
		if [ "$answer" = ok ]; then
			say "$((size * part / 40)) of $size bytes were accepted"
			unload "$U" >/dev/null
			return 1
		fi
		part=$((part + 1))
	done
}

# Kilobytes of pages in vmalloc space: where modules and their images live.
vmalloc_used()
{
	sleep 1
	awk '{ for (i = 3; i <= NF; i++) if ($i ~ /^pages=/) sum += substr($i, 7) }
	     END { printf "%d\n", sum * 4 }' /proc/vmallocinfo
}

unreclaimable()
{
	awk '/^SUnreclaim:/ { print $2 }' /proc/meminfo
}

# grew_less KB BEFORE AFTER
grew_less()
{
	say "kB before: $2 after: $3"
	[ $(($3 - $2)) -lt "$1" ]
}

plan 30

mark_log
check "no truncated update gets in" truncated_all_refused
is "nothing registered" features "$(ls $SPLICE)"

# magic, version and machine: every bit counts
# shellcheck disable=SC2046 # two words
set -- $(section .livesplice.info)
is "damaged magic" ENOEXEC "$(damaged "$1" 0)"
is "damaged version" ENOEXEC "$(damaged $(($1 + 8)) 1)"
is "damaged machine" ENOEXEC "$(damaged $(($1 + 12)) 2)"

# Anywhere else too: the tables, the new code, and what is for people only.
for table in units sections symbols relocs sites funcs bytes strings patch; do
	is "damaged $table" 48 "$(damage_table .livesplice.$table 48)"
done
# Where modules are linked with all their code in one section it is in that.
code=.text.cmdline_proc_show
[ -n "$(section $code)" ] || code=.text
is "damaged new code" 48 "$(damage_table $code 48)"
is "nothing registered after damage" features "$(ls $SPLICE)"
refuse "no warning so far" tainted $TAINT_WARN

mark_log
matches "update for another build is refused" "E*" "$(load $OTHER)"
new_log | grep livesplice | sed 's/^/# /'
check "log names the function" sh -c \
	"dmesg | sed '1,/$log_mark/d' | grep -qE 'livesplice: .*(personality|execdomains_proc_show)\+0x[0-9a-f]+'"
check "log says what was wanted and found" sh -c \
	"dmesg | sed '1,/$log_mark/d' | grep -E 'livesplice: ' | grep -qE 'wanted.*found'"

is "sealed function's address" EOPNOTSUPP "$(load lsp_sealed)"

mark_log
is "function that is never replaced" EOPNOTSUPP "$(load lsp_denied)"
check "log names it" sh -c \
	"dmesg | sed '1,/$log_mark/d' | grep 'livesplice: .*stop_machine_cpuslocked'"

is "load" ok "$(load $U)"
is "second load of the same" EEXIST "$(load $U)"
is "enable" ok "$(switch_on $U)"
is "unload while enabled" EAGAIN "$(unload $U)"
is "still in effect" spliced "$(cut -d' ' -f1 /proc/cmdline)"
switch_off $U >/dev/null
unload $U >/dev/null

# All caches are warm by now. A leak of one page per load would be 800 kB.
before=$(vmalloc_used)
slab=$(unreclaimable)
i=0
while [ $i -lt $LOADS ]; do
	load $OTHER >/dev/null
	load $U >/dev/null
	unload $U >/dev/null
	i=$((i + 1))
done
check "no module memory left by $LOADS loads" grew_less 64 "$before" "$(vmalloc_used)"
check "no slab memory left either" grew_less 1024 "$slab" "$(unreclaimable)"

finish
