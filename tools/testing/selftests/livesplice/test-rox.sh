#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# An update and its undo leave the pages of a module's text as they are: read-only,
# and, where the kernel has several modules in one large page, which it takes to
# pieces and puts together again whenever one comes or goes, in that page.

. ./functions.sh

U=lsp_binfmt
TARGET=binfmt_misc
F=bm_status_read
WATCH=/sys/module/lsp_watch/parameters

need_update $U $U-$TARGET lsp_watch
[ -e modules/$TARGET.ko ] || skip_all "no modules/$TARGET.ko"

# Does this kernel have module text in large pages, on this CPU?
has_large_pages()
{
	zcat /proc/config.gz | grep -q '^CONFIG_ARCH_HAS_EXECMEM_ROX=y' &&
		grep -qw pse /proc/cpuinfo
}

# pages FUNCTION	how it is mapped; what it is now is kept to compare with
pages()
{
	pages_at=$(awk -v name="$1" '$3 == name { print $1; exit }' /proc/kallsyms)
	printf '%x %x' $((0x$pages_at)) $((0x$pages_at + 16)) >$WATCH/text
	cat $WATCH/pages
}

# On and off; says what was answered.
cycles()
{
	cycle=0
	while [ $cycle -lt 10 ]; do
		cycle=$((cycle + 1))
		switch_on $U
		switch_off $U
	done | sort -u
}

if has_large_pages; then
	WANT="2048 ro"
else
	WANT="4 ro"
fi

plan 15

is "load the watch" ok "$(load lsp_watch)"
is "its own text" "$WANT" "$(pages pages_get)"
is "load the target" ok "$(load_module $TARGET)"
is "text of the target" "$WANT" "$(pages $F)"
is "load the update" "ok ok" "$(load $U) $(load $U-$TARGET)"
is "new code" "$WANT" "$(pages $F.splice)"
is "text of the target" "$WANT" "$(pages $F)"
is "enable it" ok "$(switch_on $U)"
refuse "the text has a jump" grep -q same $WATCH/text
is "text of the target" "$WANT" "$(cat $WATCH/pages)"
is "disable it" ok "$(switch_off $U)"
is "the text is as it was" "same $WANT" "$(cat $WATCH/text) $(cat $WATCH/pages)"
is "ten times" ok "$(cycles)"
is "the update goes, the text stays" "ok ok same $WANT" \
	"$(unload ${U}_$TARGET) $(unload $U) $(cat $WATCH/text) $(cat $WATCH/pages)"
is "unload" "ok ok" "$(unload $TARGET) $(unload lsp_watch)"

finish
