/* Members of a JSON object from a PUT or a brand file: read, or refused with a reason. */
#ifndef EMULATOR_MEMBER_H
#define EMULATOR_MEMBER_H

#include <stdbool.h>

struct json_object;
struct text;

enum { LONGEST_NAME = 256 };

/* Adds: member "NAME" PROBLEM. Always false. */
bool member_refuse(struct text *error, const char *name, const char *problem);
/* Whether the object has only members of these names (ended by NULL). */
bool members_known(struct json_object *object, const char *const *names, struct text *error);
/* Whether a text can be a brand's name, an identifier's value and the like. */
bool name_is_valid(const char *name);

/* Each is false, with the reason in `error`, if the value is invalid. An absent member gives NULL or false. */
bool member_string(struct json_object *object, const char *name, const char **text, struct text *error);
bool member_password(struct json_object *object, const char *name, const char **password, struct text *error);
bool member_flag(struct json_object *object, const char *name, bool *flag, struct text *error);

#endif
