/* Connections that wait before they are answered, without keeping the others waiting. */
#ifndef EMULATOR_DELAY_H
#define EMULATOR_DELAY_H

struct delays;
struct MHD_Connection;

/* NULL if there can be no more threads. */
struct delays *delays_start(void);
/* Suspends the connection and resumes it later. */
void delays_add(struct delays *delays, struct MHD_Connection *connection, long long milliseconds);
/* Resumes all that still wait; before the server is stopped. */
void delays_stop(struct delays *delays);

#endif
