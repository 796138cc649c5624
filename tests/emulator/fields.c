#include "fields.h"

#include "journal.h"
#include "text.h"

#include <json-c/json.h>
#include <string.h>

enum kind {
    STRING,
    PASSWORD, /* holds any character but NUL: a tab is one too */
    STRING_OR_NUMBER,
    TYPE, /* one of the identifier types */
    LENIENT, /* sent by older apps where the service ignores it: any other type counts as missing */
};

enum { SHORT = 256, DEVICE = 512 /* some apps send their user agent */, LONG = 16384 };

static const struct field_rule {
    const char *name;
    enum kind kind;
    int longest;
} rules[FIELDS] = {
    [FIELD_BRAND] = {"brand", STRING, SHORT},
    [FIELD_DEVICE_ID] = {"deviceId", STRING_OR_NUMBER, DEVICE},
    [FIELD_IDENTIFIER_TYPE] = {"identifierType", TYPE, SHORT},
    [FIELD_IDENTIFIER_VALUE] = {"identifierValue", STRING, SHORT},
    [FIELD_MOBILE] = {"mobile", STRING, SHORT},
    [FIELD_EMAIL] = {"email", STRING, SHORT},
    [FIELD_SESSION_ID] = {"sessionId", STRING, SHORT},
    [FIELD_OTP] = {"otp", STRING_OR_NUMBER, SHORT},
    [FIELD_PASSWORD] = {"password", PASSWORD, SHORT},
    [FIELD_CONFIRM_PASSWORD] = {"confirmPassword", PASSWORD, SHORT},
    [FIELD_NEW_PASSWORD] = {"newPassword", PASSWORD, SHORT},
    [FIELD_TOKEN] = {"token", STRING, LONG},
    [FIELD_KEY] = {"key", STRING, LONG},
    [FIELD_EXPIRED_TOKEN] = {"expiredToken", STRING, LONG},
    [FIELD_AUTHORIZED_TOKEN] = {"authorizedToken", STRING, LONG},
    [FIELD_NEW_IDENTIFIER_VALUE] = {"newIdentifierValue", STRING, SHORT},
    [FIELD_HASH] = {"hash", LENIENT, LONG},
    [FIELD_TIME_STAMP] = {"timeStamp", LENIENT, SHORT},
};

static bool refuse_value(struct text *problem, const struct field_rule *rule, struct json_object *value)
{
    text_add_format(problem, "JSON parse error: Cannot deserialize the value of \"%s\": %s is not accepted%s",
                    rule->name, json_type_to_name(json_object_get_type(value)),
                    rule->kind == STRING_OR_NUMBER ? "; accepted: string, number" : "; accepted: string");
    return false;
}

static bool refuse_type(struct text *problem, struct json_object *value)
{
    text_add_string(problem, "JSON parse error: Cannot deserialize the value of \"identifierType\" from ");
    text_add_json(problem, json_object_get_string(value));
    text_add_string(problem, ": not one of the values accepted: [MOBILE, EMAIL, USERNAME, EXTERNALID]");
    return false;
}

static bool has_right_type(const struct field_rule *rule, struct json_object *value)
{
    enum json_type type = json_object_get_type(value);
    return type == json_type_string ||
           (type == json_type_int && (rule->kind == STRING_OR_NUMBER || rule->kind == LENIENT));
}

/* What is wrong with a value, or NULL. */
static const char *value_problem(const struct field_rule *rule, const char *text, size_t length, size_t whole_length)
{
    if (whole_length != length)
        return "contains NUL";
    if (length > (size_t)rule->longest)
        return "is too long";
    return rule->kind != PASSWORD && text_has_control(text, length) ? "contains a control character" : NULL;
}

static bool read_field(struct fields *fields, enum field field, struct json_object *value, struct text *problem,
                       struct text *reason)
{
    const struct field_rule *rule = &rules[field];
    if (!has_right_type(rule, value)) {
        if (rule->kind == LENIENT)
            return true;
        return rule->kind == TYPE ? refuse_type(problem, value) : refuse_value(problem, rule, value);
    }
    const char *text = json_object_get_string(value);
    size_t length = strlen(text);
    bool is_string = json_object_is_type(value, json_type_string);
    size_t whole_length = is_string ? (size_t)json_object_get_string_len(value) : length;
    const char *wrong = value_problem(rule, text, length, whole_length);
    if (wrong) {
        fields->invalid = true;
        note_add(reason, "%s %s", rule->name, wrong);
    }
    if (rule->kind == TYPE && length && identifier_type_of(text) == NO_IDENTIFIER)
        return refuse_type(problem, value);
    if (field == FIELD_OTP)
        fields->otp_is_number = !is_string;
    fields->text[field] = length ? text : NULL;
    return true;
}

/* The older request form has no identifierType, but the value in a member of its own. */
static void find_identity(struct fields *fields)
{
    const char *type = fields->text[FIELD_IDENTIFIER_TYPE];
    fields->type = NO_IDENTIFIER;
    fields->value = fields->text[FIELD_IDENTIFIER_VALUE];
    if (type && fields->value) {
        fields->type = identifier_type_of(type);
    } else if (!type && !fields->value) {
        fields->older_form = true;
        fields->value = fields->text[FIELD_MOBILE] ? fields->text[FIELD_MOBILE] : fields->text[FIELD_EMAIL];
        if (fields->value)
            fields->type = fields->text[FIELD_MOBILE] ? MOBILE : EMAIL;
    }
}

const char *field_name(enum field field)
{
    return rules[field].name;
}

static bool is_known(const char *name)
{
    static const char *const ignored[] = {"mobile_temp", "mobileTemp"}; /* sent by live apps */
    for (int field = 0; field < FIELDS; field++)
        if (strcmp(rules[field].name, name) == 0)
            return true;
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        if (strcmp(ignored[i], name) == 0)
            return true;
    return false;
}

void fields_note_unknown(struct json_object *body, struct text *reason)
{
    json_object_object_foreach(body, name, value)
    {
        (void)value;
        if (!is_known(name))
            note_add(reason, "unknown member %s", name);
    }
}

bool fields_read(struct fields *fields, struct json_object *body, struct text *problem, struct text *reason)
{
    memset(fields, 0, sizeof *fields);
    for (int field = 0; field < FIELDS; field++) {
        struct json_object *value = json_object_object_get(body, rules[field].name);
        if (value && !read_field(fields, (enum field)field, value, problem, reason))
            return false;
    }
    find_identity(fields);
    return true;
}
