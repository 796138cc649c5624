/* SPDX-License-Identifier: Apache-2.0 */
/* by_hand.session() in Lua: a session whose glue is written by hand, with one getter, for getter.lua. */
#include <capauth/capauth.h>

#include <lauxlib.h>
#include <lua.h>

static const char class[] = "by_hand.Session";

int luaopen_by_hand(lua_State *L);

static int signed_in(lua_State *L)
{
    capauth_session *const *session = luaL_checkudata(L, 1, class);

    lua_pushboolean(L, capauth_session_signed_in(*session));
    return 1;
}

/* Lives as long as the program. */
static int session(lua_State *L)
{
    capauth_client *client;
    capauth_session **made = lua_newuserdata(L, sizeof(capauth_session *));

    if (capauth_client_new(&client) || capauth_client_set_base_url(client, "https://127.0.0.1:1") ||
        capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "Bench", made))
        return luaL_error(L, "no session");
    luaL_getmetatable(L, class);
    lua_setmetatable(L, -2);
    return 1;
}

int luaopen_by_hand(lua_State *L)
{
    luaL_newmetatable(L, class);
    lua_newtable(L);
    lua_pushcfunction(L, signed_in);
    lua_setfield(L, -2, "signed_in");
    lua_setfield(L, -2, "__index");
    lua_newtable(L);
    lua_pushcfunction(L, session);
    lua_setfield(L, -2, "session");
    return 1;
}
