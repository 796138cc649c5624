// SPDX-License-Identifier: Apache-2.0
// What capauth's extension uses of Defold's SDK, for a test without Defold: the names and forms that its manual gives.
#ifndef DMSDK_SDK_H
#define DMSDK_SDK_H

extern "C" {
#include <lauxlib.h>
#include <lua.h>
}

namespace dmExtension
{
enum Result { RESULT_OK = 0, RESULT_INIT_ERROR = -1 };

struct AppParams;
struct Event;

struct Params {
    void *m_ConfigFile;
    void *m_ResourceFactory;
    lua_State *m_L;
};

struct Desc {
    const char *m_Name;
    Result (*m_AppInitialize)(AppParams *params);
    Result (*m_AppFinalize)(AppParams *params);
    Result (*m_Initialize)(Params *params);
    Result (*m_Finalize)(Params *params);
    Result (*m_Update)(Params *params);
    void (*m_OnEvent)(Params *params, const Event *event);
};

void Register(const Desc *desc);
} // namespace dmExtension

// The engine calls a function of that name, which registers.
#define DM_DECLARE_EXTENSION(symbol, name, app_init, app_final, init, update, on_event, final)                         \
    extern "C" void symbol()                                                                                           \
    {                                                                                                                  \
        static const dmExtension::Desc desc = {name, app_init, app_final, init, final, update, on_event};              \
        dmExtension::Register(&desc);                                                                                  \
    }

#endif
