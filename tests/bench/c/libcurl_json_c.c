/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl_json_c COUNT [LIKE_OURS]: libcurl's easy interface and json-c, one customer after the other. The floor. */
#include "exchange.h"
#include "measure.h"

static void sign_in(int count, void *data)
{
    struct exchange *it = data;

    while (count--) {
        exchange_begin(it);
        while (it->step < STEPS) {
            exchange_prepare_step(it);
            bench_check(-(int)curl_easy_perform(it->curl), "perform");
            exchange_finish_step(it);
        }
    }
}

int main(int count, char **arguments)
{
    static struct exchange it;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    exchange_open(&it, bench_argument(count, arguments, 2, 0), 0);
    sign_in(1, &it); /* connects */
    bench_measure(bench_argument(count, arguments, 1, 500), sign_in, &it);
    exchange_close(&it);
    curl_global_cleanup();
    return 0;
}
