/* Connections that wait before they are answered, without keeping the others waiting. */
#ifndef EMULATOR_DELAY_H
#define EMULATOR_DELAY_H

#include <stdbool.h>

struct MHD_Connection;
struct delayed;

/* All zeroes: nobody waits. */
struct delays {
    struct delayed *first; /* soonest first */
};

/* Suspends the connection, which is resumed when the time is over. */
void delays_add(struct delays *delays, struct MHD_Connection *connection, long long milliseconds);
/* The same, but the next OTP ends it sooner. */
void delays_add_for_otp(struct delays *delays, struct MHD_Connection *connection, long long milliseconds);
/* An OTP was sent: whoever waits for one is due now. */
void delays_end_for_otp(struct delays *delays);
/* Until the soonest is due: 0 for one that is, -1 if nobody waits. */
int delays_next_ms(const struct delays *delays);
void delays_resume_due(struct delays *delays);
void delays_resume_all(struct delays *delays);

#endif
