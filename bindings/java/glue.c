/* SPDX-License-Identifier: Apache-2.0 */
#include "glue.h"

#include <stdlib.h>
#include <string.h>

static void throw_no_memory(JNIEnv *jenv, const char *what)
{
    jclass type = (*jenv)->FindClass(jenv, "java/lang/OutOfMemoryError");

    if (type)
        (*jenv)->ThrowNew(jenv, type, what);
}

/* ---- Out-parameters ---- */

bool glue_has_room(JNIEnv *jenv, jarray array)
{
    const char *name = !array ? "java/lang/NullPointerException" : "java/lang/ArrayIndexOutOfBoundsException";
    jclass type;

    if (array && (*jenv)->GetArrayLength(jenv, array) > 0)
        return true;
    type = (*jenv)->FindClass(jenv, name);
    if (type)
        (*jenv)->ThrowNew(jenv, type, "no room for what is given");
    return false;
}

void glue_give_number(JNIEnv *jenv, jlongArray array, jlong number)
{
    if (number)
        (*jenv)->SetLongArrayRegion(jenv, array, 0, 1, &number);
}

void glue_give_handle(JNIEnv *jenv, jlongArray array, enum handle_kind kind, void *handle)
{
    uint64_t number = handle ? handles_take(kind, handle) : 0;

    if (number)
        glue_give_number(jenv, array, (jlong)number);
    else if (handle)
        throw_no_memory(jenv, "no memory for a handle");
}

/* The class loader is gone, and with it whoever would have freed what is left. */
JNIEXPORT void JNICALL JNI_OnUnload(JavaVM *vm, void *reserved)
{
    (void)vm;
    (void)reserved;
    handles_free_all();
}

/* ---- Texts ---- */

char *glue_text(JNIEnv *jenv, jbyteArray bytes, size_t *length)
{
    jsize count = bytes ? (*jenv)->GetArrayLength(jenv, bytes) : 0;
    char *text = bytes ? malloc((size_t)count + 1) : NULL;

    if (text) {
        (*jenv)->GetByteArrayRegion(jenv, bytes, 0, count, (jbyte *)text);
        text[count] = '\0';
        *length = (size_t)count;
    } else if (bytes) {
        throw_no_memory(jenv, "no memory for a text");
    }
    return text;
}

/* Volatile, or the compiler would leave out writes to memory that is freed next. */
void glue_wipe_text(char *text, size_t length)
{
    volatile char *byte = text;

    while (text && length--)
        *byte++ = '\0';
    free(text);
}

jbyteArray glue_bytes(JNIEnv *jenv, const char *text, size_t length)
{
    jbyteArray bytes = (*jenv)->NewByteArray(jenv, (jsize)length);

    if (bytes)
        (*jenv)->SetByteArrayRegion(jenv, bytes, 0, (jsize)length, (const jbyte *)text);
    return bytes;
}

jbyteArray glue_string(JNIEnv *jenv, const char *text)
{
    return text ? glue_bytes(jenv, text, strlen(text)) : NULL;
}

void glue_give_text(JNIEnv *jenv, jobjectArray array, const char *text)
{
    jbyteArray bytes = glue_string(jenv, text);

    if (bytes)
        (*jenv)->SetObjectArrayElement(jenv, array, 0, bytes);
}

/* ---- Callbacks ---- */

/*
 * The listener is held weakly, by whoever set it strongly: else the class loader of an application could not be
 * collected before the client is freed. The JVM is kept beside it, since the library has no globals. The classes in
 * Listeners.java let no exception out.
 */
struct listener {
    JavaVM *vm;
    jweak target;
    jmethodID method;
};

/* Callbacks come on threads that are inside one of our native methods, and so attached already. Should a resolver or a
 * finalizer of the host's ever be the one, it is attached, and stays so, as a daemon that holds nothing up. */
static JNIEnv *environment_of(JavaVM *vm)
{
#ifdef __ANDROID__
    JNIEnv *jenv = NULL; /* its jni.h has another type in AttachCurrentThread */
    if ((*vm)->GetEnv(vm, (void **)&jenv, JNI_VERSION_1_6) == JNI_OK)
        return jenv;
#else
    void *jenv = NULL;

    if ((*vm)->GetEnv(vm, &jenv, JNI_VERSION_1_6) == JNI_OK)
        return jenv;
#endif
    return (*vm)->AttachCurrentThreadAsDaemon(vm, &jenv, NULL) == JNI_OK ? jenv : NULL;
}

static void *new_listener(JNIEnv *jenv, jobject target, const char *signature)
{
    struct listener *listener = target ? malloc(sizeof *listener) : NULL;
    jclass type;

    if (!listener) {
        if (target)
            throw_no_memory(jenv, "no memory for a listener");
        return NULL;
    }
    type = (*jenv)->GetObjectClass(jenv, target);
    listener->method = (*jenv)->GetMethodID(jenv, type, "called", signature);
    listener->target = listener->method ? (*jenv)->NewWeakGlobalRef(jenv, target) : NULL;
    if (!listener->target || (*jenv)->GetJavaVM(jenv, &listener->vm)) {
        free(listener);
        return NULL;
    }
    return listener;
}

void *glue_log_listener(JNIEnv *jenv, jobject listener)
{
    return new_listener(jenv, listener, "(I[B)V");
}

void *glue_trace_listener(JNIEnv *jenv, jobject listener)
{
    return new_listener(jenv, listener, "(IJ[BIIII)V");
}

void *glue_change_listener(JNIEnv *jenv, jobject listener)
{
    return new_listener(jenv, listener, "()V");
}

void glue_free_listener(void *data)
{
    struct listener *listener = data;
    JNIEnv *jenv = environment_of(listener->vm);

    if (jenv)
        (*jenv)->DeleteWeakGlobalRef(jenv, listener->target);
    free(listener);
}

/* One delivery: where it goes, and what it brings. */
struct delivery {
    JNIEnv *jenv;
    jobject target; /* NULL: the listener is gone */
    jbyteArray text;
};

static struct delivery begin_delivery(const struct listener *listener, const char *text)
{
    struct delivery delivery = {environment_of(listener->vm), NULL, NULL};
    JNIEnv *jenv = delivery.jenv;

    if (jenv)
        delivery.target = (*jenv)->NewLocalRef(jenv, listener->target);
    if (delivery.target)
        delivery.text = glue_string(jenv, text);
    return delivery;
}

/* The listeners let no exception out, save where there is not even the memory to catch one. */
static void end_delivery(const struct delivery *delivery)
{
    JNIEnv *jenv = delivery->jenv;

    if (!jenv)
        return;
    if ((*jenv)->ExceptionCheck(jenv))
        (*jenv)->ExceptionClear(jenv);
    (*jenv)->DeleteLocalRef(jenv, delivery->text);
    (*jenv)->DeleteLocalRef(jenv, delivery->target);
}

void glue_on_log(int level, const char *message, void *data)
{
    const struct listener *listener = data;
    struct delivery to = begin_delivery(listener, message);

    if (to.text)
        (*to.jenv)->CallVoidMethod(to.jenv, to.target, listener->method, (jint)level, to.text);
    end_delivery(&to);
}

void glue_on_trace(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                   int duration_ms, void *data)
{
    const struct listener *listener = data;
    struct delivery to = begin_delivery(listener, operation);

    if (to.text)
        (*to.jenv)->CallVoidMethod(to.jenv, to.target, listener->method, (jint)event, (jlong)call_id, to.text,
                                   (jint)result, (jint)http_status, (jint)attempts, (jint)duration_ms);
    end_delivery(&to);
}

void glue_on_change(capauth_session *session, void *data)
{
    const struct listener *listener = data;
    struct delivery to = begin_delivery(listener, NULL);

    (void)session; /* the listener knows which one it is */
    if (to.target)
        (*to.jenv)->CallVoidMethod(to.jenv, to.target, listener->method);
    end_delivery(&to);
}
