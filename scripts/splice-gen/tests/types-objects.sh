#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# splice-types: can there be objects of a changed type when the update is
# applied? And what the author's word does.

# shellcheck disable=SC1091
. "$(dirname "$0")/types-lib.bash"

# unit EDIT... : a unit around struct args, whose member b moves; each EDIT is
# more of its source.
unit() {
	both 's/int a; long b/long b; int a/' <<-EOF
	#define noinline __attribute__((noipa))
	#include "unit.h"
	struct args { int a; long b; };
	$(printf '%s\n' "$@")
	EOF
}

reason() {
	[[ $rc == 1 ]] && says "^there can be objects: $1\$"
}

local_only='
static noinline long sum(const struct args *args) { return args->a + args->b; }
static inline long product(struct args *args) { return args->a * args->b; }
long outer(int x);
long outer(int x) { struct args args = { x, 2 }; return sum(&args) + product(&args); }'
unit "$local_only"
run_types outer sum
check "only on the stack of replaced functions" noted "struct args"
check "it says so" says '^there are no objects: only functions that are replaced'
check "and how it changed" says '^  a: moved 0 -> 8$'
run_types sum
check "used by a function that stays" reason 'outer\(\) uses it and is not replaced'
check "the refusal" refused "struct args"
check "the refusal: where it is" says 'unit.c:3: 16 bytes as before$'
check "the refusal: advice" says "say so: --layout-ok 'struct args'$"
run_types outer
check "a parameter of a function that stays" reason 'sum\(\) uses it and is not replaced'
run_types outer summary
check "a name that merely begins so" reason 'sum\(\) uses it and is not replaced'

unit 'extern void use(void *p); long inlined(int x);
static inline long product(int x) { struct args args = { x }; use(&args); return args.b; }
long inlined(int x) { return product(x); }'
run_types
check "on the stack of an inlined function" reason 'inlined\(\) uses it and is not replaced'
run_types inlined
check "the same, replaced" noted "struct args"

unit "$local_only" 'static struct args first; long *peek(void); long *peek(void) { return &first.b; }'
run_types outer sum peek
check "a static variable" reason 'variable first'
unit "$local_only" 'long next(void); long next(void) { static struct args last; return ++last.b; }'
run_types outer sum next
check "a static variable of a function" reason 'variable last of next\(\)'
unit "$local_only" 'static struct args *list[4]; long peek(void); long peek(void) { return list[1]->b; }
void set(int i, void *p); void set(int i, void *p) { list[i] = p; }'
run_types outer sum peek set
check "a static pointer" reason 'variable list, which leads to one'
unit "$local_only" 'struct holder { int n; struct args args; }; struct holder held;'
run_types outer sum
check "part of something static" reason \
	'member args of struct holder \(variable held\)'
check "which changes too" refused "struct args" "struct holder"
unit "$local_only" 'struct holder { struct args args; }; extern void use(void *);
void hold(void); void hold(void) { struct holder h = { { 1 } }; use(&h); }'
run_types outer sum hold
check "part of something on the stack" noted "struct args"
run_types outer sum
check "part of something on the stack of one that stays" reason \
	'member args of struct holder \(hold\(\) uses it and is not replaced\)'
unit "$local_only" 'struct holder { struct { struct args *args; } in; };'
run_types outer sum
check "pointed to by a member" reason 'member in of struct holder leads to one'
unit "$local_only" 'struct ops { void (*run)(struct args *args); };'
run_types outer sum
check "parameter of a member" reason 'member run of struct ops leads to one'

unit "$local_only" 'extern void *alloc(void); void make(void);
void make(void) { struct args *args = alloc(); args->b = 0; }'
run_types outer sum make
check "a pointer that may come from an allocation" reason \
	'make\(\) has a pointer to one, which may be allocated'
unit "$local_only" 'void take(struct args *args); void take(struct args *args) { args->b = 0; }'
run_types outer sum take
check "from another unit" reason 'take\(\) takes a pointer to one from other units'
unit "$local_only" 'extern void *alloc(void); struct args *give(void);
struct args *give(void) { return alloc(); }'
run_types outer sum give
check "returned" reason 'give\(\) returns a pointer to one'
unit 'long casted(void *p); long casted(void *p) { return ((struct args *)p)->b; }'
run_types casted
check "nobody has one" reason 'nothing shows where there are some'

header pre <<< 'struct shared { int a; long b; };'
header post <<< 'struct shared { long b; int a; };'
unit 'extern void use(void *p); void share(void);
void share(void) { struct shared s = { 1, 2 }; use(&s); }'
run_types share
check "declared in a header" reason 'declared in unit.h, others may have some'
header pre < /dev/null
header post < /dev/null

inner='extern void use(void *p); long inner(int x);
long inner(int x) { struct in { int a; long b; } in = { x }; use(&in); return in.b; }'
both 's/int a; long b;( \} in)/long b; int a;\1/' <<< "$inner"
run_types inner
check "defined in a function that is replaced" noted "struct in"
run_types
check "defined in a function that stays" reason 'inner\(\) uses it and is not replaced'
twice='extern void use(void *p); void twice(void);
void twice(void) { { struct in { int a; } in = { 1 }; use(&in); } /*here*/ { struct in { long a, b; } in = { 2 }; use(&in); } }'
both 's/long a, b/long b, a/' <<< "$twice"
run_types twice
check "defined twice in a function" noted "struct in"
both 's,/\*here\*/,{ struct in { char c; } in = { 3 }; use(\&in); },' <<< "$twice"
run_types twice
check "defined more often" refused "struct in"

state='static struct { int a; long b; } state; static unsigned *table; static int flag;
extern void use(void *p); void go(void);
void go(void) { use(&state); use(&table); use(&flag); table[0] = state.b; }'
both 's/int a; long b/long b; int a/' <<< "$state"
run_types go
check "a variable of a struct without name" refused "variable state"
check "a variable of a struct without name: how" says '^  state.a: moved 0 -> 8$'
both 's/unsigned \*table/unsigned long *table/' <<< "$state"
run_types go
check "a pointer variable to something else" refused "variable table"
both 's/static int flag/static const int flag/' <<< "$state"
run_types go
check "a variable with a qualifier" silent

unit "$local_only" 'struct holder { struct args args; }; struct holder held; struct args first;'
for word in args 'struct args'; do
	options=(-l "$word")
	run_types outer sum
	check "word of the author: $word" noted "struct args"
	check "word of the author: $word: was needed" says "^author	$word\$"
	check "word of the author: $word: what consists of it" noted "struct holder"
done
cp text wide
both 's/int a; long b/long b; int a; long c/' < wide
run_types outer sum
check "what grows with it needs a word of its own" refused "struct holder"
options=(-l other)
run_types outer sum
check "a word for something else" refused "struct args" "struct holder"
check "a word for something else is not needed" not says "^author"

finish
