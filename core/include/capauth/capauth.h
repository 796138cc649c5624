/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capauth: sign the customers of a loyalty brand in at Capillary's Auth Engine, and keep them signed in.
 *
 * The words are the protocol's. A client holds configuration and connections. A session is one customer of one brand
 * on one device. A call is one operation in flight, then its result. Options are the optional arguments of one call.
 *
 * Rules that hold for every function, so that the comments below tell only what is particular:
 *
 * Results     int functions give 0 (CAPAUTH_OK), a negative code of ours (CAPAUTH_E_...), or the Auth Engine's own
 *             positive number (CAPAUTH_INVALID_OTP is 1506). Unless a comment says otherwise, each of them can give
 *             CAPAUTH_E_INVALID_ARGUMENT for a NULL handle, a NULL or malformed string; CAPAUTH_E_NO_MEMORY;
 *             CAPAUTH_E_CLOSED after _close; CAPAUTH_E_FORKED in a child process.
 * Ownership   What comes out through an `**out` is yours: free it with its own _free(&x), which takes NULL and a
 *             pointer to NULL, and leaves NULL. On failure `*out` is NULL, except for operations (see there). What is
 *             returned directly is borrowed: valid until the next operation, wait or poll on that client or a change
 *             of that handle; use the _copy_ twin where threads share the handle.
 * Strings     UTF-8, ended by NUL, copied on the way in. Getters of strings never return NULL: "" means none.
 * Identity    brand, identifiers, device ids: passed on as given; refused when empty, over 256 bytes (device ids: 512),
 *             or with control characters. OTPs: 1 to 1024 bytes, no control characters. Passwords: 1 to 1024 bytes, any
 *             character but NUL. Tokens: at most 16 KiB. The error text says which rule was broken.
 * Times       int64_t Unix milliseconds on the server's clock, 0 for none. Durations are int milliseconds and say _ms.
 * Threads     Every function may be called from any thread. A handle may be used by many at once; freeing it while
 *             another thread is inside a function on that same handle is an error, closing it is not.
 * Fork        A client belongs to the process that made it. In a child only _free, _close, getters and
 *             capauth_strerror work; the parent goes on undisturbed.
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
/* errors: begin (made by core/generate.py from errors.json) */
enum {
    CAPAUTH_OK = 0,
    CAPAUTH_E_INVALID_ARGUMENT = -1, /* invalid argument */
    CAPAUTH_E_WRONG_STEP = -2, /* the session does not have what this operation must send */
    CAPAUTH_E_BUSY = -3, /* another step of this session is in flight */
    CAPAUTH_E_CLOSED = -4, /* the handle is closed */
    CAPAUTH_E_STATE = -5, /* settings cannot be changed after the first operation */
    CAPAUTH_E_REENTRANT = -6, /* a callback may not wait on its own client */
    CAPAUTH_E_FORKED = -7, /* the client belongs to the process that made it; make a new one after fork */
    CAPAUTH_E_UNSUPPORTED = -8, /* not supported here */
    CAPAUTH_E_SIGN_IN_REQUIRED = -9, /* no token is to be had any more; sign in again */
    CAPAUTH_E_RESOLVE = -20, /* the host name could not be resolved */
    CAPAUTH_E_CONNECT = -21, /* the connection could not be made */
    CAPAUTH_E_NETWORK = -22, /* the connection failed */
    CAPAUTH_E_TLS = -23, /* TLS failed */
    CAPAUTH_E_DEADLINE = -30, /* the deadline passed */
    CAPAUTH_E_UNKNOWN_OUTCOME = -31, /* the request may have been processed, but its answer was lost */
    CAPAUTH_E_CANCELLED = -32, /* cancelled */
    CAPAUTH_E_SERVICE = -40, /* the Auth Engine did not answer */
    CAPAUTH_E_PROTOCOL = -41, /* the answer cannot be understood */
    CAPAUTH_E_REFUSED = -42, /* the Auth Engine refused */
    CAPAUTH_E_RATE_LIMITED = -43, /* too many requests */
    CAPAUTH_E_NO_MEMORY = -50, /* out of memory */
    CAPAUTH_E_PENDING = -51, /* the call has not finished yet */
    CAPAUTH_E_INTERNAL = -52, /* internal error */
    CAPAUTH_E_SYSTEM = -53, /* the operating system refused */
    CAPAUTH_OTP_RATE_LIMITED = 429, /* too many OTPs were asked for */
    CAPAUTH_CANNOT_VALIDATE_OTP = 1502, /* the OTP cannot be validated */
    CAPAUTH_CANNOT_GENERATE_OTP = 1503, /* the OTP cannot be generated */
    CAPAUTH_CANNOT_GENERATE_TOKEN = 1504, /* the token cannot be generated */
    CAPAUTH_INVALID_SESSION = 1505, /* the session has expired or is not valid */
    CAPAUTH_INVALID_OTP = 1506, /* wrong OTP */
    CAPAUTH_MOBILE_MISMATCH = 1507, /* the mobile differs from the session's */
    CAPAUTH_DEVICE_MISMATCH = 1508, /* the device differs from the session's */
    CAPAUTH_BRAND_MISMATCH = 1509, /* the brand differs from the session's */
    CAPAUTH_UNKNOWN_CUSTOMER = 1515, /* no such customer */
    CAPAUTH_TOO_MANY_OTP_ATTEMPTS = 1518, /* too many wrong OTPs; start again */
    CAPAUTH_INVALID_DETAILS = 1519, /* the details are not valid for this operation */
    CAPAUTH_PASSWORD_REQUIRED = 1520, /* the brand wants a password */
    CAPAUTH_PASSWORD_CONFIRMATION_DIFFERS = 1521, /* password and confirmation differ */
    CAPAUTH_CANNOT_CHANGE_PASSWORD = 1523, /* the password cannot be changed */
    CAPAUTH_PASSWORD_NOT_ENABLED = 1524, /* the brand has no passwords */
    CAPAUTH_CANNOT_REGENERATE_TOKEN = 1525, /* the token cannot be regenerated; sign in again */
    CAPAUTH_CANNOT_VALIDATE_PASSWORD = 1526, /* the password cannot be validated */
    CAPAUTH_PASSWORD_UNCHANGED = 1527, /* the old and the new password are the same */
    CAPAUTH_INVALID_PASSWORD = 1528, /* wrong password */
    CAPAUTH_TOKEN_EXPIRED = 1529, /* the token has expired */
    CAPAUTH_TOO_MANY_PASSWORD_ATTEMPTS = 1530, /* too many wrong passwords; reset the password */
    CAPAUTH_CANNOT_EXPIRE_TOKEN = 1531, /* the token cannot be expired */
    CAPAUTH_CANNOT_RESET_PASSWORD = 1532, /* the password cannot be reset */
    CAPAUTH_OTP_LIMIT_REACHED = 1534, /* the customer's OTP limit is reached */
    CAPAUTH_OTP_LIMIT_ZERO = 1535, /* the brand's OTP limit is configured as 0 */
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
    CAPAUTH_EXTERNAL_ID_NOT_ENABLED = 3005, /* external ID login is not enabled for the brand */
    CAPAUTH_HASH_OUT_OF_WINDOW = 5004, /* the hash is out of its time window */
};
/* errors: end */

/* ---- Library ---------------------------------------------------------------------------------------------------- */

/* "MAJOR.MINOR.PATCH". Static. */
CAPAUTH_API const char *capauth_version(void);

/* One English sentence for any code, known or not. Static; never NULL. */
CAPAUTH_API const char *capauth_strerror(int code);

/* The code's stable name, "INVALID_OTP", for translations; "UNKNOWN" for a number without one. Static. */
CAPAUTH_API const char *capauth_error_name(int code);

/* 1 when the same call may succeed later and repeating it does no harm, as far as the code alone tells; else 0. */
CAPAUTH_API int capauth_error_retryable(int code);

/* The stable name of a CAPAUTH_STEP_, "otp_validate"; "unknown" for another number. Static. */
CAPAUTH_API const char *capauth_step_name(int step);

/* Wipes and frees a text that capauth gave through a `char **`. Takes NULL; leaves NULL. */
CAPAUTH_API void capauth_string_free(char **text);

/* ---- Client ----------------------------------------------------------------------------------------------------- */

/*
 * Makes a client. It needs a cluster or a base URL before its first session. The environment is read here and only
 * here, and only SSL_CERT_FILE; not at all by a program with more rights than its caller (setuid).
 * CAPAUTH_E_UNSUPPORTED: libcurl is older than 7.87 or its global init is not thread-safe.
 */
CAPAUTH_API int capauth_client_new(capauth_client **client);

/* Lets go of the handle. Sessions and calls of the client keep working until they are freed too, in any order. */
CAPAUTH_API void capauth_client_free(capauth_client **client);

/*
 * Cancels what is in flight, closes all connections and gives all descriptors back, save that of capauth_client_fd;
 * never waits for the network or for callbacks. Later operations give CAPAUTH_E_CLOSED; getters and export still work.
 * Closing twice is fine.
 */
CAPAUTH_API int capauth_client_close(capauth_client *client);

/* Why the calling thread's last failed setter, restore, new session, prepare, poll or fd of this client failed. For a
 * thread without a failure here: any thread's last. "" when nothing has failed, or client is NULL. */
CAPAUTH_API const char *capauth_client_error_message(const capauth_client *client);
CAPAUTH_API int capauth_client_copy_error_message(const capauth_client *client, char **text);

/*
 * Settings. All give CAPAUTH_E_STATE once an operation has started, and CAPAUTH_E_INVALID_ARGUMENT with a message that
 * names what was wrong. Strings may be given again; the last one counts. A setter that runs while another thread
 * starts the first operation either counts for it or gives CAPAUTH_E_STATE.
 */

/* "APAC", "APAC2" or "EU": the Auth Engine's host and the gateway of that cluster. */
CAPAUTH_API int capauth_client_set_cluster(capauth_client *client, const char *cluster);
/* "https://auth.brand.example", with a path if the brand has one. Plain http only to loopback, or with allow_http. It
 * is kept in one form: scheme and host in lower case, no default port, no slash at the end. */
CAPAUTH_API int capauth_client_set_base_url(capauth_client *client, const char *url);
/* Where gateway calls go. Default: the cluster's gateway, else {base_url}/mobile. */
CAPAUTH_API int capauth_client_set_gateway_url(capauth_client *client, const char *url);
/* The whole call, waiting in the queue and retries included. 1 to 86,400,000; default 20,000. */
CAPAUTH_API int capauth_client_set_timeout_ms(capauth_client *client, int timeout_ms);
/* Name lookup, TCP and TLS of one attempt. 1 to 86,400,000; default 10,000. */
CAPAUTH_API int capauth_client_set_connect_timeout_ms(capauth_client *client, int timeout_ms);
/* How often what may be repeated is repeated. 0 to 10; default 2. */
CAPAUTH_API int capauth_client_set_max_retries(capauth_client *client, int retries);
/* Connections at once; further calls wait in a queue. 1 to 4096; default 8. */
CAPAUTH_API int capauth_client_set_max_connections(capauth_client *client, int connections);
/* 1: HTTP/2 over TLS, many calls on one connection. Default 0: HTTP/1.1, which costs less for one call at a time.
 * CAPAUTH_E_UNSUPPORTED: libcurl was built without it. */
CAPAUTH_API int capauth_client_set_http2(capauth_client *client, int enabled);
/* A file of PEM certificates: the only authorities trusted. It must be readable now, and is read when the first
 * connection is made. */
CAPAUTH_API int capauth_client_set_ca_file(capauth_client *client, const char *path);
/* The same as text. CAPAUTH_E_UNSUPPORTED: it would have to be a file, and no file can be made in memory here. */
CAPAUTH_API int capauth_client_set_ca_pem(capauth_client *client, const char *pem);
/* "1.2" (default) or "1.3". */
CAPAUTH_API int capauth_client_set_tls_min(capauth_client *client, const char *version);
/* Public keys, one of which the server must show: "sha256//BASE64;sha256//BASE64". In addition to verification.
 * CAPAUTH_E_UNSUPPORTED: libcurl's TLS library cannot do it. */
CAPAUTH_API int capauth_client_set_pinned_keys(capauth_client *client, const char *pins);
/* PEM files for a client certificate; the key must not be encrypted. */
CAPAUTH_API int capauth_client_set_client_cert(capauth_client *client, const char *path);
CAPAUTH_API int capauth_client_set_client_key(capauth_client *client, const char *path);
/* "http://user:password@proxy.example:3128", or any form that curl's manual has. The scheme is http (or none), https,
 * socks4, socks4a, socks5 or socks5h (with socks4a and socks5h the proxy looks names up). Without a port it is 1080,
 * for https 443. "env" reads the environment now, the first variable that is set: for https URLs https_proxy,
 * HTTPS_PROXY, all_proxy, ALL_PROXY; for http URLs http_proxy, all_proxy, ALL_PROXY; and no_proxy or NO_PROXY, hosts
 * that are asked directly. "": no proxy, the default. Loopback never goes through one. CAPAUTH_E_UNSUPPORTED: an https
 * proxy, where libcurl was built without them. */
CAPAUTH_API int capauth_client_set_proxy(capauth_client *client, const char *proxy);
/* Default "capauth/VERSION". */
CAPAUTH_API int capauth_client_set_user_agent(capauth_client *client, const char *user_agent);
/* A header of every request. Names that capauth or HTTP itself sets (Accept-Encoding, Host, cap_brand...) are refused,
 * in any case; so is a 33rd header. A value may have up to 8192 bytes; one of blanks alone is sent empty. */
CAPAUTH_API int capauth_client_add_header(capauth_client *client, const char *name, const char *value);
/* A token that expires within this time, or within half of its life if that is less, is regenerated before it is used.
 * If that fails, or takes more than half of the call's time or of the token's remaining life, the token is used as long
 * as it is valid, and the regeneration goes on by itself; token ensure with a margin of its own fails instead. 0 to
 * 86,400,000; default 30,000. */
CAPAUTH_API int capauth_client_set_refresh_margin_ms(capauth_client *client, int margin_ms);
/* 0: gateway calls never regenerate the token by themselves. Default 1. */
CAPAUTH_API int capauth_client_set_auto_refresh(capauth_client *client, int enabled);
/* 1: plain HTTP beyond loopback, for test networks. Default 0, which is refused once a URL that was set needs 1. */
CAPAUTH_API int capauth_client_set_allow_http(capauth_client *client, int allowed);
/* Added to the local clock, so that tests can have a device whose clock is wrong. Default 0. */
CAPAUTH_API int capauth_client_set_clock_offset_ms(capauth_client *client, int64_t offset_ms);
/* 1: gateway calls also send the older cap_mobile header. Default 0. */
CAPAUTH_API int capauth_client_set_cap_mobile(capauth_client *client, int enabled);

/* What holds now, set or default, in milliseconds; also after _close. 0 for NULL. */
CAPAUTH_API int capauth_client_timeout_ms(const capauth_client *client);
CAPAUTH_API int capauth_client_refresh_margin_ms(const capauth_client *client);

/*
 * Callbacks run on the thread that next leaves a wait, a poll or a blocking operation, one at a time, outside every
 * lock. From inside one, getters, export, start, cancel, close and free are allowed; waiting on the same client gives
 * CAPAUTH_E_REENTRANT. `free_data`, if not NULL, runs once on `data`, after the last callback (at once when setting
 * fails). A NULL callback removes the one there is.
 */

/* `message` never holds a secret or a whole identifier. `level` is a CAPAUTH_LOG_. */
typedef void (*capauth_log_callback)(int level, const char *message, void *data);
CAPAUTH_API int capauth_client_set_log(capauth_client *client, capauth_log_callback callback, void *data,
                                       void (*free_data)(void *data));

/*
 * For metrics: CAPAUTH_TRACE_START and CAPAUTH_TRACE_END of each call, matched by `call_id`. At the end `result` is the
 * outcome, `http_status` 0 when none arrived, `attempts` the requests sent, `duration_ms` the time since the start.
 */
typedef void (*capauth_trace_callback)(int event, int64_t call_id, const char *operation, int result, int http_status,
                                       int attempts, int duration_ms, void *data);
CAPAUTH_API int capauth_client_set_trace(capauth_client *client, capauth_trace_callback callback, void *data,
                                         void (*free_data)(void *data));

/*
 * Loads the CA store and connects to the Auth Engine now, when a stall of some 50 ms does no harm, so that no later
 * step has to. A call like any other, named "prepare": waited for or polled, cancelled, freed. It ends with CAPAUTH_OK,
 * CAPAUTH_E_RESOLVE, _CONNECT, _NETWORK, _TLS, _SYSTEM, _DEADLINE (the client's timeout) or _CANCELLED; its error
 * message names the host, and for TLS the reason and the CA store. No request is sent. The connection serves the first
 * operation that needs one; like every kept connection it is closed after 30 s without use. (libcurl 8.0 and newer
 * gives it up when TLS 1.3 session tickets are waiting on it; then only the CA store stays loaded.)
 * CAPAUTH_E_INVALID_ARGUMENT without a cluster or a base URL, and CAPAUTH_E_CLOSED, are returned at once: then `*call`
 * is a finished call that tells the rest, to be freed like any other. `call` must not be NULL.
 */
CAPAUTH_API int capauth_client_start_prepare(capauth_client *client, capauth_call **call);
/*
 * The same, blocking: the outcome, whose message is then the client's (capauth_client_error_message).
 * CAPAUTH_E_REENTRANT in a callback.
 */
CAPAUTH_API int capauth_client_prepare(capauth_client *client);

/*
 * Lets calls move on. Waits until a call finishes, at most timeout_ms (negative: without limit); 0 does what can be
 * done now and never blocks. Returns how many calls finished since the last poll, or a negative code
 * (CAPAUTH_E_REENTRANT in a callback; CAPAUTH_E_SYSTEM when there are no descriptors left to wait on).
 */
CAPAUTH_API int capauth_client_poll(capauth_client *client, int timeout_ms);

/*
 * A descriptor to watch for reading in an event loop of your own; when it is readable, call
 * capauth_client_poll(client, 0). It belongs to the client and stays open until that is freed; closing the client, from
 * any thread, makes it readable. CAPAUTH_E_UNSUPPORTED where the platform has none; CAPAUTH_E_SYSTEM when there are no
 * descriptors left.
 */
CAPAUTH_API int capauth_client_fd(capauth_client *client);

/*
 * 1 and a call that finished and was not handed out before, or 0 and NULL. `*finished` is the pointer that starting the
 * call gave: still freed only once. Calls freed before they finished, or waited for, do not appear.
 */
CAPAUTH_API int capauth_client_next_done(capauth_client *client, capauth_call **finished);

/* What a support request needs: versions, TLS library, CA store and why that one. `client` may be NULL. */
CAPAUTH_API int capauth_diagnose(capauth_client *client, char **text);

/* ---- Session ---------------------------------------------------------------------------------------------------- */

/*
 * A customer of `brand` who is not signed in. `flow` is CAPAUTH_FLOW_MOBILE or CAPAUTH_FLOW_WEB. Set the identifier,
 * and for mobile the device id, before the first operation. CAPAUTH_E_INVALID_ARGUMENT when the client has no cluster
 * and no base URL.
 */
CAPAUTH_API int capauth_session_new(capauth_client *client, int flow, const char *brand, capauth_session **session);

/* The brand's OpenID provider signed the customer in: gateway calls, authorised by both tokens, are all there is. */
CAPAUTH_API int capauth_session_external_new(capauth_client *client, const char *brand, const char *access_token,
                                             const char *id_token, capauth_session **session);

/*
 * A session of the MFA flow for the customer whose first factor ended with CAPAUTH_STEP_SECOND_FACTOR. It takes the
 * first's brand, identifier, contact and device; set_identifier and set_device_id may change them (after web a device
 * is needed). It is a session in its own right: once it is done, keep it and free the first.
 * CAPAUTH_E_WRONG_STEP when the first has no token.
 */
CAPAUTH_API int capauth_session_second_factor(capauth_session *first, capauth_session **second);

/*
 * A session from what capauth_session_export gave, at whatever step it was. CAPAUTH_E_INVALID_ARGUMENT, with a message
 * on the client, when the text is not such an export, is of another origin, of an unknown version, or must be
 * understood in a way that this version does not know.
 */
CAPAUTH_API int capauth_session_restore(capauth_client *client, const char *text, capauth_session **session);

/*
 * Replaces the session's state by that of an export of the same customer, written by another process: the way a fleet
 * shares one token. As restore; CAPAUTH_E_BUSY while a step is in flight; CAPAUTH_E_INVALID_ARGUMENT when the text is
 * of another customer, brand or flow. (Whether the customer is the same, the customer id decides where both have one,
 * else the identifier.)
 */
CAPAUTH_API int capauth_session_reload(capauth_session *session, const char *text);

/*
 * The session as one JSON text, at every step, also after _close and while a call is in flight (then the state before
 * it). It is as secret as the key; it never holds a password or an OTP. The format: core/export-format.md.
 */
CAPAUTH_API int capauth_session_export(const capauth_session *session, char **text);

/* Lets go of the handle. Calls in flight go on. Does not sign out and never talks to the network. */
CAPAUTH_API void capauth_session_free(capauth_session **session);

/* Cancels what is in flight on this session; later operations give CAPAUTH_E_CLOSED. Does not sign out. */
CAPAUTH_API int capauth_session_close(capauth_session *session);

/* Who it is. CAPAUTH_E_STATE after the first operation. `type` is a CAPAUTH_IDENTIFIER_. */
CAPAUTH_API int capauth_session_set_identifier(capauth_session *session, int type, const char *value);
/* Where a USERNAME or EXTERNALID gets its OTP. `type` is CAPAUTH_IDENTIFIER_MOBILE or _EMAIL. */
CAPAUTH_API int capauth_session_set_contact(capauth_session *session, int type, const char *value);
/* Required for mobile and MFA; CAPAUTH_E_UNSUPPORTED for web and external sessions. */
CAPAUTH_API int capauth_session_set_device_id(capauth_session *session, const char *device_id);

/*
 * Tells that something has changed that an export holds (tokens, key, identifier, the step), once for each answer, so
 * that the application can save a new export. When callbacks run, and what `free_data` does: see
 * capauth_client_set_log. Not called after the session's handle was freed.
 */
typedef void (*capauth_change_callback)(capauth_session *session, void *data);
CAPAUTH_API int capauth_session_on_change(capauth_session *session, capauth_change_callback callback, void *data,
                                          void (*free_data)(void *data));

/*
 * For programs that share a customer and take turns. For duration_ms from now (0 ends the pause) capauth regenerates
 * nothing by itself on this session: token ensure and gateway calls use the token while it is valid, then give
 * CAPAUTH_TOKEN_EXPIRED. (As long as the Auth Engine has not told what time it is, they use it anyway: this machine's
 * clock may be wrong.) capauth_token_regenerate works as ever. The pause is not part of an export, and a reload does
 * not end it. CAPAUTH_E_INVALID_ARGUMENT: duration_ms is negative.
 */
CAPAUTH_API int capauth_session_pause_refresh(capauth_session *session, int duration_ms);

/* Getters: never block on the network, work on closed sessions, take NULL (0, -1 or ""). */

/* A CAPAUTH_STEP_. Advice only: an operation is refused locally only when what it must send is missing. In the MFA flow
 * CAPAUTH_STEP_TOKEN_GENERATE after a sign-out or a refused key means: begin again with the first factor, in a session
 * of its own. */
CAPAUTH_API int capauth_session_next_step(const capauth_session *session);
/* 1 when there is a token and its role is none of VIEW, MFA_PENDING, AUTH. Mere expiry does not end it. */
CAPAUTH_API int capauth_session_signed_in(const capauth_session *session);
/* When the token expires, as it says itself; 0 when it does not say. */
CAPAUTH_API int64_t capauth_session_expires_at(const capauth_session *session);
/* For how many milliseconds the token is still valid, by the server's clock, since this machine's may be wrong; at most
 * INT_MAX (24 days). 0: it has expired; -1: not known, since there is no token, it does not say, or this client has not
 * heard from the Auth Engine yet. */
CAPAUTH_API int capauth_session_expires_in_ms(const capauth_session *session);
/* 1, 0, or -1 when the Auth Engine has not said. */
CAPAUTH_API int capauth_session_app_registered(const capauth_session *session);
CAPAUTH_API int capauth_session_registered_for_password(const capauth_session *session);
CAPAUTH_API int capauth_session_flow(const capauth_session *session);
CAPAUTH_API int capauth_session_identifier_type(const capauth_session *session);
/* When OTP generate last succeeded in this sign-in; 0 when it did not. */
CAPAUTH_API int64_t capauth_session_otp_sent_at(const capauth_session *session);
/* How many wrong OTPs the Auth Engine has refused since then. */
CAPAUTH_API int capauth_session_otp_wrong_answers(const capauth_session *session);

/* The access token, and the refresh key (mobile and MFA). Secrets. */
CAPAUTH_API const char *capauth_session_token(const capauth_session *session);
CAPAUTH_API const char *capauth_session_key(const capauth_session *session);
/* The token's role: "VIEW", "USER", "MFA_PENDING", or a role of the brand's. */
CAPAUTH_API const char *capauth_session_role(const capauth_session *session);
/* The customer's id, a decimal string, as the token says. */
CAPAUTH_API const char *capauth_session_customer_id(const capauth_session *session);
CAPAUTH_API const char *capauth_session_brand(const capauth_session *session);
CAPAUTH_API const char *capauth_session_identifier(const capauth_session *session);
CAPAUTH_API const char *capauth_session_device_id(const capauth_session *session);
/* Where the OTP went, masked ("9199******93"), and the fallback channel that was asked for. */
CAPAUTH_API const char *capauth_session_otp_destination(const capauth_session *session);
CAPAUTH_API const char *capauth_session_otp_channel(const capauth_session *session);
/* Why the calling thread's last failed operation or setter on this session failed. For a thread without a failure here:
 * any thread's last. Where threads share the session, use the _copy_ twin. "" when nothing has failed, and for NULL. */
CAPAUTH_API const char *capauth_session_error_message(const capauth_session *session);

/* Twins that give a copy of your own: free with capauth_string_free, which wipes it. */
CAPAUTH_API int capauth_session_copy_token(const capauth_session *session, char **text);
CAPAUTH_API int capauth_session_copy_key(const capauth_session *session, char **text);
CAPAUTH_API int capauth_session_copy_role(const capauth_session *session, char **text);
CAPAUTH_API int capauth_session_copy_customer_id(const capauth_session *session, char **text);
CAPAUTH_API int capauth_session_copy_brand(const capauth_session *session, char **text);
CAPAUTH_API int capauth_session_copy_identifier(const capauth_session *session, char **text);
CAPAUTH_API int capauth_session_copy_device_id(const capauth_session *session, char **text);
CAPAUTH_API int capauth_session_copy_otp_destination(const capauth_session *session, char **text);
CAPAUTH_API int capauth_session_copy_otp_channel(const capauth_session *session, char **text);
CAPAUTH_API int capauth_session_copy_error_message(const capauth_session *session, char **text);

/* ---- Options ---------------------------------------------------------------------------------------------------- */

/* The optional arguments of calls. Copied when a call starts, so one may serve several calls, or be freed at once.
 * Options that an operation has no use for are ignored. While one thread changes them, no other may use them. A setter
 * that gives CAPAUTH_E_INVALID_ARGUMENT changes nothing, and _error_message says why. */
CAPAUTH_API int capauth_options_new(capauth_options **options);
CAPAUTH_API void capauth_options_free(capauth_options **options);
/* Why the last setter that refused did so: what it was given, what it takes, in which unit. "" when none has, and for
 * NULL. Borrowed until the next setter; never holds a secret. The twin gives a copy: free it with capauth_string_free.
 */
CAPAUTH_API const char *capauth_options_error_message(const capauth_options *options);
CAPAUTH_API int capauth_options_copy_error_message(const capauth_options *options, char **text);
/* Instead of the client's timeout. 1 to 86,400,000. */
CAPAUTH_API int capauth_options_set_timeout_ms(capauth_options *options, int timeout_ms);
/* token generate: the first password of a customer of a password brand (sent with its confirmation). */
CAPAUTH_API int capauth_options_set_password(capauth_options *options, const char *password);
/* OTP generate: ?fallbackChannel=, "SMS", "WHATSAPP", "EMAIL" and so on. */
CAPAUTH_API int capauth_options_set_fallback_channel(capauth_options *options, const char *channel);
/* OTP generate where the brand has payload encryption: `hash` and `timeStamp`, made by the application. */
CAPAUTH_API int capauth_options_set_otp_hash(capauth_options *options, const char *hash, int64_t timestamp_ms);
/* token ensure and gateway: instead of the client's refresh margin. 0 to 86,400,000. */
CAPAUTH_API int capauth_options_set_margin_ms(capauth_options *options, int margin_ms);
/* A header of this call's request, and of the regeneration that token ensure begins; rules as for
 * capauth_client_add_header. */
CAPAUTH_API int capauth_options_add_header(capauth_options *options, const char *name, const char *value);
/* gateway: one query parameter, encoded as it must be; may repeat. */
CAPAUTH_API int capauth_options_add_query(capauth_options *options, const char *name, const char *value);
/* gateway: 1 says that a call other than GET may be sent twice without harm. */
CAPAUTH_API int capauth_options_set_repeatable(capauth_options *options, int repeatable);
/* gateway: 1 sends the VIEW token that token generate gave as long as the customer has not signed in, for the few
 * endpoints that take it. It is never regenerated. After the sign-in the customer's own token is sent. */
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
 * and nothing to regenerate one from), CAPAUTH_E_BUSY (another step of this session is in flight),
 * CAPAUTH_E_UNSUPPORTED (not in this flow), CAPAUTH_E_CLOSED, CAPAUTH_E_REENTRANT (blocking in a callback),
 * CAPAUTH_E_FORKED.
 *
 * Outcomes: 0; any positive number of the Auth Engine's, CAPAUTH_E_REFUSED without one; CAPAUTH_E_RESOLVE, _CONNECT,
 * _NETWORK, _TLS: not reached; CAPAUTH_E_DEADLINE, CAPAUTH_E_CANCELLED; CAPAUTH_E_UNKNOWN_OUTCOME: it may have been
 * done, and capauth does not repeat it by itself; CAPAUTH_E_SERVICE, CAPAUTH_E_RATE_LIMITED: something before the Auth
 * Engine answered; CAPAUTH_E_PROTOCOL: the answer makes no sense; CAPAUTH_E_NO_MEMORY; CAPAUTH_E_SYSTEM: the operating
 * system refused, descriptors for instance, and the message has its own words.
 */

/* token/generate: begins a sign-in. Option: password. */
CAPAUTH_API int capauth_token_generate(capauth_session *session, const capauth_options *options, capauth_call **call);
/* otp/generate: sends an OTP, again if called again. Never repeated by itself. Options: fallback channel, OTP hash. */
CAPAUTH_API int capauth_otp_generate(capauth_session *session, const capauth_options *options, capauth_call **call);
/* otp/validate. CAPAUTH_INVALID_OTP leaves the step open. */
CAPAUTH_API int capauth_otp_validate(capauth_session *session, const char *otp, const capauth_options *options,
                                     capauth_call **call);
/* password/validate. CAPAUTH_INVALID_PASSWORD leaves the step open. */
CAPAUTH_API int capauth_password_validate(capauth_session *session, const char *password,
                                          const capauth_options *options, capauth_call **call);
/* password/change, of a customer who is signed in. */
CAPAUTH_API int capauth_password_change(capauth_session *session, const char *current_password,
                                        const char *new_password, const capauth_options *options, capauth_call **call);
/* password/forget: sets a new password, which an OTP confirms: go on with OTP generate, or begin again with token
 * generate. */
CAPAUTH_API int capauth_password_forget(capauth_session *session, const char *new_password,
                                        const capauth_options *options, capauth_call **call);
/* token/regenerate, from the key (mobile, MFA) or from the token itself (web). Joins a regeneration in flight.
 * CAPAUTH_E_SIGN_IN_REQUIRED: there is nothing to regenerate from. */
CAPAUTH_API int capauth_token_regenerate(capauth_session *session, const capauth_options *options, capauth_call **call);
/* Succeeds when the token is valid beyond the margin, regenerating it if it must; then get it by _copy_token.
 * Option: margin. CAPAUTH_E_SIGN_IN_REQUIRED: nobody is signed in, or the token has expired and cannot be regenerated.
 * CAPAUTH_TOKEN_EXPIRED: it has expired, and capauth_session_pause_refresh holds the regeneration back. */
CAPAUTH_API int capauth_token_ensure(capauth_session *session, const capauth_options *options, capauth_call **call);
/* mfa/token/expire: ends this token at the Auth Engine; the key stays. CAPAUTH_E_UNSUPPORTED outside MFA. */
CAPAUTH_API int capauth_token_expire(capauth_session *session, const capauth_options *options, capauth_call **call);
/* user/updateIdentifierValue: a new mobile or email for the customer who is signed in. */
CAPAUTH_API int capauth_identifier_update(capauth_session *session, const char *new_value,
                                          const capauth_options *options, capauth_call **call);
/* Cancels what is in flight and forgets token, key and step at once, also without a network. In the MFA flow it then
 * expires the token, and the outcome is that operation's; 0 in other flows, and where the token had expired already. */
CAPAUTH_API int capauth_session_sign_out(capauth_session *session, const capauth_options *options, capauth_call **call);

/*
 * {gateway}/v2/api/{endpoint} with a valid token, regenerated when needed. `method` is "GET" or "POST"; `endpoint` like
 * "customer/get", or a whole path on the gateway's host like "/store-locator/v1/brand/nearbystores"; `body` NULL or a
 * text, sent as JSON. `call` must not be NULL and holds the reply: start, then capauth_call_wait. The outcome is 0 when
 * HTTP answered, whatever it said: see _http_status, _ok, _refusal and _body. It is CAPAUTH_TOKEN_EXPIRED when a fresh
 * token was refused, when the token was refused and the call may not be repeated (then it is retryable), or when the
 * token has expired and regeneration is paused; CAPAUTH_E_SIGN_IN_REQUIRED, each time, when there is no token, or it
 * was refused and cannot be regenerated. Options: query, headers, repeatable, margin, view.
 */
CAPAUTH_API int capauth_gateway_call(capauth_session *session, const char *method, const char *endpoint,
                                     const char *body, const capauth_options *options, capauth_call **call);

/* ---- Call ------------------------------------------------------------------------------------------------------- */

/* 1 when it has finished, else 0. Never blocks. */
CAPAUTH_API int capauth_call_done(const capauth_call *call);
/* Waits, at most timeout_ms (negative: without limit, 0: only looks), and gives the outcome, or CAPAUTH_E_PENDING;
 * CAPAUTH_E_REENTRANT in a callback. */
CAPAUTH_API int capauth_call_wait(capauth_call *call, int timeout_ms);
/* The outcome, or CAPAUTH_E_PENDING. Never blocks. */
CAPAUTH_API int capauth_call_result(const capauth_call *call);
/* Ends it with CAPAUTH_E_CANCELLED, or CAPAUTH_E_UNKNOWN_OUTCOME when it may have been done already and may not be
 * repeated. Returns at once; does nothing to a call that has finished. */
CAPAUTH_API int capauth_call_cancel(capauth_call *call);
/* Cancels it if it is in flight, and lets go. */
CAPAUTH_API void capauth_call_free(capauth_call **call);

/* All of these never block and take NULL. They are settled once the call is done. */

/* What went wrong, in one sentence that names the operation, or for a gateway call what a reply that is not ok said; ""
 * when nothing did. Never holds a secret. */
CAPAUTH_API const char *capauth_call_error_message(const capauth_call *call);
/* The name of the argument that CAPAUTH_E_INVALID_ARGUMENT is about; "" otherwise. */
CAPAUTH_API const char *capauth_call_argument(const capauth_call *call);
/* The session's next step when the call ended: what to do first after CAPAUTH_E_WRONG_STEP. */
CAPAUTH_API int capauth_call_next_step(const capauth_call *call);
/* "otp_validate", "gateway", "prepare". Static. */
CAPAUTH_API const char *capauth_call_operation(const capauth_call *call);
/* 0 when no HTTP answer arrived. */
CAPAUTH_API int capauth_call_http_status(const capauth_call *call);
/* What Retry-After said; -1 when it said nothing. */
CAPAUTH_API int capauth_call_retry_after_ms(const capauth_call *call);
/* 1 when the request may have reached the Auth Engine, else 0. */
CAPAUTH_API int capauth_call_maybe_sent(const capauth_call *call);
/* 1 when the same call may succeed later and repeating it does no harm, else 0; for a gateway's refusal too. */
CAPAUTH_API int capauth_call_retryable(const capauth_call *call);
/* The CDN's id of the request (X-Amz-Cf-Id), for support; "" when there was none. */
CAPAUTH_API const char *capauth_call_request_id(const capauth_call *call);
/* 1 when the Auth Engine, or for the gateway HTTP (2xx) and every known form of status, said yes; else 0. */
CAPAUTH_API int capauth_call_ok(const capauth_call *call);
/* The code of a gateway's reply that is not ok, as an operation would give it: its own number where it has one
 * (CAPAUTH_UNKNOWN_CUSTOMER); else CAPAUTH_E_RATE_LIMITED for HTTP 429, CAPAUTH_E_SERVICE for HTTP 5xx without a status
 * in its body, CAPAUTH_E_PROTOCOL for a body that begins like a JSON object and cannot be read as one; for all else
 * CAPAUTH_E_REFUSED. 0 for a reply that is ok, without a reply, and for operations: their outcome tells. */
CAPAUTH_API int capauth_call_refusal(const capauth_call *call);
/* status.code and status.message as they came, for the gateway also from its error form; 0 and "" without. */
CAPAUTH_API int64_t capauth_call_server_code(const capauth_call *call);
CAPAUTH_API const char *capauth_call_server_message(const capauth_call *call);
/* The reply of a gateway call, as it came, ended by a NUL that *length does not count; "" and 0 for operations, whose
 * replies hold tokens. `length` may be NULL. */
CAPAUTH_API const char *capauth_call_body(const capauth_call *call, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
