/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program with Lua and capauth linked in, as an engine has them: no module is loaded, and the Lua files are one.
 *
 *     make static LUA_INCDIR=/usr/include/lua5.4
 *     cc examples/host/host.c rock/libcapauth_lua.a $(pkg-config --cflags --libs lua5.4 libcurl json-c) -o host
 *     ./host generated/capauth.lua script.lua
 *
 * in the folder bindings/lua of a release archive.
 */
#include <stdio.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

int luaopen_capauth_core(lua_State *L);

/* So that require "capauth.core" finds what is linked in. */
static void preload_core(lua_State *L)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "preload");
    lua_pushcfunction(L, luaopen_capauth_core);
    lua_setfield(L, -2, "capauth.core");
    lua_pop(L, 2);
}

int main(int count, char **words)
{
    lua_State *L = count == 3 ? luaL_newstate() : NULL;
    int failed = 1;

    if (!L) {
        fprintf(stderr, "usage: host capauth.lua SCRIPT\n");
        return 2;
    }
    luaL_openlibs(L);
    preload_core(L);
    failed = luaL_dofile(L, words[1]) || luaL_dofile(L, words[2]);
    if (failed)
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_close(L);
    return failed;
}
