#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make corpus`: real stable fixes, from patch to applied and undone. Builds the
# vulnerable base once, runs splice-gen over every patch, boots, and gives each
# update its life. Prints a table and the totals; fails if anything oopsed or
# an update that was made did not work.
#
# A fix that cannot be made to a running kernel as it is, for there are objects of
# before, goes together with a patch of ours on top of it (patches/corpus/). The
# table has the number of lines that these change.
#
#	CORPUS=DIR	where the fixes are (default: ../shared/corpus)
#	KDIR=TREE	kernel source other than the distribution's
#	ONLY="201 206"	only these

set -u
CALLER=$PWD
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./build.sh
. ./qemu.sh

CORPUS=$(cd "$CALLER" && cd "${CORPUS:-../shared/corpus}" && pwd) ||
	die "no corpus: give CORPUS="

OURS=$SELFTESTS/patches/corpus

# The configuration as the corpus says, what our probes need, and the engine.
config_corpus()
{
	local want

	want=$(cat "$CORPUS/config-fragment" "$CORPUS/lean-fragment" "$VM/corpus.config" \
		"$SRC/kernel/livesplice/Kconfig" | fingerprint)
	[ "$(cat "$OBJ/.livesplice-config" 2>/dev/null)" != "$want" ] || return 0
	step "configuration"
	{
		kmake -s x86_64_defconfig &&
			(cd "$SRC" && scripts/kconfig/merge_config.sh -m -O "$OBJ" "$OBJ/.config" \
				"$CORPUS/config-fragment" "$CORPUS/lean-fragment" \
				"$VM/corpus.config") &&
			kmake -s olddefconfig
	} >"$TREE/log/config.log" 2>&1 || {
		cat "$TREE/log/config.log" >&2
		die "cannot configure the corpus kernel"
	}
	config_verify "$VM/corpus.config" "$OBJ/.config"
	echo "$want" >"$OBJ/.livesplice-config"
}

# The words of a refusal, each once: "inline,section".
refusal()
{
	awk '/^cannot be spliced:/ { on = 1; next }
	     on && /^  [a-z]/ { print $1 }' "$1" | sort -u | paste -sd, -
}

# How many lines does a patch take away and add?
changed_lines()
{
	sed '/^--- a\//d; /^+++ b\//d' "$1" | grep -c '^[-+]'
}

# Makes one update; a line "NAME gen SECONDS OURS" or "NAME WHY ..." in $work/made.
generate()
{
	local patch=$1 id name rc ours=-
	id=$(basename "$patch" | cut -d- -f1)
	name=p$id

	if [ -e "$OURS/$id.patch" ]; then
		ours=$(changed_lines "$OURS/$id.patch")
		make_update "$OURS/$id.patch" "$name" "$work/guest/updates" --patch "$patch"
	else
		make_update "$patch" "$name" "$work/guest/updates"
	fi
	rc=$?
	mv "$work/guest/updates/$name.log" "$TREE/log/corpus/"
	case $rc in
	0) echo "$name gen $GEN_S $ours" ;;
	1) echo "$name refused:$(refusal "$TREE/log/corpus/$name.log") $GEN_S $ours" ;;
	66) echo "$name no-change $GEN_S $ours" ;;
	*) echo "$name error:$rc $GEN_S $ours" ;;
	esac >>"$work/made"
	printf '   %-6s %-60.60s %s\n' "$name" "$(basename "$patch")" "$(tail -n 1 "$work/made" | cut -d' ' -f2-)"
}

generate_all()
{
	local patch id

	mkdir -p "$work/guest/updates" "$TREE/log/corpus"
	rm -f "$TREE"/log/corpus/p???.log
	: >"$work/made"
	for patch in "$CORPUS"/dev/*.patch; do
		id=$(basename "$patch" | cut -d- -f1)
		[ -z "${ONLY:-}" ] || [[ " $ONLY " == *" $id "* ]] || continue
		generate "$patch"
	done
}

# The modules that the updates have parts for, with all that they need, and for
# each update in which order to load them.
guest_modules()
{
	local part name object file release

	release=$(cat "$OBJ/include/config/kernel.release")
	mkdir -p "$work/guest/modules"
	for part in "$work"/guest/updates/*-*.ko; do
		[ -e "$part" ] || continue
		name=$(basename "$part" .ko)
		object=${name#*-}
		modprobe -d "$TREE/root" -S "$release" --show-depends "$object" |
			sed -n 's/^insmod \([^ ]*\).*/\1/p' | while read -r file; do
			cp "$file" "$work/guest/modules/"
			basename "$file"
		done >>"$work/guest/updates/${name%%-*}.modules"
	done
}

guest_files()
{
	local probe id

	guest_modules
	cp "$SELFTESTS/functions.sh" "$VM/corpus-guest.sh" "$work/guest/"
	guest_program "$SELFTESTS/lsp-helper.c" "$work/guest/lsp-helper"
	for probe in "$CORPUS"/probes/*.c; do
		gcc -static -O2 -o "$work/guest/probe-p$(basename "$probe" .c)" "$probe" ||
			die "cannot build $probe"
	done
	for probe in "$VM"/corpus-probe-*.c; do
		id=${probe##*-}
		guest_program "$probe" "$work/guest/probe-p${id%.c}"
	done
}

# An update that takes the guest with it is named, and the rest gets a new one.
run_guests()
{
	local boot=0 victim

	: >"$work/told"
	while [ -n "$(ls "$work/guest/updates")" ] && [ $boot -lt 10 ]; do
		boot=$((boot + 1))
		GUEST_LOG=$TREE/log/corpus/guest-$boot
		GUEST_QUIET=1 guest_run "$work/guest" corpus-guest.sh 900
		guest_status=$?
		grep -v '^@@' "$GUEST_LOG/result.log"
		sed -n 's/\r//; s/^@@corpus //p' "$GUEST_LOG/result.log" >>"$work/told"
		[ $guest_status -ge 124 ] || return
		oopsed=$((oopsed + 1))
		[ $guest_status -ne 126 ] || return
		victim=$(sed -n 's/\r//; s/^@@begin-update //p' "$GUEST_LOG/result.log" | tail -n 1)
		[ -n "$victim" ] || return
		echo "$victim guest-died - - - - - - -" >>"$work/told"
		while read -r name _; do
			rm -f "$work/guest/updates/$name"[.-]*
		done <"$work/told"
	done
}

# The table and the totals; true if every update that was made worked.
table()
{
	awk -v oopsed="$oopsed" '
	BEGIN {
		row = "| %-6s | %-34s | %-4s | %-18s | %-8s | %-31s |\n"
		printf row, "patch", "generated", "ours", "applied", "undone", "probe"
		printf row, "---", "---", "---", "---", "---", "---"
	}
	NR == FNR { told[$1] = $0; next }
	{
		total++
		applied = undone = probe = "-"
		made = $2 == "gen" ? "yes (" $3 " s)" : $2 " (" $3 " s)"
		if ($2 == "gen") {
			generated++
			n = split(told[$1], t, " ")
			applied = !n ? "no answer" : t[2] != "ok" ? "load " t[2] : \
				t[3] != "ok" ? t[3] : t[4] != "ok" ? "then " t[4] : "yes"
			undone = t[5] != "ok" ? n ? t[5] : "-" : t[6] == "ok" ? "yes" : t[6]
			if (t[7] != "-" || t[8] != "-")
				probe = t[7] " > " t[8] " > " t[9]
			with_ours += $4 != "-"
			lines += $4
			nr_applied += applied == "yes"
			nr_undone += undone ~ /^(yes|pinned)$/
			nr_pinned += undone == "pinned"
			if (applied != "yes" || undone !~ /^(yes|pinned)$/ ||
			    probe != "-" && probe != "VULNERABLE > FIXED > VULNERABLE")
				bad++
		} else if ($2 ~ /^refused:./ || $2 == "no-change") {
			refused++
		} else {
			bad++
		}
		printf row, substr($1, 2), made, $4, applied, undone, probe
	}
	END {
		printf "%d patches: %d generated (%d of them with %d lines of ours), ", \
			total, generated, with_ours, lines
		printf "%d refused or without effect; ", refused
		printf "%d applied, %d undone (%d of them pinned), %d misbehaved, %d oopsed\n",
			nr_applied, nr_undone, nr_pinned, bad, oopsed
		exit bad || oopsed || !total
	}' "$work/told" "$work/made"
}

# The same by kind of change, if the corpus says which is which.
kinds()
{
	[ -e "$CORPUS/index.tsv" ] || return
	awk 'NR == FNR {
		if ($2 + 0) {
			made[$2 + 0] = $3 ~ /yes/
			applied[$2 + 0] = $5 ~ /yes/
		}
		next
	}
	FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	$at["id"] in made {
		kind = $at["apply_class"]
		if (!(kind in total))
			order[++nr] = kind
		total[kind]++
		modules[kind] += $at["built_as"] ~ /m/
		good[kind] += made[$at["id"]]
		done[kind] += applied[$at["id"]]
	}
	END {
		row = "| %-16s | %5s | %10s | %9s | %7s |\n"
		printf row, "kind", "fixes", "of modules", "generated", "applied"
		printf row, "---", "---", "---", "---", "---"
		for (i = 1; i <= nr; i++)
			printf row, order[i], total[order[i]], modules[order[i]], \
				good[order[i]], done[order[i]]
	}' FS='|' "$1" FS='\t' "$CORPUS/index.tsv"
}

lock_cache
# shellcheck disable=SC2086 # lists of words
need_packages $PACKAGES_BUILD $PACKAGES_GUEST
step "corpus kernel (every fix reverted on purpose)"
BASE_TOLERANT=1 kernel_tree corpus "$CORPUS/revert-all.patch"
config_corpus
kernel_build
run_long "modules" "$TREE/log/modules.log" kmake -s modules_install \
	INSTALL_MOD_PATH="$TREE/root" INSTALL_MOD_STRIP=1 || die "no modules"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
oopsed=0
step "splice-gen over every patch"
generate_all
guest_files
step "guest"
GUEST_MEMORY=1024
GUEST_APPEND="init_on_alloc=0"
# For the probe of 221. Nobody is at the other end.
GUEST_DEVICES=(-netdev "hubport,id=wire,hubid=0"
	-device "virtio-net-pci,netdev=wire,mq=on,rss=on,hash=on,romfile=")
run_guests
step "functions replaced, and those that differ"
awk -F '\t' -f "$VM/corpus-diff.awk" "$CORPUS/objdiff.tsv" FS=' ' \
	"$TREE"/log/corpus/p???.log
step "result"
table >"$work/table"
rc=$?
sed '$d' "$work/table"
kinds "$work/table"
tail -n 1 "$work/table"
exit $rc
