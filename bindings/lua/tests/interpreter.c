/* SPDX-License-Identifier: Apache-2.0 */
/* interpreter FILE [ARGUMENT]...: runs a Lua file. A sanitizer wants to be in a program from its start, and those of
 * the distribution have none; this one is built with it. */
#include <signal.h>
#include <stdio.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static void set_arguments(lua_State *L, int count, char **arguments)
{
    lua_newtable(L);
    for (int i = 1; i < count; i++) {
        lua_pushstring(L, arguments[i]);
        lua_rawseti(L, -2, i - 1);
    }
    lua_setglobal(L, "arg");
}

static lua_State *state; /* for the signal's handler */

static void stop(lua_State *L, lua_Debug *info)
{
    (void)info;
    lua_sethook(L, NULL, 0, 0);
    luaL_error(L, "interrupted!");
}

/* As the interpreters do: a hook is all that may be set in the midst of anything. */
static void on_interrupt(int number)
{
    (void)number;
    lua_sethook(state, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

/* The message as the interpreters show it: an error object says it by its __tostring, which may fail itself. */
static int run(lua_State *L, const char *file)
{
    if (!luaL_loadfile(L, file) && !lua_pcall(L, 0, 0, 0))
        return 0;
    lua_getglobal(L, "tostring");
    lua_insert(L, -2);
    fprintf(stderr, "%s\n", lua_pcall(L, 1, 1, 0) || !lua_isstring(L, -1) ? "(error object)" : lua_tostring(L, -1));
    return 1;
}

int main(int count, char **arguments)
{
    int failed;

    state = luaL_newstate();
    if (!state || count < 2)
        return 2;
    luaL_openlibs(state);
    set_arguments(state, count, arguments);
    signal(SIGINT, on_interrupt);
    failed = run(state, arguments[1]);
    lua_close(state);
    return failed;
}
