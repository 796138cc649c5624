/* SPDX-License-Identifier: Apache-2.0 */
#include "glue.h"

#include <string.h>

/* ---- Texts ---- */

static PyObject *make_invalid_argument;

void glue_set_invalid_argument(PyObject *make)
{
    PyObject *before = make_invalid_argument;

    Py_INCREF(make);
    make_invalid_argument = make;
    Py_XDECREF(before);
}

/* Sets InvalidArgumentError, as the core would have: it never gets to see a text that C cannot hold. */
static void refuse_text(const char *argument, const char *why)
{
    PyObject *error = PyObject_CallFunction(make_invalid_argument, "ss", argument, why);

    if (error)
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_XDECREF(error);
}

static void refuse_type(PyObject *input, const char *argument, const char *wanted)
{
    PyObject *name = PyType_GetName(Py_TYPE(input));

    if (name)
        PyErr_Format(PyExc_TypeError, "%s must be %s, not %U", argument, wanted, name);
    Py_XDECREF(name);
}

/* The text, unless a NUL would cut it off. */
static const char *whole(const char *text, Py_ssize_t size, const char *argument)
{
    if (!text || strlen(text) == (size_t)size)
        return text;
    refuse_text(argument, "contains a NUL character");
    return NULL;
}

static const char *text_of_str(PyObject *input, const char *argument)
{
    Py_ssize_t size = 0;
    const char *text = PyUnicode_AsUTF8AndSize(input, &size);

    if (!text && PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
        PyErr_Clear(); /* it would quote the text, which may be a secret */
        refuse_text(argument, "is not valid Unicode");
    }
    return whole(text, size, argument);
}

const char *glue_text(PyObject *input, const char *argument)
{
    if (PyUnicode_Check(input))
        return text_of_str(input, argument);
    refuse_type(input, argument, "str");
    return NULL;
}

const char *glue_secret(PyObject *input, const char *argument, Py_buffer *held)
{
    if (PyUnicode_Check(input))
        return text_of_str(input, argument);
    if (PyBytes_Check(input))
        return whole(PyBytes_AsString(input), PyBytes_Size(input), argument);
    if (!PyByteArray_Check(input)) {
        refuse_type(input, argument, "str, bytes or bytearray");
        return NULL;
    }
    if (PyObject_GetBuffer(input, held, PyBUF_SIMPLE)) /* which keeps it from being resized */
        return NULL;
    return whole(PyByteArray_AsString(input), PyByteArray_Size(input), argument);
}

PyObject *glue_string(const char *text)
{
    return PyUnicode_DecodeUTF8(text ? text : "", text ? (Py_ssize_t)strlen(text) : 0, "replace");
}

/* ---- Results ---- */

PyObject *glue_append(PyObject *result, PyObject *value)
{
    PyObject *results = NULL;

    if (value)
        results = PyList_Check(result) ? Py_NewRef(result) : Py_BuildValue("[O]", result);
    if (results && PyList_Append(results, value))
        Py_CLEAR(results);
    Py_DECREF(result);
    Py_XDECREF(value);
    return results;
}

/* ---- Interruptions ---- */

/*
 * What came out of a callable on this thread and is to come out of the operation: the package's callables keep the
 * application's own mistakes to themselves, so this is a Ctrl-C, an exit, or what a signal handler raised.
 */
static _Thread_local PyObject *interruption;

/* Takes the exception that is set. The first one counts: the others came while it was on its way. */
static void keep_interruption(void)
{
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (value && traceback)
        PyException_SetTraceback(value, traceback);
    if (interruption)
        Py_XDECREF(value);
    else
        interruption = value;
    Py_XDECREF(type);
    Py_XDECREF(traceback);
}

int glue_interrupted(void)
{
    PyObject *error = interruption;

    if (!error)
        return 0;
    interruption = NULL;
    PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_DECREF(error);
    return 1;
}

void glue_report(PyObject *error, PyObject *where)
{
    PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    PyErr_WriteUnraisable(where);
}

/* ---- Callbacks ---- */

/*
 * They come on a thread that has released the interpreter; or, when a handle is freed, in the middle of what its owner
 * was doing, so an exception that is set must survive. After the interpreter's end they do nothing.
 */
struct entry {
    PyGILState_STATE state;
    PyObject *type, *value, *traceback;
};

static int enter(struct entry *entry)
{
    if (!Py_IsInitialized())
        return 0;
    entry->state = PyGILState_Ensure();
    PyErr_Fetch(&entry->type, &entry->value, &entry->traceback);
    return 1;
}

static void leave(struct entry *entry)
{
    PyErr_Restore(entry->type, entry->value, entry->traceback);
    PyGILState_Release(entry->state);
}

/* 1 when the callable came to its end, 0 when something interrupted it. Signals that came while we waited are looked
 * at first, lest their handlers run inside the callable. */
static int call(PyObject *callable, PyObject *arguments)
{
    PyObject *result = NULL;

    if (arguments) {
        if (PyErr_CheckSignals())
            keep_interruption();
        result = PyObject_Call(callable, arguments, NULL);
    }
    if (!result)
        keep_interruption();
    Py_XDECREF(result);
    return result != NULL;
}

int glue_callable(PyObject *input, const char *argument)
{
    if (input == Py_None || PyCallable_Check(input))
        return 1;
    refuse_type(input, argument, "callable or None");
    return 0;
}

PyObject *glue_kept(PyObject *callable)
{
    Py_INCREF(callable);
    return callable;
}

void glue_on_log(int level, const char *message, void *data)
{
    struct entry entry;
    PyObject *arguments;

    if (!enter(&entry))
        return;
    arguments = Py_BuildValue("(iN)", level, glue_string(message));
    call(data, arguments);
    Py_XDECREF(arguments);
    leave(&entry);
}

void glue_on_trace(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                   int duration_ms, void *data)
{
    struct entry entry;
    PyObject *arguments;

    if (!enter(&entry))
        return;
    arguments =
        Py_BuildValue("(iLsiiii)", event, (long long)call_id, operation, result, http_status, attempts, duration_ms);
    call(data, arguments);
    Py_XDECREF(arguments);
    leave(&entry);
}

/*
 * Without the session: what C hands over is not Python's to keep, and the package knows whose callback it is. A change
 * is told once more when its callable was interrupted: it may have been about to save the only good key.
 */
void glue_on_change(capauth_session *session, void *data)
{
    struct entry entry;
    PyObject *arguments;

    (void)session;
    if (!enter(&entry))
        return;
    arguments = PyTuple_New(0);
    if (!call(data, arguments))
        call(data, arguments);
    Py_XDECREF(arguments);
    leave(&entry);
}

void glue_free(void *data)
{
    struct entry entry;

    if (enter(&entry)) {
        Py_DECREF((PyObject *)data);
        leave(&entry);
    }
}

/* ---- The module ---- */

void *glue_call_address(capauth_call *call)
{
    return call;
}

int glue_seal(PyObject *type)
{
    static const char *const methods[] = {"append", "next", "own", "acquire", "disown"};

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (PyObject_HasAttrString(type, methods[i]) && PyObject_DelAttrString(type, methods[i]))
            return -1;
    }
    return 0;
}

int glue_check_interpreter(void)
{
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) == 0)
        return 0;
    PyErr_SetString(PyExc_ImportError, "capauth works in the main interpreter only, not in a sub-interpreter "
                                       "(mod_wsgi: WSGIApplicationGroup %{GLOBAL})");
    return -1;
}
