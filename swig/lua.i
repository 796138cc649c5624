/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lua: the flat module capauth.core, for every Lua from 5.1 on. bindings/lua/ makes the idiom of it; only what Lua code
 * cannot do is here: conversions, events, and reading JSON.
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
#include <stdlib.h>
#include <string.h>
%}

%{
#include <capauth/capauth.h>
#include <json-c/json.h>

/* SWIG's own names the type of what it got by following a pointer inside any userdata, a file's too. */
#undef SWIG_fail_arg
#define SWIG_fail_arg(NAME, NUMBER, TYPE) { capauth_lua_wrong_type(L, NAME, NUMBER, TYPE); goto fail; }

static void capauth_lua_wrong_type(lua_State *L, const char *name, int number, const char *type) {
    SWIG_Lua_pushferrstring(L, "%s: argument %d: %s expected, got %s", name, number, type, luaL_typename(L, number));
}

/* Strict conversions: Lua's own take "12" for 12, and 12 for "12", which costs an OTP its leading zero. */

static int capauth_lua_integer(lua_State *L, int index, int64_t least, int64_t most, int64_t *value) {
    lua_Number number;
    if (lua_type(L, index) != LUA_TNUMBER) return 0;
#if LUA_VERSION_NUM >= 503
    if (lua_isinteger(L, index)) {
        *value = (int64_t)lua_tointeger(L, index);
        return *value >= least && *value <= most;
    }
#endif
    number = lua_tonumber(L, index);
    if (!(number >= -9007199254740992.0 && number <= 9007199254740992.0)) return 0;
    *value = (int64_t)number;
    return (lua_Number)*value == number && *value >= least && *value <= most;
}

static void capauth_lua_push_int64(lua_State *L, int64_t value) {
#if LUA_VERSION_NUM >= 503
    lua_pushinteger(L, (lua_Integer)value);
#else
    lua_pushnumber(L, (lua_Number)value); /* exact to 2^53; times and our codes are far below */
#endif
}

/* How long the character at `text` is: 0 unless it is whole and encoded as it must be. The NUL that ends every Lua
 * string is no continuation, so nothing is read beyond it. */
static size_t capauth_lua_character(const unsigned char *text) {
    static const unsigned char least[] = {0x80, 0xa0, 0x90}; /* of the second byte: refuses overlong forms */
    static const unsigned char most[] = {0xbf, 0x9f, 0x8f};  /* and surrogates, and what lies beyond U+10FFFF */
    unsigned char first = text[0], second = first < 0x80 ? 0 : text[1];
    size_t i, length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length < 2) return length;
    if (second < least[first == 0xe0 ? 1 : first == 0xf0 ? 2 : 0]) return 0;
    if (second > most[first == 0xed ? 1 : first == 0xf4 ? 2 : 0]) return 0;
    for (i = 2; i < length; i++)
        if (text[i] < 0x80 || text[i] > 0xbf) return 0;
    return length;
}

/* What makes it unfit for the core, whose texts are UTF-8 and end at a NUL; NULL for nothing. */
static const char *capauth_lua_fault(const char *text, size_t length) {
    const char *end = text + length;
    size_t step = 1;
    if (strlen(text) != length) return "a NUL byte";
    for (; text < end && step; text += step) step = capauth_lua_character((const unsigned char *)text);
    return step ? NULL : "bytes that are not UTF-8";
}

static const char *capauth_lua_text(lua_State *L, int index) {
    size_t length = 0;
    const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &length) : NULL;
    return text && !capauth_lua_fault(text, length) ? text : NULL;
}

/* text_fault(text): for the layer above, to which this is no wrong type. */
static int capauth_lua_text_fault(lua_State *L) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_pushstring(L, capauth_lua_fault(text, length)); /* nil for NULL */
    return 1;
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

/* A secret would otherwise stay in memory of ours: copy it to Lua, then wipe. */
static void capauth_lua_take_text(lua_State *L, char *text) {
    lua_pushstring(L, text); /* pushes nil for NULL */
    capauth_string_free(&text);
}
%}

/* ---- Typemaps --------------------------------------------------------------------------------------------------- */

%typemap(in) int (int64_t number) %{
    if (!capauth_lua_integer(L, $input, INT_MIN, INT_MAX, &number)) SWIG_fail_arg("$symname", $argnum, "integer");
    $1 = (int)number; %}
%typemap(in) int64_t (int64_t number) %{
    if (!capauth_lua_integer(L, $input, INT64_MIN, INT64_MAX, &number)) SWIG_fail_arg("$symname", $argnum, "integer");
    $1 = number; %}
%typemap(out) int, int64_t %{ capauth_lua_push_int64(L, (int64_t)$1); SWIG_arg++; %}

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
    $2 = handle;
    $3 = handle ? capauth_lua_events_release : NULL;
    if (handle) ((capauth_events *)handle)->references++; %}
%enddef

CAPAUTH_LUA_CALLBACK(capauth_log_callback, capauth_lua_on_log)
CAPAUTH_LUA_CALLBACK(capauth_trace_callback, capauth_lua_on_trace)
CAPAUTH_LUA_CALLBACK(capauth_change_callback, capauth_lua_on_change)

/* ---- Events: what the core told, until Lua asks ----------------------------------------------------------------- */

%{
enum { CAPAUTH_LUA_LOG, CAPAUTH_LUA_TRACE, CAPAUTH_LUA_CHANGE };

typedef struct capauth_event {
    struct capauth_event *next;
    int kind;
    void *session;
    int64_t call_id;
    int numbers[5];
    char text[];
} capauth_event;

/* Shared by the Lua object and by each registration with the core; a Lua state is used by one thread at a time. */
typedef struct capauth_events {
    int references;
    capauth_event *first, **end;
} capauth_events;

static capauth_events *capauth_lua_events_new(void) {
    capauth_events *events = calloc(1, sizeof *events);
    if (!events) return NULL;
    events->references = 1;
    events->end = &events->first;
    return events;
}

static capauth_event *capauth_lua_events_take(capauth_events *events) {
    capauth_event *event = events->first;
    if (!event) return NULL;
    events->first = event->next;
    if (!events->first) events->end = &events->first;
    return event;
}

static void capauth_lua_events_release(void *data) {
    capauth_events *events = data;
    capauth_event *event;
    if (!events || --events->references) return;
    while ((event = capauth_lua_events_take(events))) free(event);
    free(events);
}

/* NULL without memory: then this one event is not told, and the call goes on. */
static capauth_event *capauth_lua_event(capauth_events *events, int kind, const char *text) {
    size_t size = strlen(text) + 1;
    capauth_event *event = calloc(1, sizeof *event + size);
    if (!event) return NULL;
    event->kind = kind;
    memcpy(event->text, text, size);
    *events->end = event;
    events->end = &event->next;
    return event;
}

static void capauth_lua_on_log(int level, const char *message, void *data) {
    capauth_event *event = capauth_lua_event(data, CAPAUTH_LUA_LOG, message);
    if (event) event->numbers[0] = level;
}

static void capauth_lua_on_trace(int kind, int64_t call_id, const char *operation, int result, int http_status,
                                 int attempts, int duration_ms, void *data) {
    capauth_event *event = capauth_lua_event(data, CAPAUTH_LUA_TRACE, operation);
    if (!event) return;
    event->call_id = call_id;
    event->numbers[0] = kind;
    event->numbers[1] = result;
    event->numbers[2] = http_status;
    event->numbers[3] = attempts;
    event->numbers[4] = duration_ms;
}

static void capauth_lua_on_change(capauth_session *session, void *data) {
    capauth_event *event = capauth_lua_event(data, CAPAUTH_LUA_CHANGE, "");
    if (event) event->session = session;
}

/* The next event: "log", level, message; "trace", kind, call, operation, result, status, attempts, ms;
 * "change", the session's id; nothing when there is none. */
static int capauth_lua_events_next(lua_State *L) {
    static const char *const kinds[] = {"log", "trace", "change"};
    void *handle;
    capauth_event *event;
    int i, pushed = lua_gettop(L);
    if (!pushed || !capauth_lua_handle(L, 1, SWIGTYPE_p_capauth_events, &handle) || !handle)
        return luaL_argerror(L, 1, "capauth_events expected");
    event = ((capauth_events *)handle)->first;
    if (!event) return 0;
    lua_pushstring(L, kinds[event->kind]);
    if (event->kind == CAPAUTH_LUA_CHANGE) {
        lua_pushlightuserdata(L, event->session);
    } else {
        capauth_lua_push_int64(L, event->numbers[0]);
        if (event->kind == CAPAUTH_LUA_TRACE) capauth_lua_push_int64(L, event->call_id);
        lua_pushstring(L, event->text);
        for (i = 1; event->kind == CAPAUTH_LUA_TRACE && i < 5; i++) capauth_lua_push_int64(L, event->numbers[i]);
    }
    free(capauth_lua_events_take(handle)); /* last, because pushing may fail for want of memory */
    return lua_gettop(L) - pushed;
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

/* JSON is read by the json-c that the core needs anyway: replies of the gateway, and of the emulator in tests. */
%{
static void capauth_lua_push_json(lua_State *L, struct json_object *value) {
    size_t i;
    luaL_checkstack(L, 4, "JSON");
    switch (json_object_get_type(value)) {
    case json_type_null: lua_pushlightuserdata(L, NULL); break;
    case json_type_boolean: lua_pushboolean(L, json_object_get_boolean(value)); break;
    case json_type_int: capauth_lua_push_int64(L, json_object_get_int64(value)); break;
    case json_type_double: lua_pushnumber(L, json_object_get_double(value)); break;
    case json_type_string:
        lua_pushlstring(L, json_object_get_string(value), (size_t)json_object_get_string_len(value));
        break;
    case json_type_array:
        lua_newtable(L);
        for (i = 0; i < json_object_array_length(value); i++) {
            capauth_lua_push_json(L, json_object_array_get_idx(value, i));
            lua_rawseti(L, -2, (int)i + 1);
        }
        break;
    case json_type_object:
        lua_newtable(L);
        {
            json_object_object_foreach(value, name, member) {
                lua_pushstring(L, name);
                capauth_lua_push_json(L, member);
                lua_rawset(L, -3);
            }
        }
        break;
    }
}

static int capauth_lua_push_json_protected(lua_State *L) {
    struct json_object *value = lua_touserdata(L, 1);
    capauth_lua_push_json(L, value);
    return 1;
}

/* One whole JSON text; NULL otherwise, and *value is then NULL too (also for the text "null", hence the result). */
static int capauth_lua_parse_json(const char *text, size_t length, struct json_object **value) {
    enum { DEPTH = 32 };
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH);
    int whole = 0;
    *value = NULL;
    if (!tokener || length >= INT_MAX) goto out;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    /* With the NUL that ends every Lua string: only then does json-c know that a number is over. */
    *value = json_tokener_parse_ex(tokener, text, (int)length + 1);
    whole = json_tokener_get_error(tokener) == json_tokener_success && json_tokener_get_parse_end(tokener) >= length;
    if (!whole) {
        json_object_put(*value);
        *value = NULL;
    }
out:
    if (tokener) json_tokener_free(tokener);
    return whole;
}

/* true and the value, or false. */
static int capauth_lua_json_decode(lua_State *L) {
    size_t length = 0;
    const char *text = luaL_checklstring(L, 1, &length);
    struct json_object *value = NULL;
    int failed, whole = capauth_lua_parse_json(text, length, &value);
    lua_settop(L, 1);
    lua_pushboolean(L, whole);
    if (!whole) return 1;
    lua_pushcfunction(L, capauth_lua_push_json_protected);
    lua_pushlightuserdata(L, value);
    failed = lua_pcall(L, 1, 1, 0);
    json_object_put(value);
    return failed ? lua_error(L) : 2;
}

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
