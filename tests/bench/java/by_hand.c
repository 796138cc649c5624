/* SPDX-License-Identifier: Apache-2.0 */
/* Getter.ByHand in Java: a session whose glue is written by hand, with one getter. */
#include <capauth/capauth.h>

#include <jni.h>
#include <stddef.h>
#include <stdint.h>

JNIEXPORT jlong JNICALL Java_Getter_00024ByHand_make(JNIEnv *env, jclass class);
JNIEXPORT jboolean JNICALL Java_Getter_00024ByHand_signedIn(JNIEnv *env, jclass class, jlong handle);

/* Lives as long as the program. */
JNIEXPORT jlong JNICALL Java_Getter_00024ByHand_make(JNIEnv *env, jclass class)
{
    capauth_client *client;
    capauth_session *session;

    (void)env, (void)class;
    if (capauth_client_new(&client) || capauth_client_set_base_url(client, "https://127.0.0.1:1") ||
        capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "Bench", &session))
        return 0;
    return (jlong)(intptr_t)session;
}

JNIEXPORT jboolean JNICALL Java_Getter_00024ByHand_signedIn(JNIEnv *env, jclass class, jlong handle)
{
    (void)env, (void)class;
    return capauth_session_signed_in((const capauth_session *)(intptr_t)handle) != 0;
}
