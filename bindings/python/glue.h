/* SPDX-License-Identifier: Apache-2.0 */
/* What swig/python.i needs of C: texts, and callbacks. Every function is called with the interpreter held, except the
 * callbacks, which take hold of it themselves. */
#ifndef CAPAUTH_PYTHON_GLUE_H
#define CAPAUTH_PYTHON_GLUE_H

#include <Python.h>
#include <capauth/capauth.h>

/* Sets what makes an InvalidArgumentError: `make(argument, why)`. The package gives it to us, so that what lies lowest
 * in it imports nothing of it. */
void glue_set_invalid_argument(PyObject *make);

/* The UTF-8 of a str, which keeps it alive. NULL with TypeError for another type, and with InvalidArgumentError for
 * what C cannot hold. */
const char *glue_text(PyObject *input, const char *argument);

/* The same of a str, bytes or bytearray: a bytearray can be wiped by its owner, but keeps its place while `held` is not
 * released. */
const char *glue_secret(PyObject *input, const char *argument, Py_buffer *held);

/* A new str, "" for NULL. What is not UTF-8 in the text is replaced. */
PyObject *glue_string(const char *text);

/* Both in one list, to which more can be appended. Takes the references; NULL with an error, as when `value` is NULL.
 */
PyObject *glue_append(PyObject *result, PyObject *value);

/* 1 for a callable and for None; else 0 with TypeError. */
int glue_callable(PyObject *input, const char *argument);

/* The callable, with a reference that glue_free gives back. */
PyObject *glue_kept(PyObject *callable);

/* The callbacks; `data` is the callable. */
void glue_on_log(int level, const char *message, void *data);
void glue_on_trace(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                   int duration_ms, void *data);
void glue_on_change(capauth_session *session, void *data);
void glue_free(void *data);

/* Where a call is, as a number of its own: what next_done gives is compared with it. */
void *glue_call_address(capauth_call *call);

/* 1 with an exception set when what was called meanwhile on this thread was interrupted; else 0. */
int glue_interrupted(void);

/* Gives an exception to sys.unraisablehook. */
void glue_report(PyObject *error, PyObject *where);

/* Takes away the methods by which a program could have SWIG free a handle twice or never, or go in a circle. 0, or -1
 * with an error. */
int glue_seal(PyObject *type);

/* 0, or -1 with ImportError in a sub-interpreter: type objects and callbacks belong to one interpreter. */
int glue_check_interpreter(void);

#endif
