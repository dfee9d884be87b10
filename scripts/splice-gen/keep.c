// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of an update's own things that may stay in the kernel.
 *
 * New code that stores the address of a new string, object or function, or
 * hands it to a callee that may keep it, leaves a pointer behind: the update
 * can be undone, but its memory must stay. An address is known not to be kept
 * only if it goes straight, in an argument register, to a callee of the lists
 * below. Called by diff.c after the new object has been made.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

/* They use what their arguments point to and forget it; they never sleep. */
static const char * const forgetful[] = {
	"_printk", "_printk_deferred", "vprintk", "__warn_printk", "panic",
	"_dev_printk", "_dev_emerg", "_dev_alert", "_dev_crit", "_dev_err",
	"_dev_warn", "_dev_notice", "_dev_info",
	"netdev_printk", "netdev_emerg", "netdev_alert", "netdev_crit",
	"netdev_err", "netdev_warn", "netdev_notice", "netdev_info",
	"__dynamic_pr_debug", "__dynamic_dev_dbg", "__dynamic_netdev_dbg",
	"___ratelimit", "snprintf", "vsnprintf", "scnprintf", "vscnprintf",
	"sprintf", "vsprintf",
	"seq_printf", "seq_puts", "__seq_puts", "seq_write", "seq_vprintf",
	"sysfs_emit", "sysfs_emit_at", "sscanf", "__trace_printk",
	"trace_seq_printf", "trace_seq_puts", "strcmp", "strncmp",
	"strcasecmp", "strncasecmp", "strlen", "strnlen", "strlcat",
	"sized_strscpy", "strcspn", "strspn", "memcmp", "bcmp",
	"match_string", "__sysfs_match_string",
	"_btrfs_printk", "f2fs_printk", "xfs_printk_level", "__ext4_msg",
	"print_hex_dump", "__drm_err", "bt_err", "bt_warn", "bt_info",
	"_raw_spin_lock", "_raw_spin_unlock",
	"_raw_spin_lock_irqsave", "_raw_spin_unlock_irqrestore",
	"__local_bh_disable_ip", "__local_bh_enable_ip",
};

/*
 * Likewise, but they may sleep. Whoever called one is on the stack meanwhile,
 * and the update cannot be undone; whoever jumped to one is not.
 */
static const char * const sleepy[] = {
	"kasprintf", "kstrdup", "kmemdup_noprof", "dev_err_probe",
	"_copy_to_user", "_copy_from_user", "audit_log_format", "audit_log",
	"mutex_lock", "mutex_unlock",
};

/* Like the forgetful, but they give their first argument back. */
static const char * const give_back[] = {
	"memcpy", "__memcpy", "memmove", "__memmove", "memset", "__memset",
	"__asan_memcpy", "__asan_memmove", "__asan_memset", "strcpy", "strncpy", "strcat",
};

/*
 * They call a function before they come back, and forget it. Their other
 * arguments are handed on to that, which may keep them.
 */
static const struct {
	const char	*name;
	int		reg;
} callers[] = {
	{ "__livesplice_shadow_attach", 8 },
	{ "__livesplice_shadow_get_or_attach", 8 },
	{ "livesplice_shadow_detach", 2 },	/* rdx */
	{ "livesplice_shadow_detach_all", 6 },	/* rsi */
};

/* Checks of KASAN that compilers put in front of every access. */
static const char * const checks[] = {
	"__asan_load", "__asan_store", "__asan_report_",
};

#define FIRST_ARGUMENT	7	/* rdi */

/* Numbers of the registers that carry arguments. */
#define ARGUMENT_REGS	0x3c6	/* rdi rsi rdx rcx r8 r9 */
#define STACK		16	/* "register" of a pushed argument */

/* One item's code, while it is looked through. */
struct code {
	const struct item	*item;
	uint64_t		end;
};

static bool is_forgetful(const struct reloc *rel, int reg, bool jump)
{
	struct ref ref = reloc_ref(rel);

	if (ref.kind != REF_EXTERN)
		return false;
	for (size_t i = 0; i < COUNT_OF(forgetful); i++) {
		if (!strcmp(ref.sym->name, forgetful[i]))
			return true;
	}
	for (size_t i = 0; i < COUNT_OF(checks); i++) {
		if (str_starts(ref.sym->name, checks[i]))
			return true;
	}
	for (size_t i = 0; i < COUNT_OF(sleepy); i++) {
		if (!strcmp(ref.sym->name, sleepy[i]))
			return !jump;
	}
	for (size_t i = 0; i < COUNT_OF(callers); i++) {
		if (!strcmp(ref.sym->name, callers[i].name))
			return !jump && reg == callers[i].reg;
	}
	for (size_t i = 0; i < COUNT_OF(give_back); i++) {
		if (!strcmp(ref.sym->name, give_back[i]))
			return reg != FIRST_ARGUMENT;
	}
	return false;
}

static bool ref_is_own(const struct diff *d, const struct ref *ref)
{
	struct item *item = ref->item;
	char *old;

	switch (ref->kind) {
	case REF_CONTENT:
		old = old_content_name(d, ref);
		free(old);
		return !old;
	case REF_ITEM:
		if (!item->carried || (!item->size && !item->func) ||
		    section_is(item->sec, KIND_PIECES))
			return false;
		return !item->func || item->parent || !item->twin ||
		       ref->delta;
	default:
		return false;
	}
}

static char *quote(const struct section *sec, uint64_t at)
{
	const char *s = (const char *)sec->data + at;
	size_t n = 0;

	while (n < 40 && n < sec->size - at && s[n] >= ' ' && s[n] <= '~')
		n++;
	return xasprintf("\"%.*s\"", (int)n, s);
}

/* With KASAN a string is an object without a name. */
static bool is_string(const struct item *item)
{
	const struct section *sec = item->sec;

	return !item->sym && sec->data && section_is(sec, KIND_DATA) &&
	       sec->data[item->offset] >= ' ' &&
	       sec->data[item->offset] <= '~';
}

/* What the report calls it; strings stand for themselves. */
static char *own_name(const struct ref *ref)
{
	if (ref->kind == REF_CONTENT && section_is(ref->sec, KIND_STRINGS))
		return quote(ref->sec, ref->offset);
	if (ref->kind == REF_ITEM && is_string(ref->item))
		return quote(ref->item->sec, ref->item->offset);
	return xasprintf("%s", ref->kind == REF_CONTENT ? ref->sec->name :
						item_name(ref->item));
}

static void pin(struct diff *d, const struct ref *ref,
		const struct section *sec, uint64_t offset)
{
	char *place = section_place(sec, offset), *name = own_name(ref);

	report("pinned", name, place, NULL);
	d->pinned = true;
	free(place);
	free(name);
}

static bool uses_reg(const struct x86_insn *insn, int reg)
{
	if (insn->odd_regs)
		return true;
	if (reg == STACK)
		return insn->opcode >= 0x58 && insn->opcode <= 0x5f &&
		       !insn->map;
	return insn->base == reg || insn->index == reg || insn->reg == reg ||
	       insn->rm == reg || insn->oreg == reg;
}

/* May the kernel put something else here, a jump for instance? */
static bool is_rewritten(const struct item *item, uint64_t at)
{
	for (size_t i = 0; i < item->nr_entries; i++) {
		const struct entry *e = item->entries[i];
		struct reloc *rel = section_reloc_at(e->sec, e->offset);
		struct ref ref;

		if (!rel || (strcmp(e->sec->name, "__jump_table") &&
			     strcmp(e->sec->name, ".altinstructions")))
			continue;
		ref = reloc_ref(rel);
		if (ref.kind == REF_ITEM && ref.item == item &&
		    item->offset + ref.delta == at)
			return true;
	}
	return false;
}

/*
 * From the instruction behind the one that put an address in @reg up to the
 * next call: nothing else may look at the register, nothing may branch.
 */
static bool goes_to_forgetful(const struct code *c, uint64_t at, int reg)
{
	const struct section *sec = c->item->sec;
	struct x86_insn insn;

	for (; at < c->end; at += insn.len) {
		if (!x86_decode(sec->data + at, c->end - at, &insn) ||
		    is_rewritten(c->item, at))
			return false;
		/* A jump out of the function is a call as well. */
		if (insn.call || insn.jump) {
			struct reloc *rel;

			rel = section_reloc_at(sec, at + insn.imm_off);
			return insn.direct && rel &&
			       is_forgetful(rel, reg, insn.jump);
		}
		if (insn.jcc || insn.ret || insn.trap || uses_reg(&insn, reg))
			return false;
	}
	return false;
}

/* Store of a number in memory: mov $imm, disp(base). */
static bool is_store(const struct x86_insn *insn)
{
	return !insn->map && insn->opcode == 0xc7 && insn->base >= 0 &&
	       insn->index < 0 && insn->imm_size == 4;
}

static int32_t displacement(const unsigned char *p, const struct x86_insn *insn)
{
	int32_t value = 0;

	if (insn->disp_size == 1)
		return (int8_t)p[insn->disp_off];
	if (insn->disp_size == 4)
		memcpy(&value, p + insn->disp_off, sizeof(value));
	return value;
}

/*
 * With KASAN a function begins by storing, in its stack frame, a
 * magic number, a description of the frame and its own address. They are read
 * when a bad access to this frame is reported, that is while the function runs.
 */
static bool is_frame_note(const struct code *c, uint64_t at,
			  const struct x86_insn *insn)
{
	const unsigned char *data = c->item->sec->data;
	struct x86_insn other;

	if (!is_store(insn))
		return false;
	for (uint64_t pos = c->item->offset; pos < c->end; pos += other.len) {
		int32_t behind;

		if (!x86_decode(data + pos, c->end - pos, &other))
			return false;
		if (!is_store(&other) || other.base != insn->base ||
		    memcmp(data + pos + other.imm_off, "\xb3\x8a\xb5\x41", 4))
			continue;
		behind = displacement(data + at, insn) -
			 displacement(data + pos, &other);
		if (behind == 8 || behind == 16)
			return true;
	}
	return false;
}

static bool is_kept(const struct code *c, uint64_t at,
		    const struct x86_insn *insn, const struct reloc *rel)
{
	bool imm = insn->imm_size && rel->offset == at + insn->imm_off;
	int reg;

	if (rel->exact)
		return false;
	if (is_rewritten(c->item, at))
		return true;
	if (insn->cmp || insn->nop)
		return false;
	/* Access through a base or index: the address itself stays here. */
	if (!imm && !insn->lea)
		return false;
	if (insn->push_imm)
		return !goes_to_forgetful(c, at + insn->len, STACK);
	if (imm && is_frame_note(c, at, insn))
		return false;
	if (insn->lea)
		reg = insn->reg;
	else if (insn->mov_imm)
		reg = insn->oreg >= 0 ? insn->oreg : insn->rm;
	else
		return true;
	if (reg < 0 || !(ARGUMENT_REGS & (1U << reg)))
		return true;
	return !goes_to_forgetful(c, at + insn->len, reg);
}

typedef bool (*reloc_fn)(const struct reloc *rel, void *arg);

/* Call @fn for each address that code may keep, until it says true. */
static bool scan_code(const struct item *item, reloc_fn fn, void *arg)
{
	struct code c = {
		.item = item,
		.end = item->offset + item->size,
	};
	const struct section *sec = item->sec;
	struct x86_insn insn;

	for (uint64_t at = item->offset; at < c.end; at += insn.len) {
		struct reloc *rel = section_reloc_from(sec, at);
		struct reloc *end;

		if (!x86_decode(sec->data + at, c.end - at, &insn))
			return false; /* its relocations are refused as lost */
		end = section_reloc_from(sec, at + insn.len);
		for (; rel < end; rel++) {
			if (is_kept(&c, at, &insn, rel) && fn(rel, arg))
				return true;
		}
	}
	return false;
}

static bool pin_own(const struct reloc *rel, void *arg)
{
	struct ref ref = reloc_ref(rel);
	struct diff *d = arg;

	if (ref_is_own(d, &ref))
		pin(d, &ref, rel->sec, rel->offset);
	return false;
}

static bool is_to(const struct reloc *rel, void *arg)
{
	struct ref ref = reloc_ref(rel);

	return ref.kind == REF_ITEM && ref.item == arg;
}

/**
 * keeps_address() - may a function do more with an address than use it?
 * @func: function or fragment
 * @object: object
 *
 * Return: true if it stores the address, or gives it to a callee that may.
 */
bool keeps_address(const struct item *func, const struct item *object)
{
	return (func->sec->flags & SHF_EXECINSTR) &&
	       scan_code(func, is_to, (void *)object);
}

/* A pointer in new data may be loaded and stored anywhere. */
static void scan_data(struct diff *d, const struct item *item)
{
	for_each_item_reloc(item, rel) {
		struct ref ref = reloc_ref(rel);

		if (ref_is_own(d, &ref))
			pin(d, &ref, item->sec, rel->offset);
	}
}

/**
 * find_pinned() - find addresses of carried things that may be left behind
 * @d: the diff; @d->pinned is set if there are any, and each is reported
 */
void find_pinned(struct diff *d)
{
	for_each_item(d->post, item) {
		if (!item->carried && !item->rewritten)
			continue;
		if (item->sec->flags & SHF_EXECINSTR)
			scan_code(item, pin_own, d);
		else if (!section_is(item->sec, KIND_OWN))
			scan_data(d, item);
	}
}
