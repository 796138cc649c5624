/* SPDX-License-Identifier: Apache-2.0 */
/* What swig/java.i needs of C: handles and texts on their way through JNI, and callbacks. A function that fails leaves
 * a Java exception pending, which the JVM throws when the native method returns. */
#ifndef CAPAUTH_JAVA_GLUE_H
#define CAPAUTH_JAVA_GLUE_H

#include "handles.h"

#include <jni.h>

/* ---- Out-parameters: the first element of an array ---- */

/* Throws unless there is one. */
bool glue_has_room(JNIEnv *jenv, jarray array);

/* Puts a number there; 0 leaves it as it is. */
void glue_give_number(JNIEnv *jenv, jlongArray array, jlong number);

/* The same with the number of a handle, which is Java's from now on; NULL leaves it as it is. */
void glue_give_handle(JNIEnv *jenv, jlongArray array, enum handle_kind kind, void *handle);

/* ---- Texts: UTF-8 in a byte[] ---- */

/* A copy that ends in NUL, and its length, for glue_wipe_text. NULL for null; also, with an exception pending, without
 * memory. */
char *glue_text(JNIEnv *jenv, jbyteArray bytes, size_t *length);

/* Wipes and frees what glue_text gave, or NULL. */
void glue_wipe_text(char *text, size_t length);

/* A new byte[]; NULL with an exception pending. */
jbyteArray glue_bytes(JNIEnv *jenv, const char *text, size_t length);

/* The same of a text that ends in NUL; null for NULL. */
jbyteArray glue_string(JNIEnv *jenv, const char *text);

/* Puts a copy of the text into the first element; NULL leaves it as it is. */
void glue_give_text(JNIEnv *jenv, jobjectArray array, const char *text);

/* ---- Callbacks ---- */

/* The `data` of a callback: it has glue_on_NAME call the method `called` of the listener, an object of the class
 * Listeners.NAME. NULL for null, and with an exception pending. */
void *glue_log_listener(JNIEnv *jenv, jobject listener);
void *glue_trace_listener(JNIEnv *jenv, jobject listener);
void *glue_change_listener(JNIEnv *jenv, jobject listener);

/* The callbacks and the free_data of such a `data`. */
void glue_on_log(int level, const char *message, void *data);
void glue_on_trace(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                   int duration_ms, void *data);
void glue_on_change(capauth_session *session, void *data);
void glue_free_listener(void *data);

#endif
