// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of shadow variables: what is found and for how long, what is
 * left of one that could not be made, and what becomes of it when several threads
 * make and end the same one.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/livesplice.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "internal.h"

/* Ids that no update has. */
#define ID		0x6b756e6974000000UL
#define OTHER_ID	(ID + 1)

#define OBJECTS		500
#define THREADS		4
#define ROUNDS		2000

/* Objects are known by their addresses only. */
static char objects[OBJECTS];

static atomic_t made, ended;

static int fill_in(void *obj, void *data, void *arg)
{
	*(void **)data = arg;
	atomic_inc(&made);
	return 0;
}

static int fail(void *obj, void *data, void *arg)
{
	atomic_inc(&made);
	return -ENOSPC;
}

static void end(void *obj, void *data)
{
	atomic_inc(&ended);
}

static int shadow_init(struct kunit *test)
{
	atomic_set(&made, 0);
	atomic_set(&ended, 0);
	return 0;
}

static void shadow_exit(struct kunit *test)
{
	livesplice_shadow_detach_all(ID, NULL);
	livesplice_shadow_detach_all(OTHER_ID, NULL);
}

static void **attach(void *obj, unsigned long id, void *arg)
{
	return livesplice_shadow_attach(obj, id, sizeof(void *), GFP_KERNEL,
					fill_in, arg);
}

static void shadow_life(struct kunit *test)
{
	void **var = attach(objects, ID, test);

	KUNIT_ASSERT_FALSE(test, IS_ERR(var));
	KUNIT_EXPECT_PTR_EQ(test, *var, (void *)test);
	KUNIT_EXPECT_PTR_EQ(test, livesplice_shadow_get(objects, ID), (void *)var);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)var, 8));

	/* Neither another object nor another id. */
	KUNIT_EXPECT_NULL(test, livesplice_shadow_get(objects + 1, ID));
	KUNIT_EXPECT_NULL(test, livesplice_shadow_get(objects, OTHER_ID));
	KUNIT_EXPECT_PTR_EQ(test, attach(objects, ID, NULL), ERR_PTR(-EEXIST));
	KUNIT_EXPECT_EQ(test, atomic_read(&made), 1);

	KUNIT_EXPECT_FALSE(test, livesplice_shadow_detach(objects, OTHER_ID, end));
	KUNIT_EXPECT_TRUE(test, livesplice_shadow_detach(objects, ID, end));
	KUNIT_EXPECT_FALSE(test, livesplice_shadow_detach(objects, ID, end));
	KUNIT_EXPECT_EQ(test, atomic_read(&ended), 1);
	KUNIT_EXPECT_NULL(test, livesplice_shadow_get(objects, ID));
}

static void shadow_zeroed(struct kunit *test)
{
	static const char zeros[100];
	char *var = livesplice_shadow_attach(objects, ID, sizeof(zeros),
					     GFP_KERNEL, NULL, NULL);

	KUNIT_ASSERT_FALSE(test, IS_ERR(var));
	KUNIT_EXPECT_MEMEQ(test, var, zeros, sizeof(zeros));
}

static void shadow_get_or_attach(struct kunit *test)
{
	void **var = livesplice_shadow_get_or_attach(objects, ID,
						     sizeof(void *), GFP_KERNEL,
						     fill_in, test);

	KUNIT_ASSERT_FALSE(test, IS_ERR(var));
	KUNIT_EXPECT_PTR_EQ(test, livesplice_shadow_get_or_attach(objects, ID,
								  sizeof(void *),
								  GFP_KERNEL,
								  fill_in, NULL),
			    (void *)var);
	KUNIT_EXPECT_PTR_EQ(test, *var, (void *)test);
	KUNIT_EXPECT_EQ(test, atomic_read(&made), 1);
}

/* Whatever goes wrong, nothing is left, and it can be tried again. */
static void shadow_failures(struct kunit *test)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;

	KUNIT_EXPECT_PTR_EQ(test, livesplice_shadow_attach(objects, ID,
							   sizeof(void *), gfp,
							   fail, NULL),
			    ERR_PTR(-ENOSPC));
	KUNIT_EXPECT_NULL(test, livesplice_shadow_get(objects, ID));
	KUNIT_EXPECT_PTR_EQ(test, livesplice_shadow_get_or_attach(objects, ID,
								  sizeof(void *),
								  gfp, fail,
								  NULL),
			    ERR_PTR(-ENOSPC));
	KUNIT_EXPECT_EQ(test, atomic_read(&made), 2);
	KUNIT_EXPECT_PTR_EQ(test, livesplice_shadow_attach(objects, ID, SIZE_MAX,
							   gfp, fill_in, NULL),
			    ERR_PTR(-ENOMEM));
	KUNIT_EXPECT_PTR_EQ(test, livesplice_shadow_get_or_attach(objects, ID,
								  SZ_1G, gfp,
								  fill_in, NULL),
			    ERR_PTR(-ENOMEM));
	KUNIT_EXPECT_EQ(test, atomic_read(&made), 2);
	KUNIT_EXPECT_NULL(test, livesplice_shadow_get(objects, ID));
	KUNIT_EXPECT_FALSE(test, livesplice_shadow_detach(objects, ID, end));
	KUNIT_EXPECT_EQ(test, livesplice_shadow_detach_all(ID, end), 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR(attach(objects, ID, NULL)));
}

/* Enough of them for the table to grow, and to shrink again. */
static void shadow_detach_all(struct kunit *test)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < OBJECTS; i++) {
		wrong += IS_ERR(attach(objects + i, ID, objects + i));
		wrong += IS_ERR(attach(objects + i, OTHER_ID, NULL));
	}
	for (i = 0; i < OBJECTS; i++) {
		void **var = livesplice_shadow_get(objects + i, ID);

		wrong += !var || *var != objects + i;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);

	KUNIT_EXPECT_EQ(test, livesplice_shadow_detach_all(ID, end), OBJECTS);
	KUNIT_EXPECT_EQ(test, atomic_read(&ended), OBJECTS);
	for (i = 0; i < OBJECTS; i++) {
		wrong += !!livesplice_shadow_get(objects + i, ID);
		wrong += !livesplice_shadow_get(objects + i, OTHER_ID);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, livesplice_shadow_detach_all(ID, end), 0);
	KUNIT_EXPECT_EQ(test, livesplice_shadow_detach_all(OTHER_ID, NULL),
			OBJECTS);
	KUNIT_EXPECT_EQ(test, atomic_read(&ended), OBJECTS);
}

/* What the report at unload is made of. */
static void shadow_left(struct kunit *test)
{
	const struct module *one = (void *)objects, *two = (void *)(objects + 1);
	unsigned int i, nr[2] = { };
	unsigned long id;

	for (i = 0; i < 10; i++) {
		struct lsp_shadow_want want = {
			.obj = objects + i, .id = i < 7 ? ID : OTHER_ID,
			.size = 8, .gfp = GFP_KERNEL, .owner = i % 2 ? one : two,
		};

		KUNIT_ASSERT_FALSE(test, IS_ERR(lsp_shadow_make(&want)));
	}
	KUNIT_EXPECT_TRUE(test, livesplice_shadow_detach(objects + 1, ID, NULL));
	/* Left of the first: 3 and 5, and 7 and 9, ids in any order. */
	for (i = 0; i < 2; i++) {
		unsigned int left = lsp_shadow_disown(one, &id);

		KUNIT_ASSERT_TRUE(test, id == ID || id == OTHER_ID);
		nr[id - ID] += left;
	}
	KUNIT_EXPECT_EQ(test, nr[0], 2);
	KUNIT_EXPECT_EQ(test, nr[1], 2);
	KUNIT_EXPECT_EQ(test, lsp_shadow_disown(one, &id), 0);

	/* They are still there, for whoever comes next. */
	KUNIT_EXPECT_NOT_NULL(test, livesplice_shadow_get(objects + 3, ID));
	KUNIT_EXPECT_EQ(test, lsp_shadow_disown(two, &id) +
			lsp_shadow_disown(two, &id), 5);
	KUNIT_EXPECT_EQ(test, livesplice_shadow_detach_all(ID, NULL), 6);
	KUNIT_EXPECT_EQ(test, livesplice_shadow_detach_all(OTHER_ID, NULL), 3);
}

/* What an interrupt got for an object that had none. */
struct in_irq {
	struct irq_work		work;
	struct completion	done;
	void			*attached;
	void			*found;
	bool			in_irq;
	bool			detached;
};

static void from_irq(struct irq_work *work)
{
	struct in_irq *irq = container_of(work, struct in_irq, work);

	irq->in_irq = in_hardirq();
	if (!irq->attached)
		irq->attached = livesplice_shadow_attach(irq, ID, 8, GFP_ATOMIC,
							 fill_in, irq);
	irq->found = livesplice_shadow_get(irq, ID);
	irq->detached = livesplice_shadow_detach(irq, ID, end);
	complete(&irq->done);
}

static void shadow_in_irq(struct kunit *test)
{
	struct in_irq irq = { .work = IRQ_WORK_INIT_HARD(from_irq) };

	/* There an interrupt cannot allocate anything. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		irq.attached = livesplice_shadow_attach(&irq, ID, 8, GFP_KERNEL,
							fill_in, &irq);
	init_completion(&irq.done);
	irq_work_queue(&irq.work);
	wait_for_completion(&irq.done);
	irq_work_sync(&irq.work);
	KUNIT_EXPECT_TRUE(test, irq.in_irq);
	KUNIT_EXPECT_FALSE(test, IS_ERR(irq.attached));
	KUNIT_EXPECT_PTR_EQ(test, irq.found, irq.attached);
	KUNIT_EXPECT_TRUE(test, irq.detached);
	KUNIT_EXPECT_NULL(test, livesplice_shadow_get(&irq, ID));
}

/**
 * struct racer - a thread that makes, reads and ends the same variable
 * @task: the thread
 * @start: all begin at once
 * @ended: how many it has ended
 * @wrong: variables that were not filled in, or could not be made
 */
struct racer {
	struct task_struct	*task;
	struct completion	*start;
	unsigned int		ended;
	unsigned int		wrong;
};

static int race(void *data)
{
	struct racer *racer = data;
	unsigned int i;
	void **var;

	wait_for_completion(racer->start);
	for (i = 0; i < ROUNDS; i++) {
		scoped_guard(rcu) {
			var = livesplice_shadow_get_or_attach(objects, ID,
							      sizeof(void *),
							      GFP_ATOMIC,
							      fill_in, objects);
			if (IS_ERR(var) || READ_ONCE(*var) != objects)
				racer->wrong++;
			var = livesplice_shadow_get(objects, ID);
			if (var && READ_ONCE(*var) != objects)
				racer->wrong++;
		}
		racer->ended += livesplice_shadow_detach(objects, ID, end);
		if (!(i % 64))
			racer->ended += livesplice_shadow_detach_all(ID, end);
	}
	return 0;
}

/* Each variable that was made is ended once, and nobody sees half of one. */
static void shadow_race(struct kunit *test)
{
	static struct racer racers[THREADS];
	DECLARE_COMPLETION_ONSTACK(start);
	unsigned int i, sum = 0, wrong = 0;

	memset(racers, 0, sizeof(racers));
	for (i = 0; i < THREADS; i++) {
		racers[i].start = &start;
		racers[i].task = kthread_run(race, &racers[i], "lsp_race");
		KUNIT_ASSERT_FALSE(test, IS_ERR(racers[i].task));
		get_task_struct(racers[i].task);
	}
	complete_all(&start);
	for (i = 0; i < THREADS; i++) {
		kthread_stop_put(racers[i].task);
		sum += racers[i].ended;
		wrong += racers[i].wrong;
	}
	sum += livesplice_shadow_detach_all(ID, end);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&made), atomic_read(&ended));
	KUNIT_EXPECT_EQ(test, atomic_read(&ended), sum);
	/* Or they have not met. */
	KUNIT_EXPECT_GT(test, sum, ROUNDS);
	kunit_info(test, "%u threads made %u, of %u tries\n", THREADS, sum,
		   THREADS * ROUNDS);
}

/* Two at a time, again and again: both get the one that is there afterwards. */
struct twin {
	struct completion	start;
	struct completion	done;
	void			*obj;
	void			*got;
};

static int get_one(void *data)
{
	struct twin *twin = data;

	while (!kthread_should_stop()) {
		if (wait_for_completion_timeout(&twin->start, HZ / 50) == 0)
			continue;
		twin->got = livesplice_shadow_get_or_attach(twin->obj, ID, 8,
							    GFP_KERNEL, fill_in,
							    twin);
		complete(&twin->done);
	}
	return 0;
}

static void shadow_twins(struct kunit *test)
{
	struct twin twin;
	struct task_struct *task;
	unsigned int i, wrong = 0;

	init_completion(&twin.start);
	init_completion(&twin.done);
	task = kthread_run(get_one, &twin, "lsp_twin");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (i = 0; i < OBJECTS; i++) {
		void *got;

		twin.obj = objects + i;
		complete(&twin.start);
		got = livesplice_shadow_get_or_attach(objects + i, ID, 8,
						      GFP_KERNEL, fill_in,
						      test);
		wait_for_completion(&twin.done);
		wrong += IS_ERR(got) || got != twin.got ||
			 got != livesplice_shadow_get(objects + i, ID);
	}
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&made), OBJECTS);
}

static struct kunit_case livesplice_shadow_cases[] = {
	KUNIT_CASE(shadow_life),
	KUNIT_CASE(shadow_zeroed),
	KUNIT_CASE(shadow_get_or_attach),
	KUNIT_CASE(shadow_failures),
	KUNIT_CASE(shadow_detach_all),
	KUNIT_CASE(shadow_left),
	KUNIT_CASE(shadow_in_irq),
	KUNIT_CASE(shadow_race),
	KUNIT_CASE(shadow_twins),
	{}
};

static struct kunit_suite livesplice_shadow_suite = {
	.name = "livesplice_shadow",
	.init = shadow_init,
	.exit = shadow_exit,
	.test_cases = livesplice_shadow_cases,
};

kunit_test_suite(livesplice_shadow_suite);

MODULE_DESCRIPTION("KUnit tests of shadow variables");
MODULE_LICENSE("GPL");
