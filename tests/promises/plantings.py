# SPDX-License-Identifier: Apache-2.0
"""How each promise of SECURITY.md could be broken, and by which of its tests that is noticed.

The files are those of core/src. What stands there once, `before`, is replaced by `after`.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Planting:
    promise: str  # how its row begins
    test: str
    file: str
    before: str
    after: str


OPTIONS = "net/curl/options.c"
TRANSFER = "net/curl/transfer.c"
NEVER_STOPS = (TRANSFER, "    if (transfer->begun) {", "    if (0) {")
FOLLOWS = (OPTIONS, "CURLOPT_FOLLOWLOCATION, 0L", "CURLOPT_FOLLOWLOCATION, 1L")
ANY_CHARACTER = ("base/text.c", "return (unsigned char)c < 0x20 || c == 0x7f;", "return c && 0;")
NO_CHILD = ("base/process.c", "? !*process->fork_mark :", "? false :")
NO_HAND_OVER = ("net/waiters.c", "if (!waiters->have_leader && waiters->sleepers)", "if (0)")

PLANTINGS = [
    Planting(
        "certificates are verified",
        "core.tls",
        OPTIONS,
        "CURLOPT_SSL_VERIFYPEER, 1L",
        "CURLOPT_SSL_VERIFYPEER, 0L",
    ),
    Planting(
        "certificates are verified",
        "core.tls",
        OPTIONS,
        "CURLOPT_SSL_VERIFYHOST, 2L",
        "CURLOPT_SSL_VERIFYHOST, 0L",
    ),
    Planting("a pin does not replace", "core.tls", OPTIONS, "    if (config->pinned_keys)\n", "    if (0)\n"),
    Planting(
        "a pin does not replace",
        "network",
        OPTIONS,
        "CURLOPT_SSL_VERIFYPEER, 1L",
        "CURLOPT_SSL_VERIFYPEER, config->pinned_keys ? 0L : 1L",
    ),
    Planting(
        "a pin does not replace",
        "core.libcurl",
        OPTIONS,
        "    (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);\n",
        "",
    ),
    Planting(
        "loopback never goes through a proxy",
        "network",
        "net/curl/url.c",
        "proxy && !capauth__url_is_loopback(url)",
        "proxy",
    ),
    Planting(
        "loopback never goes through a proxy",
        "core.settings",
        OPTIONS,
        'SET(easy, CURLOPT_PROXY, "") && SET(easy, CURLOPT_NOPROXY, "")',
        "true",
    ),
    Planting("no redirect", "core.engine", *FOLLOWS),
    Planting("no redirect", "core.replies", *FOLLOWS),
    Planting("what may not be repeated", "core.at_most_once", *NEVER_STOPS),
    Planting("what may not be repeated", "network", *NEVER_STOPS),
    Planting(
        "what may not be repeated",
        "core.maybe_sent",
        TRANSFER,
        "return transfer->begun && request_size(transfer) > transfer->tunnel_size;",
        "return 0 && request_size(transfer);",
    ),
    Planting(
        "words on an idle connection",
        "network",
        TRANSFER,
        "socket && !connects && !is_fit(",
        "0 && !is_fit(",
    ),
    Planting(
        "a late answer",
        "core.late_answers",
        "protocol/state.c",
        "return seen->sign_in != state->stamp.sign_in || (about_token && seen->token != state->stamp.token);",
        "return seen && state && about_token && 0;",
    ),
    Planting(
        "bodies are bounded",
        "core.replies",
        TRANSFER,
        "transfer->reply.body.limit = CAPAUTH__BODY_LIMIT;",
        "transfer->reply.body.limit = 0;",
    ),
    Planting(
        "bodies are bounded",
        "core.units",
        "base/json.c",
        "json_tokener_new_ex(CAPAUTH__JSON_DEPTH)",
        "json_tokener_new_ex(64)",
    ),
    Planting("bodies are bounded", "core.skim", "base/skim.c", "<= brackets->most", ""),
    Planting("control characters", "core.arguments", *ANY_CHARACTER),
    Planting(
        "no header of the application's",
        "core.headers",
        "protocol/headers.c",
        "if (fault || !is_reserved(name))",
        "if (fault || !is_reserved(name) || 1)",
    ),
    Planting("secrets are wiped", "memory", "base/secret.c", "    memset(memory, 0, length);\n", ""),
    Planting(
        "without memory nothing crashes",
        "torture",
        "session/operations.c",
        "    if (result) /* it says what was done, and nobody could take it in */\n",
        "    if (0)\n",
    ),
    Planting(
        "secrets are in no log line",
        "core.secrets",
        "session/redact.c",
        "    free_forms(&forms);\n    return found;",
        "    free_forms(&forms);\n    return found && 0;",
    ),
    Planting(
        "secrets are in no URL",
        "core.sent",
        "protocol/wire.c",
        "    capauth__buffer_text(url, form->path);\n",
        '    capauth__buffer_text(url, form->path);\n    capauth__buffer_text(url, "?token=T1");\n',
    ),
    Planting(
        "secrets are in no URL",
        "core.sent",
        OPTIONS,
        "SET(easy, CURLOPT_QUICK_EXIT, 1L)",
        'SET(easy, CURLOPT_QUICK_EXIT, 1L) && SET(easy, CURLOPT_REFERER, "https://brand.example/?token=T1")',
    ),
    Planting(
        "an export of another origin",
        "core.exports",
        "api/export.c",
        "return ours ? NULL : other_origin;",
        "return ours || 1 ? NULL : other_origin;",
    ),
    Planting(
        "a program with more rights",
        "core.more_rights",
        "base/platform.c",
        "return getauxval(AT_SECURE) != 0;",
        "return false;",
    ),
    Planting(
        "a program with more rights",
        "core.set_user_id",
        "net/curl/libcurl.c",
        'if (capauth__environment_is_hostile("SSLKEYLOGFILE"))',
        "if (0)",
    ),
    Planting(
        "connections and our own descriptors",
        "core.descriptors",
        "base/platform.c",
        "socket(family, type | SOCK_CLOEXEC, protocol)",
        "socket(family, type, protocol)",
    ),
    Planting(
        "connections and our own descriptors",
        "core.descriptors",
        "net/reactor_epoll.c",
        "timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)",
        "timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)",
    ),
    Planting("a child process", "core.fork", *NO_CHILD),
    Planting(
        "a child process",
        "core.fork_moments",
        "base/process.c",
        "    if (!capauth__is_forked(process))\n        pthread_mutex_lock",
        "        pthread_mutex_lock",
    ),
    Planting(
        "a signal ends no wait",
        "core.signals",
        "net/waiting.c",
        "    while (!engine->finished && timeout_ms && !engine->closed) {",
        "    for (int once = 1; once-- && !engine->finished && timeout_ms && !engine->closed;) {",
    ),
    Planting("threads that do everything", "stress", *NO_HAND_OVER),
    Planting("threads that do everything", "core.waiting", *NO_HAND_OVER),
    Planting(
        "threads that do everything",
        "core.threads",
        "net/inbox.c",
        "    atomic_store(&task->collectable, false);\n    take_done(inbox, task);\n",
        "    atomic_store(&task->collectable, false);\n",
    ),
    Planting(
        "no global state",
        "abi",
        "base/text.c",
        "static bool is_control(char c)\n{",
        "int capauth__planted = 1;\n\nstatic bool is_control(char c)\n{",
    ),
    Planting(
        "nothing is read that was never written",
        "valgrind.sign_in",
        "base/secret.c",
        "        copy[length] = '\\0';\n",
        "",
    ),
    Planting(
        "nothing is read that was never written", "valgrind.replies", "base/secret.c", "        free(*text);\n", ""
    ),
    Planting(
        "one regeneration",
        "core.refresh",
        "session/regeneration.c",
        "    if (is_under_way(session))\n",
        "    if (0 && is_under_way(session))\n",
    ),
]

# (how the row begins, test) that no change of a file in core/src breaks: flags of the build, the header, a version
# script. What breaks them is planted in the tests themselves (test_description.py), or was by hand.
ELSEWHERE = [
    ("what was compiled with the first header", "abi.description"),
    ("what was compiled with the first header", "abi.first"),
    ("what was compiled with the first header", "abi.two_copies"),
    ("what ships is hardened", "abi.hardening"),
]

# Not in the short form.
SLOW = ("network", "torture", "stress", "core.late_answers", "valgrind.sign_in", "valgrind.replies")
