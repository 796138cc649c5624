/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a sign-in and a sign-out, no password, OTP, token or key is left in memory that capauth allocated, or json-c
 * for it: the whole readable memory of the process is searched, and each hit is traced to who allocated the block. What
 * libcurl and the TLS library leave behind is counted and printed; core/docs/understanding/promises.md says what a host
 * can do about it. Nor is any block left that was not freed.
 *
 * The test keeps its own copies of the secrets masked, and reads no JSON, so that all hits are others'.
 */
#define _GNU_SOURCE
#include "../core/support.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

enum { MASK = 0x5a, SECRETS_MOST = 32, LONGEST = 2048 };

static struct {
    const char *name;
    unsigned char masked[LONGEST];
    size_t length;
} secrets[SECRETS_MOST];
static size_t secret_count;

static void remember(const char *name, const char *text)
{
    size_t length = strlen(text);

    assert_true(secret_count < SECRETS_MOST && length < LONGEST);
    if (!length)
        return;
    secrets[secret_count].name = name;
    secrets[secret_count].length = length;
    for (size_t i = 0; i < length; i++)
        secrets[secret_count].masked[i] = (unsigned char)((unsigned char)text[i] ^ MASK);
    secret_count++;
}

static void remember_tokens(capauth_session *customer)
{
    char *text = NULL;

    assert_code(capauth_session_copy_token(customer, &text), CAPAUTH_OK);
    remember("token", text);
    capauth_string_free(&text);
    assert_code(capauth_session_copy_key(customer, &text), CAPAUTH_OK);
    remember("key", text);
    capauth_string_free(&text);
}

/* Of a secret that is long, a part of it is as bad as all of it. */
static size_t looked_for(size_t length)
{
    return length > 48 ? 48 : length;
}

static bool is_secret(const unsigned char *at, size_t secret)
{
    size_t length = looked_for(secrets[secret].length);
    size_t from = secrets[secret].length - length; /* the end: what is particular to a JWT is its signature */

    for (size_t i = 0; i < length; i++) {
        if ((at[i] ^ MASK) != secrets[secret].masked[from + i])
            return false;
    }
    return true;
}

/* ---- Whose memory it is ---- */

static const char *owner_of_block(const struct arena_block *block)
{
    Dl_info info;

    if (!dladdr(block->caller, &info) || !info.dli_fname)
        return "unknown";
    return strrchr(info.dli_fname, '/') ? strrchr(info.dli_fname, '/') + 1 : info.dli_fname;
}

static const char *owner_of(const unsigned char *address)
{
    struct arena_block block;

    if (!arena_find(address, &block))
        return arena_holds(address) ? "between blocks" : "no block (stack, data, mapped files)";
    return owner_of_block(&block);
}

static bool is_ours(const char *owner)
{
    return strstr(owner, "libcapauth") || strstr(owner, "libjson-c");
}

static struct {
    const char *owner;
    int hits;
} tally[16];

static void count_hit(const char *owner)
{
    size_t i = 0;

    while (i < 15 && tally[i].owner && strcmp(tally[i].owner, owner) != 0)
        i++;
    tally[i].owner = owner;
    tally[i].hits++;
}

static int hit(const unsigned char *address, size_t secret)
{
    const char *owner = owner_of(address);
    struct arena_block block = {0};
    Dl_info info = {0};

    count_hit(owner);
    if (!is_ours(owner))
        return 0;
    (void)arena_find(address, &block);
    (void)dladdr(block.caller, &info);
    print_error("%s left in a %s block of %zu bytes that %s %s allocated\n", secrets[secret].name,
                block.freed ? "freed" : "live", block.size, owner, info.dli_sname ? info.dli_sname : "(static)");
    return 1;
}

/* ---- The search ---- */

static int search_range(const unsigned char *from, const unsigned char *to)
{
    int found = 0;

    for (size_t secret = 0; secret < secret_count; secret++) {
        size_t length = looked_for(secrets[secret].length);
        unsigned char first = secrets[secret].masked[secrets[secret].length - length] ^ MASK;
        const unsigned char *at = from;

        while (at + length <= to && (at = memchr(at, first, (size_t)(to - at) - length + 1))) {
            if (is_secret(at, secret))
                found += hit(at, secret);
            at++;
        }
    }
    return found;
}

static int search_memory(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    int found = 0;

    assert_non_null(maps);
    memset(tally, 0, sizeof tally);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char rights[8];

        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[0] != 'r' || strstr(line, "[v") ||
            strstr(line, "test_memory"))
            continue; /* the program's own literals */
        if (from < (unsigned long)arena_end() && to > (unsigned long)arena_end() &&
            arena_holds((const char *)arena_end() - 1))
            to = (unsigned long)arena_end();
        found += search_range((const unsigned char *)from, (const unsigned char *)to);
    }
    fclose(maps);
    for (size_t i = 0; i < 16 && tally[i].owner; i++)
        print_message("    hits in memory of %s: %d\n", tally[i].owner, tally[i].hits);
    return found;
}

/* ---- What was not freed ---- */

static size_t begun_at; /* in the arena */

static int count_leaks(void)
{
    size_t at = begun_at;
    struct arena_block block;
    Dl_info info = {0};
    int found = 0;

    while (arena_next(&at, &block)) {
        if (block.freed || !is_ours(owner_of_block(&block)))
            continue;
        (void)dladdr(block.caller, &info);
        print_error("%zu bytes that %s allocated were not freed\n", block.size,
                    info.dli_sname ? info.dli_sname : "(static)");
        found++;
    }
    return found;
}

/* ---- The flows ---- */

static const char password[] = "Corr3ct-Horse-Battery";
static const char new_password[] = "Stapl3-Wagon-Sunrise";
static const char otp[] = "7391648205";

static int fresh(void **state)
{
    (void)state;
    secret_count = 0;
    begun_at = arena_used();
    remember("password", "Corr3ct-Horse-Battery");
    remember("new password", "Stapl3-Wagon-Sunrise");
    remember("OTP", "7391648205");
    return 0;
}

static void by_otp(capauth_session *customer)
{
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    remember_tokens(customer);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_validate(customer, otp, NULL, NULL), CAPAUTH_OK);
    remember_tokens(customer);
}

static void finish(capauth_client *client, capauth_session *customer)
{
    (void)capauth_session_sign_out(customer, NULL, NULL);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    assert_int_equal(search_memory(), 0);
    assert_int_equal(count_leaks(), 0);
}

TEST(otp_flow_with_gateway_and_export)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_session *restored = NULL;
    capauth_call *call = NULL;
    char *text = NULL;

    make_brand(shared, "MemoryOtp", "{\"FIXED_OTP\":\"7391648205\",\"CONF_OTP_LENGTH\":10}");
    customer = new_mobile(client, "MemoryOtp", "919999999993");
    by_otp(customer);
    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
    remember_tokens(customer);
    assert_code(capauth_gateway_call(customer, "GET", "customer/get", NULL, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_OK);
    capauth_call_free(&call);
    assert_code(capauth_session_export(customer, &text), CAPAUTH_OK);
    assert_code(capauth_session_restore(client, text, &restored), CAPAUTH_OK);
    capauth_string_free(&text);
    capauth_session_free(&restored);
    finish(client, customer);
}

TEST(web_flow)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    make_brand(shared, "MemoryWeb", "{\"FIXED_OTP\":\"7391648205\",\"CONF_OTP_LENGTH\":10}");
    customer = new_web(client, "MemoryWeb", "919999999994");
    by_otp(customer);
    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
    remember_tokens(customer);
    finish(client, customer);
}

TEST(password_flows)
{
    capauth_client *client = new_client(shared);
    capauth_options *options = NULL;
    capauth_session *customer;

    make_brand(shared, "MemoryPassword",
               "{\"FIXED_OTP\":\"7391648205\",\"CONF_OTP_LENGTH\":10,\"PASSWORD_ENABLED\":true}");
    customer = new_mobile(client, "MemoryPassword", "919999999995");
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_password(options, password), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, options, NULL), CAPAUTH_OK);
    capauth_options_free(&options);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_validate(customer, otp, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_password_validate(customer, "wrong", NULL, NULL), CAPAUTH_INVALID_PASSWORD);
    assert_code(capauth_password_validate(customer, password, NULL, NULL), CAPAUTH_OK);
    remember_tokens(customer);
    assert_code(capauth_password_change(customer, password, new_password, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_password_forget(customer, password, NULL, NULL), CAPAUTH_OK);
    finish(client, customer);
}

TEST(second_factor_flow)
{
    capauth_client *client = new_client(shared);
    capauth_session *first, *second = NULL;

    make_brand(
        shared, "MemoryMfa",
        "{\"FIXED_OTP\":\"7391648205\",\"CONF_OTP_LENGTH\":10,\"IS_MFA_ENABLED\":true,\"CONF_FORCED_MFA\":true}");
    first = new_mobile(client, "MemoryMfa", "919999999996");
    by_otp(first);
    assert_code(capauth_session_second_factor(first, &second), CAPAUTH_OK);
    by_otp(second);
    capauth_session_free(&first);
    finish(client, second);
}

TEST(failures_and_cancellation)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_call *call = NULL;

    make_brand(shared, "MemoryFailures", "{\"FIXED_OTP\":\"7391648205\",\"CONF_OTP_LENGTH\":10}");
    customer = new_mobile(client, "MemoryFailures", "919999999997");
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    make_fault(shared, "MemoryFailures", "/auth/v1/otp/validate", 1, "\"truncateAfter\":20");
    assert_code(capauth_otp_validate(customer, otp, NULL, NULL), CAPAUTH_E_UNKNOWN_OUTCOME);
    assert_code(capauth_otp_validate(customer, otp, NULL, &call), CAPAUTH_OK);
    capauth_call_free(&call);
    finish(client, customer);
}

static void change_settings(capauth_client *client)
{
    assert_code(capauth_client_set_gateway_url(client, "https://gateway.example"), CAPAUTH_OK);
    assert_code(capauth_client_set_proxy(client, "http://user:secret@proxy.example:3128"), CAPAUTH_OK);
    assert_code(capauth_client_set_user_agent(client, "shop/1"), CAPAUTH_OK);
    assert_code(capauth_client_set_pinned_keys(client, "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
                CAPAUTH_OK);
    assert_code(capauth_client_set_ca_pem(client, "-----BEGIN CERTIFICATE-----\n"), CAPAUTH_OK);
    assert_code(capauth_client_add_header(client, "X-Shop", "1"), CAPAUTH_OK);
    assert_code(capauth_client_add_header(client, "X-Till", "2"), CAPAUTH_OK);
}

static void log_nothing(int level, const char *message, void *data)
{
    (void)level, (void)message, (void)data;
}

static void free_data(void *data)
{
    free(data);
}

/* Escapes, and numbers in texts: what json-c reads. */
TEST(replies_that_are_not_plain)
{
    static const char odd[] =
        "\"status\":200,\"body\":\"{\\\"status\\\":{\\\"success\\\":0.0,\\\"code\\\":\\\"1506.0\\\","
        "\\\"message\\\":\\\"Inv\\\\u0061lid\\\"},\\\"a\\\":{\\\"b\\\":[1e2]}}\"";
    static const char none[] = "\"status\":200,\"body\":\"{\\\"status\\\":\"";
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    make_brand(shared, "MemoryOdd", "{\"FIXED_OTP\":\"7391648205\",\"CONF_OTP_LENGTH\":10}");
    customer = new_mobile(client, "MemoryOdd", "919999999992");
    assert_code(capauth_client_prepare(client), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    make_fault(shared, "MemoryOdd", "/auth/v1/otp/validate", 1, odd);
    assert_code(capauth_otp_validate(customer, otp, NULL, NULL), CAPAUTH_INVALID_OTP);
    make_fault(shared, "MemoryOdd", "/auth/v1/token/generate", 1, none);
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_E_PROTOCOL);
    finish(client, customer);
}

static void change_nothing(capauth_session *session, void *data)
{
    (void)session, (void)data;
}

TEST(exports_that_are_read_again)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    char *text = NULL;

    make_brand(shared, "MemoryReload", "{\"FIXED_OTP\":\"7391648205\",\"CONF_OTP_LENGTH\":10}");
    customer = new_mobile(client, "MemoryReload", "919999999991");
    assert_code(capauth_session_on_change(customer, change_nothing, malloc(1), free_data), CAPAUTH_OK);
    assert_code(capauth_session_on_change(customer, change_nothing, malloc(1), free_data), CAPAUTH_OK);
    by_otp(customer);
    assert_code(capauth_session_export(customer, &text), CAPAUTH_OK);
    assert_code(capauth_session_reload(customer, text), CAPAUTH_OK);
    assert_code(capauth_session_reload(customer, "{"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, "1"), CAPAUTH_E_STATE);
    capauth_string_free(&text);
    finish(client, customer);
}

/* Set, set again, and never used. */
TEST(settings_options_and_callbacks)
{
    capauth_client *client = NULL;
    capauth_options *options = NULL;
    capauth_session *customer;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    for (int i = 0; i < 2; i++) {
        assert_code(capauth_client_set_cluster(client, i ? "EU" : "APAC2"), CAPAUTH_OK);
        change_settings(client);
        assert_code(capauth_client_set_log(client, log_nothing, malloc(1), free_data), CAPAUTH_OK);
        assert_code(capauth_options_set_password(options, password), CAPAUTH_OK);
        assert_code(capauth_options_set_otp_hash(options, "hash", 1), CAPAUTH_OK);
        assert_code(capauth_options_set_fallback_channel(options, "EMAIL"), CAPAUTH_OK);
        assert_code(capauth_options_add_header(options, "X-Order", "1"), CAPAUTH_OK);
        assert_code(capauth_options_add_query(options, "page", "1"), CAPAUTH_OK);
        assert_code(capauth_options_set_margin_ms(options, -1), CAPAUTH_E_INVALID_ARGUMENT);
        assert_code(capauth_client_set_timeout_ms(client, -1), CAPAUTH_E_INVALID_ARGUMENT);
    }
    customer = new_mobile(client, "MemorySettings", "919999999998");
    capauth_options_free(&options);
    finish(client, customer);
}

/* The search itself finds what is there. */
TEST(the_search_finds_a_secret_of_ours)
{
    capauth_client *client = new_client(shared);
    capauth_options *options = NULL;

    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_password(options, password), CAPAUTH_OK);
    print_message("    (one hit in libcapauth is expected here, and blocks that were not freed)\n");
    assert_int_equal(search_memory(), 1);
    assert_true(count_leaks() > 0);
    capauth_options_free(&options);
    assert_int_equal(search_memory(), 0);
    capauth_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_search_finds_a_secret_of_ours, fresh),
        cmocka_unit_test_setup(otp_flow_with_gateway_and_export, fresh),
        cmocka_unit_test_setup(web_flow, fresh),
        cmocka_unit_test_setup(password_flows, fresh),
        cmocka_unit_test_setup(second_factor_flow, fresh),
        cmocka_unit_test_setup(failures_and_cancellation, fresh),
        cmocka_unit_test_setup(replies_that_are_not_plain, fresh),
        cmocka_unit_test_setup(exports_that_are_read_again, fresh),
        cmocka_unit_test_setup(settings_options_and_callbacks, fresh),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
