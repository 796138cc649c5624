/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LD_PRELOAD: a libcurl that lacks the option whose number is in LACKS_OPTION, or the features in LACKS_FEATURES, or is
 * of the version in IS_VERSION, and that can be asked what it was told: told_option, for options that are numbers,
 * told_nothing, whether one that is a text was told to be none, and held_globally, how often it was not yet let go.
 * What ends next, ends with the code in FAILS_WITH, because of what FAILS_BECAUSE says.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dlfcn.h>

#include <curl/curl.h>

#undef curl_easy_setopt

#define EXPORT __attribute__((visibility("default")))

enum { KIND = 10000, LONGS = 400 };

typedef CURLcode set_option(CURL *easy, CURLoption option, ...);
typedef curl_version_info_data *version_info(CURLversion version);

static long told[LONGS];
static char nothing[LONGS]; /* the last value was NULL */
static char *errors; /* where the last handle writes why it failed */

static long number_in(const char *variable)
{
    const char *text = getenv(variable);

    return text ? strtol(text, NULL, 10) : -1;
}

EXPORT long told_option(int option);
EXPORT long told_option(int option)
{
    return option < LONGS ? told[option] : -1;
}

EXPORT int told_nothing(int option);
EXPORT int told_nothing(int option)
{
    return option % KIND < LONGS && nothing[option % KIND];
}

static CURLcode pass_on_text(set_option *next, CURL *easy, CURLoption option, void *value)
{
    errors = option == CURLOPT_ERRORBUFFER ? value : errors;
    if ((int)option % KIND < LONGS)
        nothing[(int)option % KIND] = value ? 0 : 1;
    return next(easy, option, value);
}

static CURLcode pass_on(set_option *next, CURL *easy, CURLoption option, va_list values)
{
    long number;

    switch ((int)option / KIND * KIND) {
    case CURLOPTTYPE_LONG:
        number = va_arg(values, long);
        if ((int)option < LONGS)
            told[option] = number;
        return next(easy, option, number);
    case CURLOPTTYPE_OFF_T: /* NOLINT(bugprone-branch-clone): the types differ */
        return next(easy, option, va_arg(values, curl_off_t));
    case CURLOPTTYPE_OBJECTPOINT:
        return pass_on_text(next, easy, option, va_arg(values, void *));
    default:
        return next(easy, option, va_arg(values, void *));
    }
}

EXPORT CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    set_option *next;
    void *symbol = dlsym(RTLD_NEXT, "curl_easy_setopt");
    CURLcode code;
    va_list values;

    if (number_in("LACKS_OPTION") == (long)option)
        return CURLE_NOT_BUILT_IN;
    memcpy(&next, &symbol, sizeof next);
    va_start(values, option);
    code = pass_on(next, easy, option, values);
    va_end(values);
    return code;
}

EXPORT CURLMsg *curl_multi_info_read(CURLM *multi, int *left)
{
    static CURLMsg failed;
    CURLMsg *(*next)(CURLM * multi, int *left);
    void *symbol = dlsym(RTLD_NEXT, "curl_multi_info_read");
    CURLMsg *message;

    memcpy(&next, &symbol, sizeof next);
    message = next(multi, left);
    if (!message || !getenv("FAILS_WITH"))
        return message;
    failed = *message;
    failed.data.result = (CURLcode)number_in("FAILS_WITH");
    if (getenv("FAILS_BECAUSE"))
        snprintf(errors, CURL_ERROR_SIZE, "%s", getenv("FAILS_BECAUSE"));
    unsetenv("FAILS_WITH");
    return &failed;
}

static int held;

EXPORT int held_globally(void);
EXPORT int held_globally(void)
{
    return held;
}

EXPORT CURLcode curl_global_init(long flags)
{
    CURLcode (*next)(long flags);
    void *symbol = dlsym(RTLD_NEXT, "curl_global_init");

    memcpy(&next, &symbol, sizeof next);
    held++;
    return next(flags);
}

EXPORT void curl_global_cleanup(void)
{
    void (*next)(void);
    void *symbol = dlsym(RTLD_NEXT, "curl_global_cleanup");

    memcpy(&next, &symbol, sizeof next);
    held--;
    next();
}

EXPORT curl_version_info_data *curl_version_info(CURLversion version)
{
    static curl_version_info_data poorer;
    version_info *next;
    void *symbol = dlsym(RTLD_NEXT, "curl_version_info");

    memcpy(&next, &symbol, sizeof next);
    poorer = *next(version);
    if (getenv("IS_VERSION"))
        poorer.version_num = (unsigned)number_in("IS_VERSION");
    if (getenv("LACKS_FEATURES"))
        poorer.features &= ~(int)number_in("LACKS_FEATURES");
    return &poorer;
}
