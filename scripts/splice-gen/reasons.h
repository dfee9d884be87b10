/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every reason for which splice-gen and splice-elf refuse: the one place where
 * the words are. The script has them from `splice-elf reasons`, the report
 * takes meaning and advice from here, and `make lint` compares the words with
 * Documentation/livesplice/splice-gen.rst and the tests.
 *
 * The text of a refusal says what is wrong at its place; what is here holds
 * for all places. Words that the kernel has too mean the same there.
 */
#ifndef SPLICE_REASONS_H
#define SPLICE_REASONS_H

/**
 * GEN_REASONS - every reason for a refusal
 * @X: called as X(symbol, word, meaning, advice)
 */
#define GEN_REASONS(X) \
	/* what the patch touches */ \
	X(KCONFIG, "kconfig", \
	  "the configuration of the kernel changes", \
	  "leave the file out of the patch if the code does not need it") \
	X(BUILD, "build", \
	  "how the kernel is built changes", \
	  "leave the file out of the patch if the code does not need it") \
	X(INPUT, "input", \
	  "what is made from a file of this kind cannot be followed", \
	  "leave the file out of the patch if the code does not need it") \
	X(GENERATED, "generated", \
	  "the build generates a file from it", \
	  "only a new kernel can have this change") \
	X(SHADOW, "shadow", \
	  "a new header may hide another one of the same name", \
	  "give the new header a name that no other has") \
	X(UNIT_GONE, "unit-gone", \
	  "the source of an object of the running kernel is removed", \
	  "keep the file; empty the functions that must not run any more") \
	X(RUST, "rust", \
	  "Rust is not supported", \
	  "only a new kernel can have this change") \
	X(COMMAND, "command", \
	  "the command that made the object cannot be replayed", \
	  "build the kernel with the plain compiler, without wrappers that add commands") \
	X(ASM, "asm", \
	  "assembly changes by which the kernel starts, is entered, traced or called by " \
	  "firmware, or that objtool does not check", \
	  "write the change in C, in the callers of this code") \
	X(ASM_OFFSETS, "asm-offsets", \
	  "a constant changes that assembly code was built with", \
	  "leave the constant or the layout behind it as it is") \
	X(LINKER_SCRIPT, "linker-script", \
	  "how the kernel is linked changes", \
	  "only a new kernel can have this change") \
	X(VDSO, "vdso", \
	  "code changes that is mapped into user space", \
	  "only a new kernel can have this change") \
	X(BOOT, "boot", \
	  "code changes that only runs before the kernel proper", \
	  "leave this part of the patch out") \
	X(REALMODE, "realmode", \
	  "code changes that runs in real mode", \
	  "leave this part of the patch out") \
	X(PURGATORY, "purgatory", \
	  "code changes that runs between two kernels", \
	  "leave this part of the patch out") \
	X(STUB, "stub", \
	  "code of the EFI stub changes, which only runs before the kernel proper", \
	  "leave this part of the patch out") \
	X(HOST, "host", \
	  "a program of the kernel's build changes", \
	  "leave this part of the patch out if the code does not need it") \
	X(OUTSIDE, "outside", \
	  "an object changes that is no ordinary kernel code", \
	  "only a new kernel can have this change") \
	/* what an object that changed means for a running kernel */ \
	X(LAYOUT, "layout", \
	  "a struct, union or typedef changes, but what exists has the old layout", \
	  "leave it as it is and keep what is new elsewhere") \
	X(DATA, "data", \
	  "data changes that the running kernel uses", \
	  "leave the data as it is and make the difference in the code that uses it") \
	X(STATIC_LOCAL, "static-local", \
	  "a static variable of a function cannot be told from another one", \
	  "give the new variable a name that no other has") \
	X(PERCPU, "percpu", \
	  "per-CPU data changes, or is new and of a kind that no module can have", \
	  "allocate it with alloc_percpu(), set it from code") \
	X(INIT, "init", \
	  "code or data is gone since the boot", \
	  "move what is needed out of __init, or do not use it") \
	X(NOINSTR, "noinstr", \
	  "the code may run while text is being changed", \
	  "change the callers of this function instead") \
	X(WEAK, "weak", \
	  "a weak symbol: the kernel may use another definition, or none", \
	  "change or use the definition that the kernel has") \
	X(EXPORT, "export", \
	  "an exported symbol is new", \
	  "do not export it; the update can use it all the same") \
	X(INITCALL, "initcall", \
	  "a function is new that is called during boot", \
	  "leave it out; what it does must be done by code that runs later") \
	X(PARAM, "param", \
	  "a module parameter is new", \
	  "use a constant, or a parameter that exists") \
	X(SYSCALL, "syscall", \
	  "a system call is new", \
	  "only a new kernel can have this change") \
	X(TRACEPOINT, "tracepoint", \
	  "a tracepoint or trace event is new or changes", \
	  "leave the trace event as it is") \
	X(STATIC_CALL, "static-call", \
	  "a static call is new or changes", \
	  "use a plain function pointer or branch") \
	X(RUNTIME_CONST, "runtime-const", \
	  "a runtime constant is new", \
	  "use an ordinary variable") \
	X(MODULE_EXPORT, "module-export", \
	  "new code needs what a module exports", \
	  "only use what is built in") \
	/* what is next to changed code and not known */ \
	X(SECTION, "section", \
	  "a section has a meaning that is not known", \
	  "leave out what puts something into it") \
	X(RELOC, "reloc", \
	  "a relocation is not known", \
	  "leave out what makes it, most likely inline assembly") \
	X(SYMBOL, "symbol", \
	  "a symbol is of a kind that is not known", \
	  "leave out what makes it, most likely inline assembly") \
	X(LABEL, "label", \
	  "code is not a function", \
	  "write it in C, as a function") \
	X(INTERIOR, "interior", \
	  "something leads into the middle of a function, behind the jump", \
	  "refer to the function itself, or leave the function as it is") \
	X(BRANCH, "branch", \
	  "a short branch leads out of its function", \
	  "make it a call, or a jump to the function's name") \
	X(FRAGMENT, "fragment", \
	  "a part of a function is without the function", \
	  "mark the function noinline") \
	X(RELAXED, "relaxed", \
	  "old frames of a function cannot be left to finish", \
	  "leave SPLICE_RELAXED() out, or what the function calls as it is") \
	X(HOOK, "hook", \
	  "a hook is not one that can be called when the update is switched", \
	  "write the hook as a new function, that uses nothing which the patch changes") \
	X(SITE, "site", \
	  "code that the kernel rewrites is not as it must be, or in the way", \
	  "leave the function as it is and change its callers") \
	X(PRE, "pre", \
	  "something has no counterpart in the object of the build, or several", \
	  "build the kernel again from this source with this compiler") \
	X(AMBIGUOUS, "ambiguous", \
	  "a reference may mean either of two things", \
	  "leave the data of this file as it is") \
	X(DUPLICATE, "duplicate", \
	  "two things of one name, or two changes of one thing", \
	  "make the change in one place") \
	/* the tree, and the finished update */ \
	X(SOURCE, "source", \
	  "the object in the build tree was not made from this source by this compiler", \
	  "undo the edit, or build the kernel again and boot it") \
	X(FORMAT, "format", \
	  "the tables of the update are not what they should be", \
	  "make the update again; report it if that does not help") \
	X(FUNC, "func", \
	  "a replaced function and its new code do not belong together", \
	  "please report it") \
	X(IMPORT, "import", \
	  "an undefined symbol of the update is not of the form it must have", \
	  "please report it") \
	X(ORC, "orc", \
	  "new code has no unwind information", \
	  "please report it") \
	X(COUNT, "count", \
	  "something got lost or doubled on the way to the update", \
	  "please report it") \
	X(CONST, "const", \
	  "the place of a runtime constant is not what it must be", \
	  "please report it") \
	X(CHECKSUM, "checksum", \
	  "the update was changed after it was made", \
	  "make it again, and do not strip it")

#define REASON_ENUM(sym, word, meaning, advice)	REASON_##sym,
enum reason {
	REASON_NONE,
	GEN_REASONS(REASON_ENUM)
};

#undef REASON_ENUM

#endif /* SPLICE_REASONS_H */
