// SPDX-License-Identifier: GPL-2.0
/*
 * Module livesplice support: hands a module that is an update to the engine
 * in kernel/livesplice/.
 *
 * Lives beside the loader because it needs struct load_info. Called by
 * load_module(), do_init_module() and free_module(), with no lock held.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/livesplice.h>
#include <linux/livesplice_format.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "internal.h"
#include "../livesplice/match.h"

static bool is_livesplice_module(const struct load_info *info)
{
	unsigned int i;

	for (i = 1; i < info->hdr->e_shnum; i++)
		if (!strcmp(info->secstrings + info->sechdrs[i].sh_name,
			    LSP_SECTION_PREFIX "info"))
			return true;
	return false;
}

/* What became of it; "not there" is the same as "not in this state". */
static struct module *livesplice_used(struct module *used, int err)
{
	if (err)
		return ERR_PTR(err == -ENOMEM ? -ENOMEM : -ENODEV);
	return used;
}

/**
 * livesplice_use_module() - let one module keep another one
 * @user: a module that is being loaded
 * @name: name of the module that it needs
 *
 * As if @user imported a symbol of it: lsmod shows it, rmmod refuses, and the
 * reference ends with @user, or when its load fails.
 *
 * Context: may sleep; takes module_mutex.
 * Return: the module; -ENODEV if it is not loaded, or on its way up or down;
 * -ENOMEM.
 */
struct module *livesplice_use_module(struct module *user, const char *name)
{
	struct module *used;

	guard(mutex)(&module_mutex);
	used = find_module_all(name, strlen(name), false);
	return livesplice_used(used, used ? livesplice_ref_module(user, used) :
					    -ENOENT);
}

/**
 * livesplice_use_target() - let a part keep the module that it changes
 * @user: the module of the part, being loaded
 * @name: name of the module that it changes
 * @arriving: that module waits for the part, and will not run its init function
 *	before it is told so
 *
 * Like livesplice_use_module(), but what initialised the module must be gone,
 * and with it the symbol table that it came with. LIVE is not enough for that:
 * do_init_module() goes on to wait for all that init has started, then it
 * switches to the table that stays and frees the other one, the names included.
 * Matching holds pointers into the table, and must take no function that is
 * about to be freed for one that can be replaced.
 *
 * Of a module that waits nothing of that changes meanwhile. It is COMING, so a
 * reference is no promise that it stays: livesplice_leave_target() takes it back
 * if the module goes all the same.
 *
 * Context: may sleep; takes module_mutex, under which the table is switched.
 * Return: the module; -ENODEV if it is not loaded, or on its way up or down;
 * -ENOMEM.
 */
struct module *livesplice_use_target(struct module *user, const char *name,
				     bool arriving)
{
	struct module *used;

	guard(mutex)(&module_mutex);
	used = find_module_all(name, strlen(name), false);
	if (used && arriving)
		return livesplice_used(used, livesplice_ref_coming(user, used));
	if (used && rcu_access_pointer(used->kallsyms) != &used->core_kallsyms)
		used = NULL;
	return livesplice_used(used, used ? livesplice_ref_module(user, used) :
					    -ENOENT);
}

/**
 * livesplice_leave_target() - end what livesplice_use_target() has begun
 * @user: the module of the part
 * @used: the module that it changes, which is about to be freed
 *
 * Nothing of @user leads to @used any more; unloading it does not touch @used.
 *
 * Context: may sleep; takes module_mutex.
 */
void livesplice_leave_target(struct module *user, struct module *used)
{
#ifdef CONFIG_MODULE_UNLOAD
	struct module_use *use, *next;

	guard(mutex)(&module_mutex);
	list_for_each_entry_safe(use, next, &used->source_list, source_list) {
		if (use->source != user)
			continue;
		sysfs_remove_link(used->holders_dir, user->name);
		list_del(&use->source_list);
		list_del(&use->target_list);
		kfree(use);
		module_put(used);
	}
#endif
}

/**
 * livesplice_unload_module() - unload the module of a part
 * @mod: the module; the caller has a reference, which goes with it
 *
 * What delete_module() does, for a module without an exit function.
 *
 * Context: sleeps; no lock held.
 * Return: 0; -EBUSY or -EWOULDBLOCK if somebody else uses it, or it has only just
 * come up, and nothing has changed.
 */
int livesplice_unload_module(struct module *mod)
{
	int err = -EBUSY;

	scoped_guard(mutex, &module_mutex) {
		if (mod->state == MODULE_STATE_LIVE)
			err = livesplice_stop_module(mod);
	}
	if (!err)
		livesplice_free_module(mod);
	return err;
}

/**
 * livesplice_module_exists() - is there a module, in whatever state?
 * @name: its name
 *
 * Context: may sleep; takes module_mutex.
 * Return: true if so, also if it is not complete yet or about to go.
 */
bool livesplice_module_exists(const char *name)
{
	guard(mutex)(&module_mutex);
	return find_module_all(name, strlen(name), true);
}

/**
 * livesplice_find_export() - find what the kernel image exports
 * @name: the symbol
 *
 * Context: may sleep; takes module_mutex.
 * Return: its address, 0 if there is none.
 */
unsigned long livesplice_find_export(const char *name)
{
	struct find_symbol_arg found = { .name = name, .gplok = true };

	guard(mutex)(&module_mutex);
	if (!find_symbol(&found) || found.owner)
		return 0;
	return kernel_symbol_value(found.sym);
}

/**
 * livesplice_find_beside() - find a symbol of the module that exports another
 * @exported: a symbol that some module exports
 * @name: a symbol of that module, exported or not
 *
 * What is found stays as long as a module that uses @exported.
 *
 * Context: may sleep; takes module_mutex.
 * Return: its address, 0 if there is none.
 */
unsigned long livesplice_find_beside(const char *exported, const char *name)
{
	struct find_symbol_arg found = { .name = exported, .gplok = true };
	char full[MODULE_NAME_LEN + KSYM_NAME_LEN];

	guard(mutex)(&module_mutex);
	if (!find_symbol(&found) || !found.owner)
		return 0;
	snprintf(full, sizeof(full), "%s:%s", found.owner->name, name);
	return module_kallsyms_lookup_name(full);
}

/**
 * livesplice_prepare() - match and resolve an update before it is relocated
 * @mod: the module, UNFORMED
 * @info: its image
 *
 * Must be called after the sections are in place and before
 * simplify_symbols(): imports of an update get their values here, and are
 * absolute symbols from then on. Modules that are no update are left alone.
 *
 * Context: may sleep; no lock held.
 * Return: 0, or a negative errno and the module must not be loaded.
 */
int livesplice_prepare(struct module *mod, struct load_info *info)
{
	Elf_Shdr *symsec = &info->sechdrs[info->index.sym];
	struct lsp_image image = {
		.mod = mod,
		.hdr = info->hdr,
		.sechdrs = info->sechdrs,
		.nr_sections = info->hdr->e_shnum,
		.secstrings = info->secstrings,
		.syms = (void *)symsec->sh_addr,
		.nr_syms = symsec->sh_size / sizeof(Elf_Sym),
		.strtab = info->strtab,
		.strtab_size = info->sechdrs[info->index.str].sh_size,
		.gpl = !test_bit(TAINT_PROPRIETARY_MODULE, &mod->taints),
	};

	if (!is_livesplice_module(info))
		return 0;
	return lsp_load(&image);
}

/**
 * livesplice_arrive() - put parts for a module in use before its init function
 * @mod: the module, COMING
 *
 * Must be called when all that others see of the module is there, and what
 * came with it for init still is.
 *
 * Context: may sleep; no lock held.
 * Return: 0, or a negative errno and the module must not be loaded.
 */
int livesplice_arrive(struct module *mod)
{
	return lsp_arrive(mod);
}

/**
 * livesplice_depart() - the init function of a module has failed
 * @mod: the module, COMING
 *
 * Context: may sleep; no lock held.
 */
void livesplice_depart(struct module *mod)
{
	lsp_depart(mod);
}

/**
 * livesplice_release() - the module's memory is about to go
 * @mod: the module; an update or not
 *
 * Context: may sleep; no lock held.
 */
void livesplice_release(struct module *mod)
{
	lsp_drop(mod);
}
