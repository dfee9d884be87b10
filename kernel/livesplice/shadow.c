// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: data that belongs to an object without being in it. Called by the
 * code of updates, in any context; core.c says when a module goes.
 *
 * DOC: Shadow variables
 *
 * A variable is known by the address of its object and a number, and is found in
 * a hash table without any lock. Whatever changes the table does so under
 * ``lsp_shadow_lock``, interrupts off, which makes a look and what follows from
 * it one step: of two that want to have a variable made, one makes it and the
 * other one gets that. The table does not grow: nothing is allocated, and nobody
 * waited for, while interrupts are off.
 *
 * A variable is in the table before its constructor runs, and is shown to nobody
 * until that has said yes: so the constructor is the last step that can fail, and
 * never has to be taken back. What is taken out of the table is freed after a
 * grace period.
 *
 * Nothing here points to code of an update: constructors and destructors are
 * called while their caller waits, and are not kept. The module that made a
 * variable is a mark to compare with, and is wiped off when the module goes.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/hashtable.h>
#include <linux/kprobes.h>
#include <linux/livesplice.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "internal.h"

/**
 * struct lsp_shadow - one variable
 * @node: in the table
 * @obj: address of the object
 * @id: which of its variables
 * @owner: the module that made it, or NULL; never followed
 * @ready: its constructor has run
 * @rcu: it is being freed, or
 * @next: it is about to be, with this one
 * @data: the variable itself
 */
struct lsp_shadow {
	struct hlist_node	node;
	unsigned long		obj;
	unsigned long		id;
	const struct module	*owner;
	bool			ready;
	union {
		struct rcu_head		rcu;
		struct lsp_shadow	*next;
	};
	u8			data[] __aligned(__alignof__(unsigned long long));
};

#define LSP_SHADOW_BITS		12

static DEFINE_HASHTABLE(lsp_shadows, LSP_SHADOW_BITS);

/* Every change of the table, and constructors; in any context but an NMI. */
static DEFINE_RAW_SPINLOCK(lsp_shadow_lock);

static unsigned long lsp_shadow_key(unsigned long obj, unsigned long id)
{
	return obj ^ id;
}

static struct lsp_shadow *lsp_shadow_find(const void *obj, unsigned long id)
{
	const unsigned long addr = (unsigned long)obj;
	struct lsp_shadow *var;

	hash_for_each_possible_rcu(lsp_shadows, var, node,
				   lsp_shadow_key(addr, id),
				   lockdep_is_held(&lsp_shadow_lock))
		if (var->obj == addr && var->id == id)
			return var;
	return NULL;
}

/* Described in include/linux/livesplice.h. */
void *livesplice_shadow_get(const void *obj, unsigned long id)
{
	struct lsp_shadow *var;

	guard(rcu)();
	var = lsp_shadow_find(obj, id);
	/* Pairs with the release in lsp_shadow_insert(): what it holds is there. */
	if (!var || !smp_load_acquire(&var->ready))
		return NULL;
	return var->data;
}
EXPORT_SYMBOL_GPL(livesplice_shadow_get);

static void *lsp_shadow_add(struct lsp_shadow *var,
			    const struct lsp_shadow_want *want)
{
	struct lsp_shadow *found = lsp_shadow_find(want->obj, want->id);
	int err = 0;

	lockdep_assert_held(&lsp_shadow_lock);

	if (found)
		return want->or_get ? found->data : ERR_PTR(-EEXIST);
	hash_add_rcu(lsp_shadows, &var->node, lsp_shadow_key(var->obj, var->id));
	if (want->ctor)
		err = want->ctor(want->obj, var->data, want->arg);
	if (err) {
		hash_del_rcu(&var->node);
		return ERR_PTR(err);
	}
	/* Pairs with the acquire in livesplice_shadow_get(). */
	smp_store_release(&var->ready, true);
	return var->data;
}

/**
 * lsp_shadow_make() - make a variable
 * @want: what is wanted
 *
 * Context: as far as &lsp_shadow_want.gfp allows; not in an NMI.
 * Return: the variable, or an error pointer.
 */
void *lsp_shadow_make(const struct lsp_shadow_want *want)
{
	struct lsp_shadow *var;
	void *data;

	var = kzalloc(struct_size(var, data, want->size), want->gfp);
	if (!var)
		return ERR_PTR(-ENOMEM);
	var->obj = (unsigned long)want->obj;
	var->id = want->id;
	var->owner = want->owner;

	scoped_guard(raw_spinlock_irqsave, &lsp_shadow_lock)
		data = lsp_shadow_add(var, want);
	/* Somebody may have come across one that was in the table for a moment. */
	if (data != var->data)
		kfree_rcu(var, rcu);
	return data;
}

/* Whose code is it that has called? The macros see to it that it is on the stack. */
static const struct module *lsp_shadow_owner(unsigned long ip)
{
	guard(preempt)();
	return __module_address(ip);
}

/*
 * Described in include/linux/livesplice.h, as livesplice_shadow_attach(). Who
 * traces the return of a function changes where it seems to return to.
 */
notrace void *__livesplice_shadow_attach(void *obj, unsigned long id,
					 size_t size, gfp_t gfp,
					 livesplice_ctor_t ctor, void *arg)
{
	struct lsp_shadow_want want = {
		.obj = obj, .id = id, .size = size, .gfp = gfp,
		.ctor = ctor, .arg = arg, .owner = lsp_shadow_owner(_RET_IP_),
	};

	return lsp_shadow_make(&want);
}
EXPORT_SYMBOL_GPL(__livesplice_shadow_attach);
NOKPROBE_SYMBOL(__livesplice_shadow_attach);

/* Likewise, as livesplice_shadow_get_or_attach(). */
notrace void *__livesplice_shadow_get_or_attach(void *obj, unsigned long id,
						size_t size, gfp_t gfp,
						livesplice_ctor_t ctor,
						void *arg)
{
	void *data = livesplice_shadow_get(obj, id);
	struct lsp_shadow_want want = {
		.obj = obj, .id = id, .size = size, .gfp = gfp,
		.ctor = ctor, .arg = arg, .or_get = true,
	};

	if (data)
		return data;
	want.owner = lsp_shadow_owner(_RET_IP_);
	return lsp_shadow_make(&want);
}
EXPORT_SYMBOL_GPL(__livesplice_shadow_get_or_attach);
NOKPROBE_SYMBOL(__livesplice_shadow_get_or_attach);

/* Nobody finds it any more. Only one of those who try takes it. */
static bool lsp_shadow_take(struct lsp_shadow *var)
{
	unsigned long flags;
	bool there;

	raw_spin_lock_irqsave(&lsp_shadow_lock, flags);
	there = !hlist_unhashed(&var->node);
	if (there)
		hash_del_rcu(&var->node);
	raw_spin_unlock_irqrestore(&lsp_shadow_lock, flags);
	return there;
}

static void lsp_shadow_free(struct lsp_shadow *var, livesplice_dtor_t dtor)
{
	if (dtor)
		dtor((void *)var->obj, var->data);
	kfree_rcu(var, rcu);
}

/* Described in include/linux/livesplice.h. */
bool livesplice_shadow_detach(void *obj, unsigned long id,
			      livesplice_dtor_t dtor)
{
	struct lsp_shadow *var;

	/* It stays until it is taken; afterwards it is ours. */
	scoped_guard(rcu) {
		var = lsp_shadow_find(obj, id);
		if (!var || !lsp_shadow_take(var))
			return false;
	}
	lsp_shadow_free(var, dtor);
	return true;
}
EXPORT_SYMBOL_GPL(livesplice_shadow_detach);

/* Described in include/linux/livesplice.h. */
unsigned int livesplice_shadow_detach_all(unsigned long id,
					  livesplice_dtor_t dtor)
{
	struct lsp_shadow *var, *taken = NULL;
	struct hlist_node *tmp;
	unsigned int nr = 0, i;
	unsigned long flags;

	might_sleep();
	for (i = 0; i < HASH_SIZE(lsp_shadows); i++) {
		if (hlist_empty(&lsp_shadows[i]))
			continue;
		raw_spin_lock_irqsave(&lsp_shadow_lock, flags);
		hlist_for_each_entry_safe(var, tmp, &lsp_shadows[i], node) {
			if (var->id != id)
				continue;
			hash_del_rcu(&var->node);
			var->next = taken;
			taken = var;
		}
		raw_spin_unlock_irqrestore(&lsp_shadow_lock, flags);
	}

	for (; taken; taken = var, nr++) {
		var = taken->next;
		lsp_shadow_free(taken, dtor);
	}
	return nr;
}
EXPORT_SYMBOL_GPL(livesplice_shadow_detach_all);

/**
 * lsp_shadow_disown() - forget who made the variables of one id
 * @owner: the module that made them; its code does not run any more
 * @id: set to the id, of several to any
 *
 * Context: may sleep.
 * Return: how many there were; 0 if there are none left of any id.
 */
unsigned int lsp_shadow_disown(const struct module *owner, unsigned long *id)
{
	struct lsp_shadow *var;
	unsigned int nr = 0, i;
	unsigned long flags;

	for (i = 0; i < HASH_SIZE(lsp_shadows); i++) {
		if (hlist_empty(&lsp_shadows[i]))
			continue;
		raw_spin_lock_irqsave(&lsp_shadow_lock, flags);
		hlist_for_each_entry(var, &lsp_shadows[i], node) {
			if (var->owner != owner || (nr && var->id != *id))
				continue;
			*id = var->id;
			var->owner = NULL;
			nr++;
		}
		raw_spin_unlock_irqrestore(&lsp_shadow_lock, flags);
	}
	return nr;
}

/**
 * lsp_shadow_report() - a module goes: say which of its variables are left
 * @mod: the module, an update or not; its code does not run any more
 *
 * They stay: they are data only, and an update that takes the place of this one
 * may use them. But if nobody does, they are lost memory; and if an object is
 * freed by code that does not know of its variable, the next object at that
 * address inherits it.
 *
 * Context: may sleep.
 */
void lsp_shadow_report(const struct module *mod)
{
	unsigned long id;
	unsigned int nr;

	while ((nr = lsp_shadow_disown(mod, &id)))
		pr_warn("%s: %u shadow variable%s of id 0x%lx left behind\n",
			mod->name, nr, nr == 1 ? "" : "s", id);
}
