/* What the control calls have in common, and where each of them is. */
#ifndef EMULATOR_CONTROL_CALL_H
#define EMULATOR_CONTROL_CALL_H

#include "emulator.h"
#include "http.h"

enum { MOST_PARTS = 3 };

/* A control call in progress. */
struct control_call {
    struct emulator *emulator;
    const struct http_request *request;
    const char *parts[MOST_PARTS]; /* of the path, behind the call's name */
    struct json_object *body; /* an object, where the call wants one */
    struct brand *brand; /* of ?brand=, or NULL */
    struct http_reply *reply;
    struct text error;
    bool is_absent; /* what is asked for is not there: a 404 */
};

/* Each call gives false, with `error` filled, for a 400. */
typedef bool control_run(struct control_call *call);

/* Reads a query parameter; 0 if it is absent. */
bool control_number(struct control_call *call, const char *name, size_t most_digits, int64_t *number);
/* The customer that the path's parts name; false, as a 404, if there is none. */
bool control_customer(struct control_call *call, struct customer **customer);

/* In control_state.c. */
control_run get_outbox, get_log, get_export, get_clock, get_operations, get_codes, get_settings, get_health, post_clock,
    post_fault, get_requests, post_reset;

/* In control_page.c. */
control_run get_phone, get_exchanges, get_exchange, get_overview, get_events, get_page, put_lock, delete_lock,
    delete_tokens;

/* In control_resources.c. */
control_run get_brands, get_brand, put_brand, delete_brand, get_customers, get_customer, put_customer, delete_customer,
    get_gateways, get_gateway, put_gateway, delete_gateway, get_faults, delete_faults;

#endif
