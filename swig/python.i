/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Python's part of the flat layer: capauth/_flat.py with capauth/_capauth.abi3.so under it, for the hand-written
 * package in bindings/python/ alone. Results stay numbers; what C gives through an `**out` follows in a list, so that
 * `code, call = otp_generate(session, options)`.
 */
%module(package="capauth", threads="1") _flat /* the build passes -interface _capauth */

/* ---- Head -------------------------------------------------------------------------------------------------------- */

/* The interpreter goes on while these wait for the network, or for a lock that a waiting thread holds. */
%nothread;
%thread capauth_call_wait;
%thread capauth_client_poll;
%thread capauth_client_prepare;
%thread capauth_client_close;
%thread capauth_session_close;
%thread capauth_client::~capauth_client;
%thread capauth_session::~capauth_session;
%thread capauth_call::~capauth_call;

%{
#include <capauth/capauth.h>
#include <string.h>

/* Sets InvalidArgumentError, as the core would have: it never gets to see a text that C cannot hold. */
static void refuse_text(const char *argument, const char *why)
{
    PyObject *module = PyImport_ImportModule("capauth._failure");
    PyObject *error = module ? PyObject_CallMethod(module, "invalid_argument", "ss", argument, why) : NULL;
    if (error)
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_XDECREF(error);
    Py_XDECREF(module);
}

/* The UTF-8 of a str, which keeps it alive; NULL with an exception. */
static const char *text_of(PyObject *input, const char *argument)
{
    Py_ssize_t size = 0;
    const char *text = PyUnicode_AsUTF8AndSize(input, &size);
    if (!text && PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
        PyErr_Clear(); /* it would quote the text, which may be a secret */
        refuse_text(argument, "is not valid Unicode");
    } else if (text && strlen(text) != (size_t)size) {
        refuse_text(argument, "contains a NUL character");
        text = NULL;
    }
    return text;
}

/* Secrets come as bytes and bytearray too: a bytearray can be wiped by its owner. Both end in NUL. */
static const char *secret_of(PyObject *input, const char *argument)
{
    const char *text;
    Py_ssize_t size;
    if (PyBytes_Check(input)) {
        text = PyBytes_AsString(input);
        size = PyBytes_Size(input);
    } else if (PyByteArray_Check(input)) {
        text = PyByteArray_AsString(input);
        size = PyByteArray_Size(input);
    } else {
        return text_of(input, argument);
    }
    if (text && strlen(text) != (size_t)size) {
        refuse_text(argument, "contains a NUL character");
        text = NULL;
    }
    return text;
}

static PyObject *text_from(const char *text)
{
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

/* Copies a text of ours, then wipes and frees it. */
static PyObject *text_taken(char **text)
{
    PyObject *copy = text_from(*text ? *text : "");
    capauth_string_free(text);
    return copy;
}

/*
 * Callbacks: `data` is the callable. They come on a thread that has let go of the interpreter, or, when a handle dies,
 * in the middle of whatever its owner was doing; so that an exception in flight must survive. After the end of the
 * interpreter nobody listens any more.
 */
struct entry {
    PyGILState_STATE state;
    PyObject *type, *value, *traceback;
};

static int callback_enter(struct entry *entry)
{
    if (!Py_IsInitialized())
        return 0;
    entry->state = PyGILState_Ensure();
    PyErr_Fetch(&entry->type, &entry->value, &entry->traceback);
    return 1;
}

static void callback_leave(struct entry *entry)
{
    PyErr_Restore(entry->type, entry->value, entry->traceback);
    PyGILState_Release(entry->state);
}

/* What the callable raises goes to sys.unraisablehook: there is no caller who could catch it. */
static void callback_call(PyObject *callable, PyObject *arguments)
{
    PyObject *result = arguments ? PyObject_Call(callable, arguments, NULL) : NULL;
    if (!result)
        PyErr_WriteUnraisable(callable);
    Py_XDECREF(result);
    Py_XDECREF(arguments);
}

static void call_log(int level, const char *message, void *data)
{
    struct entry entry;
    if (callback_enter(&entry)) {
        callback_call(data, Py_BuildValue("(iN)", level, text_from(message)));
        callback_leave(&entry);
    }
}

static void call_trace(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                       int duration_ms, void *data)
{
    struct entry entry;
    if (callback_enter(&entry)) {
        callback_call(data, Py_BuildValue("(iLsiiii)", event, (long long)call_id, operation, result, http_status,
                                          attempts, duration_ms));
        callback_leave(&entry);
    }
}

/* Without the session: what C hands over is not Python's to keep, and the package knows whose callback it is. */
static void call_change(capauth_session *session, void *data)
{
    struct entry entry;
    (void)session;
    if (callback_enter(&entry)) {
        callback_call(data, PyTuple_New(0));
        callback_leave(&entry);
    }
}

static void free_callable(void *data)
{
    struct entry entry;
    if (callback_enter(&entry)) {
        Py_DECREF((PyObject *)data);
        callback_leave(&entry);
    }
}
%}

/* ---- Typemaps ---------------------------------------------------------------------------------------------------- */

%typemap(in) const char * {
    if (!PyUnicode_Check($input)) {
        PyErr_Format(PyExc_TypeError, "$1_name must be str, not %R", (PyObject *)Py_TYPE($input));
        SWIG_fail;
    }
    $1 = (char *)text_of($input, "$1_name");
    if (!$1)
        SWIG_fail;
}
%typemap(pytyping) const char * "str"

%typemap(in) const char *SECRET {
    if (!PyUnicode_Check($input) && !PyBytes_Check($input) && !PyByteArray_Check($input)) {
        PyErr_Format(PyExc_TypeError, "$1_name must be str, bytes or bytearray, not %R", (PyObject *)Py_TYPE($input));
        SWIG_fail;
    }
    $1 = (char *)secret_of($input, "$1_name");
    if (!$1)
        SWIG_fail;
}
%typemap(pytyping) const char *SECRET "typing.Union[str, bytes, bytearray]"

%typemap(in) const char *body {
    if ($input != Py_None) {
        if (!PyUnicode_Check($input)) {
            PyErr_Format(PyExc_TypeError, "$1_name must be str or None, not %R", (PyObject *)Py_TYPE($input));
            SWIG_fail;
        }
        $1 = (char *)text_of($input, "$1_name");
        if (!$1)
            SWIG_fail;
    }
}
%typemap(pytyping) const char *body "typing.Optional[str]"

%typemap(freearg) const char *, const char *SECRET, const char *body ""
%typemap(out) const char * "$result = text_from($1);"

%apply const char *SECRET { const char *otp, const char *password, const char *current_password,
                            const char *new_password };

%typemap(in, numinputs=0) char **text (char *given = NULL) "$1 = &given;"
%typemap(argout) char **text { $result = SWIG_AppendOutput($result, text_taken($1)); }
%typemap(pytyping) char **text "str"

/* The body as bytes, whose length counts, not the NUL. */
%typemap(in, numinputs=0) size_t *length (size_t given = 0) "$1 = &given;"
%typemap(out) const char *capauth_call_body ""
%typemap(argout) size_t *length "$result = PyBytes_FromStringAndSize(result, (Py_ssize_t)*$1);"

%define CAPAUTH_PYTHON_HANDLE(NAME, OUT)
%typemap(pytyping) NAME *, const NAME *, NAME ** "NAME"
%typemap(in, numinputs=0) NAME **OUT (NAME *given = NULL) "$1 = &given;"
%typemap(argout) NAME **OUT {
    PyObject *handle = SWIG_Py_Void();
    if (*$1) {
        SWIG_Py_DECREF(handle);
        handle = SWIG_NewPointerObj(*$1, $*1_descriptor, SWIG_POINTER_OWN);
    }
    $result = SWIG_AppendOutput($result, handle);
}
/* The object forgets the pointer that it frees: nothing can be freed twice or be used afterwards. */
%typemap(in) struct NAME *self {
    void *given = NULL;
    int code = SWIG_ConvertPtr($input, &given, $descriptor, SWIG_POINTER_RELEASE);
    if (!SWIG_IsOK(code))
        SWIG_exception_fail(SWIG_ArgError(code), "the handle is not there to be freed");
    $1 = given;
}
%enddef
CAPAUTH_PYTHON_HANDLE(capauth_client, client)
CAPAUTH_PYTHON_HANDLE(capauth_session, session)
CAPAUTH_PYTHON_HANDLE(capauth_session, second)
CAPAUTH_PYTHON_HANDLE(capauth_call, call)
CAPAUTH_PYTHON_HANDLE(capauth_options, options)

%typemap(pytyping) const capauth_options *options "typing.Optional[capauth_options]"

%define CAPAUTH_PYTHON_CALLBACK(TYPE, TRAMPOLINE)
%typemap(in) (TYPE callback, void *data, void (*free_data)(void *data)) {
    if ($input != Py_None) {
        if (!PyCallable_Check($input)) {
            PyErr_Format(PyExc_TypeError, "callback must be callable or None, not %R", (PyObject *)Py_TYPE($input));
            SWIG_fail;
        }
        Py_INCREF($input);
        $1 = TRAMPOLINE;
        $2 = $input;
        $3 = free_callable;
    }
}
%enddef
CAPAUTH_PYTHON_CALLBACK(capauth_log_callback, call_log)
CAPAUTH_PYTHON_CALLBACK(capauth_trace_callback, call_trace)
CAPAUTH_PYTHON_CALLBACK(capauth_change_callback, call_change)

/* ---- API --------------------------------------------------------------------------------------------------------- */

/*
 * next_done hands out a pointer that an object owns already. It comes as a number, to be compared with call_address:
 * this declaration is seen first, and counts.
 */
%typemap(in, numinputs=0) capauth_call **OWNED_ALREADY (capauth_call *given = NULL) "$1 = &given;"
%typemap(argout) capauth_call **OWNED_ALREADY { $result = SWIG_AppendOutput($result, PyLong_FromVoidPtr(*$1)); }
%typemap(pytyping) capauth_call **OWNED_ALREADY "int"
%rename(client_next_done) capauth_client_next_done;
int capauth_client_next_done(capauth_client *client, capauth_call **OWNED_ALREADY);

%include "capauth.i"

/* ---- Extras ------------------------------------------------------------------------------------------------------ */

%typemap(out) void *call_address "$result = PyLong_FromVoidPtr($1);"
%typemap(pytyping) void *call_address "int"
%inline %{
void *call_address(capauth_call *call)
{
    return call;
}
%}
