/* SPDX-License-Identifier: Apache-2.0 */
#include "net/curl/transfer.h"

#include <stdio.h>
#include <string.h>

/* As long as the server has announced it: a buffer that grows is copied and wiped again and again. */
static void make_room(struct capauth__transfer *transfer)
{
    curl_off_t announced = 0;

    if (!curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced) && announced > 0 &&
        announced <= CAPAUTH__BODY_LIMIT)
        (void)capauth__spare_reserve(transfer->transport->spare, &transfer->reply.body, (size_t)announced + 1);
}

size_t capauth__transfer_on_body(char *bytes, size_t size, size_t count, void *data)
{
    struct capauth__transfer *transfer = data;

    if (!transfer->reply.body.length)
        make_room(transfer);
    if (capauth__buffer_append(&transfer->reply.body, bytes, size * count))
        return size * count;
    transfer->reply.too_large = transfer->reply.body.length + size * count > CAPAUTH__BODY_LIMIT;
    return 0;
}

/* The value of "Name: value\r\n", if that is the header's name; only what can be shown of it. */
static bool header_value(const char *line, size_t length, const char *name, char *out, size_t size)
{
    size_t skip = strlen(name);

    if (length <= skip || line[skip] != ':' || !curl_strnequal(line, name, skip))
        return false;
    for (skip++; skip < length && (line[skip] == ' ' || line[skip] == '\t'); skip++)
        ;
    while (length > skip && (unsigned char)line[length - 1] <= ' ')
        length--;
    length -= skip;
    if (length >= size)
        return true;
    for (size_t i = 0; i < length; i++) {
        char c = line[skip + i];

        out[i] = '?';
        if (c >= ' ' && c <= '~')
            out[i] = c;
    }
    out[length] = '\0';
    return true;
}

/* The last second of the year 9999; libcurl reads later years too, whose milliseconds are too many for 64 bits. */
static const int64_t latest_second = 253402300799;

int64_t capauth__http_date_ms(const char *text)
{
    int64_t seconds = curl_getdate(text, NULL);

    return seconds > 0 && seconds <= latest_second ? seconds * 1000 : 0;
}

static int64_t read_date(struct capauth__transport *transport, const char *text)
{
    if (strcmp(text, transport->date) != 0) {
        transport->date_ms = capauth__http_date_ms(text);
        snprintf(transport->date, sizeof transport->date, "%s", text);
    }
    return transport->date_ms;
}

/* Servlets announce "UTF-8", object stores "aws-chunked": the body is as it is then. */
static bool is_coding(const char *name)
{
    static const char *const codings[] = {"gzip", "x-gzip", "deflate", "br", "zstd"};

    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
        if (curl_strequal(name, codings[i]))
            return true;
    }
    return false;
}

/* The server begins a head, and what an interim one said does not count. */
static void begin_head(struct capauth__reply_text *reply)
{
    reply->head_ended = false;
    reply->date_ms = 0;
    reply->retry_after[0] = '\0';
    reply->request_id[0] = '\0';
}

size_t capauth__transfer_on_header(char *line, size_t size, size_t count, void *data)
{
    struct capauth__transfer *transfer = data;
    struct capauth__reply_text *reply = &transfer->reply;
    size_t length = size * count;
    char coding[32] = "";
    char date[32] = "";

    if (length > 5 && !memcmp(line, "HTTP/", 5)) {
        begin_head(reply);
    } else if (reply->head_ended || length <= 2) {
        reply->head_ended = true; /* by an empty line */
    } else if (header_value(line, length, "Content-Encoding", coding, sizeof coding)) {
        transfer->set.plain = transfer->set.gzip && !is_coding(coding) &&
                              !curl_easy_setopt(transfer->easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    } else if (header_value(line, length, "Date", date, sizeof date)) {
        reply->date_ms = read_date(transfer->transport, date);
    } else if (!header_value(line, length, "Retry-After", reply->retry_after, sizeof reply->retry_after)) {
        header_value(line, length, "X-Amz-Cf-Id", reply->request_id, sizeof reply->request_id);
    }
    return length;
}
