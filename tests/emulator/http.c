#include "http.h"

#include <json-c/json.h>
#include <string.h>

enum { MOST_DEPTH = 32 };

void reply_text(struct http_reply *reply, unsigned status, const char *text)
{
    reply->status = status;
    reply->content_type = "text/plain;charset=UTF-8";
    reply->body.length = 0;
    text_add_string(&reply->body, text);
    note_add(&reply->note.reason, "%s", text);
}

void reply_http_error(struct http_reply *reply, unsigned status, const char *error, const char *path)
{
    reply->status = status;
    reply->content_type = "application/json";
    text_add_format(&reply->body, "{\"status\":%u,\"error\":\"%s\",\"path\":", status, error);
    text_add_json(&reply->body, path);
    text_add_string(&reply->body, "}");
    note_add(&reply->note.reason, "%s", error);
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!strchr(" \t\r\n", text[i]) || !text[i])
            return false;
    return true;
}

static struct json_object *parse(struct json_tokener *tokener, const char *body, size_t length, const char **problem,
                                 size_t *offset)
{
    struct json_object *object = json_tokener_parse_ex(tokener, body, (int)length);
    enum json_tokener_error error = json_tokener_get_error(tokener);
    size_t end = json_tokener_get_parse_end(tokener);
    *offset = end;
    *problem = error == json_tokener_continue ? "Unexpected end of input" : json_tokener_error_desc(error);
    if (error != json_tokener_success)
        return NULL;
    if (!is_blank(body + end, length - end))
        *problem = "Unexpected characters after the JSON value";
    else if (!json_object_is_type(object, json_type_object))
        *problem = "The body is not a JSON object";
    else
        return object;
    json_object_put(object);
    return NULL;
}

struct json_object *json_read_at(const char *body, size_t length, const char **problem, size_t *offset)
{
    *offset = 0;
    if (is_blank(body, length)) {
        *problem = "Required request body is missing";
        return NULL;
    }
    *offset = text_utf8_length(body, length);
    if (*offset < length) { /* json-c lets overlong forms pass */
        *problem = "Invalid UTF-8";
        return NULL;
    }
    struct json_tokener *tokener = json_tokener_new_ex(MOST_DEPTH);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
    struct json_object *object = parse(tokener, body, length, problem, offset);
    json_tokener_free(tokener);
    return object;
}

struct json_object *json_read(const char *body, size_t length, const char **problem)
{
    size_t offset;
    return json_read_at(body, length, problem, &offset);
}
