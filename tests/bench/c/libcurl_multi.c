/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl_multi COUNT CONNECTIONS [HTTP2]: libcurl's multi interface over epoll, and json-c; as many at once as there
 * are connections, or streams on them.
 */
#include <stdlib.h>
#include <sys/epoll.h>

#include "exchange.h"
#include "measure.h"

enum { STREAMS = 100, EVENTS = 32 };

struct crowd {
    CURLM *multi;
    int epoll_fd;
    long timeout_ms; /* -1: none */
    struct exchange *all;
    int at_once;
    int to_begin;
};

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *known)
{
    struct crowd *crowd = data;
    struct epoll_event event = {.data.fd = fd};

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(crowd->epoll_fd, EPOLL_CTL_DEL, fd, &event);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0U) | (what & CURL_POLL_OUT ? EPOLLOUT : 0U);
    epoll_ctl(crowd->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    curl_multi_assign(crowd->multi, fd, crowd);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *data)
{
    struct crowd *crowd = data;

    (void)multi;
    crowd->timeout_ms = timeout_ms;
    return 0;
}

static void send_step(struct crowd *crowd, struct exchange *it)
{
    exchange_prepare_step(it);
    curl_multi_add_handle(crowd->multi, it->curl);
}

static void begin(struct crowd *crowd, struct exchange *it)
{
    crowd->to_begin--;
    exchange_begin(it);
    send_step(crowd, it);
}

/* The next customer goes where one has finished. How many have. */
static int collect_finished(struct crowd *crowd)
{
    const CURLMsg *message;
    int finished = 0, left;

    while ((message = curl_multi_info_read(crowd->multi, &left))) {
        struct exchange *it = NULL;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&it);
        bench_check(-(int)message->data.result, "transfer");
        curl_multi_remove_handle(crowd->multi, it->curl);
        exchange_finish_step(it);
        finished += it->step == STEPS;
        if (it->step < STEPS)
            send_step(crowd, it);
        else if (crowd->to_begin > 0)
            begin(crowd, it);
    }
    return finished;
}

static void act(struct crowd *crowd)
{
    struct epoll_event events[EVENTS];
    int running;
    int count = epoll_wait(crowd->epoll_fd, events, EVENTS, (int)crowd->timeout_ms);

    for (int i = 0; i < count; i++) {
        int mask =
            (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0);

        curl_multi_socket_action(crowd->multi, events[i].data.fd, mask, &running);
    }
    if (!count || !crowd->timeout_ms) {
        crowd->timeout_ms = -1;
        curl_multi_socket_action(crowd->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

static void sign_in(int count, void *data)
{
    struct crowd *crowd = data;

    crowd->to_begin = count;
    for (int i = 0; i < crowd->at_once && crowd->to_begin > 0; i++)
        begin(crowd, &crowd->all[i]);
    while (count) {
        act(crowd);
        count -= collect_finished(crowd);
    }
}

static void open_crowd(struct crowd *crowd, int connections, int http2)
{
    crowd->at_once = http2 ? connections * STREAMS : connections;
    crowd->timeout_ms = -1;
    crowd->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    crowd->multi = curl_multi_init();
    if (!(crowd->all = calloc((size_t)crowd->at_once, sizeof *crowd->all)))
        exit(1);
    curl_multi_setopt(crowd->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections);
    curl_multi_setopt(crowd->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(crowd->multi, CURLMOPT_SOCKETDATA, crowd);
    curl_multi_setopt(crowd->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(crowd->multi, CURLMOPT_TIMERDATA, crowd);
    for (int i = 0; i < crowd->at_once; i++)
        exchange_open(&crowd->all[i], 0, http2);
}

int main(int count, char **arguments)
{
    struct crowd crowd = {0};

    curl_global_init(CURL_GLOBAL_DEFAULT);
    open_crowd(&crowd, bench_argument(count, arguments, 2, 8), bench_argument(count, arguments, 3, 0));
    sign_in(crowd.at_once, &crowd); /* connects */
    bench_measure(bench_argument(count, arguments, 1, 1000), sign_in, &crowd);
    for (int i = 0; i < crowd.at_once; i++)
        exchange_close(&crowd.all[i]);
    curl_multi_cleanup(crowd.multi);
    free(crowd.all);
    curl_global_cleanup();
    return 0;
}
