#include "gateway.h"

#include "profile.h"
#include "text.h"

#include <json-c/json.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const char *behind_prefix(const char *path)
{
    static const char *const prefixes[] = {"/mobile/v2/api/", "/v2/api/"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t length = strlen(prefixes[i]);
        if (strncmp(path, prefixes[i], length) == 0 && path[length])
            return path + length;
    }
    return NULL;
}

bool gateway_may_serve(const char *path)
{
    return !behind_prefix(path) && strncmp(path, "/auth/", 6) != 0 && strncmp(path, "/_emulator/", 11) != 0 &&
           strcmp(path, "/") != 0;
}

struct path_search {
    const char *path;
    bool found;
};

static void look_for_path(const char *name, void *value, void *data)
{
    const struct brand *brand = value;
    struct path_search *search = data;
    (void)name;
    search->found = search->found || map_get(&brand->gateway, search->path);
}

const char *gateway_endpoint(const struct emulator *emulator, const char *path)
{
    struct path_search search = {.path = path};
    const char *endpoint = behind_prefix(path);
    if (endpoint)
        return endpoint;
    map_each(&emulator->brands, look_for_path, &search);
    return search.found ? path : NULL;
}

/* Who is calling: a customer, or with CIAM whoever the ID token names. */
struct caller {
    struct brand *brand;
    struct customer *customer; /* NULL for a VIEW token too */
    char *mobile, *email; /* from an ID token; owned */
};

static bool is_customers_token(const struct jwt *jwt)
{
    return jwt->customer_id && strcmp(jwt->role, "AUTH") != 0 && strcmp(jwt->role, "MFA_PENDING") != 0;
}

/* The token names the identity, or names the one that it was before an identifier update. */
static bool token_has_identity(const struct jwt *jwt, const struct customer *customer, enum identifier_type type,
                               const char *value)
{
    char *text = identity_text(type, value);
    bool named = jwt_names_identity(jwt, text);
    free(text);
    const struct identity *identity = customer ? customer_identity(customer, type, value) : NULL;
    for (unsigned i = 0; identity && !named && i < identity->former_count; i++) {
        text = identity_text(type, identity->former[i]);
        named = jwt_names_identity(jwt, text);
        free(text);
    }
    return named;
}

/* The identity comes in two headers, or in cap_mobile, which is older; what is there must be right. */
static bool identity_headers_agree(const struct http_request *request, const struct jwt *jwt,
                                   const struct customer *customer)
{
    const char *type_name = request_header(request, "cap_identifier_type");
    const char *value = request_header(request, "cap_identifier_value");
    const char *mobile = request_header(request, "cap_mobile");
    if (mobile && !token_has_identity(jwt, customer, MOBILE, mobile))
        return false;
    if (!type_name && !value)
        return mobile != NULL;
    enum identifier_type type = type_name ? identifier_type_of(type_name) : NO_IDENTIFIER;
    return value && type != NO_IDENTIFIER && token_has_identity(jwt, customer, type, value);
}

static bool headers_agree(const struct http_request *request, const struct jwt *jwt, const struct customer *customer)
{
    const char *device = request_header(request, "cap_device_id");
    if (jwt->device && !text_equal(jwt->device, device))
        return false;
    return identity_headers_agree(request, jwt, customer);
}

/* What a token is refused for, or NULL. With `view` a VIEW token will do, which is nobody's yet. */
static const char *check_token(struct emulator *emulator, const struct http_request *request, const struct jwt *jwt,
                               bool view, struct caller *caller)
{
    if (!is_customers_token(jwt) && !(view && strcmp(jwt->role, "VIEW") == 0))
        return "Token is not authenticated";
    if (brand_now_ms(emulator, caller->brand) / 1000 >= jwt->expires_at ||
        revoked_has(&emulator->revoked, jwt->signature))
        return "Token is expired";
    if (!text_equal(jwt->brand, caller->brand->upper))
        return "cap_brand does not match the token";
    caller->customer = customer_find_by_id(caller->brand, jwt->customer_id);
    if (jwt->customer_id && !caller->customer)
        return "Invalid token";
    return headers_agree(request, jwt, caller->customer) ? NULL : "The headers do not match the token";
}

static const char *identify_by_token(struct emulator *emulator, const struct http_request *request, bool view,
                                     struct caller *caller)
{
    const char *token = request_header(request, "cap_authorization");
    struct jwt jwt;
    if (!token)
        return "cap_authorization is missing";
    if (!jwt_read(emulator->signer, token, &jwt))
        return "Invalid token";
    const char *refusal = check_token(emulator, request, &jwt, view, caller);
    jwt_free(&jwt);
    return refusal;
}

/* The claims of a JWT that nobody verified; NULL if it is not one. */
static struct json_object *unverified_claims(const char *token)
{
    const char *from = strchr(token, '.');
    size_t length = from ? strcspn(from + 1, ".=") : 0;
    if (!length || length > 16384)
        return NULL;
    char *text = memory_new(length + 4);
    unsigned char *json = memory_new(length + 4);
    memcpy(text, from + 1, length);
    for (char *c = text; *c; c++)
        *c = (char)(*c == '-' ? '+' : *c == '_' ? '/' : *c);
    memset(text + length, '=', (4 - length % 4) % 4);
    struct json_object *claims = NULL;
    if (EVP_DecodeBlock(json, (unsigned char *)text, (int)strlen(text)) > 0)
        claims = json_tokener_parse((char *)json);
    free(text);
    free(json);
    return claims;
}

static char *claim(struct json_object *claims, const char *name)
{
    struct json_object *value = NULL;
    if (!json_object_is_type(claims, json_type_object) || !json_object_object_get_ex(claims, name, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    return text_copy(json_object_get_string(value));
}

/* An external identity: any Bearer with an ID token is accepted; its claims may name a known customer. */
static const char *identify_by_id_token(const struct http_request *request, const char *bearer, struct caller *caller)
{
    const char *id_token = request_header(request, "X-CAP-EXTERNAL-OAUTH-ID-TOKEN");
    if (!text_begins_nocase(bearer, "Bearer ") || !bearer[7] || !id_token || !*id_token)
        return "Invalid external identity";
    struct json_object *claims = unverified_claims(id_token);
    caller->email = claim(claims, "email");
    caller->mobile = claim(claims, "phone_number");
    json_object_put(claims);
    if (caller->mobile)
        caller->customer = customer_find(caller->brand, MOBILE, caller->mobile);
    if (caller->email && !caller->customer)
        caller->customer = customer_find(caller->brand, EMAIL, caller->email);
    return NULL;
}

static const char *identify(struct emulator *emulator, const struct http_request *request, const char *endpoint,
                            struct caller *caller)
{
    const char *brand = request_header(request, "cap_brand");
    const char *bearer = request_header(request, "Authorization");
    caller->brand = brand ? brand_find(emulator, brand) : NULL;
    if (!caller->brand)
        return brand ? "Unknown brand" : "cap_brand is missing";
    if (bearer && !request_header(request, "cap_authorization"))
        return identify_by_id_token(request, bearer, caller);
    const struct gateway_reply *configured = map_get(&caller->brand->gateway, endpoint);
    return identify_by_token(emulator, request, configured && configured->view, caller);
}

/* A JSON number has no leading zeros. */
static const char *number_of(const char *id)
{
    size_t zeros = strspn(id, "0");
    return id[zeros] ? id + zeros : "0";
}

/* Live clients read this member by member: what counts is in strings, except the customer's own numbers. */
static void write_customer(const struct caller *caller, struct text *body)
{
    const struct customer *customer = caller->customer;
    text_add_format(body,
                    "{\"status\":{\"success\":\"true\",\"code\":200,\"message\":\"Success\",\"total\":\"1\","
                    "\"success_count\":\"1\"},\"customers\":{\"customer\":[{\"user_id\":%s,\"mobile\":",
                    customer ? number_of(customer->id) : "null");
    text_add_json(body, customer ? customer_mobile(customer) : caller->mobile);
    text_add_string(body, ",\"email\":");
    text_add_json(body, customer ? customer_email(customer) : caller->email);
    text_add_string(body, ",\"external_id\":");
    text_add_json(body, customer ? customer_value(customer, EXTERNALID) : NULL);
    profile_write(customer ? customer->profile : NULL, body);
    text_add_string(body, "}]}}");
}

static bool only_reads(const struct http_request *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

/* Whoever deletes the customer's data deletes the login too, whatever reply was configured. */
static bool deletes_customer(const struct http_request *request, const struct caller *caller, const char *endpoint)
{
    return caller->customer && strcmp(endpoint, "PII/delete") == 0 && !only_reads(request);
}

static void answer(const struct caller *caller, const char *endpoint, bool deletes, struct http_reply *reply)
{
    const struct gateway_reply *configured = map_get(&caller->brand->gateway, endpoint);
    reply->status = 200;
    reply->content_type = "application/json";
    if (configured) {
        reply->status = configured->status;
        reply->content_type = configured->is_json ? reply->content_type : "text/plain;charset=UTF-8";
        text_add_string(&reply->body, configured->body);
    } else if (strcmp(endpoint, "customer/get") == 0) {
        write_customer(caller, &reply->body);
    } else if (deletes) {
        text_add_string(&reply->body, "{\"status\":{\"success\":\"true\",\"code\":200,\"message\":\"Success\"}}");
    } else {
        reply->status = 404;
        note_add(&reply->note.reason, "PUT /_emulator/gateway/%s/%s would set it up", caller->brand->name, endpoint);
        text_add_string(&reply->body, "{\"errors\":[{\"status\":false,\"code\":600,"
                                      "\"message\":\"Endpoint is not configured\"}],\"warnings\":[]}");
    }
}

static void refuse_caller(const char *refusal, struct http_reply *reply)
{
    note_add(&reply->note.reason, "%s", refusal);
    reply->note.code = 401;
    reply->status = 401;
    reply->content_type = "application/json";
    text_add_string(&reply->body, "{\"status\":{\"success\":false,\"code\":401,\"message\":");
    text_add_json(&reply->body, refusal);
    text_add_string(&reply->body, "}}");
}

static void take_note(const struct http_request *request, struct note *note)
{
    const char *type = request_header(request, "cap_identifier_type");
    const char *value = request_header(request, "cap_identifier_value");
    const char *mobile = request_header(request, "cap_mobile");
    struct text customer = {0};
    if (type || value)
        text_add_format(&customer, "%s|%s", type ? type : "", value ? value : "");
    else if (mobile)
        text_add_format(&customer, "MOBILE|%s", mobile);
    note->customer = customer.data;
    note->brand = text_copy(request_header(request, "cap_brand"));
}

void gateway_handle(struct emulator *emulator, const struct http_request *request, const char *endpoint,
                    struct http_reply *reply)
{
    struct caller caller = {0};
    const char *refusal = identify(emulator, request, endpoint, &caller);
    take_note(request, &reply->note);
    if (refusal) {
        refuse_caller(refusal, reply);
    } else {
        bool deletes = deletes_customer(request, &caller, endpoint);
        answer(&caller, endpoint, deletes, reply);
        if (deletes && reply->status < 300)
            customer_delete(emulator, caller.customer);
    }
    free(caller.mobile);
    free(caller.email);
}
