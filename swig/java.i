/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Java's part of the flat layer: a package-private class io.capauth.Native with one static method for each C function.
 * Applications see the hand-written classes in bindings/java/.
 *
 *  - A handle is an object of a class of its own, kept alive by the JVM while a native method has it as an argument.
 *    Handle.java says when it is freed. Out-parameters are empty handles, filled by the call. A number that is no
 *    handle's is NULL to C (handles.h).
 *  - Text is UTF-8 in a byte[]: JNI's own strings are modified UTF-8, and cannot be wiped. null is NULL. Our copies are
 *    wiped. Whoever calls sees to it that there is no NUL inside (Text.java).
 *  - Nothing returns early, so that nothing leaks: an argument that cannot be taken leads past the C function, to what
 *    frees the arguments before it. JNI is not asked whether an exception is pending, which costs as much as a getter.
 */
%module Native

/* ---- Head ------------------------------------------------------------------------------------------------------- */

%{
#include "glue.h"
%}

%pragma(java) moduleclassmodifiers="final class"
%pragma(java) jniclassclassmodifiers="final class"
%pragma(java) jniclasscode=%{
  static {
    NativeLibrary.load();
  }
%}

/* Plain constants: the enumerations are made of them by hand, so that a number from a later core is no exception. */
%include "enumtypeunsafe.swg"
%javaconst(1);

%exception {
    $action
    if (0)
    refused:
        result = 0; /* an argument could not be taken */
}

/* ---- Typemaps: handles ------------------------------------------------------------------------------------------ */

%define CAPAUTH_HANDLE_TYPEMAPS(NAME, CLASS)
%typemap(javaclassmodifiers) struct NAME "class"
%typemap(javabase) struct NAME "Handle"
%typemap(javabody) struct NAME ""
%typemap(javafinalize) struct NAME ""
%typemap(javadestruct, methodname="delete", methodmodifiers="") struct NAME ""
%typemap(javain, pgcppname="$javainput") NAME *, const NAME * "Handle.number($javainput)"
%typemap(in) NAME *, const NAME * { $1 = ($1_ltype)handles_enter(KIND_##NAME, (uint64_t)$input); }
%typemap(freearg) NAME *, const NAME * {
    if ($1)
        handles_leave((uint64_t)$input);
}

/* An empty handle, which the call fills. It may stay empty: NULL. */
%typemap(jni) NAME ** "jlongArray"
%typemap(jtype) NAME ** "long[]"
%typemap(jstype) NAME ** "CLASS"
%typemap(javain, pre="    long[] out$javainput = new long[1];", post="      $javainput.fill(out$javainput[0]);")
    NAME ** "out$javainput"
%typemap(in, numinputs=1) NAME ** (NAME *given = NULL) {
    $1 = &given;
    if (!glue_has_room(jenv, $input))
        goto refused;
}
%typemap(argout) NAME ** { glue_give_handle(jenv, $input, KIND_##NAME, given$argnum); }
%typemap(in) struct NAME * "$1 = NULL;" /* of the destructor */
%exception NAME::~NAME { handles_free(KIND_##NAME, (uint64_t)jarg1); }
%enddef

/* It has an owner, which knows it by its address. */
%typemap(argout) capauth_call **finished "glue_give_number(jenv, $input, (jlong)(intptr_t)given$argnum);"
%{
static int64_t capauth_call_address(const capauth_call *call)
{
    return (int64_t)(intptr_t)call;
}
%}

/* ---- Typemaps: texts -------------------------------------------------------------------------------------------- */

%typemap(jni) const char * "jbyteArray"
%typemap(jtype) const char * "byte[]"
%typemap(jstype) const char * "byte[]"
%typemap(javain) const char * "$javainput"
%typemap(javaout) const char * { return $jnicall; }
%typemap(in) const char * (size_t length = 0) {
    $1 = glue_text(jenv, $input, &length);
    if ($input && !$1)
        goto refused;
}
%typemap(freearg) const char * "glue_wipe_text((char *)$1, length$argnum);"
%typemap(out) const char * "$result = glue_string(jenv, $1);"

/* The body of a reply may hold NULs: it is as long as C says. */
%typemap(out) const char *capauth_call_body ""
%typemap(argout) size_t *length "$result = result ? glue_bytes(jenv, result, *$1) : NULL;"

/* The first element of the array is filled. */
%typemap(jni) char ** "jobjectArray"
%typemap(jtype) char ** "byte[][]"
%typemap(jstype) char ** "byte[][]"
%typemap(javain) char ** "$javainput"
%typemap(in) char ** (char *given = NULL) {
    $1 = &given;
    if (!glue_has_room(jenv, $input))
        goto refused;
}
%typemap(argout) char ** "glue_give_text(jenv, $input, given$argnum);"

/* ---- Typemaps: callbacks ---------------------------------------------------------------------------------------- */

/* A listener object, whose method `called` is called. */
%define CAPAUTH_CALLBACK_TYPEMAPS(TYPE, NAME, CLASS)
%typemap(jni) (TYPE callback, void *data, void (*free_data)(void *data)) "jobject"
%typemap(jtype) (TYPE callback, void *data, void (*free_data)(void *data)) "Listeners.CLASS"
%typemap(jstype) (TYPE callback, void *data, void (*free_data)(void *data)) "Listeners.CLASS"
%typemap(javain) (TYPE callback, void *data, void (*free_data)(void *data)) "$javainput"
%typemap(in) (TYPE callback, void *data, void (*free_data)(void *data)) {
    $2 = glue_##NAME##_listener(jenv, $input);
    if ($input && !$2)
        goto refused;
    $1 = $2 ? glue_on_##NAME : NULL;
    $3 = $2 ? glue_free_listener : NULL;
}
%enddef

/* ---- API -------------------------------------------------------------------------------------------------------- */

%include "capauth.i"

int64_t capauth_call_address(const capauth_call *call);
