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
#include "glue_swig.h"
%}
%init %{
    if (glue_seal((PyObject *)SwigPyObject_Type()))
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
%typemap(in) const char *SECRET (Py_buffer held = {0})
    "if (!($1 = (char *)glue_secret($input, \"$1_name\", &held))) SWIG_fail;"
%typemap(pytyping) const char *SECRET "typing.Union[str, bytes, bytearray]"
%typemap(in) const char *body "if ($input != Py_None && !($1 = (char *)glue_text($input, \"$1_name\"))) SWIG_fail;"
%typemap(pytyping) const char *body "typing.Optional[str]"
%typemap(freearg) const char *, const char *body ""
%typemap(freearg) const char *SECRET "PyBuffer_Release(&held$argnum);"
%typemap(out) const char * "$result = glue_string($1);"

%apply const char *SECRET { const char *otp, const char *password, const char *current_password,
                            const char *new_password };

%typemap(in, numinputs=0) char **text (char *given = NULL) "$1 = &given;"
/* Python is not asked for anything more once it has failed: it would forget why. */
%typemap(argout) char **text { if ($result) $result = glue_append($result, glue_string(*$1)); }
%typemap(pytyping) char **text "str"

/* The body as bytes, whose length counts, not the NUL. */
%typemap(out) const char *capauth_call_body ""
%typemap(argout) size_t *length "$result = PyBytes_FromStringAndSize(result, (Py_ssize_t)*$1);"

%define CAPAUTH_HANDLE_TYPEMAPS(NAME, CLASS)
%typemap(pytyping) NAME *, const NAME *, NAME ** "CLASS"
%typemap(in) NAME * (PyObject *held = NULL) {
    if (!hold_handle($input, $1_descriptor, "$symname: $1_name must be of class CLASS", &held))
        SWIG_fail;
    $1 = held ? ((SwigPyObject *)held)->ptr : NULL;
}
%typemap(freearg) NAME * "Py_XDECREF(held$argnum);"
%typemap(in) const NAME * = NAME *;
%typemap(freearg) const NAME * = NAME *;
/* The object is there before what it is to own, so that nothing is lost without memory. None for NULL. */
%typemap(in, numinputs=0) NAME ** (NAME *given = NULL, PyObject *owner = NULL) {
    if (!(owner = SwigPyObject_New(NULL, $*1_descriptor, SWIG_POINTER_OWN)))
        SWIG_fail;
    $1 = &given;
}
%typemap(argout) NAME ** {
    ((SwigPyObject *)owner$argnum)->ptr = *$1;
    if ($result)
        $result = glue_append($result, *$1 ? SWIG_Python_NewShadowInstance($*1_descriptor->clientdata, owner$argnum)
                                           : Py_NewRef(Py_None));
}
%typemap(freearg) NAME ** "Py_XDECREF(owner$argnum);"
/* Called when that object dies, and by nobody else: see the end of this file. It must not be held any more. */
%typemap(in) struct NAME *self {
    if (!SwigPyObject_Check($input) || ((SwigPyObject *)$input)->ty != $descriptor)
        SWIG_exception_fail(SWIG_TypeError, "not a CLASS");
    $1 = ((SwigPyObject *)$input)->ptr;
    ((SwigPyObject *)$input)->ptr = NULL;
}
%typemap(freearg) struct NAME *self ""
%enddef

/* next_done gives the address, to be compared with call_address. */
%typemap(argout) capauth_call **finished { if ($result) $result = glue_append($result, PyLong_FromVoidPtr(*$1)); }
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
%rename(report) glue_report;
void glue_report(PyObject *error, PyObject *where);

%rename(set_invalid_argument) glue_set_invalid_argument;
void glue_set_invalid_argument(PyObject *make);

%typemap(out) void *glue_call_address "$result = PyLong_FromVoidPtr($1);"
%typemap(pytyping) void *glue_call_address "int"
%rename(call_address) glue_call_address;
void *glue_call_address(capauth_call *call);

/* The functions that free, and those that tell SWIG its classes, are called once and for all, and from C. */
%pythoncode %{
for _handle in (ClientHandle, SessionHandle, CallHandle, OptionsHandle):
    del _handle.__swig_destroy__, _handle.thisown
    delattr(_capauth, "delete_" + _handle.__name__)
    delattr(_capauth, _handle.__name__ + "_swigregister")
del _handle

# Called as they are, without a function in Python around each.
globals().update({_name: vars(_capauth)[_name] for _name in vars(_capauth) if _name in globals() and _name[0] != "_"})
%}
