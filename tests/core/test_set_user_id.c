/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that really is set-user-id: a copy of this one, which belongs to one user and is run by another. Only root
 * can make such a copy; without that the test is skipped, and core.more_rights is what is left.
 */
#include "support.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OWNER = 65533, CALLER = 65534 };

/* ---- Inside the copy: who calls it has written the environment ---- */

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                                    \
            return 1;                                                                                                  \
        }                                                                                                              \
    } while (0)

static int believe_nothing(void)
{
    const char *trusted = getenv("SSL_CERT_FILE");
    capauth_client *client = NULL;
    char *about = NULL;

    EXPECT(geteuid() == OWNER && getuid() == CALLER && getauxval(AT_SECURE));
    EXPECT(trusted && getenv("https_proxy"));
    EXPECT(capauth_client_new(&client) == CAPAUTH_OK);
    EXPECT(capauth_client_set_base_url(client, "https://auth.brand.example") == CAPAUTH_OK);
    EXPECT(capauth_client_set_proxy(client, "env") == CAPAUTH_OK);
    EXPECT(capauth_diagnose(client, &about) == CAPAUTH_OK);
    EXPECT(!strstr(about, trusted));
    EXPECT(strstr(about, "no proxy"));
    capauth_string_free(&about);
    capauth_client_free(&client);
    return 0;
}

/* libcurl would write the keys of TLS into the caller's file, as the owner. */
static int log_no_keys(void)
{
    const char *keys = getenv("SSLKEYLOGFILE");
    capauth_client *client = NULL;

    EXPECT(keys);
    EXPECT(capauth_client_new(&client) == CAPAUTH_E_UNSUPPORTED && !client);
    EXPECT(access(keys, F_OK));
    return 0;
}

/* ---- Outside ---- */

struct copy {
    char folder[64];
    char program[128];
    char key_log[128];
};

static void copy_bytes(int from, int to)
{
    char bytes[65536];
    ssize_t got;

    while ((got = read(from, bytes, sizeof bytes)) > 0)
        assert_int_equal(write(to, bytes, (size_t)got), got);
    assert_int_equal(got, 0);
}

/* This program in a folder of its own, as the owner's, with the bit. */
static void copy_make(struct copy *copy)
{
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int to;

    snprintf(copy->folder, sizeof copy->folder, "/tmp/capauth-test-XXXXXX");
    assert_non_null(mkdtemp(copy->folder));
    assert_int_equal(chmod(copy->folder, 0755), 0);
    assert_int_equal(chown(copy->folder, OWNER, OWNER), 0);
    snprintf(copy->program, sizeof copy->program, "%s/set_user_id", copy->folder);
    snprintf(copy->key_log, sizeof copy->key_log, "SSLKEYLOGFILE=%s/keys", copy->folder);
    to = open(copy->program, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    copy_bytes(from, to);
    assert_int_equal(fchown(to, OWNER, OWNER), 0);
    assert_int_equal(fchmod(to, 04755), 0);
    close(from);
    close(to);
}

static void copy_remove(const struct copy *copy)
{
    unlink(copy->program);
    unlink(strchr(copy->key_log, '/'));
    rmdir(copy->folder);
}

/* Sanitizers look into their process in ways that such a program is denied. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

static bool can_be_made(void)
{
    struct statvfs about;

    return !sanitized && geteuid() == 0 && !statvfs("/tmp", &about) && !(about.f_flag & ST_NOSUID) &&
           prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}

/* What it comes to, run by somebody else, with this variable beside the usual ones. */
static int run(struct copy *copy, char *what, char *variable)
{
    char trust[] = "SSL_CERT_FILE=/etc/hostile.pem", proxy[] = "https_proxy=http://127.0.0.1:1";
    char *const environment[] = {trust, proxy, variable, NULL};
    char *const arguments[] = {copy->program, what, NULL};
    pid_t process = fork();
    int status = 0;

    if (process == 0) {
        if (!setgid(CALLER) && !setuid(CALLER))
            execve(copy->program, arguments, environment);
        _exit(127);
    }
    assert_int_equal(waitpid(process, &status, 0), process);
    return status;
}

TEST(who_calls_a_set_user_id_program_is_not_believed)
{
    char believe[] = "believe_nothing", log[] = "log_no_keys";
    struct copy copy;

    if (!can_be_made()) {
        print_message("no set-user-id program can be made here\n");
        skip();
    }
    copy_make(&copy);
    assert_int_equal(run(&copy, believe, NULL), 0);
    assert_int_equal(run(&copy, log, copy.key_log), 0);
    copy_remove(&copy);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_calls_a_set_user_id_program_is_not_believed),
    };

    if (count > 1 && !strcmp(arguments[1], "believe_nothing"))
        return believe_nothing();
    if (count > 1 && !strcmp(arguments[1], "log_no_keys"))
        return log_no_keys();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
