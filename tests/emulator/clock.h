/* The virtual clock: everything that expires, and everything that names a time, asks it. */
#ifndef EMULATOR_CLOCK_H
#define EMULATOR_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock {
    int64_t base_ms; /* virtual time minus the monotonic clock */
    bool held;
    int64_t held_at_ms; /* on the monotonic clock */
};

int64_t clock_monotonic_ms(void); /* real time, for what must truly wait */
void clock_start(struct clock *clock); /* at the machine's time */
int64_t clock_now_ms(const struct clock *clock);
int64_t clock_now_s(const struct clock *clock);
/* Lets the clock stand still, or go on from there. */
void clock_hold(struct clock *clock, bool held);
/* Moves the clock, backwards too. False, and nothing moved, if that would leave the years 1970 to 9999. */
bool clock_advance(struct clock *clock, double seconds);
/* Moves an offset to the clock likewise. */
bool clock_advance_offset(const struct clock *clock, int64_t *offset_ms, double seconds);

enum { CLOCK_DATE_SIZE = 30 };
/* The time in the form of HTTP's Date header. */
void clock_date(int64_t time_ms, char date[CLOCK_DATE_SIZE]);

enum { CLOCK_ISO_SIZE = 25 };
/* The form of RFC 3339, with milliseconds. */
void clock_iso(int64_t time_ms, char iso[CLOCK_ISO_SIZE]);

#endif
