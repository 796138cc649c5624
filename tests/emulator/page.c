#include "page.h"

#include "overview.h"
#include "page_files.h"
#include "text.h"

#include <json-c/json.h>
#include <string.h>

/* Scripts and styles come from here alone, and no text becomes markup: what a request brought stays text. */
static const char content_security_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

static const char *const safety_headers[] = {
    "Content-Security-Policy",
    content_security_policy,
    "X-Content-Type-Options",
    "nosniff",
    "X-Frame-Options",
    "DENY",
    "Referrer-Policy",
    "no-referrer",
    "Cross-Origin-Opener-Policy",
    "same-origin",
    "Cross-Origin-Resource-Policy",
    "same-origin",
    "Cache-Control",
    "no-store",
    NULL,
};

static const struct type {
    const char *ending, *content_type;
} types[] = {
    {".html", "text/html;charset=UTF-8"},
    {".css", "text/css;charset=UTF-8"},
    {".js", "text/javascript;charset=UTF-8"},
    {".svg", "image/svg+xml"},
};

bool page_is_asked_for(const struct http_request *request)
{
    return strcmp(request->path, "/") == 0 &&
           (strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0);
}

bool page_is_wanted(const struct http_request *request)
{
    const char *accept = request_header(request, "Accept");
    return accept && strstr(accept, "text/html");
}

static const struct page_file *find_file(const char *name)
{
    for (const struct page_file *file = page_files; file->name; file++)
        if (strcmp(file->name, name) == 0)
            return file;
    return NULL;
}

static const char *type_of(const char *name)
{
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(ending, types[i].ending) == 0)
            return types[i].content_type;
    return NULL;
}

/* A column of a table: the member that it shows, and what stands above it. A member of a member has a dot. */
struct column {
    const char *member, *title;
};

static struct json_object *member_of(struct json_object *row, const char *member)
{
    const char *dot = strchr(member, '.');
    struct text first = {0};
    if (!dot)
        return json_object_object_get(row, member);
    text_add(&first, member, (size_t)(dot - member));
    struct json_object *value = json_object_object_get(json_object_object_get(row, first.data), dot + 1);
    text_free(&first);
    return value;
}

static void write_cell(const char *member, struct json_object *value, struct text *html)
{
    char time[CLOCK_ISO_SIZE];
    size_t length = strlen(member);
    text_add_string(html, "<td>");
    if (value && length > 2 && strcmp(member + length - 2, "Ms") == 0) {
        clock_iso(json_object_get_int64(value), time);
        text_add_html(html, time);
    } else if (value) {
        text_add_html(html, json_object_get_string(value));
    }
    text_add_string(html, "</td>");
}

static void write_table(struct json_object *rows, const struct column *columns, struct text *html)
{
    size_t count = json_object_array_length(rows);
    if (!count) {
        text_add_string(html, "<p>Nothing yet.</p>");
        return;
    }
    text_add_string(html, "<table><thead><tr>");
    for (const struct column *column = columns; column->member; column++)
        text_add_format(html, "<th scope=\"col\">%s</th>", column->title);
    text_add_string(html, "</tr></thead><tbody>");
    for (size_t i = 0; i < count; i++) {
        text_add_string(html, "<tr>");
        for (const struct column *column = columns; column->member; column++)
            write_cell(column->member, member_of(json_object_array_get_idx(rows, i), column->member), html);
        text_add_string(html, "</tr>");
    }
    text_add_string(html, "</tbody></table>");
}

/* The table of a list in some JSON, which is freed. */
static void write_list(struct text *json, const char *list, const struct column *columns, struct text *html)
{
    struct json_object *object = json_tokener_parse(json->data);
    write_table(json_object_object_get(object, list), columns, html);
    json_object_put(object);
    text_free(json);
}

static void write_otps(const struct emulator *emulator, struct text *html)
{
    static const struct column columns[] = {
        {"otp", "OTP"},       {"identifierValue", "Customer"},
        {"brand", "Brand"},   {"channel", "Channel"},
        {"to", "To"},         {"state", "State"},
        {"sentAtMs", "Sent"}, {"expiresAtMs", "Counts until"},
        {NULL, NULL},
    };
    struct text json = {0};
    outbox_write_states(&emulator->outbox, &(struct outbox_query){.limit = 50}, &json);
    write_list(&json, "messages", columns, html);
}

static void write_exchanges(const struct emulator *emulator, struct text *html)
{
    static const struct column columns[] = {
        {"atMs", "Time"},     {"method", "Method"}, {"path", "Path"},     {"brand", "Brand"}, {"customer", "Customer"},
        {"status", "Status"}, {"code", "Code"},     {"reason", "Reason"}, {NULL, NULL},
    };
    struct text json = {0};
    records_write(&emulator->records, NULL, 100, &json);
    write_list(&json, "exchanges", columns, html);
}

static void write_customers(const struct emulator *emulator, struct text *html)
{
    static const struct column columns[] = {
        {"brand", "Brand"},
        {"customerId", "Number"},
        {"identifiers", "Identifiers"},
        {"password", "Password"},
        {"mfa", "MFA"},
        {"mfaPassword", "MFA password"},
        {NULL, NULL},
    };
    static const struct column token_columns[] = {
        {"brand", "Brand"},     {"customerId", "Customer"}, {"kind", "Kind"},         {"header.idv", "Identity"},
        {"claims.rol", "Role"}, {"claims.exp", "Expires"},  {"ended", "Ended early"}, {NULL, NULL},
    };
    struct text json = {0}, again = {0};
    overview_write(emulator, NULL, &json);
    text_add(&again, json.data, json.length);
    write_list(&json, "customers", columns, html);
    text_add_string(html, "<h3>Tokens and keys</h3>");
    write_list(&again, "tokens", token_columns, html);
}

static void write_brand(const char *key, void *value, void *data)
{
    const struct brand *brand = value;
    struct text *html = data, json = {0};
    (void)key;
    text_add_string(html, "<dt>");
    text_add_html(html, brand->name);
    text_add_string(html, "</dt><dd><code>");
    settings_write(&brand->settings, false, &json);
    text_add_html(html, json.data);
    text_add_string(html, "</code></dd>");
    text_free(&json);
}

static void write_settings(const struct emulator *emulator, struct text *html)
{
    static const struct column columns[] = {
        {"name", "Setting"}, {"default", "Default"}, {"meaning", "Meaning"}, {NULL, NULL}};
    struct text json = {0};
    text_add_string(html, "<p>What is not at its default:</p><dl>");
    map_each_sorted(&emulator->brands, write_brand, html);
    text_add_string(html, "</dl>");
    settings_describe(&json);
    write_list(&json, "settings", columns, html);
}

static void write_faults(const struct emulator *emulator, struct text *html)
{
    static const struct column columns[] = {{"path", "Path"},      {"brand", "Brand"},
                                            {"count", "Requests"}, {"delayMs", "Delay, ms"},
                                            {"reset", "Reset"},    {"truncateAfter", "Cut after"},
                                            {"status", "Status"},  {NULL, NULL}};
    struct text json = {0};
    faults_write(&emulator->faults, NULL, &json);
    write_list(&json, "faults", columns, html);
}

static void write_clock(const struct emulator *emulator, struct text *html)
{
    char time[CLOCK_ISO_SIZE];
    clock_iso(clock_now_ms(&emulator->clock), time);
    text_add_string(html, time);
}

/* What stands in the page where it says <!--@NAME-->. */
static const struct place_holder {
    const char *name;
    void (*write)(const struct emulator *emulator, struct text *html);
} place_holders[] = {
    {"otps", write_otps},         {"exchanges", write_exchanges}, {"customers", write_customers},
    {"settings", write_settings}, {"faults", write_faults},       {"clock", write_clock},
};

static void write_place_holder(const struct emulator *emulator, const char *name, struct text *html)
{
    for (size_t i = 0; i < sizeof place_holders / sizeof place_holders[0]; i++)
        if (strncmp(name, place_holders[i].name, strlen(place_holders[i].name)) == 0)
            place_holders[i].write(emulator, html);
}

void page_write(const struct emulator *emulator, struct http_reply *reply)
{
    static const char begin[] = "<!--@", end[] = "-->";
    const char *at = (const char *)find_file("index.html")->data, *mark;
    while ((mark = strstr(at, begin))) {
        text_add(&reply->body, at, (size_t)(mark - at));
        write_place_holder(emulator, mark + strlen(begin), &reply->body);
        at = strstr(mark, end) + strlen(end);
    }
    text_add_string(&reply->body, at);
    reply->status = 200;
    reply->content_type = type_of("index.html");
    reply->more_headers = safety_headers;
}

bool page_write_file(const char *name, struct http_reply *reply)
{
    const struct page_file *file = find_file(name);
    if (!file || strcmp(name, "index.html") == 0)
        return false;
    text_add(&reply->body, (const char *)file->data, file->length);
    reply->content_type = type_of(name);
    reply->more_headers = safety_headers;
    return true;
}
