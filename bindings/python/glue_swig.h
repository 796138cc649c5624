/* SPDX-License-Identifier: Apache-2.0 */
/* What needs SWIG's own declarations: swig/python.i includes it in what SWIG writes, behind them. */
#ifndef CAPAUTH_PYTHON_GLUE_SWIG_H
#define CAPAUTH_PYTHON_GLUE_SWIG_H

#include "glue.h"

/*
 * SWIG's object under a handle, held for as long as C works with the pointer in it: another thread, or code that runs
 * while a later argument is looked at, may drop the handle. SWIG's own way holds nothing, and follows `this` without an
 * end. None is NULL. Gives 0 with TypeError, or with what looking raised, for all that is no handle of this type.
 */
static int hold_handle(PyObject *input, swig_type_info *type, const char *mistake, PyObject **held)
{
    if (input == Py_None)
        return 1;
    *held = PyObject_GetAttr(input, SWIG_This());
    if (*held && SwigPyObject_Check(*held) && ((SwigPyObject *)*held)->ty == type)
        return 1;
    if (*held || PyErr_ExceptionMatches(PyExc_AttributeError))
        PyErr_SetString(PyExc_TypeError, mistake);
    return 0;
}

/* ---- The module ---- */

#undef SWIG_init /* SWIG's entry point gets another name */
#define SWIG_init capauth_swig_init

PyObject *capauth_swig_init(void);
static int SWIG_mod_exec(PyObject *module);

static int check_interpreter(PyObject *module)
{
    (void)module;
    return glue_check_interpreter();
}

/* A sub-interpreter is refused before SWIG's own code overwrites what the main one uses. */
PyMODINIT_FUNC PyInit__capauth(void)
{
    static PyModuleDef_Slot slots[] = {{Py_mod_exec, check_interpreter}, {Py_mod_exec, SWIG_mod_exec}, {0, NULL}};
    PyObject *definition = capauth_swig_init();

    if (definition)
        ((PyModuleDef *)definition)->m_slots = slots;
    return definition;
}

#endif
