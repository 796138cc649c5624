#include "outbox.h"

#include "events.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_MESSAGES = 10000, BY_VALUE = 0, BY_TO = 1, LINKS = 2 };

struct link {
    struct message *older, *newer;
};

struct message {
    struct link all;
    struct link chain[LINKS]; /* within the bucket of its value, and of its to */
    const struct brand *brand;
    enum identifier_type type;
    char *value, *to, *channel, *otp, *text;
    int64_t sent_ms, expires_ms;
    uint64_t number; /* ever growing: tells which is newer */
    enum otp_state state;
    struct message **owner; /* what points here, or NULL */
};

static const char *chain_key(const struct message *message, int which)
{
    return which == BY_VALUE ? message->value : message->to;
}

static struct message **chain_head(struct outbox *outbox, const struct message *message, int which)
{
    return &outbox->buckets[map_hash(chain_key(message, which)) % OUTBOX_BUCKETS][which];
}

static void remove_message(struct outbox *outbox, struct message *message)
{
    for (int which = 0; which < LINKS; which++) {
        struct link *link = &message->chain[which];
        *(link->newer ? &link->newer->chain[which].older : chain_head(outbox, message, which)) = link->older;
        if (link->older)
            link->older->chain[which].newer = link->newer;
    }
    *(message->all.newer ? &message->all.newer->all.older : &outbox->newest) = message->all.older;
    *(message->all.older ? &message->all.older->all.newer : &outbox->oldest) = message->all.newer;
    outbox->count--;
    if (message->owner)
        *message->owner = NULL;
    free(message->value);
    free(message->to);
    free(message->channel);
    free(message->otp);
    free(message->text);
    free(message);
}

static char *fill_template(const char *template, const char *otp)
{
    struct text text = {0};
    const char *place;
    while ((place = strstr(template, "{otp}"))) {
        text_add(&text, template, (size_t)(place - template));
        text_add_string(&text, otp);
        template = place + strlen("{otp}");
    }
    text_add_string(&text, template);
    return text.data;
}

static void link_in(struct outbox *outbox, struct message *message)
{
    message->number = outbox->sent + 1;
    for (int which = 0; which < LINKS; which++) {
        struct message **head = chain_head(outbox, message, which);
        message->chain[which].older = *head;
        if (*head)
            (*head)->chain[which].newer = message;
        *head = message;
    }
    message->all.older = outbox->newest;
    *(outbox->newest ? &outbox->newest->all.newer : &outbox->oldest) = message;
    outbox->newest = message;
    outbox->count++;
    outbox->sent++;
}

static void write_message(const struct message *message, bool state, struct text *json);

static void tell(const struct outbox *outbox, const struct message *message)
{
    struct text json = {0};
    if (!outbox->events->listeners)
        return;
    write_message(message, true, &json);
    events_add(outbox->events, "otp", json.data);
    text_free(&json);
}

void outbox_add(struct outbox *outbox, const struct message_content *content, struct message **owner)
{
    struct message *message = memory_new(sizeof *message);
    message->brand = content->brand;
    message->type = content->type;
    message->value = text_copy(content->value);
    message->to = text_copy(content->to);
    message->channel = text_upper(content->channel);
    message->otp = text_copy(content->otp);
    message->text = content->template ? fill_template(content->template, content->otp) : NULL;
    message->sent_ms = content->sent_ms;
    message->expires_ms = content->expires_ms;
    message->owner = owner;
    *owner = message;
    link_in(outbox, message);
    tell(outbox, message);
    if (outbox->count > MOST_MESSAGES)
        remove_message(outbox, outbox->oldest);
}

void outbox_close(const struct outbox *outbox, struct message *message, enum otp_state state)
{
    if (!message)
        return;
    *message->owner = NULL;
    message->owner = NULL;
    message->state = state;
    tell(outbox, message);
}

static void write_message(const struct message *message, bool state, struct text *json)
{
    static const char *const states[] = {
        [OTP_OPEN] = "open", [OTP_USED] = "used", [OTP_REPLACED] = "replaced", [OTP_VOID] = "void"};
    const char *const members[][2] = {
        {"brand", message->brand->name},
        {"identifierType", identifier_type_name(message->type)},
        {"identifierValue", message->value},
        {"to", message->to},
        {"channel", message->channel},
        {"otp", message->otp},
        {"text", message->text},
    };
    text_add_string(json, "{");
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (!members[i][1])
            continue; /* only "text", where the brand has no template */
        text_add_format(json, "\"%s\":", members[i][0]);
        text_add_json(json, members[i][1]);
        text_add_string(json, ",");
    }
    if (state)
        text_add_format(json, "\"id\":%llu,\"state\":\"%s\",\"expiresAtMs\":%lld,", (unsigned long long)message->number,
                        states[message->state], (long long)message->expires_ms);
    text_add_format(json, "\"sentAtMs\":%lld}", (long long)message->sent_ms);
}

/* The next message of one chain that is for the identifier. The chain of `to` leaves out what the
 * chain of values already gives. */
static const struct message *chain_next(const struct message *message, int which, const char *identifier)
{
    while (message && (strcmp(chain_key(message, which), identifier) != 0 ||
                       (which == BY_TO && strcmp(message->value, identifier) == 0)))
        message = message->chain[which].older;
    return message;
}

/* Goes through what is asked for, newest first; an identifier merges its two chains. */
struct cursor {
    const char *identifier;
    const struct message *at[LINKS];
};

static const struct message *cursor_next(struct cursor *cursor)
{
    int which = BY_VALUE;
    if (cursor->identifier) {
        for (int i = 0; i < LINKS; i++)
            cursor->at[i] = chain_next(cursor->at[i], i, cursor->identifier);
        const struct message *value = cursor->at[BY_VALUE], *to = cursor->at[BY_TO];
        which = to && (!value || to->number > value->number) ? BY_TO : BY_VALUE;
    }
    const struct message *message = cursor->at[which];
    if (message)
        cursor->at[which] = cursor->identifier ? message->chain[which].older : message->all.older;
    return message;
}

static struct cursor cursor_for(const struct outbox *outbox, const char *identifier)
{
    struct cursor cursor = {.identifier = identifier, .at = {outbox->newest}};
    if (identifier)
        for (int which = 0; which < LINKS; which++)
            cursor.at[which] = outbox->buckets[map_hash(identifier) % OUTBOX_BUCKETS][which];
    return cursor;
}

bool outbox_knows(const struct outbox *outbox, const char *identifier)
{
    struct cursor cursor = cursor_for(outbox, identifier);
    return cursor_next(&cursor) != NULL;
}

static unsigned write_messages(const struct outbox *outbox, const struct outbox_query *query, bool state,
                               struct text *json)
{
    struct cursor cursor = cursor_for(outbox, query->identifier);
    const struct message *message;
    unsigned written = 0;
    text_add_string(json, "{\"messages\":[");
    while ((!query->limit || written < query->limit) && (message = cursor_next(&cursor))) {
        if ((query->brand && message->brand != query->brand) || message->sent_ms <= query->after_ms)
            continue;
        text_add_string(json, written++ ? "," : "");
        write_message(message, state, json);
    }
    text_add_string(json, "]}");
    return written;
}

unsigned outbox_write(const struct outbox *outbox, const struct outbox_query *query, struct text *json)
{
    return write_messages(outbox, query, false, json);
}

unsigned outbox_write_states(const struct outbox *outbox, const struct outbox_query *query, struct text *json)
{
    return write_messages(outbox, query, true, json);
}

void outbox_clear(struct outbox *outbox, const struct brand *brand)
{
    for (struct message *message = outbox->newest, *next; message; message = next) {
        next = message->all.older;
        if (!brand || message->brand == brand)
            remove_message(outbox, message);
    }
}
