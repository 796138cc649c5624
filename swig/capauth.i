/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every language wraps, and what all languages share: the whole public header as it stands, the names, who owns
 * what, and which functions wait. A new C function appears in all languages by being in the header.
 *
 * Only what a language does with a type is its own affair. Its file, swig/<language>.i, sets its typemaps, defines the
 * two macros CAPAUTH_HANDLE_TYPEMAPS and CAPAUTH_CALLBACK_TYPEMAPS, and then includes this file. A language that has
 * SWIG's common typemaps needs no file: `swig -ruby swig/capauth.i` is a whole wrapper.
 *
 * The generated layer is flat: capauth_otp_validate becomes otp_validate, int results stay numbers, and what C gives
 * through an `**out` is returned beside the number. bindings/<language>/ makes the language's own idiom of it.
 */
%module capauth /* a language that has a file has named it before */

%{
#include <capauth/capauth.h>
%}

%include <stdint.i>

/* ---- Names ------------------------------------------------------------------------------------------------------ */

%rename("%(strip:[capauth_])s", %$isfunction) "";
%rename("%(strip:[CAPAUTH_])s", %$isenumitem) "";

/* Where the language has documentation, each function has its signature there. */
%feature("autodoc", "1");

/* ---- Ownership: texts ------------------------------------------------------------------------------------------- */

/* What comes out through a `char **text` is ours until the language has its copy; then it is wiped and freed. */
%ignore capauth_string_free;
%typemap(freearg) char **text "capauth_string_free($1);"

/* The length belongs to the text that is returned, which may hold NULs. */
%typemap(in, numinputs=0) size_t *length (size_t given = 0) "$1 = &given;"

/* ---- Ownership: handles ----------------------------------------------------------------------------------------- */

#ifndef CAPAUTH_HANDLE_TYPEMAPS
#define CAPAUTH_COMMON_TYPEMAPS /* SWIG's, for a language without a file */
%define CAPAUTH_HANDLE_TYPEMAPS(NAME, CLASS)
%typemap(in, numinputs=0) NAME ** (NAME *given = NULL) "$1 = &given;"
%typemap(argout) NAME ** { %append_output(SWIG_NewPointerObj(*$1, $*1_descriptor, SWIG_POINTER_OWN)); }
%enddef
#endif

/*
 * A handle is an object that frees itself: the _free function is hidden, and no language can make a handle by itself.
 * CAPAUTH_HANDLE_TYPEMAPS(NAME, CLASS) is to say how a `NAME **` gives an object that owns what C gave; NULL is the
 * language's null. The exception is `capauth_call **finished` of next_done: which of the calls that have an owner has
 * finished. A language may give its address, to be compared with those that it knows.
 */
%define CAPAUTH_HANDLE(NAME, CLASS)
CAPAUTH_HANDLE_TYPEMAPS(NAME, CLASS)
%rename(CLASS) NAME;
%ignore NAME##_free;
%nodefaultctor NAME;
%nodefaultdtor NAME;
typedef struct NAME {} NAME;
%extend NAME {
    ~NAME() {
        NAME *handle = $self;
        NAME##_free(&handle);
    }
}
%enddef

CAPAUTH_HANDLE(capauth_client, ClientHandle)
CAPAUTH_HANDLE(capauth_session, SessionHandle)
CAPAUTH_HANDLE(capauth_call, CallHandle)
CAPAUTH_HANDLE(capauth_options, OptionsHandle)

/* ---- Callbacks -------------------------------------------------------------------------------------------------- */

/* CAPAUTH_CALLBACK_TYPEMAPS(TYPE, NAME, CLASS) is to say what the language takes for the three arguments
 * `TYPE callback, void *data, void (*free_data)(void *data)`. */
#ifndef CAPAUTH_CALLBACK_TYPEMAPS
%define CAPAUTH_CALLBACK_TYPEMAPS(TYPE, NAME, CLASS)
%enddef
#endif

CAPAUTH_CALLBACK_TYPEMAPS(capauth_log_callback, log, Log)
CAPAUTH_CALLBACK_TYPEMAPS(capauth_trace_callback, trace, Trace)
CAPAUTH_CALLBACK_TYPEMAPS(capauth_change_callback, change, Change)

/* ---- Waiting ---------------------------------------------------------------------------------------------------- */

/* These wait for the network, or for a lock that a waiting thread holds: an interpreter with a lock of its own lets go
 * of it meanwhile. The operations only start, since they are always given a `call`. */
%define CAPAUTH_WAITS(FUNCTION)
%feature("nothread", "0") FUNCTION;
%enddef

%feature("nothread");
CAPAUTH_WAITS(capauth_call_wait)
CAPAUTH_WAITS(capauth_client_poll)
CAPAUTH_WAITS(capauth_client_prepare)
CAPAUTH_WAITS(capauth_client_close)
CAPAUTH_WAITS(capauth_session_close)
CAPAUTH_WAITS(capauth_client::~capauth_client)
CAPAUTH_WAITS(capauth_session::~capauth_session)
CAPAUTH_WAITS(capauth_call::~capauth_call)

/* ---- A language without a file ---------------------------------------------------------------------------------- */

#ifdef CAPAUTH_COMMON_TYPEMAPS
%typemap(in, numinputs=0) char **text (char *given = NULL) "$1 = &given;"
%typemap(argout) char **text { %append_output(SWIG_FromCharPtr(*$1)); }
%typemap(argout) size_t *length { %set_output(SWIG_FromCharPtrAndSize(result, *$1)); }
%typemap(argout) capauth_call **finished { %append_output(SWIG_NewPointerObj(*$1, $*1_descriptor, 0)); }
#endif

/* ---- API -------------------------------------------------------------------------------------------------------- */

%include "../core/include/capauth/capauth.h"
