#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What `splice-elf finish` makes of a linked module.

# shellcheck disable=SC1091
. "$(dirname "$0")/tables-lib.bash"

sections() {
	readelf -SW out.ko | grep -F ".livesplice."
}

has_import() {
	"$ELF" show out.ko | grep -x "import $1"
}

undefined() {
	readelf -sW out.ko | awk '$7 == "UND" { print $8 }' | grep -v '^$'
}

# Section and offset that the only row of funcs names, in the file's terms.
func_place() {
	od -An -tu4 -w20 -j "$(bytes_at out.ko .livesplice.funcs)" -N 20 out.ko |
		awk '{ print $2, $3, $4, $5 }' ORS=' '
}

func_is_right() {
	local wanted

	wanted="$(section_index out.ko .text.target) 0"
	wanted+=" $(symbol_field out.ko target.splice 3) 0"
	[[ $(func_place | tr -s ' ') == "$wanted "* ]] ||
		{ func_place; echo "wanted $wanted"; return 1; }
}

# Relocations in the order of the file, with names of places resolved.
relocs() {
	readelf -rW "$1" | awk '/^Relocation/ { at = $3 }
		$3 ~ /^R_X86/ && at !~ /livesplice/ { print at, $1, $3, $6, $7 }'
}

same_relocs() {
	diff <(relocs in.ko | sed 's/__splice[^ ]*\|__SC[KT]__key\|helper\|hidden/X/') \
	     <(relocs out.ko | sed 's/__splice[^ ]*/X/; s/addend//')
}

make_pre
make_module
ok "it is written" silent finish
ok "verify agrees" silent verify
ok "the rows of diff are gone" status 1 '^status 1' \
	bash -c "$(declare -f sections); sections | grep link; echo status \$?; false"
for table in info units sections symbols relocs sites funcs consts datas hooks bytes \
	     strings patch; do
	ok "there is a section $table" \
		status 0 "livesplice.$table " sections
done
ok "no table is allocated" status 0 '^0$' \
	bash -c "$(declare -f sections); sections | awk '\$8 ~ /A/' | wc -l"
for name in hidden local state helper __SCK__key __SCT__key \
	    'dir/pre.o:.rodata.str1.1\+0x0'; do
	ok "import of $name" status 0 "^import $name\$" "$ELF" show out.ko
done
ok "exports keep their names" status 0 '^exported$' undefined
ok "nothing else is left undefined" status 1 'status' \
	bash -c "$(declare -f undefined); undefined | grep -v -x \
	'exported\|__fentry__\|__x86_return_thunk\|__splice\.[0-9]*' || echo status; false"
ok "the constant needs no import" status 1 '^$' \
	bash -c "echo; $(declare -f has_import); has_import CONSTANT"
ok "the constant is there" status 0 '^const pointer CONSTANT$' "$ELF" show out.ko
ok "the new code is where funcs says" func_is_right
ok "relocations stay what they were" same_relocs
cp out.ko first.ko
ok "again, the same bytes" silent finish
ok "again, the same bytes" cmp first.ko out.ko

FLAGS=1 make_module
ok "a flag of an object" silent finish
ok "is a flag of the update" status 0 '^flags pinned$' "$ELF" show out.ko

# A second name of the same place must not become a second symbol.
make_module "call __splice.old.0.$(text_of .text).$(place_of weakly).f; call weakly"
ok "two names of a place" silent finish
ok "become one import" status 0 '^1$' \
	bash -c "'$ELF' show out.ko | grep -c -x 'import weakly'"

# Names and places of a second unit, one of them in a table that no code of
# its unit refers to.
cat > two.c <<-'EOF'
	int helper(int x) { return x; }
	int weakly(int x) { return x + 2; }
	__attribute__((section("__tracepoints"))) int tracepoint = 1;
	__attribute__((section(".data.x"), used)) static int far = 2;
EOF
compile two.c two.o
far=$(printf %x "$(section_index two.o .data.x)")
make_module "movl tracepoint(%rip), %eax; movl __splice.old.1.$far.0.o(%rip), %ecx"
ok "two units" silent finish -u 1:dir/two.o:two.o
ok "two units: verify agrees" silent verify
for name in helper tracepoint far; do
	ok "two units: import of $name" status 0 "^import $name\$" "$ELF" show out.ko
done
ok "two units: the name means the other unit's definition" \
	status 0 '^2$' bash -c "'$ELF' show --pre pre.o two.o | \
	awk '/^.livesplice.units/ { print \$2 }'"

# Both definitions are weak: nobody knows which one the kernel uses.
compile pre.c three.o -Dtarget=t -Dother=o -Dvisible=v -Dper_cpu=p -Dboot=b
make_module "call weakly"
ok "one of two weak definitions" status 1 '^refuse	weak	weakly	' \
	finish -u 1:dir/three.o:three.o

finished
