/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capauth: sign the customers of a loyalty brand in at Capillary's Auth Engine, and keep them signed in.
 *
 * The words are the protocol's. A client holds configuration and connections. A session is one customer of one brand
 * on one device. A call is one operation in flight, then its result. Options are the optional arguments of one call.
 *
 * Each function has a comment of its own: what it does, its parameters and their units, all that it returns, and from
 * which threads. A pointer may be NULL only where that is said. Rules that hold for all of them:
 *
 * Results     int functions give 0 (CAPAUTH_OK), a negative code of ours (CAPAUTH_E_...), or the Auth Engine's own
 *             positive number (CAPAUTH_INVALID_OTP is 1506). CAPAUTH_E_CLOSED comes after _close, CAPAUTH_E_FORKED in a
 *             child process, CAPAUTH_E_NO_MEMORY when there is none; where a comment names them it says no more.
 * Ownership   What comes out through an `**out` is yours: free it with its own _free(&x), which takes NULL and a
 *             pointer to NULL, and leaves NULL. On failure `*out` is NULL, except for operations (see there). What is
 *             returned directly is borrowed: valid until the next operation, wait or poll on that client or a change
 *             of that handle; use the _copy_ twin where threads share the handle.
 * Strings     UTF-8, ended by NUL, copied on the way in. Getters of strings never return NULL: "" means none.
 * Identity    brand, identifiers, device ids: passed on as given; refused when empty, over 256 bytes (device ids: 512),
 *             or with control characters. OTPs: 1 to 1024 bytes, no control characters. Passwords: 1 to 1024 bytes, any
 *             character but NUL. Tokens: at most 16 KiB. The error text says which rule was broken.
 * Times       int64_t Unix milliseconds on the server's clock, 0 for none. Durations are int milliseconds and say _ms.
 * Threads     Every function may be called from any thread ("Threads: any"), and a handle be used by many at once.
 *             Freeing it while another thread is inside a function on that same handle is an error, closing it is not.
 * Fork        A client belongs to the process that made it. In a child only _free, _close, getters and
 *             capauth_strerror work; the parent goes on undisturbed. A child that was forked while another thread was
 *             in a call ends with exec or _exit: in exit, OpenSSL may wait for locks of threads that are not there.
 * State       There is none outside the handles: no globals, no thread-locals, no signal handlers, no locale.
 */
#ifndef CAPAUTH_CAPAUTH_H
#define CAPAUTH_CAPAUTH_H

#include <stddef.h>
#include <stdint.h>

#if defined(SWIG)
#define CAPAUTH_API
#elif defined(__GNUC__)
#define CAPAUTH_API __attribute__((visibility("default")))
#else
#define CAPAUTH_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct capauth_client capauth_client;
typedef struct capauth_session capauth_session;
typedef struct capauth_call capauth_call;
typedef struct capauth_options capauth_options;

/* Enumerations travel as int; expect more values in later versions. */

/* The family of operations that a session uses (protocol: mobile, web, MFA, external identity). */
enum {
    CAPAUTH_FLOW_MOBILE = 1, /* needs a device id; gives a token and a key */
    CAPAUTH_FLOW_WEB = 2, /* no device id; gives a token */
    CAPAUTH_FLOW_MFA = 3, /* second factor: capauth_session_second_factor makes these */
    CAPAUTH_FLOW_EXTERNAL = 4 /* tokens of an OpenID provider: capauth_session_external_new makes these */
};

/* identifierType */
enum {
    CAPAUTH_IDENTIFIER_MOBILE = 1,
    CAPAUTH_IDENTIFIER_EMAIL = 2,
    CAPAUTH_IDENTIFIER_USERNAME = 3,
    CAPAUTH_IDENTIFIER_EXTERNALID = 4
};

/* Advice on what to do next (capauth_session_next_step). */
enum {
    CAPAUTH_STEP_TOKEN_GENERATE = 1,
    CAPAUTH_STEP_OTP_GENERATE = 2,
    CAPAUTH_STEP_OTP_VALIDATE = 3,
    CAPAUTH_STEP_PASSWORD_CREATE = 4, /* token generate, with a first password */
    CAPAUTH_STEP_PASSWORD_VALIDATE = 5,
    CAPAUTH_STEP_SECOND_FACTOR = 6, /* capauth_session_second_factor */
    CAPAUTH_STEP_DONE = 7
};

enum { CAPAUTH_LOG_ERROR = 1, CAPAUTH_LOG_WARNING = 2, CAPAUTH_LOG_INFO = 3, CAPAUTH_LOG_DEBUG = 4 };

enum { CAPAUTH_TRACE_START = 1, CAPAUTH_TRACE_END = 2 };

/* Every code. Positive ones are the Auth Engine's; it knows more than these, and they arrive as they are. */
/* errors: begin (made by core/generate.py texts, from errors.json) */
enum {
    CAPAUTH_OK = 0,
    CAPAUTH_E_INVALID_ARGUMENT = -1, /* invalid argument */
    CAPAUTH_E_WRONG_STEP = -2, /* an earlier step is missing */
    CAPAUTH_E_BUSY = -3, /* another operation that changes the sign-in is in flight */
    CAPAUTH_E_CLOSED = -4, /* the client or the session is closed */
    CAPAUTH_E_STATE = -5, /* settings cannot be changed after the first operation */
    CAPAUTH_E_REENTRANT = -6, /* a callback may not wait on its own client */
    CAPAUTH_E_FORKED = -7, /* the client was made before fork; make a new one in the child */
    CAPAUTH_E_UNSUPPORTED = -8, /* not supported */
    CAPAUTH_E_SIGN_IN_REQUIRED = -9, /* no valid token; sign in again */
    CAPAUTH_E_RESOLVE = -20, /* the host name could not be resolved */
    CAPAUTH_E_CONNECT = -21, /* could not connect */
    CAPAUTH_E_NETWORK = -22, /* the connection failed */
    CAPAUTH_E_TLS = -23, /* TLS failed */
    CAPAUTH_E_DEADLINE = -30, /* the deadline passed */
    CAPAUTH_E_UNKNOWN_OUTCOME = -31, /* the outcome is unknown; the request may have been processed */
    CAPAUTH_E_CANCELLED = -32, /* cancelled */
    CAPAUTH_E_SERVICE = -40, /* the Auth Engine did not reply */
    CAPAUTH_E_PROTOCOL = -41, /* the reply is not valid */
    CAPAUTH_E_REFUSED = -42, /* the request was refused */
    CAPAUTH_E_RATE_LIMITED = -43, /* too many requests */
    CAPAUTH_E_NO_MEMORY = -50, /* out of memory */
    CAPAUTH_E_PENDING = -51, /* the call has not finished yet */
    CAPAUTH_E_INTERNAL = -52, /* internal error */
    CAPAUTH_E_SYSTEM = -53, /* the operating system refused */
    CAPAUTH_OTP_RATE_LIMITED = 429, /* too many OTP requests */
    CAPAUTH_CANNOT_VALIDATE_OTP = 1502, /* the OTP cannot be validated */
    CAPAUTH_CANNOT_GENERATE_OTP = 1503, /* the OTP cannot be generated */
    CAPAUTH_CANNOT_GENERATE_TOKEN = 1504, /* the token cannot be generated */
    CAPAUTH_INVALID_SESSION = 1505, /* the session id has expired or is not valid; start again */
    CAPAUTH_INVALID_OTP = 1506, /* wrong OTP */
    CAPAUTH_MOBILE_MISMATCH = 1507, /* the mobile differs from the session's */
    CAPAUTH_DEVICE_MISMATCH = 1508, /* the device differs from the session's */
    CAPAUTH_BRAND_MISMATCH = 1509, /* the brand differs from the session's */
    CAPAUTH_UNKNOWN_CUSTOMER = 1515, /* no such customer */
    CAPAUTH_TOO_MANY_OTP_ATTEMPTS = 1518, /* too many wrong OTPs; start again */
    CAPAUTH_INVALID_DETAILS = 1519, /* the details are not valid for this operation */
    CAPAUTH_PASSWORD_REQUIRED = 1520, /* the brand requires a password */
    CAPAUTH_PASSWORD_CONFIRMATION_DIFFERS = 1521, /* password and confirmation differ */
    CAPAUTH_CANNOT_CHANGE_PASSWORD = 1523, /* the password cannot be changed */
    CAPAUTH_PASSWORD_NOT_ENABLED = 1524, /* passwords are not enabled for the brand */
    CAPAUTH_CANNOT_REGENERATE_TOKEN = 1525, /* the token cannot be regenerated; sign in again */
    CAPAUTH_CANNOT_VALIDATE_PASSWORD = 1526, /* the password cannot be validated */
    CAPAUTH_PASSWORD_UNCHANGED = 1527, /* the old and the new password are the same */
    CAPAUTH_INVALID_PASSWORD = 1528, /* wrong password */
    CAPAUTH_TOKEN_EXPIRED = 1529, /* the token has expired */
    CAPAUTH_TOO_MANY_PASSWORD_ATTEMPTS = 1530, /* too many wrong passwords; reset the password */
    CAPAUTH_CANNOT_EXPIRE_TOKEN = 1531, /* the token cannot be expired */
    CAPAUTH_CANNOT_RESET_PASSWORD = 1532, /* the password cannot be reset */
    CAPAUTH_OTP_LIMIT_REACHED = 1534, /* the customer's OTP limit is reached */
    CAPAUTH_OTP_LIMIT_ZERO = 1535, /* the brand's OTP limit is 0 */
    CAPAUTH_OTP_NOT_GENERATED = 1537, /* no OTP was generated for these details */
    CAPAUTH_CONTACT_REQUIRED = 1540, /* a mobile or an email is needed to send an OTP */
    CAPAUTH_IDENTIFIER_MISMATCH = 1541, /* the identifier differs from the session's */
    CAPAUTH_PASSWORD_RULES = 1542, /* the password does not meet the brand's rules */
    CAPAUTH_USERNAME_TAKEN = 1543, /* the user name is taken */
    CAPAUTH_INVALID_IDENTIFIER_TYPE = 1546, /* the identifier type is not valid */
    CAPAUTH_INVALID_KEY = 1597, /* the key has expired or is not valid; sign in again */
    CAPAUTH_CHANNEL_NEEDS_MOBILE = 1601, /* the fallback channel needs a mobile */
    CAPAUTH_CHANNEL_NEEDS_EMAIL = 1602, /* the fallback channel needs an email */
    CAPAUTH_CHANNEL_NOT_CONFIGURED = 1603, /* the fallback channel is not configured */
    CAPAUTH_EXTERNAL_ID_NOT_ENABLED = 3005, /* sign-in by external ID is not enabled for the brand */
    CAPAUTH_HASH_OUT_OF_WINDOW = 5004, /* the hash is outside its time window */
};
/* errors: end */

/* ---- Library ----------------------------------------------------------------------------------------------------- */

/*
 * The version of this library, "MAJOR.MINOR.PATCH".
 * Returns: a static text, never NULL.
 * Threads: any.
 */
CAPAUTH_API const char *capauth_version(void);

/*
 * One English sentence for `code`, any number, known or not.
 * Returns: a static text, never NULL.
 * Threads: any.
 */
CAPAUTH_API const char *capauth_strerror(int code);

/*
 * The stable name of `code`, "INVALID_OTP": what an application keys its translations on.
 * Returns: a static text, never NULL; "UNKNOWN" for a number without a name.
 * Threads: any.
 */
CAPAUTH_API const char *capauth_error_name(int code);

/*
 * Whether the same call may succeed later and repeating it does no harm, as far as `code` alone tells. A call knows
 * more: capauth_call_retryable.
 * Returns: 1 or 0.
 * Threads: any.
 */
CAPAUTH_API int capauth_error_retryable(int code);

/*
 * The stable name of `step`, a CAPAUTH_STEP_: "otp_validate".
 * Returns: a static text, never NULL; "unknown" for another number.
 * Threads: any.
 */
CAPAUTH_API const char *capauth_step_name(int step);

/*
 * Wipes and frees a text that capauth gave through a `char **`. `text` may be NULL, and so may `*text`, which is NULL
 * afterwards.
 * Returns: nothing.
 * Threads: any; not two on the same `*text`.
 */
CAPAUTH_API void capauth_string_free(char **text);

/* ---- Client ------------------------------------------------------------------------------------------------------ */

/*
 * Makes a client. It needs a cluster or a base URL before its first session. `*client` is yours: capauth_client_free.
 * The environment is read here and only here, and only SSL_CERT_FILE; not at all by a program with more rights than its
 * caller (setuid).
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `client` is NULL; CAPAUTH_E_UNSUPPORTED: libcurl is older than 7.87, or its
 *   global init is not thread-safe, or such a caller has set SSLKEYLOGFILE, to which libcurl would write;
 *   CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_new(capauth_client **client);

/*
 * Lets go of the handle. Sessions and calls of the client keep working until they are freed too, in any order. `client`
 * may be NULL, and so may `*client`, which is NULL afterwards.
 * Returns: nothing.
 * Threads: any, in callbacks too; no other thread may be inside a function on this handle.
 */
CAPAUTH_API void capauth_client_free(capauth_client **client);

/*
 * Cancels what is in flight, closes all connections and gives all descriptors back, save that of capauth_client_fd. It
 * never waits for the network or for callbacks. Later operations give CAPAUTH_E_CLOSED; getters and export still work.
 * Closing twice is fine.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `client` is NULL.
 * Threads: any, in callbacks too; ends the waits of other threads.
 */
CAPAUTH_API int capauth_client_close(capauth_client *client);

/*
 * Why the calling thread's last failed setter, restore, new session, prepare, poll or fd of this client failed. For a
 * thread without a failure here: any thread's last. `client` may be NULL.
 * Returns: a text that is lent until the next failure, never NULL; "" when nothing has failed, and for NULL.
 * Threads: any; where threads share the client, use the _copy_ twin.
 */
CAPAUTH_API const char *capauth_client_error_message(const capauth_client *client);

/*
 * The same as a copy of your own: capauth_string_free.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `client` or `text` is NULL; CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_copy_error_message(const capauth_client *client, char **text);

/*
 * Settings. They can be given again, and the last one counts, until an operation has started. A setter that runs while
 * another thread starts the first operation either counts for it or gives CAPAUTH_E_STATE. A setter that refuses
 * changes nothing, and capauth_client_error_message names what was wrong. Texts are copied.
 */

/*
 * The Auth Engine's hosts, and the gateway, of a cluster of Capillary's: "APAC", "APAC2" or "EU".
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `cluster` is none of them, or NULL; CAPAUTH_E_STATE: an operation has
 *   started; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_cluster(capauth_client *client, const char *cluster);

/*
 * Instead of a cluster: the brand's own Auth Engine, "https://auth.brand.example", with a path if it has one, up to
 * 2048 bytes. Plain http only to loopback, or with allow_http. It is kept in one form: scheme and host in lower case,
 * no default port, no slash at the end.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `url` is no such URL, or NULL; CAPAUTH_E_STATE: an operation has started;
 *   CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_base_url(capauth_client *client, const char *url);

/*
 * Where gateway calls go; a URL as for the base URL. Default: the cluster's gateway, else {base_url}/mobile.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `url` is no such URL, or NULL; CAPAUTH_E_STATE: an operation has started;
 *   CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_gateway_url(capauth_client *client, const char *url);

/*
 * How long a whole call may take, waiting in the queue and retries included: `timeout_ms` is 1 to 86,400,000
 * milliseconds, by default 20,000.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `timeout_ms` is out of these bounds; CAPAUTH_E_STATE: an operation has
 *   started; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_timeout_ms(capauth_client *client, int timeout_ms);

/*
 * How long name lookup, TCP and TLS of one attempt may take: `timeout_ms` is 1 to 86,400,000 milliseconds, by default
 * 10,000.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `timeout_ms` is out of these bounds; CAPAUTH_E_STATE: an operation has
 *   started; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_connect_timeout_ms(capauth_client *client, int timeout_ms);

/*
 * How often what may be repeated is repeated: `retries` is 0 to 10, by default 2.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `retries` is out of these bounds; CAPAUTH_E_STATE: an operation has started;
 *   CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_max_retries(capauth_client *client, int retries);

/*
 * How many connections there may be at once, 1 to 4096, by default 8; further calls wait in a queue.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `connections` is out of these bounds; CAPAUTH_E_STATE: an operation has
 *   started; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_max_connections(capauth_client *client, int connections);

/*
 * 1: HTTP/2 over TLS, many calls on one connection. Default 0: HTTP/1.1, which costs less for one call at a time.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `enabled` is neither 0 nor 1; CAPAUTH_E_STATE: an operation has started;
 *   CAPAUTH_E_UNSUPPORTED: libcurl was built without HTTP/2; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_http2(capauth_client *client, int enabled);

/*
 * A file of PEM certificates, the only authorities trusted. It must be readable now, and is read when the first
 * connection is made. Default: SSL_CERT_FILE, else the system's store.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `path` is NULL, or cannot be read; CAPAUTH_E_STATE: an operation has started;
 *   CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_ca_file(capauth_client *client, const char *path);

/*
 * The same as text, at most 16 MiB. It takes the place of a CA file, and a CA file its.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `pem` is NULL, longer, or without a certificate in PEM form; CAPAUTH_E_STATE:
 *   an operation has started; CAPAUTH_E_UNSUPPORTED: this TLS library wants a file, and no file can be made in memory
 *   here; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_ca_pem(capauth_client *client, const char *pem);

/*
 * The oldest version of TLS that will do: "1.2" (default) or "1.3".
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `version` is neither, or NULL; CAPAUTH_E_STATE: an operation has started;
 *   CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_tls_min(capauth_client *client, const char *version);

/*
 * Public keys, one of which the server must show, in addition to being verified: "sha256//BASE64;sha256//BASE64", up to
 * 4096 bytes.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `pins` is not of this form, or NULL; CAPAUTH_E_STATE: an operation has
 *   started; CAPAUTH_E_UNSUPPORTED: libcurl's TLS library cannot do it; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED;
 *   CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_pinned_keys(capauth_client *client, const char *pins);

/*
 * A PEM file with the client's own certificate, for services that ask for one.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `path` is NULL, or cannot be read; CAPAUTH_E_STATE: an operation has started;
 *   CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_client_cert(capauth_client *client, const char *path);

/*
 * A PEM file with the key of that certificate, not encrypted.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `path` is NULL, or cannot be read; CAPAUTH_E_STATE: an operation has started;
 *   CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_client_key(capauth_client *client, const char *path);

/*
 * "http://user:password@proxy.example:3128", or any form that curl's manual has. The scheme is http (or none), https,
 * socks4, socks4a, socks5 or socks5h (with socks4a and socks5h the proxy looks names up). Without a port it is 1080,
 * for https 443. "env" reads the environment now, the first variable that is set: for https URLs https_proxy,
 * HTTPS_PROXY, all_proxy, ALL_PROXY; for http URLs http_proxy, all_proxy, ALL_PROXY; and no_proxy or NO_PROXY, hosts
 * that are asked directly. "", the default: no proxy. Loopback never goes through one.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `proxy`, or what the environment says, is no such URL; `proxy` is NULL;
 *   CAPAUTH_E_STATE: an operation has started; CAPAUTH_E_UNSUPPORTED: an https proxy, where libcurl was built without
 *   them; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_proxy(capauth_client *client, const char *proxy);

/*
 * What requests call themselves, 1 to 256 bytes without control characters. Default: "capauth/VERSION".
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `user_agent` breaks that rule, or is NULL; CAPAUTH_E_STATE: an operation has
 *   started; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_user_agent(capauth_client *client, const char *user_agent);

/*
 * An HTTP header of every request, at most 32. Names that capauth or HTTP itself sets (Accept-Encoding, Host,
 * cap_brand...) are refused, in any case. A value may have up to 8192 bytes; one of blanks alone is sent empty.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `name` or `value` is NULL or not allowed, or it is the 33rd; CAPAUTH_E_STATE:
 *   an operation has started; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_add_header(capauth_client *client, const char *name, const char *value);

/*
 * A token that expires within this time, or within half of its life if that is less, is regenerated before it is used.
 * If that fails, or takes more than half of the call's time or of the token's remaining life, the token is used as long
 * as it is valid, and the regeneration goes on by itself; token ensure with a margin of its own fails instead.
 * `margin_ms` is 0 to 86,400,000 milliseconds, by default 30,000.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `margin_ms` is out of these bounds; CAPAUTH_E_STATE: an operation has
 *   started; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_refresh_margin_ms(capauth_client *client, int margin_ms);

/*
 * 0: gateway calls never regenerate the token by themselves. Default 1.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `enabled` is neither 0 nor 1; CAPAUTH_E_STATE: an operation has started;
 *   CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_auto_refresh(capauth_client *client, int enabled);

/*
 * 1: plain HTTP beyond loopback, for test networks. Default 0, which is refused once a URL that was set needs 1.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `allowed` is neither 0 nor 1, or a URL needs 1; CAPAUTH_E_STATE: an operation
 *   has started; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_allow_http(capauth_client *client, int allowed);

/*
 * Added to the local clock, so that tests can have a device whose clock is wrong: milliseconds, at most a hundred years
 * either way, by default 0.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `offset_ms` is over that; CAPAUTH_E_STATE: an operation has started;
 *   CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_clock_offset_ms(capauth_client *client, int64_t offset_ms);

/*
 * 1: gateway calls also send the older cap_mobile header. Default 0.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `enabled` is neither 0 nor 1; CAPAUTH_E_STATE: an operation has started;
 *   CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_cap_mobile(capauth_client *client, int enabled);

/*
 * The timeout that holds now, set or default; also after _close. `client` may be NULL.
 * Returns: milliseconds; 0 for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_timeout_ms(const capauth_client *client);

/*
 * The refresh margin that holds now, set or default; also after _close. `client` may be NULL.
 * Returns: milliseconds; 0 for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_refresh_margin_ms(const capauth_client *client);

/*
 * Callbacks run on the thread that next leaves a wait, a poll or a blocking operation, one at a time, outside every
 * lock. From inside one, getters, export, start, cancel, close and free are allowed; waiting on the same client gives
 * CAPAUTH_E_REENTRANT. `data` is handed to them as it is and may be NULL. `free_data`, if not NULL, runs once on
 * `data`, after the last callback (at once when setting fails). A NULL callback removes the one there is.
 */

/* `message` never holds a secret or a whole identifier. `level` is a CAPAUTH_LOG_. */
typedef void (*capauth_log_callback)(int level, const char *message, void *data);

/*
 * Has `callback` told what happens, in words; NULL: nobody. At any time, operations or not.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `client` is NULL; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any; the callback runs as said above.
 */
CAPAUTH_API int capauth_client_set_log(capauth_client *client, capauth_log_callback callback, void *data,
                                       void (*free_data)(void *data));

/*
 * The least severe line that is written, a CAPAUTH_LOG_; 0: none is. By default CAPAUTH_LOG_DEBUG: all are. What is not
 * written costs nothing. It holds for every callback of this client, whenever that is set. At any time, operations or
 * not; lines that are on their way to the callback still get there.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `client` is NULL, or `level` is not 0 to 4; CAPAUTH_E_CLOSED;
 *   CAPAUTH_E_FORKED.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_set_log_level(capauth_client *client, int level);

/*
 * For metrics: CAPAUTH_TRACE_START and CAPAUTH_TRACE_END of each call, matched by `call_id`. At the end `result` is the
 * outcome, `http_status` 0 when none arrived, `attempts` the requests sent, `duration_ms` the time since the start.
 */
typedef void (*capauth_trace_callback)(int event, int64_t call_id, const char *operation, int result, int http_status,
                                       int attempts, int duration_ms, void *data);

/*
 * Has `callback` told of each call's start and end, in numbers; NULL: nobody. At any time, operations or not.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `client` is NULL; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any; the callback runs as said above.
 */
CAPAUTH_API int capauth_client_set_trace(capauth_client *client, capauth_trace_callback callback, void *data,
                                         void (*free_data)(void *data));

/*
 * Loads the CA store and connects to the Auth Engine now, when a stall of some 50 ms does no harm, so that no later
 * operation has to. `*call` is a call like any other, named "prepare": waited for or polled, cancelled, freed. It ends
 * with CAPAUTH_OK, CAPAUTH_E_RESOLVE, _CONNECT, _NETWORK, _TLS, _SYSTEM, _DEADLINE (the client's timeout) or
 * _CANCELLED; its error message names the host, and for TLS the reason and the CA store. The connection serves the
 * first operation that needs one; like every kept connection it is closed after 30 s without use. (libcurl 8.0 and
 * newer gives it up when TLS 1.3 session tickets are waiting on it; then only the CA store stays loaded.)
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `client` or `call` is NULL, or no cluster and no base URL is set;
 *   CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY. After the second kind of CAPAUTH_E_INVALID_ARGUMENT and
 *   CAPAUTH_E_CLOSED `*call` is a finished call that tells the rest, yours like any other; after the others it is NULL.
 * Threads: any, in callbacks too.
 * Protocol: none; no request is sent.
 */
CAPAUTH_API int capauth_client_start_prepare(capauth_client *client, capauth_call **call);

/*
 * The same, blocking. capauth_client_error_message has the message.
 * Returns: its outcome, as above; CAPAUTH_E_INVALID_ARGUMENT: `client` is NULL, or no cluster and no base URL is set;
 *   CAPAUTH_E_REENTRANT: in a callback; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any but one in a callback of this client.
 * Protocol: none; no request is sent.
 */
CAPAUTH_API int capauth_client_prepare(capauth_client *client);

/*
 * Lets calls move on. Waits until a call finishes, at most `timeout_ms` milliseconds (negative: without limit); 0 does
 * what can be done now and never blocks. After _close it does not wait.
 * Returns: how many calls have finished since the last poll, 0 or more; CAPAUTH_E_INVALID_ARGUMENT: `client` is NULL;
 *   CAPAUTH_E_REENTRANT: in a callback; CAPAUTH_E_SYSTEM: there are no descriptors left to wait on; CAPAUTH_E_FORKED.
 * Threads: any but one in a callback of this client; many may wait at once.
 */
CAPAUTH_API int capauth_client_poll(capauth_client *client, int timeout_ms);

/*
 * A descriptor to watch for reading in an event loop of your own; when it is readable, call capauth_client_poll(client,
 * 0). It belongs to the client and stays open until that is freed; closing the client, from any thread, makes it
 * readable.
 * Returns: the descriptor, 0 or more; CAPAUTH_E_INVALID_ARGUMENT: `client` is NULL; CAPAUTH_E_UNSUPPORTED: the platform
 *   has none; CAPAUTH_E_SYSTEM: there are no descriptors left; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_fd(capauth_client *client);

/*
 * Hands out, each once, calls that have finished. `*finished` is the pointer that starting it gave, still to be freed
 * only once; NULL when none is left. Calls freed before they finished, or waited for, do not appear.
 * Returns: 1 and a call, or 0; CAPAUTH_E_INVALID_ARGUMENT: `client` or `finished` is NULL; CAPAUTH_E_FORKED. Also after
 *   _close.
 * Threads: any.
 */
CAPAUTH_API int capauth_client_next_done(capauth_client *client, capauth_call **finished);

/*
 * What a support request needs. First a line of name and version for each library ("libcurl 7.88.1"), and "inside:",
 * what a package that carries its libraries holds, by the names of whoever packaged them; then, unless `client` is
 * NULL, lines of "name: value": origin, CA store and why that one, TLS, HTTP. No secrets. `*text` is yours:
 * capauth_string_free.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `text` is NULL; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_diagnose(capauth_client *client, char **text);

/* ---- Session ----------------------------------------------------------------------------------------------------- */

/*
 * A customer of `brand` who is not signed in. `flow` is CAPAUTH_FLOW_MOBILE or CAPAUTH_FLOW_WEB. Set the identifier,
 * and for mobile the device id, before the first operation. `*session` is yours: capauth_session_free.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `client` or `session` is NULL, `brand` is NULL or breaks the rules of
 *   identities, `flow` is another, or the client has no cluster and no base URL; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED;
 *   CAPAUTH_E_NO_MEMORY. capauth_client_error_message tells more.
 * Threads: any.
 */
CAPAUTH_API int capauth_session_new(capauth_client *client, int flow, const char *brand, capauth_session **session);

/*
 * The OpenID provider of `brand` signed the customer in, and gave `access_token` and `id_token`, up to 16 KiB each:
 * gateway calls, authorised by both, are all there is. `*session` is yours: capauth_session_free.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `client` or `session` is NULL, a text is NULL or breaks its rule, or the
 *   client has no cluster and no base URL; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 *   capauth_client_error_message tells more.
 * Threads: any.
 */
CAPAUTH_API int capauth_session_external_new(capauth_client *client, const char *brand, const char *access_token,
                                             const char *id_token, capauth_session **session);

/*
 * A session of the MFA flow for the customer whose first factor ended with CAPAUTH_STEP_SECOND_FACTOR. It takes the
 * first's brand, identifier, contact and device; set_identifier and set_device_id may change them (after web a device
 * is needed). It is a session in its own right: once it is done, keep it and free the first. `*second` is yours:
 * capauth_session_free.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `first` or `second` is NULL; CAPAUTH_E_WRONG_STEP: the first has no token;
 *   CAPAUTH_E_UNSUPPORTED: the first is external; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY. The first's
 *   capauth_session_error_message tells more.
 * Threads: any.
 */
CAPAUTH_API int capauth_session_second_factor(capauth_session *first, capauth_session **second);

/*
 * A session from `text`, which capauth_session_export gave, at whatever step it was. `*session` is yours:
 * capauth_session_free.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `client`, `text` or `session` is NULL; `text` is not such an export, is
 *   longer than 4 MiB, of another origin or an unknown version, or must be understood in a way that this version does
 *   not know; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY. capauth_client_error_message tells more.
 * Threads: any.
 */
CAPAUTH_API int capauth_session_restore(capauth_client *client, const char *text, capauth_session **session);

/*
 * Replaces the session's state by that of an export of the same customer, written by another process: the way a fleet
 * shares one token. Whether the customer is the same, the customer id decides where both have one, else the identifier.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` is NULL, or `text` as for restore, or of another customer, brand or
 *   flow; CAPAUTH_E_BUSY: an operation that changes the sign-in is in flight; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED;
 *   CAPAUTH_E_NO_MEMORY. A failure changes nothing; capauth_session_error_message tells more.
 * Threads: any.
 */
CAPAUTH_API int capauth_session_reload(capauth_session *session, const char *text);

/*
 * The session as one JSON text, at every step, also after _close and while a call is in flight (then the state before
 * it). It is as secret as the key; it never holds a password or an OTP. The format: core/export-format.md. `*text` is
 * yours: capauth_string_free, which wipes it.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` or `text` is NULL; CAPAUTH_E_NO_MEMORY.
 * Threads: any, in callbacks too.
 */
CAPAUTH_API int capauth_session_export(const capauth_session *session, char **text);

/*
 * Lets go of the handle. Calls in flight go on. Does not sign out and never talks to the network. `session` may be
 * NULL, and so may `*session`, which is NULL afterwards.
 * Returns: nothing.
 * Threads: any, in callbacks too; no other thread may be inside a function on this handle.
 */
CAPAUTH_API void capauth_session_free(capauth_session **session);

/*
 * Cancels what is in flight on this session; later operations give CAPAUTH_E_CLOSED. Does not sign out.
 * Returns: 0, also in a child process, where it does nothing; CAPAUTH_E_INVALID_ARGUMENT: `session` is NULL.
 * Threads: any, in callbacks too.
 */
CAPAUTH_API int capauth_session_close(capauth_session *session);

/*
 * Who it is. `type` is a CAPAUTH_IDENTIFIER_; `value` is passed on as given, 1 to 256 bytes without control characters.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` or `value` is NULL, or one of them breaks its rule;
 *   CAPAUTH_E_UNSUPPORTED: an external session; CAPAUTH_E_STATE: an operation has started; CAPAUTH_E_CLOSED;
 *   CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY. capauth_session_error_message tells more.
 * Threads: any.
 * Protocol: identifierType, identifierValue.
 */
CAPAUTH_API int capauth_session_set_identifier(capauth_session *session, int type, const char *value);

/*
 * Where a USERNAME or EXTERNALID gets its OTP. `type` is CAPAUTH_IDENTIFIER_MOBILE or _EMAIL; `value` as for the
 * identifier. With another type of identifier it is not sent.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` or `value` is NULL, or one of them breaks its rule;
 *   CAPAUTH_E_STATE: an operation has started; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 *   capauth_session_error_message tells more.
 * Threads: any.
 * Protocol: mobile or email.
 */
CAPAUTH_API int capauth_session_set_contact(capauth_session *session, int type, const char *value);

/*
 * Which device it is: 1 to 512 bytes without control characters. Required in the mobile and MFA flows.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` or `device_id` is NULL, or it breaks this rule;
 *   CAPAUTH_E_UNSUPPORTED: a web or external session; CAPAUTH_E_STATE: an operation has started; CAPAUTH_E_CLOSED;
 *   CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY. capauth_session_error_message tells more.
 * Threads: any.
 * Protocol: deviceId.
 */
CAPAUTH_API int capauth_session_set_device_id(capauth_session *session, const char *device_id);

/*
 * Tells that something has changed that an export holds (tokens, key, identifier, the step), once for each reply, so
 * that the application can save a new export.
 */
typedef void (*capauth_change_callback)(capauth_session *session, void *data);

/*
 * Has `callback` told of each change; NULL: nobody. When callbacks run, and what `free_data` does: see
 * capauth_client_set_log. Not called after the session's handle was freed.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` is NULL; CAPAUTH_E_CLOSED; CAPAUTH_E_FORKED; CAPAUTH_E_NO_MEMORY.
 * Threads: any; the callback runs as all do.
 */
CAPAUTH_API int capauth_session_on_change(capauth_session *session, capauth_change_callback callback, void *data,
                                          void (*free_data)(void *data));

/*
 * For programs that share a customer and take turns. For `duration_ms` milliseconds from now, 0 or more (0 ends the
 * pause), capauth regenerates nothing by itself on this session: token ensure and gateway calls use the token while it
 * is valid, then give CAPAUTH_TOKEN_EXPIRED. (As long as the Auth Engine has not told what time it is, they use it
 * anyway: this machine's clock may be wrong.) capauth_token_regenerate works as ever. The pause is not part of an
 * export, and a reload does not end it.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` is NULL, or `duration_ms` is negative; CAPAUTH_E_CLOSED;
 *   CAPAUTH_E_FORKED.
 * Threads: any.
 */
CAPAUTH_API int capauth_session_pause_refresh(capauth_session *session, int duration_ms);

/*
 * Getters. They never block on the network, work on closed sessions and in a child process, and take NULL.
 */

/*
 * What to do next, a CAPAUTH_STEP_. Advice only: an operation is refused locally only when what it must send is
 * missing. In the MFA flow CAPAUTH_STEP_TOKEN_GENERATE after a sign-out or a refused key means: begin again with the
 * first factor, in a session of its own.
 * Returns: a CAPAUTH_STEP_; 0 for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_session_next_step(const capauth_session *session);

/*
 * Whether there is a token and its role is none of VIEW, MFA_PENDING, AUTH. Mere expiry does not end it.
 * Returns: 1 or 0; 0 for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_session_signed_in(const capauth_session *session);

/*
 * When the token expires, as it says itself.
 * Returns: Unix milliseconds on the server's clock; 0 when there is no token, it does not say, and for NULL.
 * Threads: any.
 */
CAPAUTH_API int64_t capauth_session_expires_at(const capauth_session *session);

/*
 * For how long the token is still valid, by the server's clock, since this machine's may be wrong.
 * Returns: milliseconds, at most INT_MAX (24 days); 0: it has expired; -1: not known, since there is no token, it does
 *   not say, or this client has not heard from the Auth Engine yet; -1 for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_session_expires_in_ms(const capauth_session *session);

/*
 * Whether the customer has registered in the application, as the Auth Engine said last.
 * Returns: 1 or 0; -1 when it has not said, and for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_session_app_registered(const capauth_session *session);

/*
 * Whether the customer has set a password, as the Auth Engine said last.
 * Returns: 1 or 0; -1 when it has not said, and for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_session_registered_for_password(const capauth_session *session);

/*
 * The family of operations that the session uses.
 * Returns: a CAPAUTH_FLOW_; 0 for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_session_flow(const capauth_session *session);

/*
 * The type of the identifier.
 * Returns: a CAPAUTH_IDENTIFIER_; 0 when there is none, and for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_session_identifier_type(const capauth_session *session);

/*
 * When OTP generate last succeeded in this sign-in.
 * Returns: Unix milliseconds on the server's clock; 0 when it did not, and for NULL.
 * Threads: any.
 */
CAPAUTH_API int64_t capauth_session_otp_sent_at(const capauth_session *session);

/*
 * How many wrong OTPs the Auth Engine has refused since then.
 * Returns: their number; 0 for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_session_otp_wrong_answers(const capauth_session *session);

/*
 * The access token. A secret.
 * Returns: the text, never NULL; "" when there is none, and for NULL.
 * Threads: any, but the text is lent: it may change with the next operation, wait or poll on that client. Where threads
 *   share the session, use the _copy_ twin.
 */
CAPAUTH_API const char *capauth_session_token(const capauth_session *session);

/*
 * The key that a new token is regenerated from (mobile and MFA). A secret.
 * Returns: the text, never NULL; "" when there is none, and for NULL.
 * Threads: any, but the text is lent: it may change with the next operation, wait or poll on that client. Where threads
 *   share the session, use the _copy_ twin.
 */
CAPAUTH_API const char *capauth_session_key(const capauth_session *session);

/*
 * The token's role: "VIEW", "USER", "MFA_PENDING", or a role of the brand's.
 * Returns: the text, never NULL; "" when there is none, and for NULL.
 * Threads: any, but the text is lent: it may change with the next operation, wait or poll on that client. Where threads
 *   share the session, use the _copy_ twin.
 */
CAPAUTH_API const char *capauth_session_role(const capauth_session *session);

/*
 * The customer's id, a decimal text, as the token says.
 * Returns: the text, never NULL; "" when there is none, and for NULL.
 * Threads: any, but the text is lent: it may change with the next operation, wait or poll on that client. Where threads
 *   share the session, use the _copy_ twin.
 */
CAPAUTH_API const char *capauth_session_customer_id(const capauth_session *session);

/*
 * The brand that the session was made with.
 * Returns: the text, never NULL; "" when there is none, and for NULL.
 * Threads: any; the text is lent and stays until the session is freed.
 */
CAPAUTH_API const char *capauth_session_brand(const capauth_session *session);

/*
 * The identifier, as it was given or last updated.
 * Returns: the text, never NULL; "" when there is none, and for NULL.
 * Threads: any, but the text is lent: it may change with the next operation, wait or poll on that client. Where threads
 *   share the session, use the _copy_ twin.
 */
CAPAUTH_API const char *capauth_session_identifier(const capauth_session *session);

/*
 * The device id.
 * Returns: the text, never NULL; "" when there is none, and for NULL.
 * Threads: any, but the text is lent: it may change with the next operation, wait or poll on that client. Where threads
 *   share the session, use the _copy_ twin.
 */
CAPAUTH_API const char *capauth_session_device_id(const capauth_session *session);

/*
 * Where the last OTP went, masked: "9199******93".
 * Returns: the text, never NULL; "" when there is none, and for NULL.
 * Threads: any, but the text is lent: it may change with the next operation, wait or poll on that client. Where threads
 *   share the session, use the _copy_ twin.
 */
CAPAUTH_API const char *capauth_session_otp_destination(const capauth_session *session);

/*
 * The fallback channel that the last OTP was asked for with.
 * Returns: the text, never NULL; "" when there is none, and for NULL.
 * Threads: any, but the text is lent: it may change with the next operation, wait or poll on that client. Where threads
 *   share the session, use the _copy_ twin.
 */
CAPAUTH_API const char *capauth_session_otp_channel(const capauth_session *session);

/*
 * Why the calling thread's last failed operation or setter on this session failed. For a thread without a failure here:
 * any thread's last.
 * Returns: the text, never NULL; "" when nothing has failed, and for NULL.
 * Threads: any, but the text is lent: it may change with the next operation, wait or poll on that client. Where threads
 *   share the session, use the _copy_ twin.
 */
CAPAUTH_API const char *capauth_session_error_message(const capauth_session *session);

/*
 * Twins of these getters. `*text` is a copy of your own: capauth_string_free, which wipes it.
 */

/*
 * As capauth_session_token, but a copy of your own.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` or `text` is NULL; CAPAUTH_E_NO_MEMORY.
 * Threads: any; what another thread changes meanwhile is whole, before or after.
 */
CAPAUTH_API int capauth_session_copy_token(const capauth_session *session, char **text);

/*
 * As capauth_session_key, but a copy of your own.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` or `text` is NULL; CAPAUTH_E_NO_MEMORY.
 * Threads: any; what another thread changes meanwhile is whole, before or after.
 */
CAPAUTH_API int capauth_session_copy_key(const capauth_session *session, char **text);

/*
 * As capauth_session_role, but a copy of your own.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` or `text` is NULL; CAPAUTH_E_NO_MEMORY.
 * Threads: any; what another thread changes meanwhile is whole, before or after.
 */
CAPAUTH_API int capauth_session_copy_role(const capauth_session *session, char **text);

/*
 * As capauth_session_customer_id, but a copy of your own.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` or `text` is NULL; CAPAUTH_E_NO_MEMORY.
 * Threads: any; what another thread changes meanwhile is whole, before or after.
 */
CAPAUTH_API int capauth_session_copy_customer_id(const capauth_session *session, char **text);

/*
 * As capauth_session_brand, but a copy of your own.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` or `text` is NULL; CAPAUTH_E_NO_MEMORY.
 * Threads: any; what another thread changes meanwhile is whole, before or after.
 */
CAPAUTH_API int capauth_session_copy_brand(const capauth_session *session, char **text);

/*
 * As capauth_session_identifier, but a copy of your own.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` or `text` is NULL; CAPAUTH_E_NO_MEMORY.
 * Threads: any; what another thread changes meanwhile is whole, before or after.
 */
CAPAUTH_API int capauth_session_copy_identifier(const capauth_session *session, char **text);

/*
 * As capauth_session_device_id, but a copy of your own.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` or `text` is NULL; CAPAUTH_E_NO_MEMORY.
 * Threads: any; what another thread changes meanwhile is whole, before or after.
 */
CAPAUTH_API int capauth_session_copy_device_id(const capauth_session *session, char **text);

/*
 * As capauth_session_otp_destination, but a copy of your own.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` or `text` is NULL; CAPAUTH_E_NO_MEMORY.
 * Threads: any; what another thread changes meanwhile is whole, before or after.
 */
CAPAUTH_API int capauth_session_copy_otp_destination(const capauth_session *session, char **text);

/*
 * As capauth_session_otp_channel, but a copy of your own.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` or `text` is NULL; CAPAUTH_E_NO_MEMORY.
 * Threads: any; what another thread changes meanwhile is whole, before or after.
 */
CAPAUTH_API int capauth_session_copy_otp_channel(const capauth_session *session, char **text);

/*
 * As capauth_session_error_message, but a copy of your own.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `session` or `text` is NULL; CAPAUTH_E_NO_MEMORY.
 * Threads: any; what another thread changes meanwhile is whole, before or after.
 */
CAPAUTH_API int capauth_session_copy_error_message(const capauth_session *session, char **text);

/* ---- Options ----------------------------------------------------------------------------------------------------- */

/*
 * The optional arguments of calls. They are copied when a call starts, so one may serve several calls, or be freed at
 * once. Options that an operation has no use for are ignored. A setter that refuses changes nothing, and
 * capauth_options_error_message says why.
 */

/*
 * Makes options, none set. `*options` is yours: capauth_options_free.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `options` is NULL; CAPAUTH_E_NO_MEMORY.
 * Threads: any.
 */
CAPAUTH_API int capauth_options_new(capauth_options **options);

/*
 * Wipes and frees them. `options` may be NULL, and so may `*options`, which is NULL afterwards.
 * Returns: nothing.
 * Threads: one at a time: while a thread changes them, no other may use them.
 */
CAPAUTH_API void capauth_options_free(capauth_options **options);

/*
 * Why the last setter that refused did so: what it was given, what it takes, in which unit. Never a secret. `options`
 * may be NULL.
 * Returns: a text that is lent until the next setter, never NULL; "" when none has refused, and for NULL.
 * Threads: one at a time: while a thread changes them, no other may use them.
 */
CAPAUTH_API const char *capauth_options_error_message(const capauth_options *options);

/*
 * The same as a copy of your own: capauth_string_free.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `options` or `text` is NULL; CAPAUTH_E_NO_MEMORY.
 * Threads: one at a time: while a thread changes them, no other may use them.
 */
CAPAUTH_API int capauth_options_copy_error_message(const capauth_options *options, char **text);

/*
 * Instead of the client's timeout: 1 to 86,400,000 milliseconds.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `options` is NULL, or `timeout_ms` is out of these bounds.
 * Threads: one at a time: while a thread changes them, no other may use them.
 */
CAPAUTH_API int capauth_options_set_timeout_ms(capauth_options *options, int timeout_ms);

/*
 * For token generate: the first password of a customer of a password brand, sent with its confirmation. 1 to 1024
 * bytes.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `options` is NULL, or `password` is NULL or breaks this rule;
 *   CAPAUTH_E_NO_MEMORY.
 * Threads: one at a time: while a thread changes them, no other may use them.
 * Protocol: password, confirmPassword.
 */
CAPAUTH_API int capauth_options_set_password(capauth_options *options, const char *password);

/*
 * For OTP generate: another way for the OTP, "SMS", "WHATSAPP", "EMAIL" and so on. 1 to 64 letters, digits, - and _.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `options` is NULL, or `channel` is NULL or breaks this rule;
 *   CAPAUTH_E_NO_MEMORY.
 * Threads: one at a time: while a thread changes them, no other may use them.
 * Protocol: ?fallbackChannel=
 */
CAPAUTH_API int capauth_options_set_fallback_channel(capauth_options *options, const char *channel);

/*
 * For OTP generate where the brand has payload encryption: what the application sealed, up to 16 KiB, and when, in Unix
 * milliseconds.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `options` is NULL, or `hash` is NULL or breaks this rule, or `timestamp_ms`
 *   is negative; CAPAUTH_E_NO_MEMORY.
 * Threads: one at a time: while a thread changes them, no other may use them.
 * Protocol: hash, timeStamp.
 */
CAPAUTH_API int capauth_options_set_otp_hash(capauth_options *options, const char *hash, int64_t timestamp_ms);

/*
 * For token ensure and the gateway: instead of the client's refresh margin, 0 to 86,400,000 milliseconds.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `options` is NULL, or `margin_ms` is out of these bounds.
 * Threads: one at a time: while a thread changes them, no other may use them.
 */
CAPAUTH_API int capauth_options_set_margin_ms(capauth_options *options, int margin_ms);

/*
 * An HTTP header of this call's request, and of the regeneration that token ensure begins; rules as for
 * capauth_client_add_header.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `options` is NULL, or `name` or `value` is NULL or not allowed, or it is the
 *   33rd; CAPAUTH_E_NO_MEMORY.
 * Threads: one at a time: while a thread changes them, no other may use them.
 */
CAPAUTH_API int capauth_options_add_header(capauth_options *options, const char *name, const char *value);

/*
 * For the gateway: one query parameter, encoded as it must be; a name may repeat. `name` has 1 to 256 bytes, `value` up
 * to 8192, both without control characters.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `options` is NULL, or `name` or `value` is NULL or breaks this rule;
 *   CAPAUTH_E_NO_MEMORY.
 * Threads: one at a time: while a thread changes them, no other may use them.
 */
CAPAUTH_API int capauth_options_add_query(capauth_options *options, const char *name, const char *value);

/*
 * For the gateway: 1 says that a call other than GET may be sent twice without harm. Default 0.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `options` is NULL, or `repeatable` is neither 0 nor 1.
 * Threads: one at a time: while a thread changes them, no other may use them.
 */
CAPAUTH_API int capauth_options_set_repeatable(capauth_options *options, int repeatable);

/*
 * For the gateway: 1 sends the VIEW token that token generate gave as long as the customer has not signed in, for the
 * few endpoints that take it. It is never regenerated. After the sign-in the customer's own token is sent. Default 0.
 * Returns: 0; CAPAUTH_E_INVALID_ARGUMENT: `options` is NULL, or `view` is neither 0 nor 1.
 * Threads: one at a time: while a thread changes them, no other may use them.
 */
CAPAUTH_API int capauth_options_set_view(capauth_options *options, int view);

/* ---- Operations -------------------------------------------------------------------------------------------------- */

/*
 * `options` may be NULL. With `call` NULL the operation blocks and returns its outcome. Otherwise it starts, returns 0
 * and a call; nothing moves until someone waits for it or polls. What can be refused on the spot is returned at once:
 * then `*call` is a finished call that tells the rest, to be freed like any other (NULL only for CAPAUTH_E_NO_MEMORY,
 * CAPAUTH_E_FORKED or a NULL session).
 *
 * Refused on the spot: CAPAUTH_E_INVALID_ARGUMENT (capauth_call_argument names it), CAPAUTH_E_WRONG_STEP (no sessionId,
 * token or key to send), CAPAUTH_E_SIGN_IN_REQUIRED (the same for token regenerate, token ensure and gateway: no token,
 * and nothing to regenerate one from), CAPAUTH_E_BUSY (another operation that changes the sign-in is in flight),
 * CAPAUTH_E_UNSUPPORTED (not in this flow), CAPAUTH_E_CLOSED, CAPAUTH_E_REENTRANT (blocking in a callback),
 * CAPAUTH_E_FORKED.
 *
 * Outcomes: 0; any positive number of the Auth Engine's, CAPAUTH_E_REFUSED without one; CAPAUTH_E_RESOLVE, _CONNECT,
 * _NETWORK, _TLS: not reached; CAPAUTH_E_DEADLINE, CAPAUTH_E_CANCELLED; CAPAUTH_E_UNKNOWN_OUTCOME: it may have been
 * processed, and capauth does not repeat it by itself; CAPAUTH_E_SERVICE, CAPAUTH_E_RATE_LIMITED: a proxy or a CDN
 * replied in place of the Auth Engine; CAPAUTH_E_PROTOCOL: the reply is not valid; CAPAUTH_E_NO_MEMORY;
 * CAPAUTH_E_SYSTEM: the operating system refused, descriptors for instance, and the message has its own words.
 */

/*
 * Starts a sign-in, and clears the one before. Option: password.
 * Returns: what operations return, see above; CAPAUTH_PASSWORD_REQUIRED: the brand requires a first password.
 * Threads: any; blocking (`call` NULL) not in a callback of this client. One operation that changes the sign-in at a
 *   time for each session, else CAPAUTH_E_BUSY.
 * Protocol: POST auth/v1/token/generate, auth/v1/web/token/generate, auth/v1/mfa/token/generate.
 */
CAPAUTH_API int capauth_token_generate(capauth_session *session, const capauth_options *options, capauth_call **call);

/*
 * Sends an OTP, again if called again. Never repeated by itself. Options: fallback channel, OTP hash.
 * Returns: what operations return, see above; CAPAUTH_E_UNKNOWN_OUTCOME: the OTP may arrive, so validate and generate
 *   are both open.
 * Threads: any; blocking (`call` NULL) not in a callback of this client. One operation that changes the sign-in at a
 *   time for each session, else CAPAUTH_E_BUSY.
 * Protocol: POST auth/v1/otp/generate, and its web and mfa forms.
 */
CAPAUTH_API int capauth_otp_generate(capauth_session *session, const capauth_options *options, capauth_call **call);

/*
 * Signs in with `otp`, which the customer typed: a text, 1 to 1024 bytes without control characters. Never repeated by
 * itself.
 * Returns: what operations return, see above; CAPAUTH_INVALID_OTP leaves the step open.
 * Threads: any; blocking (`call` NULL) not in a callback of this client. One operation that changes the sign-in at a
 *   time for each session, else CAPAUTH_E_BUSY.
 * Protocol: POST auth/v1/otp/validate, and its web and mfa forms.
 */
CAPAUTH_API int capauth_otp_validate(capauth_session *session, const char *otp, const capauth_options *options,
                                     capauth_call **call);

/*
 * Signs in with `password`, 1 to 1024 bytes. Never repeated by itself.
 * Returns: what operations return, see above; CAPAUTH_INVALID_PASSWORD leaves the step open.
 * Threads: any; blocking (`call` NULL) not in a callback of this client. One operation that changes the sign-in at a
 *   time for each session, else CAPAUTH_E_BUSY.
 * Protocol: POST auth/v1/password/validate, and its web and mfa forms.
 */
CAPAUTH_API int capauth_password_validate(capauth_session *session, const char *password,
                                          const capauth_options *options, capauth_call **call);

/*
 * Changes the password of a customer who is signed in from `current_password` to `new_password`. Both have 1 to 1024
 * bytes. Never repeated by itself.
 * Returns: what operations return, see above; CAPAUTH_E_UNKNOWN_OUTCOME: sign in with the new one, else with the old.
 * Threads: any; blocking (`call` NULL) not in a callback of this client. One operation that changes the sign-in at a
 *   time for each session, else CAPAUTH_E_BUSY.
 * Protocol: POST auth/v1/password/change, and its web and mfa forms.
 */
CAPAUTH_API int capauth_password_change(capauth_session *session, const char *current_password,
                                        const char *new_password, const capauth_options *options, capauth_call **call);

/*
 * Sets `new_password`, 1 to 1024 bytes, which an OTP confirms: go on with OTP generate, or begin again with token
 * generate. Never repeated by itself.
 * Returns: what operations return, see above.
 * Threads: any; blocking (`call` NULL) not in a callback of this client. One operation that changes the sign-in at a
 *   time for each session, else CAPAUTH_E_BUSY.
 * Protocol: POST auth/v1/password/forget, and its web and mfa forms.
 */
CAPAUTH_API int capauth_password_forget(capauth_session *session, const char *new_password,
                                        const capauth_options *options, capauth_call **call);

/*
 * A fresh token, from the key (mobile, MFA) or from the token itself (web). Joins a regeneration in flight.
 * Returns: what operations return, see above; CAPAUTH_E_SIGN_IN_REQUIRED: there is nothing to regenerate from.
 * Threads: any; blocking (`call` NULL) not in a callback of this client. Runs beside other operations of the session.
 * Protocol: POST auth/v1/token/regenerate, and its web and mfa forms.
 */
CAPAUTH_API int capauth_token_regenerate(capauth_session *session, const capauth_options *options, capauth_call **call);

/*
 * Succeeds when the token is valid beyond the margin, regenerating it if it must; then get it by
 * capauth_session_copy_token. Option: margin.
 * Returns: what operations return, see above; CAPAUTH_E_SIGN_IN_REQUIRED: nobody is signed in, or the token has expired
 *   and cannot be regenerated; CAPAUTH_TOKEN_EXPIRED: it has expired, and capauth_session_pause_refresh holds the
 *   regeneration back.
 * Threads: any; blocking (`call` NULL) not in a callback of this client. Runs beside other operations of the session.
 * Protocol: none of its own; token/regenerate where needed.
 */
CAPAUTH_API int capauth_token_ensure(capauth_session *session, const capauth_options *options, capauth_call **call);

/*
 * Ends this token at the Auth Engine; the key stays. Only in the MFA flow.
 * Returns: what operations return, see above; CAPAUTH_E_UNSUPPORTED: another flow.
 * Threads: any; blocking (`call` NULL) not in a callback of this client. One operation that changes the sign-in at a
 *   time for each session, else CAPAUTH_E_BUSY.
 * Protocol: DELETE auth/v1/mfa/token/expire.
 */
CAPAUTH_API int capauth_token_expire(capauth_session *session, const capauth_options *options, capauth_call **call);

/*
 * `new_value` is the new mobile or email of the customer who is signed in: 1 to 256 bytes without control characters.
 * Never repeated by itself.
 * Returns: what operations return, see above; CAPAUTH_E_UNKNOWN_OUTCOME: the old value is kept until a regenerated
 *   token tells the new one.
 * Threads: any; blocking (`call` NULL) not in a callback of this client. One operation that changes the sign-in at a
 *   time for each session, else CAPAUTH_E_BUSY.
 * Protocol: POST auth/v1/user/updateIdentifierValue.
 */
CAPAUTH_API int capauth_identifier_update(capauth_session *session, const char *new_value,
                                          const capauth_options *options, capauth_call **call);

/*
 * Cancels what is in flight and clears token, key and step at once, also without a network. In the MFA flow it then
 * expires the token.
 * Returns: 0 in other flows than MFA, and where the token had expired already; else what token expire returns. With
 *   CAPAUTH_E_NO_MEMORY, too, token, key and step are cleared.
 * Threads: any; blocking (`call` NULL) not in a callback of this client. Runs beside other operations of the session.
 * Protocol: none, or in the MFA flow DELETE auth/v1/mfa/token/expire.
 */
CAPAUTH_API int capauth_session_sign_out(capauth_session *session, const capauth_options *options, capauth_call **call);

/*
 * Calls the brand's gateway with a valid token, regenerated when needed. `method` is "GET" or "POST"; `endpoint` like
 * "customer/get", or a whole path on the gateway's host like "/store-locator/v1/brand/nearbystores"; `body` NULL or a
 * text of any length, sent as JSON. `call` must not be NULL and holds the reply: start, then capauth_call_wait.
 * Options: query, headers, repeatable, margin, view.
 * Returns: as operations that start. The outcome is 0 when HTTP answered, whatever it said: see _http_status, _ok,
 *   _refusal and _body. It is CAPAUTH_TOKEN_EXPIRED when a fresh token was refused, when the token was refused and the
 *   call may not be repeated (then it is retryable), or when the token has expired and regeneration is paused;
 *   CAPAUTH_E_SIGN_IN_REQUIRED, each time, when there is no token, or it was refused and cannot be regenerated.
 * Threads: any, in callbacks too. Runs beside other operations of the session.
 * Protocol: {gateway}/v2/api/{endpoint}, or the path.
 */
CAPAUTH_API int capauth_gateway_call(capauth_session *session, const char *method, const char *endpoint,
                                     const char *body, const capauth_options *options, capauth_call **call);

/* ---- Call -------------------------------------------------------------------------------------------------------- */

/*
 * Whether it has finished. Never blocks. `call` may be NULL.
 * Returns: 1 or 0; 0 for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_call_done(const capauth_call *call);

/*
 * Waits for the outcome, at most `timeout_ms` milliseconds (negative: without limit, 0: only looks).
 * Returns: the outcome; CAPAUTH_E_PENDING: it has not finished; CAPAUTH_E_INVALID_ARGUMENT: `call` is NULL;
 *   CAPAUTH_E_REENTRANT: in a callback; CAPAUTH_E_FORKED.
 * Threads: any but one in a callback of this client (there 0 works, once it is done); many may wait for one call.
 */
CAPAUTH_API int capauth_call_wait(capauth_call *call, int timeout_ms);

/*
 * The outcome, without waiting.
 * Returns: the outcome; CAPAUTH_E_PENDING: it has not finished; CAPAUTH_E_INVALID_ARGUMENT: `call` is NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_call_result(const capauth_call *call);

/*
 * Ends it with CAPAUTH_E_CANCELLED, or CAPAUTH_E_UNKNOWN_OUTCOME when it may have been done already and may not be
 * repeated. Does nothing to a call that has finished.
 * Returns: 0, at once; CAPAUTH_E_INVALID_ARGUMENT: `call` is NULL; CAPAUTH_E_FORKED.
 * Threads: any, in callbacks too.
 */
CAPAUTH_API int capauth_call_cancel(capauth_call *call);

/*
 * Cancels it if it is in flight, and lets go. `call` may be NULL, and so may `*call`, which is NULL afterwards.
 * Returns: nothing.
 * Threads: any, in callbacks too; no other thread may be inside a function on this handle.
 */
CAPAUTH_API void capauth_call_free(capauth_call **call);

/*
 * What became of it. These never block, take NULL, and are settled once the call is done; before that they say what
 * they say for NULL, save _operation. Texts are lent until the call is freed.
 */

/*
 * What went wrong, in one sentence that names the operation, or for a gateway call what a reply that is not ok said.
 * Never a secret.
 * Returns: the text, never NULL; "" when nothing went wrong, and for NULL.
 * Threads: any.
 */
CAPAUTH_API const char *capauth_call_error_message(const capauth_call *call);

/*
 * The name of the argument that CAPAUTH_E_INVALID_ARGUMENT is about.
 * Returns: the text, never NULL; "" otherwise, and for NULL.
 * Threads: any.
 */
CAPAUTH_API const char *capauth_call_argument(const capauth_call *call);

/*
 * The session's next step when the call ended: what to do first after CAPAUTH_E_WRONG_STEP.
 * Returns: a CAPAUTH_STEP_; 0 when there is none, and for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_call_next_step(const capauth_call *call);

/*
 * The operation's name: "otp_validate", "gateway", "prepare".
 * Returns: a static text, never NULL; "" for NULL.
 * Threads: any.
 */
CAPAUTH_API const char *capauth_call_operation(const capauth_call *call);

/*
 * The HTTP status of the reply.
 * Returns: it; 0 when none arrived, and for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_call_http_status(const capauth_call *call);

/*
 * How long the service asked to wait, by Retry-After.
 * Returns: milliseconds; -1 when it said nothing, and for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_call_retry_after_ms(const capauth_call *call);

/*
 * Whether the request may have reached the Auth Engine.
 * Returns: 1 or 0; 0 for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_call_maybe_sent(const capauth_call *call);

/*
 * Whether the same call may succeed later and repeating it does no harm; for a gateway's refusal too.
 * Returns: 1 or 0; 0 for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_call_retryable(const capauth_call *call);

/*
 * The CDN's id of the request (X-Amz-Cf-Id), for support.
 * Returns: the text, never NULL; "" when there was none, and for NULL.
 * Threads: any.
 */
CAPAUTH_API const char *capauth_call_request_id(const capauth_call *call);

/*
 * Whether the Auth Engine, or for the gateway HTTP (2xx) and every known form of status, said yes.
 * Returns: 1 or 0; 0 for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_call_ok(const capauth_call *call);

/*
 * The code of a gateway's reply that is not ok, as an operation would give it: its own number where it has one
 * (CAPAUTH_UNKNOWN_CUSTOMER); else CAPAUTH_E_RATE_LIMITED for HTTP 429, CAPAUTH_E_SERVICE for HTTP 5xx without a status
 * in its body, CAPAUTH_E_PROTOCOL for a body that begins like a JSON object and cannot be read as one; for all else
 * CAPAUTH_E_REFUSED.
 * Returns: the code; 0 for a reply that is ok, without a reply, for operations, whose outcome tells, and for NULL.
 * Threads: any.
 */
CAPAUTH_API int capauth_call_refusal(const capauth_call *call);

/*
 * status.code as it came, for the gateway also from its error form.
 * Returns: the number; 0 without one, and for NULL.
 * Threads: any.
 */
CAPAUTH_API int64_t capauth_call_server_code(const capauth_call *call);

/*
 * status.message as it came, for the gateway also from its error form.
 * Returns: the text, never NULL; "" without one, and for NULL.
 * Threads: any.
 */
CAPAUTH_API const char *capauth_call_server_message(const capauth_call *call);

/*
 * The reply of a gateway call, as it came, ended by a NUL that `*length` does not count. `length` may be NULL.
 * Returns: the bytes, never NULL; "" and 0 for operations, whose replies hold tokens, and for NULL.
 * Threads: any.
 */
CAPAUTH_API const char *capauth_call_body(const capauth_call *call, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
