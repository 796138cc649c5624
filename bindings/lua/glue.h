/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What swig/lua.i needs of C: values and handles (glue.c), events (glue_events.c), JSON (glue_json.c). It knows nothing
 * of SWIG but how its metatables look. No lua_State is ever kept.
 */
#ifndef CAPAUTH_LUA_GLUE_H
#define CAPAUTH_LUA_GLUE_H

#include <stdint.h>

#include <lauxlib.h>
#include <lua.h>

#include <capauth/capauth.h>

/* ---- Values ---- */

/* No other type is converted: Lua's own conversion takes "12" for 12. False where it does not fit. */
int capauth_lua_integer(lua_State *L, int index, int64_t least, int64_t most, int64_t *value);
void capauth_lua_push_integer(lua_State *L, int64_t value);
/* Borrowed; NULL unless it is a string fit for the core, which 12 is not: an OTP would lose its zero. */
const char *capauth_lua_text(lua_State *L, int index);
/* Pushes an empty box for a text of the core, which is wiped and freed with the box at the latest. Of use to functions
 * of the module alone, whose upvalues it takes. */
char **capauth_lua_push_box(lua_State *L);
/* Pushes the message of an argument of the wrong type, with the line that called. */
void capauth_lua_push_wrong_type(lua_State *L, const char *function, int number, const char *expected);

/* ---- Handles ---- */

/* The upvalues of each function of the module: the metatable of each class of handles, that of boxes, and a table with
 * what refuses a wrong object. A look-up in the registry for each handle would cost more than what is done with it. */
enum {
    capauth_client_metatable = 1,
    capauth_session_metatable,
    capauth_call_metatable,
    capauth_options_metatable,
    capauth_events_metatable,
    CAPAUTH_LUA_BOX_METATABLE,
    CAPAUTH_LUA_REFUSE,
    CAPAUTH_LUA_UPVALUES = CAPAUTH_LUA_REFUSE
};

/* Pushes new ones of the handles, in this order: the finalizer of the class, and nothing else. */
void capauth_lua_push_handle_metatables(lua_State *L);

/* refuse_by(fn): fn(value) raises the error where the object of a session was wanted. The first that is given stays. */
int capauth_lua_refuse_by(lua_State *L);
/* Pushes the message of a value that is none, unless that function raises one. */
void capauth_lua_push_wrong_object(lua_State *L, const char *function, int number);

/* Identities, to be compared and never followed. */
void *capauth_lua_call_id(capauth_call *call);
void *capauth_lua_session_id(capauth_session *session);

/* ---- Events: what the core told, until Lua asks for it ---- */

/* Shared by the Lua object and by each registration with the core; a Lua state is used by one thread at a time. */
typedef struct capauth_events capauth_events;

/* `*events` is NULL without memory. */
void capauth_lua_events_new(capauth_events **events);
/* One more owner; each calls _free. */
capauth_events *capauth_lua_events_hold(capauth_events *events);
void capauth_lua_events_free(void *events);
/* Pushes the first event, which stays until _discard: "log", level, message; "trace", kind, call, operation, result,
 * status, attempts, ms; "change", the session's id, or none of it where there was no memory: any may have changed;
 * nothing when there is none. Gives how many values. */
int capauth_lua_events_next(lua_State *L, const capauth_events *events);
/* Removes the first event. */
void capauth_lua_events_discard(capauth_events *events);

/* The core's callbacks; their data are events. */
void capauth_lua_on_log(int level, const char *message, void *data);
void capauth_lua_on_trace(int kind, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                          int duration_ms, void *data);
void capauth_lua_on_change(capauth_session *session, void *data);

/* ---- Functions of capauth.core ---- */

/* text_fault(text): why the core cannot take it, or nil; false for what is no string. */
int capauth_lua_text_fault(lua_State *L);
/* json_decode(text): true and the value, or false and what is wrong with the text. */
int capauth_lua_json_decode(lua_State *L);
/* now_ms(): a clock that never goes back. */
int capauth_lua_now_ms(lua_State *L);
/* print_error(text): a line on stderr, also where a sandbox took `io` away. */
int capauth_lua_print_error(lua_State *L);

/* ---- The module ---- */

/* SWIG's entry point, which the module's own one calls. */
int luaopen_capauth_flat(lua_State *L);
/* What `require "capauth.core"` calls. */
int luaopen_capauth_core(lua_State *L);

#endif
