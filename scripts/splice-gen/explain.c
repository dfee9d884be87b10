// SPDX-License-Identifier: GPL-2.0
/*
 * What `splice-elf diff -e` says of each replaced function on top of its name:
 * the first instruction that differs, where all its instructions are, and what
 * the kernel will find at its entry when the jump is to go there. Called by
 * diff.c; explain.awk makes sentences of it.
 *
 *   detail code NAME pre|post SECTION SIZE OFFSET,...
 *   detail first NAME KIND TARGET PART OFFSET SECTION AT LENGTH SECTION AT LENGTH
 *   detail entry NAME TEXT
 *
 * with tabs between; the places of "first" are those before and after, and a
 * length of 0 is the end of the function.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

#define ENDBR_SIZE	4
#define CALL_SIZE	5
#define JUMP_SIZE	5

/* An instruction of an item; len is 0 at its end, and where it is none. */
struct at {
	const struct item	*item;
	uint64_t		offset;
	struct x86_insn		insn;
};

static void decode(struct at *at)
{
	const struct item *item = at->item;

	if (at->offset >= item->size || !item->sec->data ||
	    !x86_decode(item->sec->data + item->offset + at->offset,
			item->size - at->offset, &at->insn))
		memset(&at->insn, 0, sizeof(at->insn));
}

static void advance(struct at *at)
{
	at->offset += at->insn.len;
	decode(at);
}

static const unsigned char *bytes(const struct at *at)
{
	return at->item->sec->data + at->item->offset + at->offset;
}

static struct reloc *first_reloc(const struct at *at)
{
	return section_reloc_from(at->item->sec,
				  at->item->offset + at->offset);
}

static struct reloc *last_reloc(const struct at *at)
{
	return section_reloc_from(at->item->sec, at->item->offset +
				  at->offset + at->insn.len);
}

/* The first of its relocations that leads elsewhere; NULL if none does. */
static const struct reloc *other_reloc(const struct at *a, const struct at *b)
{
	const struct reloc *ra = first_reloc(a), *ra_end = last_reloc(a);
	const struct reloc *rb = first_reloc(b), *rb_end = last_reloc(b);

	for (; ra < ra_end && rb < rb_end; ra++, rb++) {
		if (ra->offset - a->item->offset - a->offset !=
		    rb->offset - b->item->offset - b->offset ||
		    !same_ref(ra, rb))
			return rb;
	}
	if (rb < rb_end)
		return rb;
	return ra < ra_end ? ra : NULL;
}

static bool same_bytes(const struct at *a, const struct at *b)
{
	return a->insn.len == b->insn.len &&
	       !memcmp(bytes(a), bytes(b), a->insn.len);
}

/* Inside of a function: moves with everything that is between. */
static bool is_branch(const struct at *at)
{
	return at->insn.direct && (at->insn.jump || at->insn.jcc) &&
	       first_reloc(at) == last_reloc(at);
}

static bool same_branch(const struct at *a, const struct at *b)
{
	if (!is_branch(a) || !is_branch(b) || a->insn.jump != b->insn.jump)
		return false;
	/* 7x and 0f 8x: the condition is in the low bits. */
	return a->insn.jump || (a->insn.opcode & 15) == (b->insn.opcode & 15);
}

/* Where two items begin to differ; branches count only if nothing else does. */
static bool first_difference(struct at *a, struct at *b)
{
	struct at branch_a = { }, branch_b = { };

	decode(a);
	decode(b);
	for (; a->insn.len && b->insn.len; advance(a), advance(b)) {
		if (same_bytes(a, b) && !other_reloc(a, b))
			continue;
		if (!same_branch(a, b))
			return true;
		if (branch_a.item)
			continue;
		branch_a = *a;
		branch_b = *b;
	}
	if (a->offset < a->item->size || b->offset < b->item->size)
		return true;
	if (!branch_a.item)
		return false;
	*a = branch_a;
	*b = branch_b;
	return true;
}

/* Bytes of an instruction that are not part of a constant. */
static unsigned int head_size(const struct x86_insn *insn)
{
	return insn->disp_size ? insn->disp_off :
	       insn->imm_size ? insn->imm_off : insn->len;
}

/*
 * Do only the immediate and the displacement differ? The size of a displacement
 * is in the two upper bits of modrm, with one byte behind it or none.
 */
static bool same_but_constants(const struct at *a, const struct at *b)
{
	const struct x86_insn *x = &a->insn, *y = &b->insn;
	const unsigned char *p = bytes(a), *q = bytes(b);
	unsigned int size = head_size(x);

	if (x->direct || y->direct || size != head_size(y) ||
	    x->imm_size != y->imm_size || !x->disp_size != !y->disp_size ||
	    x->base != y->base || x->index != y->index || x->reg != y->reg)
		return false;
	for (unsigned int i = 0; i < size; i++) {
		bool modrm = x->disp_size && i + 2 >= size;

		if ((p[i] ^ q[i]) & (modrm ? 0x3f : 0xff))
			return false;
	}
	return true;
}

/* KIND and TARGET */
static const char *kind_of(const struct at *a, const struct at *b,
			   const char **target)
{
	const struct reloc *rel;
	struct ref ref;

	*target = "-";
	if (!a->insn.len || !same_bytes(a, b))
		return a->insn.len && b->insn.len && same_but_constants(a, b) ?
			"constant" : "code";
	rel = other_reloc(a, b);
	if (!rel)
		return "code";
	ref = reloc_ref(rel);
	if (ref.kind == REF_CONTENT)
		return "string";
	*target = ref.item ? item_name(ref.item) : symbol_name(rel->sym);
	return "reference";
}

static char *number(uint64_t n)
{
	return xasprintf("%llu", (unsigned long long)n);
}

static void say_first(const struct item *head, const struct at *a,
		      const struct at *b)
{
	const char *target, *kind = kind_of(a, b, &target);

	report("detail", "first", item_name(head), kind, target,
	       item_name(b->item), number(b->offset),
	       a->item->sec->name, number(a->item->offset + a->offset),
	       number(a->insn.len),
	       b->item->sec->name, number(b->item->offset + b->offset),
	       number(b->insn.len), NULL);
}

/* Offsets are those in the section. */
static void say_code(const struct item *head, const struct item *item,
		     const char *side)
{
	struct at at = { .item = item };
	const char *comma = "";

	printf("detail\tcode\t%s\t%s\t%s\t%llu\t", item_name(head), side,
	       item->sec->name, (unsigned long long)item->sec->size);
	for (decode(&at); at.insn.len; advance(&at)) {
		printf("%s%llu", comma,
		       (unsigned long long)(item->offset + at.offset));
		comma = ",";
	}
	putchar('\n');
}

static void say_parts(struct obj *obj, const struct item *head,
		      const struct item *old, const char *side)
{
	for_each_item(obj, item) {
		if (item->func && item_head(item) == old)
			say_code(head, item, side);
	}
}

/* The function itself, or else the first of its fragments that differs. */
static void find_first(struct obj *post, struct item *head)
{
	struct at a = { .item = head->twin }, b = { .item = head };

	if (first_difference(&a, &b)) {
		say_first(head, &a, &b);
		return;
	}
	for_each_item(post, item) {
		a = (struct at){ .item = item->twin };
		b = (struct at){ .item = item };
		if (item->func && item != head && item_head(item) == head &&
		    item->twin && first_difference(&a, &b)) {
			say_first(head, &a, &b);
			return;
		}
	}
}

/* entry */

/* Is the code at @offset of a function within the bytes of the jump? */
static bool in_the_way(const struct item *item, uint64_t offset, uint64_t site)
{
	struct at at = { .item = item, .offset = offset };

	decode(&at);
	return offset < site + JUMP_SIZE &&
	       offset + (at.insn.len ?: 1) > site;
}

/* Static branches and static calls are not in the way: the engine borrows them. */
static bool lock_at_entry(const struct item *item, uint64_t site)
{
	for (size_t i = 0; i < item->nr_entries; i++) {
		const struct entry *e = item->entries[i];
		const struct reloc *rel;
		struct ref ref;

		if (strcmp(e->sec->name, ".smp_locks"))
			continue;
		rel = section_reloc_at(e->sec, e->offset + e->sec->kind->owner);
		if (!rel)
			continue;
		ref = reloc_ref(rel);
		if (ref.item == item && in_the_way(item, ref.delta, site))
			return true;
	}
	return false;
}

/* As the engine looks for the place: behind the ENDBR and the fentry site. */
static void say_entry(const struct diff *d, const struct item *head)
{
	static const unsigned char endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	const struct item *old = head->twin;
	const struct symbol *plain = obj_symbol(d->plain, old->sym->name);
	uint64_t size = plain && plain->sec ? plain->size : old->size;
	const struct reloc *rel;
	uint64_t site = 0;

	if (old->size >= ENDBR_SIZE && old->sec->data &&
	    !memcmp(old->sec->data + old->offset, endbr, ENDBR_SIZE))
		site = ENDBR_SIZE;
	rel = section_reloc_at(old->sec, old->offset + site + 1);
	if (rel && !strcmp(symbol_name(rel->sym), "__fentry__"))
		site += CALL_SIZE;
	if (size < site + JUMP_SIZE) {
		char *short_of = xasprintf("too short for the jump: %llu of %llu bytes",
					   (unsigned long long)size,
					   (unsigned long long)site + JUMP_SIZE);

		report("detail", "entry", item_name(head), short_of, NULL);
		free(short_of);
		return;
	}
	if (lock_at_entry(old, site))
		report("detail", "entry", item_name(head),
		       "a lock prefix in the place of the jump", NULL);
}

/**
 * explain() - say more of each function that is replaced
 * @d: the diff, with everything carried that will be
 */
void explain(struct diff *d)
{
	for_each_item(d->post, item) {
		if (!item->func || !item->carried || !item->twin || item->parent)
			continue;
		find_first(d->post, item);
		say_parts(d->pre, item, item->twin, "pre");
		say_parts(d->post, item, item, "post");
		say_entry(d, item);
	}
}
