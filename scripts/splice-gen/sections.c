// SPDX-License-Identifier: GPL-2.0
/*
 * The one table of section kinds, and what names of objects tell.
 *
 * Sections come from the compiler, from macros of the kernel and from nowhere
 * else, so they can be listed; one that is not in the table is unknown, and
 * code next to an unknown section is refused. Called by elf.c for every
 * section that is read.
 */
#include <ctype.h>
#include <endian.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "splice-elf.h"

#define BYTES(first, n)	(((1U << (n)) - 1) << (first))

/* The first row that fits counts. */
static const struct section_kind kinds[] = {
	/* Boot only, and the exit path of what is built in. */
	{ .pattern = ".initcall*.init", .class = KIND_REGISTRY,
	  .reason = REASON_INITCALL },
	{ .pattern = ".con_initcall.init", .class = KIND_REGISTRY,
	  .reason = REASON_INITCALL },
	{ .pattern = ".init.setup", .class = KIND_REGISTRY,
	  .reason = REASON_INITCALL },
	{ .pattern = ".init.*", .class = KIND_INIT },
	{ .pattern = ".exit.*", .class = KIND_INIT },
	{ .pattern = ".exitcall*", .class = KIND_INIT },
	{ .pattern = ".meminit.*", .class = KIND_INIT },
	{ .pattern = ".memexit.*", .class = KIND_INIT },

	/* Text. What runs during text patching or on entry stays. */
	{ .pattern = ".text", .class = KIND_TEXT },
	{ .pattern = ".text.[!.]*", .class = KIND_TEXT },
	{ .pattern = ".ref.text", .class = KIND_TEXT },
	{ .pattern = ".sched.text", .class = KIND_TEXT },
	{ .pattern = ".spinlock.text", .class = KIND_TEXT },
	{ .pattern = ".softirqentry.text", .class = KIND_TEXT },
	{ .pattern = ".noinstr.text", .class = KIND_FIXED_TEXT,
	  .reason = REASON_NOINSTR },
	{ .pattern = ".cpuidle.text", .class = KIND_FIXED_TEXT,
	  .reason = REASON_NOINSTR },
	{ .pattern = ".entry.text", .class = KIND_FIXED_TEXT,
	  .reason = REASON_NOINSTR },
	{ .pattern = ".irqentry.text", .class = KIND_FIXED_TEXT,
	  .reason = REASON_NOINSTR },
	{ .pattern = ".kprobes.text", .class = KIND_FIXED_TEXT,
	  .reason = REASON_NOINSTR },
	{ .pattern = ".head.text", .class = KIND_FIXED_TEXT,
	  .reason = REASON_NOINSTR },
	{ .pattern = ".static_call.text", .class = KIND_FIXED_TEXT,
	  .reason = REASON_STATIC_CALL },

	/* What KASAN adds; asan.c looks whether it is nothing else. */
	{ .pattern = ".init_array", .class = KIND_ASAN },
	{ .pattern = ".init_array.*", .class = KIND_ASAN },
	{ .pattern = ".fini_array", .class = KIND_ASAN },
	{ .pattern = ".fini_array.*", .class = KIND_ASAN },
	{ .pattern = ".data..LASAN*", .class = KIND_ASAN },

	/* Data, the special sorts of it first. */
	{ .pattern = ".data..percpu*", .class = KIND_PERCPU },
	{ .pattern = ".bss..percpu*", .class = KIND_PERCPU },
	{ .pattern = ".data..once", .class = KIND_OWN },
	{ .pattern = "__dyndbg", .class = KIND_OWN },
	{ .pattern = ".rodata*", .need = SHF_MERGE | SHF_STRINGS,
	  .class = KIND_STRINGS },
	{ .pattern = ".rodata*", .need = SHF_MERGE, .class = KIND_CONSTS },
	{ .pattern = ".rodata", .class = KIND_DATA },
	{ .pattern = ".rodata.*", .class = KIND_DATA },
	{ .pattern = ".data", .class = KIND_DATA },
	{ .pattern = ".data.*", .class = KIND_DATA },
	{ .pattern = ".bss", .class = KIND_DATA },
	{ .pattern = ".bss.*", .class = KIND_DATA },
	{ .pattern = ".ref.data", .class = KIND_DATA },
	{ .pattern = ".ref.rodata", .class = KIND_DATA },
	{ .pattern = "__tracepoint_str", .class = KIND_REGISTRY,
	  .reason = REASON_TRACEPOINT },
	{ .pattern = "__*_sched_class", .class = KIND_DATA },
	/* Shown to user space; the vdso itself is no object of ours. */
	{ .pattern = ".vvar_*", .class = KIND_DATA },

	/* Tables with an entry for a place in code. */
	{ .pattern = ".altinstructions", .class = KIND_TABLE,
	  .entsize = ALT_ENTRY_SIZE },
	{ .pattern = ".parainstructions", .class = KIND_TABLE, .entsize = 16 },
	{ .pattern = "__jump_table", .class = KIND_TABLE, .entsize = 16 },
	/*
	 * Its size depends on what it tells of a warning. The line, if there is
	 * one, may move without any change of the code.
	 */
	{ .pattern = "__bug_table", .class = KIND_TABLE,
	  .noise = BYTES(BUG_ENTRY_LINE, 2) },
	{ .pattern = "__ex_table", .class = KIND_TABLE, .entsize = 12 },
	{ .pattern = "__mcount_loc", .class = KIND_TABLE, .entsize = 8 },
	{ .pattern = "__patchable_function_entries", .class = KIND_TABLE,
	  .entsize = 8 },
	{ .pattern = ".smp_locks", .class = KIND_TABLE, .entsize = 4 },
	{ .pattern = ".kcfi_traps", .class = KIND_TABLE, .entsize = 4 },
	{ .pattern = "_kprobe_blacklist", .class = KIND_TABLE, .entsize = 8 },
	{ .pattern = "runtime_ptr_*", .class = KIND_CONST_SITES,
	  .entsize = 4 },
	{ .pattern = "runtime_shift_*", .class = KIND_CONST_SITES,
	  .entsize = 4 },
	{ .pattern = "runtime_mask_*", .class = KIND_CONST_SITES,
	  .entsize = 4 },
	{ .pattern = ".discard.reachable", .class = KIND_TABLE },
	{ .pattern = ".discard.unreachable", .class = KIND_TABLE },
	{ .pattern = ".discard.retpoline_safe", .class = KIND_TABLE },
	{ .pattern = ".discard.instr_begin", .class = KIND_TABLE },
	{ .pattern = ".discard.instr_end", .class = KIND_TABLE },
	{ .pattern = ".discard.noendbr", .class = KIND_TABLE },
	{ .pattern = ".discard.ibt_endbr_noseal", .class = KIND_TABLE },
	{ .pattern = ".discard.ignore_alts", .class = KIND_TABLE },
	{ .pattern = ".discard.intra_function_calls", .class = KIND_TABLE },
	{ .pattern = ".discard.annotate_insn", .class = KIND_TABLE,
	  .entsize = 8 },
	{ .pattern = ".discard.func_stack_frame_non_standard",
	  .class = KIND_TABLE },
	{ .pattern = ".discard.unwind_hints", .class = KIND_TABLE,
	  .entsize = 12 },
	{ .pattern = ".altinstr_replacement", .class = KIND_PIECES },
	{ .pattern = ".altinstr_aux", .class = KIND_PIECES },

	/* Read at boot, or by tools: the running kernel has its own. */
	{ .pattern = ".export_symbol", .class = KIND_REGISTRY,
	  .reason = REASON_EXPORT },
	/* Names of what the next ones export. */
	{ .pattern = "__ksymtab_strings", .need = SHF_MERGE | SHF_STRINGS,
	  .class = KIND_STRINGS },
	{ .pattern = "___ksymtab*", .class = KIND_REGISTRY,
	  .reason = REASON_EXPORT },
	{ .pattern = "__ksymtab*", .class = KIND_REGISTRY,
	  .reason = REASON_EXPORT },
	{ .pattern = "__param", .class = KIND_REGISTRY, .reason = REASON_PARAM },
	{ .pattern = "__tracepoints", .class = KIND_DATA },
	{ .pattern = "__tracepoints_ptrs", .class = KIND_REGISTRY,
	  .reason = REASON_TRACEPOINT },
	{ .pattern = "__tracepoints_strings", .class = KIND_DATA },
	{ .pattern = "_ftrace_events", .class = KIND_REGISTRY,
	  .reason = REASON_TRACEPOINT },
	{ .pattern = "__bpf_raw_tp_map", .class = KIND_REGISTRY,
	  .reason = REASON_TRACEPOINT },
	{ .pattern = "_ftrace_eval_map", .class = KIND_REGISTRY,
	  .reason = REASON_TRACEPOINT },
	{ .pattern = "__syscalls_metadata", .class = KIND_REGISTRY,
	  .reason = REASON_SYSCALL },
	{ .pattern = ".static_call_tramp_key", .class = KIND_REGISTRY,
	  .reason = REASON_STATIC_CALL },
	{ .pattern = "_error_injection_whitelist", .class = KIND_REGISTRY,
	  .reason = REASON_SECTION },
	{ .pattern = ".pci_fixup*", .class = KIND_REGISTRY,
	  .reason = REASON_SECTION },
	{ .pattern = ".*_cpu_dev.init", .class = KIND_INIT },
	{ .pattern = ".lsm_info.init", .class = KIND_INIT },
	{ .pattern = ".early_lsm_info.init", .class = KIND_INIT },

	{ .pattern = ".BTF_ids", .class = KIND_IDS },

	{ .pattern = ".modinfo", .class = KIND_IGNORE },
	{ .pattern = "__modver", .class = KIND_IGNORE },
	{ .pattern = ".comment", .class = KIND_IGNORE },
	{ .pattern = ".note.*", .class = KIND_IGNORE },
	{ .pattern = ".debug_*", .class = KIND_IGNORE },
	{ .pattern = ".GCC.command.line", .class = KIND_IGNORE },
	{ .pattern = ".discard.addressable", .class = KIND_IGNORE },
	{ .pattern = ".discard.annotate_data", .class = KIND_IGNORE },
	{ .pattern = "__tracepoint_check", .class = KIND_IGNORE },
	{ .pattern = ".printk_index", .class = KIND_IGNORE },
	{ .pattern = ".discard.livesplice.*", .class = KIND_IGNORE },

	{ .pattern = ".orc_header", .class = KIND_IGNORE },
	{ .pattern = ".orc_unwind*", .class = KIND_OBJTOOL },
	{ .pattern = ".return_sites", .class = KIND_OBJTOOL },
	{ .pattern = ".retpoline_sites", .class = KIND_OBJTOOL },
	{ .pattern = ".call_sites", .class = KIND_OBJTOOL },
	{ .pattern = ".cfi_sites", .class = KIND_OBJTOOL },
	{ .pattern = ".static_call_sites", .class = KIND_OBJTOOL },
	{ .pattern = ".ibt_endbr_seal", .class = KIND_OBJTOOL },
};

/**
 * section_kind() - look a section up in the table
 * @sec: section
 *
 * Return: its row, or NULL: nothing is known of it.
 */
const struct section_kind *section_kind(const struct section *sec)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const struct section_kind *kind = &kinds[i];

		if ((sec->flags & kind->need) == kind->need &&
		    !fnmatch(kind->pattern, sec->name, 0))
			return kind;
	}
	return NULL;
}

/**
 * section_is() - is a section of a class?
 * @sec: section
 * @class: the class
 *
 * Return: true if so.
 */
bool section_is(const struct section *sec, enum kind_class class)
{
	return sec->kind && sec->kind->class == class;
}

/**
 * const_table() - is a section a table of runtime constants?
 * @section: its name
 * @constant: set to the name of the constant if so
 *
 * Return: &enum lsp_site_kind of them, or 0.
 */
uint32_t const_table(const char *section, const char **constant)
{
	for (uint32_t i = 0; i < LSP_SITE_KINDS; i++) {
		const struct lsp_const_kind *kind = lsp_const_kind(i);

		if (kind && str_starts(section, kind->prefix)) {
			*constant = section + strlen(kind->prefix);
			return i;
		}
	}
	return 0;
}

/**
 * const_is_placeholder() - did the compiler leave a constant to be filled in?
 * @kind: what it looks like
 * @p: its immediate, of @kind->size bytes
 *
 * Return: true if so.
 */
bool const_is_placeholder(const struct lsp_const_kind *kind,
			  const unsigned char *p)
{
	uint64_t value = 0;

	memcpy(&value, p, kind->size);
	return le64toh(value) == kind->placeholder;
}

/**
 * name_is_prefix() - is this the name of what stands in front of a function?
 * @name: the name
 *
 * What the compiler's checks of a type read, and objtool's name for padding.
 *
 * Return: true if so.
 */
bool name_is_prefix(const char *name)
{
	return str_starts(name, TYPE_PREFIX) || str_starts(name, "__pfx_");
}

/**
 * is_fentry_nop() - is this what objtool makes of a call of __fentry__?
 * @p: FENTRY_SIZE bytes
 *
 * Return: true if so.
 */
bool is_fentry_nop(const unsigned char *p)
{
	static const unsigned char nop[FENTRY_SIZE] = { 0x0f, 0x1f, 0x44 };

	return !memcmp(p, nop, sizeof(nop));
}

/**
 * is_type_check() - is this how the compiler checks the type of a callee?
 * @p: TYPE_CHECK_SIZE bytes
 *
 * mov $-hash,%r10d; add -N(%r11),%r10d; je over the UD2; ud2.
 *
 * Return: true if so.
 */
bool is_type_check(const unsigned char *p)
{
	return p[0] == 0x41 && p[1] == 0xba && p[6] == 0x45 && p[7] == 0x03 &&
	       p[8] == 0x53 && p[10] == 0x74 && p[11] == 2 && p[12] == 0x0f &&
	       p[13] == 0x0b;
}

/* Static locals that macros and the compiler make, without their numbers. */
static const struct {
	const char	*base;
	enum name_class	class;
} names[] = {
	{ "__func__",			NAME_CONTENT },
	{ "__FUNCTION__",		NAME_CONTENT },
	{ "__PRETTY_FUNCTION__",	NAME_CONTENT },
	{ "__msg",			NAME_CONTENT },	/* NL_SET_ERR_MSG() */
	{ "CSWTCH",			NAME_CONTENT },	/* switch to table */
	{ "_rs",			NAME_OWN },	/* printk_ratelimited() */
	{ "__already_done",		NAME_OWN },	/* WARN_ONCE() */
	{ "__print_once",		NAME_OWN },	/* printk_once() */
};

/**
 * name_class() - how an object correlates, by its name
 * @item: object that has a name
 *
 * Only what is inside of a function has a number: a variable of a file that
 * happens to have such a name is one like all others. So is one that can be
 * written to, whatever macros call their constants.
 *
 * Return: the class.
 */
enum name_class name_class(const struct item *item)
{
	bool constant = !(item->sec->flags & SHF_WRITE);
	enum name_class class = NAME_PLAIN;

	if (!strcmp(item->base, item->sym->name))
		return NAME_PLAIN;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (!strcmp(item->base, names[i].base))
			class = names[i].class;
	}
	return class == NAME_CONTENT && !constant ? NAME_PLAIN : class;
}

/* Length of a ".123" at @s, 0 if there is none. */
static size_t number_at(const char *s)
{
	size_t n = 1;

	if (s[0] != '.' || !isdigit((unsigned char)s[1]))
		return 0;
	while (isdigit((unsigned char)s[n]))
		n++;
	return s[n] == '\0' || s[n] == '.' ? n : 0;
}

/**
 * name_base() - a name without compiler's numbers
 * @name: foo.constprop.0.cold
 *
 * Macros that need a unique name put a counter at its end.
 *
 * Return: foo.constprop.cold, allocated.
 */
char *name_base(const char *name)
{
	char *base = xcalloc(strlen(name) + 1, 1), *p = base;

	while (*name) {
		size_t n = number_at(name);

		if (n)
			name += n;
		else
			*p++ = *name++;
	}
	if (str_starts(base, "__UNIQUE_ID_")) {
		while (p > base && isdigit((unsigned char)p[-1]))
			*--p = '\0';
	}
	return base;
}

/**
 * name_is_numbered() - has the compiler made a name unique?
 * @name: name
 *
 * Return: true if it holds such a number.
 */
bool name_is_numbered(const char *name)
{
	char *base = name_base(name);
	bool numbered = strcmp(base, name) != 0;

	free(base);
	return numbered;
}

/**
 * name_fragment() - is it the name of a part of a function?
 * @name: foo.cold or foo.cold.1
 *
 * Return: length of the function's name, 0 if it is no fragment.
 */
size_t name_fragment(const char *name)
{
	const char *cold = strstr(name, ".cold");

	if (!cold || (cold[5] != '\0' && cold[5] != '.'))
		return 0;
	return cold - name;
}
