// SPDX-License-Identifier: Apache-2.0
// What Defold does with an extension and a game's scripts, and nothing else:  engine PROJECT SCRIPT
//
// As there, require knows what is in package.loaded and the project's own files, and no path, no preload, no C loader.
// A script gives a table with init and update; update is called in each frame, until it gives true.
#include <dmsdk/sdk.h>

extern "C" {
#include <lualib.h>
}

#include <cstdio>
#include <string>

extern "C" void capauth();

static const dmExtension::Desc *extension;
static std::string project;

void dmExtension::Register(const Desc *desc)
{
    extension = desc;
}

static int load_module(lua_State *L)
{
    std::string name = luaL_checkstring(L, 1);

    for (char &letter : name)
        letter = letter == '.' ? '/' : letter;
    if (luaL_loadfile(L, (project + "/" + name + ".lua").c_str()))
        lua_pushfstring(L, "\n\tno file '%s'", name.c_str());
    return 1;
}

static void replace_loaders(lua_State *L)
{
    lua_getglobal(L, "package");
    lua_newtable(L);
    lua_pushcfunction(L, load_module);
    lua_rawseti(L, -2, 1);
    lua_setfield(L, -2, "loaders");
    lua_pop(L, 1);
}

static bool call_member(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    if (lua_pcall(L, 0, 1, 0)) {
        std::fprintf(stderr, "%s: %s\n", name, lua_tostring(L, -1));
        return false;
    }
    return true;
}

static bool play(lua_State *L, const char *script)
{
    bool ended = false;

    if (luaL_loadfile(L, script) || lua_pcall(L, 0, 1, 0)) {
        std::fprintf(stderr, "%s\n", lua_tostring(L, -1));
        return false;
    }
    if (!call_member(L, "init"))
        return false;
    lua_pop(L, 1);
    while (!ended) {
        if (!call_member(L, "update"))
            return false;
        ended = lua_toboolean(L, -1);
        lua_pop(L, 1);
    }
    return true;
}

int main(int count, char **words)
{
    lua_State *L = luaL_newstate();
    dmExtension::Params params = {nullptr, nullptr, L};
    bool good = false;

    if (count != 3)
        return 2;
    project = words[1];
    luaL_openlibs(L);
    replace_loaders(L);
    capauth();
    if (extension->m_Initialize(&params) == dmExtension::RESULT_OK)
        good = play(L, words[2]);
    extension->m_Finalize(&params);
    lua_close(L);
    return good ? 0 : 1;
}
