/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lua: the flat module capauth.core, for every Lua from 5.1 on. bindings/lua/ makes the idiom of it; only what Lua code
 * cannot do is here and in bindings/lua/glue.c.
 *
 * A wrong type is a Lua error. What the core says is a number, what it gives through an `**out` is returned beside it.
 * No lua_State is ever kept: callbacks of the core only queue what they were told, and the Lua layer asks for it.
 */
%module capauth_flat

/* ---- Head ------------------------------------------------------------------------------------------------------- */

%begin %{
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
%}

%{
#include "glue.h"

/* SWIG's own names the type of what it got by following a pointer inside any userdata, a file's too. */
#undef SWIG_fail_arg
#define SWIG_fail_arg(NAME, NUMBER, TYPE) { capauth_lua_wrong_type(L, NAME, NUMBER, TYPE); goto fail; }

static void capauth_lua_wrong_type(lua_State *L, const char *name, int number, const char *type) {
    SWIG_Lua_pushferrstring(L, "%s: argument %d: %s expected, got %s", name, number, type, luaL_typename(L, number));
}

/* SWIG's own conversion follows a pointer inside any userdata, a file's too; this one looks at the metatable first. */
static int capauth_lua_handle(lua_State *L, int index, swig_type_info *type, void **handle) {
    int same;
    *handle = NULL;
    if (lua_isnil(L, index)) return 1;
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return 0;
    SWIG_Lua_get_class_metatable(L, ((swig_lua_class *)type->clientdata)->fqname);
    same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    if (same) *handle = ((swig_lua_userdata *)lua_touserdata(L, index))->ptr;
    return same;
}
%}

/* ---- Typemaps --------------------------------------------------------------------------------------------------- */

%typemap(in) int (int64_t number) %{
    if (!capauth_lua_integer(L, $input, INT_MIN, INT_MAX, &number)) SWIG_fail_arg("$symname", $argnum, "integer");
    $1 = (int)number; %}
%typemap(in) int64_t (int64_t number) %{
    if (!capauth_lua_integer(L, $input, INT64_MIN, INT64_MAX, &number)) SWIG_fail_arg("$symname", $argnum, "integer");
    $1 = number; %}
%typemap(out) int, int64_t %{ capauth_lua_push_integer(L, (int64_t)$1); SWIG_arg++; %}

%typemap(in) const char * %{
    $1 = (char *)capauth_lua_text(L, $input);
    if (!$1) SWIG_fail_arg("$symname", $argnum, "text (UTF-8 without NUL)"); %}
%typemap(in) const char *body %{
    $1 = (char *)capauth_lua_text(L, $input);
    if (!$1 && !lua_isnil(L, $input)) SWIG_fail_arg("$symname", $argnum, "text (UTF-8 without NUL), or nil"); %}

%typemap(in, numinputs=0) char **text (char *text = NULL) "$1 = &text;"
%typemap(argout) char **text %{ capauth_lua_take_text(L, *$1); SWIG_arg++; %}

/* The body may hold NULs: as long as `length` says, in place of what the result's own typemap pushed. */
%typemap(in, numinputs=0) size_t *length (size_t length = 0) "$1 = &length;"
%typemap(argout) size_t *length %{ lua_pop(L, 1); lua_pushlstring(L, result, *$1); %}

/* Identities, to be compared and never followed. */
%typemap(out) void * %{ lua_pushlightuserdata(L, $1); SWIG_arg++; %}
%typemap(in, numinputs=0) void **id (void *id = NULL) "$1 = &id;"
%typemap(argout) void **id %{ lua_pushlightuserdata(L, *$1); SWIG_arg++; %}

%define CAPAUTH_LUA_HANDLE(NAME)
%typemap(in) NAME * (void *handle) %{
    if (!capauth_lua_handle(L, $input, $1_descriptor, &handle)) SWIG_fail_ptr("$symname", $argnum, $1_descriptor);
    $1 = (NAME *)handle; %}
%typemap(in) const NAME * = NAME *;
%typemap(in, numinputs=0) NAME ** (NAME *made = NULL) "$1 = &made;"
%typemap(argout) NAME ** %{
    if (*$1) SWIG_NewPointerObj(L, *$1, $*1_descriptor, 1); else lua_pushnil(L);
    SWIG_arg++; %}
%enddef

CAPAUTH_LUA_HANDLE(capauth_client)
CAPAUTH_LUA_HANDLE(capauth_session)
CAPAUTH_LUA_HANDLE(capauth_call)
CAPAUTH_LUA_HANDLE(capauth_options)
CAPAUTH_LUA_HANDLE(capauth_events)

/* In place of a function: the events that it is to be queued in, or nil for none. */
%define CAPAUTH_LUA_CALLBACK(TYPE, TRAMPOLINE)
%typemap(in) (TYPE callback, void *data, void (*free_data)(void *data)) (void *handle) %{
    if (!capauth_lua_handle(L, $input, SWIGTYPE_p_capauth_events, &handle))
        SWIG_fail_ptr("$symname", $argnum, SWIGTYPE_p_capauth_events);
    $1 = handle ? TRAMPOLINE : NULL;
    $2 = handle ? capauth_lua_events_hold(handle) : NULL;
    $3 = handle ? capauth_lua_events_release : NULL; %}
%enddef

CAPAUTH_LUA_CALLBACK(capauth_log_callback, capauth_lua_on_log)
CAPAUTH_LUA_CALLBACK(capauth_trace_callback, capauth_lua_on_trace)
CAPAUTH_LUA_CALLBACK(capauth_change_callback, capauth_lua_on_change)

/* ---- Events: what the core told, until Lua asks ----------------------------------------------------------------- */

%{
static int capauth_lua_events_next(lua_State *L) {
    void *handle;
    if (!lua_gettop(L) || !capauth_lua_handle(L, 1, SWIGTYPE_p_capauth_events, &handle) || !handle)
        return luaL_argerror(L, 1, "capauth_events expected");
    return capauth_lua_events_push(L, handle);
}
%}

%nodefaultctor capauth_events;
%nodefaultdtor capauth_events;
typedef struct capauth_events {} capauth_events;
%extend capauth_events {
    ~capauth_events() { capauth_lua_events_release($self); }
}
%rename(events) capauth_lua_events_new;
%newobject capauth_lua_events_new;
capauth_events *capauth_lua_events_new(void);
%rename(events_drop) capauth_lua_events_drop;
void capauth_lua_events_drop(capauth_events *events);
%native(events_next) int capauth_lua_events_next(lua_State *L);

/* ---- API -------------------------------------------------------------------------------------------------------- */

/* It hands out a call that has an owner already: Lua gets its identity, and knows the object. */
%ignore capauth_client_next_done;

%include "capauth.i"

%rename(client_next_done) capauth_lua_client_next_done;
%rename(call_id) capauth_lua_call_id;
%rename(session_id) capauth_lua_session_id;
%inline %{
static int capauth_lua_client_next_done(capauth_client *client, void **id) {
    capauth_call *call = NULL;
    int found = capauth_client_next_done(client, &call);
    *id = call;
    return found;
}
static void *capauth_lua_call_id(capauth_call *call) { return call; }
static void *capauth_lua_session_id(capauth_session *session) { return session; }
%}

/* ---- Extras ----------------------------------------------------------------------------------------------------- */

%{
/* No script may reach the metatables, whose __gc called by hand would free a handle twice, nor the one method that SWIG
 * adds, which writes into any userdata. */
static void capauth_lua_seal(lua_State *L, swig_type_info *type) {
    SWIG_Lua_get_class_metatable(L, ((swig_lua_class *)type->clientdata)->fqname);
    SWIG_Lua_get_table(L, ".fn");
    lua_pushliteral(L, "__disown");
    lua_pushnil(L);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    lua_pushliteral(L, "__metatable");
    lua_pushboolean(L, 0);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

SWIGEXPORT int luaopen_capauth_flat(lua_State *L);
SWIGEXPORT int luaopen_capauth_core(lua_State *L);

/* SWIG fills static tables when a module is loaded; two states may be loading, each in a thread of its own. */
static int capauth_lua_open(lua_State *L) {
    static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
    int failed;
    pthread_mutex_lock(&loading);
    lua_pushcfunction(L, luaopen_capauth_flat);
    failed = lua_pcall(L, 0, 1, 0);
    pthread_mutex_unlock(&loading);
    return failed ? lua_error(L) : 1;
}

/* SWIG's own entry point sets two globals whatever its options: put back what was there. */
int luaopen_capauth_core(lua_State *L) {
    static const char *const globals[] = {"swig_type", "swig_equals"};
    int i;
    lua_settop(L, 0);
    lua_pushglobaltable(L);
    for (i = 0; i < 2; i++) {
        lua_pushstring(L, globals[i]);
        lua_rawget(L, 1);
    }
    capauth_lua_open(L);
    for (i = 0; i < 2; i++) {
        lua_pushstring(L, globals[i]);
        lua_pushvalue(L, 2 + i);
        lua_rawset(L, 1);
    }
    capauth_lua_seal(L, SWIGTYPE_p_capauth_client);
    capauth_lua_seal(L, SWIGTYPE_p_capauth_session);
    capauth_lua_seal(L, SWIGTYPE_p_capauth_call);
    capauth_lua_seal(L, SWIGTYPE_p_capauth_options);
    capauth_lua_seal(L, SWIGTYPE_p_capauth_events);
    lua_pushliteral(L, "null"); /* what JSON's null becomes */
    lua_pushlightuserdata(L, NULL);
    lua_rawset(L, -3);
    return 1;
}
%}
%native(text_fault) int capauth_lua_text_fault(lua_State *L);
%native(json_decode) int capauth_lua_json_decode(lua_State *L);
%native(now_ms) int capauth_lua_now_ms(lua_State *L);
%native(complain) int capauth_lua_complain(lua_State *L);
