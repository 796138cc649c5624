/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of an answer's head, as libcurl hands them over: Date, Retry-After, the request's id. */
#include "fuzz.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "net/curl/transfer.h"

/* The lines, with what ends them. */
static void read_lines(struct capauth__transfer *transfer, char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        length += text[length] == '\n';
        HOLDS(capauth__transfer_on_header(text, 1, length, transfer) == length);
        text += length;
    }
}

/* Seconds that the target counts by itself; -1: it is not a number of them. */
static long long seconds_of(const char *text)
{
    long long seconds = 0;

    if (!*text)
        return -1;
    for (; *text >= '0' && *text <= '9'; text++)
        seconds = seconds < INT_MAX ? seconds * 10 + (*text - '0') : INT_MAX;
    return *text ? -1 : seconds;
}

static void check_answer(const struct capauth__answer *answer, const struct capauth__reply_text *reply)
{
    long long seconds = seconds_of(reply->retry_after);

    HOLDS(answer->date_ms >= 0 && answer->date_ms % 1000 == 0);
    HOLDS(*reply->retry_after ? answer->retry_after_ms >= -1 : answer->retry_after_ms == -1);
    HOLDS(seconds < 0 || answer->retry_after_ms == (seconds * 1000 < INT_MAX ? seconds * 1000 : INT_MAX));
    /* A date counts only beside the server's own. */
    HOLDS(seconds >= 0 || answer->date_ms || answer->retry_after_ms == -1);
    HOLDS(!*answer->request_id || !capauth__text_fault(answer->request_id, sizeof reply->request_id));
}

/* Read again, the same lines say the same: what one exchange has left behind is not the next one's. */
static void check_again(struct capauth__transfer *transfer, char *text, const struct capauth__answer *first)
{
    char detail[1024];
    struct capauth__answer again;

    memset(&transfer->reply, 0, sizeof transfer->reply);
    read_lines(transfer, text);
    capauth__transfer_answer(transfer, CURLE_OK, &again, detail, sizeof detail);
    HOLDS(again.date_ms == first->date_ms && again.retry_after_ms == first->retry_after_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct capauth__transport transport = {0};
    struct capauth__transfer transfer = {.transport = &transport, .easy = curl_easy_init()};
    struct capauth__exchange exchange = {0};
    struct capauth__answer answer;
    char *text = text_of(data, size), detail[1024];

    HOLDS(transfer.easy);
    transfer.exchange = &exchange;
    transfer.set.gzip = size && data[0] & 1;
    read_lines(&transfer, text);
    capauth__transfer_answer(&transfer, CURLE_OK, &answer, detail, sizeof detail);
    check_answer(&answer, &transfer.reply);
    check_again(&transfer, text, &answer);
    curl_easy_cleanup(transfer.easy);
    free(text);
    return 0;
}
