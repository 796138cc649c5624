// SPDX-License-Identifier: Apache-2.0
// Makes the C module known to Lua. Defold's require looks into package.loaded, and then among the game's scripts alone.
#include <dmsdk/sdk.h>

extern "C" int luaopen_capauth_core(lua_State *L);

static dmExtension::Result Initialize(dmExtension::Params *params)
{
#if defined(CAPAUTH_BUILT) // by ext.manifest, for the platforms that lib/ has; elsewhere core.lua says what is missing
    lua_State *L = params->m_L;

    lua_getglobal(L, "package");
    lua_getfield(L, -1, "loaded");
    lua_pushcfunction(L, luaopen_capauth_core);
    lua_pushliteral(L, "capauth.core");
    lua_call(L, 1, 1);
    lua_setfield(L, -2, "capauth.core");
    lua_pop(L, 2);
#else
    (void)params;
#endif
    return dmExtension::RESULT_OK;
}

static dmExtension::Result Finalize(dmExtension::Params *params)
{
    (void)params;
    return dmExtension::RESULT_OK;
}

DM_DECLARE_EXTENSION(capauth, "capauth", 0, 0, Initialize, 0, 0, Finalize)
