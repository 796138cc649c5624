/* What the CRM knows of a customer: the members of customer/get that are no identifiers. */
#ifndef EMULATOR_PROFILE_H
#define EMULATOR_PROFILE_H

#include <stdbool.h>

struct json_object;
struct text;

/* Takes what there is of a profile out of an object with other members too; `profile` gets a new object.
 * False, with the reason in `error` and nothing to free, if a member has a wrong type. */
bool profile_read(struct json_object *object, struct json_object **profile, struct text *error);
/* Adds the members that there are, each with a comma before it. */
void profile_write_set(struct json_object *profile, struct text *json);
/* Adds every member with a comma before it, at its default where the profile (NULL: none) lacks it. */
void profile_write(struct json_object *profile, struct text *json);

#endif
