/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lua: the flat module capauth.core, for every Lua from 5.1 on. The C that it needs stands in bindings/lua/glue.h, and
 * bindings/lua/capauth/ makes the idiom of it.
 *
 * A wrong type is a Lua error. What the core says is a number, what it gives through an `**out` is returned beside it.
 */
%module capauth_flat

/* ---- Head ------------------------------------------------------------------------------------------------------- */

%begin %{
#include <limits.h>
#include <stdint.h>
%}

%{
#include "glue.h"
#include "glue_swig.h"

/* SWIG's own names the type of what it got by following a pointer inside any userdata, a file's too. */
#undef SWIG_fail_arg
#define SWIG_fail_arg(NAME, NUMBER, TYPE) { capauth_lua_push_wrong_type(L, NAME, NUMBER, TYPE); goto fail; }

/* As Lua's own functions: what is too much is ignored, what is missing is of the wrong type. */
#undef SWIG_check_num_args
#define SWIG_check_num_args(NAME, LEAST, MOST)
%}

/* ---- Typemaps --------------------------------------------------------------------------------------------------- */

%typemap(in) int (int64_t number) %{
    if (!capauth_lua_integer(L, $input, INT_MIN, INT_MAX, &number)) SWIG_fail_arg("$symname", $argnum, "integer");
    $1 = (int)number; %}
%typemap(in) int64_t (int64_t number) %{
    if (!capauth_lua_integer(L, $input, INT64_MIN, INT64_MAX, &number)) SWIG_fail_arg("$symname", $argnum, "integer");
    $1 = number; %}
%typemap(out) int capauth_session_signed_in, int capauth_call_done, int capauth_call_ok, int capauth_call_retryable,
    int capauth_call_maybe_sent, int capauth_error_retryable %{ lua_pushboolean(L, $1); SWIG_arg++; %}
%typemap(out) int, int64_t %{ capauth_lua_push_integer(L, (int64_t)$1); SWIG_arg++; %}

%typemap(in) const char * %{
    $1 = (char *)capauth_lua_text(L, $input);
    if (!$1) SWIG_fail_arg("$symname", $argnum, "string (UTF-8 without NUL)"); %}
%typemap(in) const char *body %{
    $1 = (char *)capauth_lua_text(L, $input);
    if (!$1 && !lua_isnil(L, $input)) SWIG_fail_arg("$symname", $argnum, "string (UTF-8 without NUL) or nil"); %}

/* Without memory Lua leaves in the midst of a function: what C gives is in a box that the collector empties. */
%typemap(in, numinputs=0) char **text ""
%typemap(check) char **text "$1 = capauth_lua_push_box(L);"
%typemap(argout) char **text %{ lua_pushstring(L, *$1); SWIG_arg++; %} /* nil for NULL */

/* The body may hold NULs: as long as `length` says, in place of what the result's own typemap pushed. */
%typemap(argout) size_t *length %{ lua_pop(L, 1); lua_pushlstring(L, result, *$1); %}

/* The getters of a session are methods as they are: they take the object, and say what a method says of another. */
%typemap(in) const capauth_session *session %{
    if (!session_of_object(L, $input, &$1)) {
        capauth_lua_push_wrong_object(L, "$symname", $argnum);
        goto fail;
    } %}

%define CAPAUTH_HANDLE_TYPEMAPS(NAME, CLASS)
%typemap(in) NAME * (void *pointer = NULL) %{
    if (!handle_pointer(L, $input, $1_descriptor, NAME##_metatable, &pointer))
        SWIG_fail_ptr("$symname", $argnum, $1_descriptor);
    $1 = pointer; %}
%typemap(in) const NAME * = NAME *;
%typemap(in, numinputs=0) NAME ** (NAME *made = NULL, swig_lua_userdata *owner = NULL, int place = 0) "$1 = &made;"
%typemap(check) NAME ** %{
    owner$argnum = push_handle(L, $*1_descriptor, NAME##_metatable);
    place$argnum = lua_gettop(L); %}
%typemap(argout) NAME ** %{
    owner$argnum->ptr = *$1;
    if (*$1) lua_pushvalue(L, place$argnum); else lua_pushnil(L);
    SWIG_arg++; %}
%enddef

CAPAUTH_HANDLE_TYPEMAPS(capauth_events, EventsHandle)

/* Identities, to be compared and never followed. */
%typemap(out) void * %{ lua_pushlightuserdata(L, $1); SWIG_arg++; %}
%typemap(in, numinputs=0) capauth_call **finished (capauth_call *found = NULL) "$1 = &found;"
%typemap(check) capauth_call **finished ""
%typemap(argout) capauth_call **finished %{ lua_pushlightuserdata(L, *$1); SWIG_arg++; %}

/* In place of a function: the events that it is to be queued in, or nil for none. */
%define CAPAUTH_CALLBACK_TYPEMAPS(TYPE, NAME, CLASS)
%typemap(in) (TYPE callback, void *data, void (*free_data)(void *data)) (void *pointer = NULL, capauth_events *events) %{
    if (!handle_pointer(L, $input, SWIGTYPE_p_capauth_events, capauth_events_metatable, &pointer))
        SWIG_fail_ptr("$symname", $argnum, SWIGTYPE_p_capauth_events);
    events = pointer;
    $1 = events ? capauth_lua_on_##NAME : NULL;
    $2 = events ? capauth_lua_events_hold(events) : NULL;
    $3 = events ? capauth_lua_events_free : NULL; %}
%enddef

/* ---- API -------------------------------------------------------------------------------------------------------- */

%include "capauth.i"

/* ---- Extras ----------------------------------------------------------------------------------------------------- */

%rename("%(strip:[capauth_lua_])s", regextarget=1, %$isfunction) "^capauth_lua_";

%nodefaultctor capauth_events;
%nodefaultdtor capauth_events;
typedef struct capauth_events {} capauth_events;
%extend capauth_events {
    ~capauth_events() { capauth_lua_events_free($self); }
}
void capauth_lua_events_new(capauth_events **events);
void capauth_lua_events_discard(capauth_events *events);
%typemap(out) int capauth_lua_events_next "SWIG_arg += $1;"
int capauth_lua_events_next(lua_State *L, const capauth_events *events);

void *capauth_lua_call_id(capauth_call *call);
void *capauth_lua_session_id(capauth_session *session);

%native(adopt) int adopt(lua_State *L);
%native(refuse_by) int capauth_lua_refuse_by(lua_State *L);
%native(text_fault) int capauth_lua_text_fault(lua_State *L);
%native(json_decode) int capauth_lua_json_decode(lua_State *L);
%native(now_ms) int capauth_lua_now_ms(lua_State *L);
%native(print_error) int capauth_lua_print_error(lua_State *L);
