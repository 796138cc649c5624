/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Python's part of the flat layer: capauth/_flat.py with capauth/_capauth.abi3.so under it, for the hand-written
 * package in bindings/python/ alone. Results stay numbers; what C gives through an `**out` follows in a list, so that
 * `code, call = otp_generate(session, options)`.
 */
%module(package="capauth", threads="1") _flat /* the build passes -interface _capauth */

/* ---- Head -------------------------------------------------------------------------------------------------------- */

%{
#include "glue.h"
%}
%init %{
    if (glue_check_interpreter())
        return -1;
%}

/* Callbacks are delivered in these. What interrupted one comes out here, after C has been left in order. */
%define CAPAUTH_PYTHON_DELIVERS(FUNCTION)
%exception FUNCTION {
    $action
    if (glue_interrupted())
        SWIG_fail;
}
%enddef
CAPAUTH_PYTHON_DELIVERS(capauth_call_wait)
CAPAUTH_PYTHON_DELIVERS(capauth_client_poll)
CAPAUTH_PYTHON_DELIVERS(capauth_client_prepare)

/* ---- Typemaps ---------------------------------------------------------------------------------------------------- */

%typemap(in) const char * "if (!($1 = (char *)glue_text($input, \"$1_name\"))) SWIG_fail;"
%typemap(pytyping) const char * "str"
%typemap(in) const char *SECRET "if (!($1 = (char *)glue_secret($input, \"$1_name\"))) SWIG_fail;"
%typemap(pytyping) const char *SECRET "typing.Union[str, bytes, bytearray]"
%typemap(in) const char *body "if ($input != Py_None && !($1 = (char *)glue_text($input, \"$1_name\"))) SWIG_fail;"
%typemap(pytyping) const char *body "typing.Optional[str]"
%typemap(freearg) const char *, const char *SECRET, const char *body ""
%typemap(out) const char * "$result = glue_string($1);"

%apply const char *SECRET { const char *otp, const char *password, const char *current_password,
                            const char *new_password };

%typemap(in, numinputs=0) char **text (char *given = NULL) "$1 = &given;"
%typemap(argout) char **text { $result = SWIG_AppendOutput($result, glue_string(*$1)); }
%typemap(pytyping) char **text "str"

/* The body as bytes, whose length counts, not the NUL. */
%typemap(out) const char *capauth_call_body ""
%typemap(argout) size_t *length "$result = PyBytes_FromStringAndSize(result, (Py_ssize_t)*$1);"

%define CAPAUTH_HANDLE_TYPEMAPS(NAME, CLASS)
%typemap(pytyping) NAME *, const NAME *, NAME ** "CLASS"
%typemap(in, numinputs=0) NAME ** (NAME *given = NULL) "$1 = &given;"
%typemap(argout) NAME ** { /* None for NULL */
    $result = SWIG_AppendOutput($result, SWIG_NewPointerObj(*$1, $*1_descriptor, SWIG_POINTER_OWN));
}
/* The object forgets the pointer that it frees: nothing can be freed twice or be used afterwards. */
%typemap(in) struct NAME *self (int code) {
    code = SWIG_ConvertPtr($input, (void **)&$1, $descriptor, SWIG_POINTER_RELEASE);
    if (!SWIG_IsOK(code))
        SWIG_exception_fail(SWIG_ArgError(code), "the handle was freed already");
}
%enddef

/* next_done gives the address, to be compared with call_address. */
%typemap(argout) capauth_call **finished { $result = SWIG_AppendOutput($result, PyLong_FromVoidPtr(*$1)); }
%typemap(pytyping) capauth_call **finished "int"

%typemap(pytyping) const capauth_options *options "typing.Optional[OptionsHandle]"

%define CAPAUTH_CALLBACK_TYPEMAPS(TYPE, NAME, CLASS)
%typemap(in) (TYPE callback, void *data, void (*free_data)(void *data)) {
    if (!glue_callable($input, "callback"))
        SWIG_fail;
    if ($input != Py_None) {
        $1 = glue_on_##NAME;
        $2 = glue_kept($input);
        $3 = glue_free;
    }
}
%enddef

/* ---- API --------------------------------------------------------------------------------------------------------- */

%include "capauth.i"

/* ---- Extras ------------------------------------------------------------------------------------------------------ */

%typemap(pytyping) PyObject * "object"
%rename(client_set_wanted_log) glue_set_wanted_log;
int glue_set_wanted_log(capauth_client *client, PyObject *callable);
%rename(want_log) glue_want_log;
void glue_want_log(int level);
%rename(report) glue_report;
void glue_report(PyObject *error, PyObject *where);

%rename(set_invalid_argument) glue_set_invalid_argument;
void glue_set_invalid_argument(PyObject *make);

%typemap(out) void *glue_call_address "$result = PyLong_FromVoidPtr($1);"
%typemap(pytyping) void *glue_call_address "int"
%rename(call_address) glue_call_address;
void *glue_call_address(capauth_call *call);
