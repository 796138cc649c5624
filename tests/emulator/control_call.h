/* What the control calls have in common, and those that get, put and delete what there is. */
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

/* In control_resources.c. */
control_run get_brands, get_brand, put_brand, delete_brand, get_customers, get_customer, put_customer, delete_customer,
    get_gateways, get_gateway, put_gateway, delete_gateway, get_faults, delete_faults;

#endif
