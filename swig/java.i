/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Java: the flat layer, a package-private class io.capauth.Native with one static method for each C function. What the
 * world sees is hand-written, in bindings/java/.
 *
 *  - A handle is an object of a class of its own, kept alive by the JVM while a native method has it as an argument.
 *    Handle.java tells when it is freed. Out-parameters are empty handles, filled by the call.
 *  - Text is UTF-8 in a byte[]: JNI's own strings are modified UTF-8, and cannot be wiped. null is NULL. Our copies are
 *    wiped. Whoever calls sees to it that there is no NUL inside (Text.java).
 *  - Nothing returns early, so that nothing leaks: when a text cannot be copied, the C function is not called.
 */
%module Native

%pragma(java) moduleclassmodifiers="final class"
%pragma(java) jniclassclassmodifiers="final class"
%pragma(java) jniclasscode=%{
  static {
    NativeLibrary.load();
  }
%}

/* Plain constants, in an interface of the compiler's choosing; the enumerations are made of them by hand, so that a
 * number from a later core is no exception. */
%include "enumtypeunsafe.swg"
%javaconst(1);

/* ---- Handles -------------------------------------------------------------------------------------------------- */

%define CAPAUTH_JAVA_HANDLE(NAME, CLASS)
%rename(CLASS) NAME;
%typemap(javaclassmodifiers) struct NAME "class"
%typemap(javabase) struct NAME "Handle"
%typemap(javabody) struct NAME ""
%typemap(javafinalize) struct NAME ""
%typemap(javadestruct, methodname="delete", methodmodifiers="") struct NAME ""
%typemap(javain, pgcppname="$javainput") NAME *, const NAME * "Handle.pointer($javainput)"
%typemap(in) NAME *, const NAME *, struct NAME * "$1 = ($1_ltype)(intptr_t)$input;"

/* An empty handle, which the call fills. It may stay empty: NULL. */
%typemap(jni) NAME ** "jlongArray"
%typemap(jtype) NAME ** "long[]"
%typemap(jstype) NAME ** "CLASS"
%typemap(javain, pre="    long[] out$javainput = new long[1];", post="      $javainput.fill(out$javainput[0]);")
    NAME ** "out$javainput"
%typemap(in, numinputs=1) NAME ** (NAME *out = NULL) "$1 = &out;"
%typemap(argout) NAME ** {
    jlong pointer = (jlong)(intptr_t)*$1;
    if (pointer) JCALL4(SetLongArrayRegion, jenv, $input, 0, 1, &pointer);
}
%exception NAME::~NAME "$action" /* gives nothing, takes no text */
%enddef

CAPAUTH_JAVA_HANDLE(capauth_client, NativeClient)
CAPAUTH_JAVA_HANDLE(capauth_session, NativeSession)
CAPAUTH_JAVA_HANDLE(capauth_call, NativeCall)
CAPAUTH_JAVA_HANDLE(capauth_options, NativeOptions)

/* ---- Text ----------------------------------------------------------------------------------------------------- */

%{
#include <capauth/capauth.h>
#include <stdlib.h>
#include <string.h>

/* A copy that ends in NUL, or NULL with an exception pending. */
static char *capauth_java_text(JNIEnv *jenv, jbyteArray bytes, size_t *length) {
    jsize count = (*jenv)->GetArrayLength(jenv, bytes);
    char *text = malloc((size_t)count + 1);
    if (!text) {
        SWIG_JavaThrowException(jenv, SWIG_JavaOutOfMemoryError, "no memory for a text");
        return NULL;
    }
    (*jenv)->GetByteArrayRegion(jenv, bytes, 0, count, (jbyte *)text);
    text[count] = '\0';
    *length = (size_t)count;
    return text;
}

/* Volatile, so that the compiler does not drop writes to memory that is freed next. */
static void capauth_java_wipe(char *text, size_t length) {
    volatile char *byte = text;
    while (length--) *byte++ = 0;
    free(text);
}

static jbyteArray capauth_java_bytes(JNIEnv *jenv, const char *text, size_t length) {
    jbyteArray bytes = (*jenv)->NewByteArray(jenv, (jsize)length);
    if (bytes) (*jenv)->SetByteArrayRegion(jenv, bytes, 0, (jsize)length, (const jbyte *)text);
    return bytes;
}
%}

%typemap(jni) const char * "jbyteArray"
%typemap(jtype) const char * "byte[]"
%typemap(jstype) const char * "byte[]"
%typemap(javain) const char * "$javainput"
%typemap(javaout) const char * { return $jnicall; }
%typemap(in) const char * (size_t length = 0)
    "$1 = $input ? capauth_java_text(jenv, $input, &length) : NULL;"
%typemap(freearg) const char * "if ($1) capauth_java_wipe((char *)$1, length$argnum);"
%typemap(out) const char * "$result = $1 ? capauth_java_bytes(jenv, $1, strlen($1)) : NULL;"

/* A reply's body may hold NULs: its length is what C says. */
%typemap(in, numinputs=0) size_t *length (size_t bytes = 0) "$1 = &bytes;"
%typemap(out) const char *capauth_call_body ""
%typemap(argout) size_t *length "$result = result ? capauth_java_bytes(jenv, result, *$1) : NULL;"

/* A text of C's own, into the first element. */
%typemap(jni) char ** "jobjectArray"
%typemap(jtype) char ** "byte[][]"
%typemap(jstype) char ** "byte[][]"
%typemap(javain) char ** "$javainput"
%typemap(in) char ** (char *out = NULL) "$1 = &out;"
%typemap(argout) char ** {
    jbyteArray bytes = *$1 ? capauth_java_bytes(jenv, *$1, strlen(*$1)) : NULL;
    if (bytes) JCALL3(SetObjectArrayElement, jenv, $input, 0, bytes);
    capauth_string_free($1);
}

%exception {
    if ((*jenv)->ExceptionCheck(jenv)) {
        result = 0; /* a text could not be copied */
    } else {
        $action
    }
}

/* ---- Callbacks ------------------------------------------------------------------------------------------------ */

/*
 * `data` is a listener object, whose method C calls. It is held weakly, by whoever set it strongly: else the class loader
 * of an application could not be collected before the client is freed. The JVM is kept beside it, since the library has
 * no globals. The classes in Listeners.java let no exception out.
 */
%{
typedef struct {
    JavaVM *vm;
    jweak target;
    jmethodID method;
} capauth_java_listener;

/* Callbacks come on threads that are inside one of our native methods, and so attached already; should a resolver or a
 * finalizer of the host's ever be the one, it is attached, and stays so, as a daemon that holds nothing up. */
static JNIEnv *capauth_java_env(JavaVM *vm) {
    void *jenv = NULL;
    if ((*vm)->GetEnv(vm, &jenv, JNI_VERSION_1_6) == JNI_OK) return jenv;
#ifdef __ANDROID__
    JNIEnv *attached = NULL;
    return (*vm)->AttachCurrentThreadAsDaemon(vm, &attached, NULL) == JNI_OK ? attached : NULL;
#else
    return (*vm)->AttachCurrentThreadAsDaemon(vm, &jenv, NULL) == JNI_OK ? jenv : NULL;
#endif
}

static void capauth_java_forget(void *data) {
    capauth_java_listener *listener = data;
    JNIEnv *jenv = capauth_java_env(listener->vm);
    if (jenv) (*jenv)->DeleteWeakGlobalRef(jenv, listener->target);
    free(listener);
}

/* The listener, to be let go by DeleteLocalRef; NULL when it is gone. */
static jobject capauth_java_target(JNIEnv *jenv, const capauth_java_listener *listener) {
    return jenv ? (*jenv)->NewLocalRef(jenv, listener->target) : NULL;
}

/* NULL with an exception pending. */
static capauth_java_listener *capauth_java_remember(JNIEnv *jenv, jobject target, const char *signature) {
    capauth_java_listener *listener = malloc(sizeof *listener);
    if (!listener) {
        SWIG_JavaThrowException(jenv, SWIG_JavaOutOfMemoryError, "no memory for a listener");
        return NULL;
    }
    jclass type = (*jenv)->GetObjectClass(jenv, target);
    listener->method = (*jenv)->GetMethodID(jenv, type, "called", signature);
    listener->target = listener->method ? (*jenv)->NewWeakGlobalRef(jenv, target) : NULL;
    if (!listener->target || (*jenv)->GetJavaVM(jenv, &listener->vm)) {
        free(listener);
        return NULL;
    }
    return listener;
}

/* The listeners let no exception out, save where there is not even the room to catch one. */
static void capauth_java_returned(JNIEnv *jenv, jobject target, jobject text) {
    if (!jenv) return;
    if ((*jenv)->ExceptionCheck(jenv)) (*jenv)->ExceptionClear(jenv);
    if (text) (*jenv)->DeleteLocalRef(jenv, text);
    if (target) (*jenv)->DeleteLocalRef(jenv, target);
}

static void capauth_java_log(int level, const char *message, void *data) {
    capauth_java_listener *listener = data;
    JNIEnv *jenv = capauth_java_env(listener->vm);
    jobject target = capauth_java_target(jenv, listener);
    jbyteArray text = target ? capauth_java_bytes(jenv, message, strlen(message)) : NULL;
    if (text) (*jenv)->CallVoidMethod(jenv, target, listener->method, (jint)level, text);
    capauth_java_returned(jenv, target, text);
}

static void capauth_java_trace(int event, int64_t call_id, const char *operation, int result, int http_status,
                               int attempts, int duration_ms, void *data) {
    capauth_java_listener *listener = data;
    JNIEnv *jenv = capauth_java_env(listener->vm);
    jobject target = capauth_java_target(jenv, listener);
    jbyteArray text = target ? capauth_java_bytes(jenv, operation, strlen(operation)) : NULL;
    if (text) {
        (*jenv)->CallVoidMethod(jenv, target, listener->method, (jint)event, (jlong)call_id, text, (jint)result,
                                (jint)http_status, (jint)attempts, (jint)duration_ms);
    }
    capauth_java_returned(jenv, target, text);
}

static void capauth_java_change(capauth_session *session, void *data) {
    capauth_java_listener *listener = data;
    JNIEnv *jenv = capauth_java_env(listener->vm);
    jobject target = capauth_java_target(jenv, listener);
    (void)session; /* the listener knows whose it is */
    if (target) (*jenv)->CallVoidMethod(jenv, target, listener->method);
    capauth_java_returned(jenv, target, NULL);
}
%}

%define CAPAUTH_JAVA_LISTENER(TYPE, CLASS, FUNCTION, SIGNATURE)
%typemap(jni) (TYPE callback, void *data, void (*free_data)(void *data)) "jobject"
%typemap(jtype) (TYPE callback, void *data, void (*free_data)(void *data)) "CLASS"
%typemap(jstype) (TYPE callback, void *data, void (*free_data)(void *data)) "CLASS"
%typemap(javain) (TYPE callback, void *data, void (*free_data)(void *data)) "$javainput"
%typemap(in) (TYPE callback, void *data, void (*free_data)(void *data)) {
    $2 = $input ? capauth_java_remember(jenv, $input, SIGNATURE) : NULL;
    $1 = $2 ? FUNCTION : NULL;
    $3 = $2 ? capauth_java_forget : NULL;
}
%enddef

CAPAUTH_JAVA_LISTENER(capauth_log_callback, Listeners.Log, capauth_java_log, "(I[B)V")
CAPAUTH_JAVA_LISTENER(capauth_trace_callback, Listeners.Trace, capauth_java_trace, "(IJ[BIIII)V")
CAPAUTH_JAVA_LISTENER(capauth_change_callback, Listeners.Change, capauth_java_change, "()V")

/* ---- API ------------------------------------------------------------------------------------------------------ */

%include "capauth.i"
