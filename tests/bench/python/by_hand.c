/* SPDX-License-Identifier: Apache-2.0 */
/* by_hand.Session in Python: a session whose glue is written by hand, with one getter, for getter.py. */
#include <Python.h>

#include <capauth/capauth.h>

struct session {
    PyObject_HEAD capauth_session *handle;
};

PyMODINIT_FUNC PyInit_by_hand(void);

static PyObject *signed_in(PyObject *self, void *closure)
{
    (void)closure;
    return PyBool_FromLong(capauth_session_signed_in(((struct session *)self)->handle));
}

/* Lives as long as the program. */
static int init(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    capauth_client *client;

    (void)arguments, (void)keywords;
    if (!capauth_client_new(&client) && !capauth_client_set_base_url(client, "https://127.0.0.1:1") &&
        !capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "Bench", &((struct session *)self)->handle))
        return 0;
    PyErr_SetString(PyExc_RuntimeError, "no session");
    return -1;
}

static PyGetSetDef getters[] = {{"signed_in", signed_in, NULL, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};

static PyTypeObject type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "by_hand.Session",
    .tp_basicsize = sizeof(struct session),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_init = init,
    .tp_getset = getters,
};

PyMODINIT_FUNC PyInit_by_hand(void)
{
    static PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "by_hand", .m_size = -1};
    PyObject *module = PyModule_Create(&definition);

    if (!module || PyType_Ready(&type) || PyModule_AddObjectRef(module, "Session", (PyObject *)&type))
        return NULL;
    return module;
}
