#include "clock.h"

#include <stdio.h>
#include <time.h>

static const int64_t end_of_time_ms = 253402300799000; /* 9999-12-31T23:59:59Z */

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

void clock_start(struct clock *clock)
{
    clock->base_ms = read_ms(CLOCK_REALTIME) - clock_monotonic_ms();
}

int64_t clock_now_ms(const struct clock *clock)
{
    return clock->base_ms + (clock->held ? clock->held_at_ms : clock_monotonic_ms());
}

int64_t clock_now_s(const struct clock *clock)
{
    return clock_now_ms(clock) / 1000;
}

void clock_hold(struct clock *clock, bool held)
{
    int64_t now_ms = clock_now_ms(clock);
    clock->held = held;
    clock->held_at_ms = clock_monotonic_ms();
    clock->base_ms = now_ms - clock->held_at_ms;
}

static bool advance(int64_t now_ms, int64_t *moved_ms, double seconds)
{
    if (!(seconds > -1e12 && seconds < 1e12))
        return false;
    int64_t by_ms = (int64_t)(seconds * 1000.0);
    if (now_ms + by_ms < 0 || now_ms + by_ms > end_of_time_ms)
        return false;
    *moved_ms += by_ms;
    return true;
}

bool clock_advance(struct clock *clock, double seconds)
{
    return advance(clock_now_ms(clock), &clock->base_ms, seconds);
}

bool clock_advance_offset(const struct clock *clock, int64_t *offset_ms, double seconds)
{
    return advance(clock_now_ms(clock) + *offset_ms, offset_ms, seconds);
}

/* Not strftime: its names follow the locale. */
void clock_date(int64_t time_ms, char date[CLOCK_DATE_SIZE])
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)(time_ms / 1000);
    struct tm utc;
    gmtime_r(&now, &utc);
    snprintf(date, CLOCK_DATE_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[utc.tm_wday],
             (unsigned)utc.tm_mday % 100u, months[utc.tm_mon], (unsigned)(utc.tm_year + 1900) % 10000u,
             (unsigned)utc.tm_hour % 100u, (unsigned)utc.tm_min % 100u, (unsigned)utc.tm_sec % 100u);
}

void clock_iso(int64_t time_ms, char iso[CLOCK_ISO_SIZE])
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    snprintf(iso, CLOCK_ISO_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)(utc.tm_year + 1900) % 10000u,
             (unsigned)(utc.tm_mon + 1) % 100u, (unsigned)utc.tm_mday % 100u, (unsigned)utc.tm_hour % 100u,
             (unsigned)utc.tm_min % 100u, (unsigned)utc.tm_sec % 100u, (unsigned)(time_ms % 1000) % 1000u);
}
