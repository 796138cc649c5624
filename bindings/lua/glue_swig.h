/* SPDX-License-Identifier: Apache-2.0 */
/* Handles, which need SWIG's own declarations: swig/lua.i includes this in what SWIG writes, behind them. */
#ifndef CAPAUTH_LUA_GLUE_SWIG_H
#define CAPAUTH_LUA_GLUE_SWIG_H

#include "glue.h"

/* The handle of a class at this place of the stack, also one that was freed; NULL for all else. SWIG's own conversion
 * follows a pointer inside any userdata, a file's too. A debug library can give any userdata any metatable, so that
 * alone says nothing. */
static swig_lua_userdata *handle_at(lua_State *L, int index, swig_type_info *class)
{
    swig_lua_userdata *handle = lua_touserdata(L, index);

    if (!capauth_lua_has_metatable(L, index, class) || lua_rawlen(L, index) != sizeof *handle || handle->type != class)
        return NULL;
    return handle;
}

/* The pointer of a handle, NULL for nil. Gives 0 for all else. */
static int handle_pointer(lua_State *L, int index, swig_type_info *class, void **pointer)
{
    swig_lua_userdata *handle = handle_at(L, index, class);

    *pointer = handle ? handle->ptr : NULL;
    return handle || lua_isnil(L, index);
}

/* Pushes a handle that is there before what it is to own, so that nothing is lost without memory. */
static swig_lua_userdata *push_handle(lua_State *L, swig_type_info *class)
{
    swig_lua_userdata *handle = lua_newuserdata(L, sizeof *handle);

    *handle = (swig_lua_userdata){.type = class, .own = 1, .ptr = NULL};
    capauth_lua_set_metatable(L, class);
    return handle;
}

/* __gc: forgets what it frees. Finalizers of the application may use a handle that was collected with them, and with a
 * debug library it can be called twice, or with anything. */
static int free_handle(lua_State *L)
{
    swig_type_info *class = lua_touserdata(L, lua_upvalueindex(1));
    swig_lua_userdata *handle = handle_at(L, 1, class);
    void *owned = handle ? handle->ptr : NULL;

    if (!owned)
        return 0;
    handle->ptr = NULL;
    ((swig_lua_class *)class->clientdata)->destructor(owned);
    return 0;
}

#endif
