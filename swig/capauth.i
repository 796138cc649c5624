/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every language wraps: the whole public header, as it stands. A new C function appears in all languages by being
 * in the header; only what a language does with a type is its own affair, and lives in <language>.i, which sets its
 * typemaps first and then includes this file.
 *
 * The generated layer is flat: capauth_otp_validate becomes otp_validate, int results stay numbers, and what C gives
 * through an `**out` is returned beside the number. bindings/<language>/ makes the language's own idiom of it. Handles
 * are objects that free themselves; C's _free functions are therefore not wrapped.
 */
%{
#include <capauth/capauth.h>
%}

%include <stdint.i>

%rename("%(strip:[capauth_])s", %$isfunction) "";
%rename("%(strip:[CAPAUTH_])s", %$isenumitem) "";

%define CAPAUTH_HANDLE(NAME)
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

CAPAUTH_HANDLE(capauth_client)
CAPAUTH_HANDLE(capauth_session)
CAPAUTH_HANDLE(capauth_call)
CAPAUTH_HANDLE(capauth_options)
%ignore capauth_string_free; /* the typemap of `char **text` copies, wipes and frees */

%include "capauth/capauth.h"
