/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two Lua states of one process load capauth and another module made by SWIG. That one is unloaded when the last state
 * that has it is closed; capauth never is. Whatever the order, nothing may point into what is gone.
 */
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static const char *const orders[2] = {
    "second = require 'second' capauth = require 'capauth'",
    "capauth = require 'capauth' second = require 'second'",
};

static void run(lua_State *L, const char *code)
{
    if (luaL_loadstring(L, code) || lua_pcall(L, 0, 0, 0)) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        exit(1); /* NOLINT(concurrency-mt-unsafe): there is one thread */
    }
}

static lua_State *open_state(const char *code)
{
    lua_State *L = luaL_newstate();

    if (!L)
        exit(1); /* NOLINT(concurrency-mt-unsafe) */
    luaL_openlibs(L);
    run(L, code);
    return L;
}

static void use(lua_State *L)
{
    run(L, "local client = assert(capauth.Client { cluster = 'EU' })"
           "local id = { brand = 'DocDemo', mobile = '919999999993', device_id = 'd' }"
           "assert(assert(client:session(id)):next_step() == 'token_generate')"
           "assert(second.answer() == 42)"
           "assert(second.second_thing().number == 0)");
}

int main(void)
{
    for (int round = 0; round < 8; round++) {
        lua_State *states[2] = {open_state(orders[round & 1]), open_state(orders[round >> 1 & 1])};
        int first = round >> 2;

        use(states[0]);
        use(states[1]);
        lua_close(states[first]);
        use(states[1 - first]);
        lua_close(states[1 - first]);
    }
    puts("ok");
    return 0;
}
