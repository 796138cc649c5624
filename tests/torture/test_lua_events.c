/* SPDX-License-Identifier: Apache-2.0 */
/* The queue between the core's callbacks and Lua, while there is no memory: a change is told all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "glue.h"

static bool no_memory;

/* In place of glue.c's, which wants all of the module. */
void capauth_lua_push_integer(lua_State *L, int64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return no_memory ? NULL : __real_calloc(count, size);
}

/* What Lua would read of the first event, which is then gone: how many values. */
/* NULL: no memory. */
static capauth_events *new_events(void)
{
    capauth_events *events = NULL;

    capauth_lua_events_new(&events);
    return events;
}

static int take(lua_State *L, capauth_events *events)
{
    int count = capauth_lua_events_next(L, events);

    capauth_lua_events_discard(events);
    return count;
}

static void a_change_without_memory_is_told_without_its_session(void **state)
{
    lua_State *L = luaL_newstate();
    capauth_events *events = new_events();

    (void)state;
    no_memory = true;
    capauth_lua_on_change((capauth_session *)(uintptr_t)16, events);
    capauth_lua_on_log(1, "a line may be lost", events);
    no_memory = false;
    capauth_lua_on_change((capauth_session *)(uintptr_t)32, events);
    assert_int_equal(take(L, events), 1);
    assert_string_equal(lua_tostring(L, -1), "change");
    assert_int_equal(take(L, events), 2);
    assert_int_equal(take(L, events), 0);
    capauth_lua_events_free(events);
    lua_close(L);
}

static void one_that_comes_while_another_is_being_told_is_told_too(void **state)
{
    lua_State *L = luaL_newstate();
    capauth_events *events = new_events();

    (void)state;
    no_memory = true;
    capauth_lua_on_change((capauth_session *)(uintptr_t)16, events);
    assert_int_equal(capauth_lua_events_next(L, events), 1);
    capauth_lua_on_change((capauth_session *)(uintptr_t)32, events);
    no_memory = false;
    capauth_lua_events_discard(events);
    assert_int_equal(take(L, events), 1);
    assert_int_equal(take(L, events), 0);
    capauth_lua_events_free(events);
    lua_close(L);
}

static void without_memory_there_are_no_events_and_nothing_is_left(void **state)
{
    (void)state;
    no_memory = true;
    assert_null(new_events());
    no_memory = false;
    capauth_lua_events_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_without_memory_is_told_without_its_session),
        cmocka_unit_test(one_that_comes_while_another_is_being_told_is_told_too),
        cmocka_unit_test(without_memory_there_are_no_events_and_nothing_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
