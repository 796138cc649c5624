/* What the loop waits for on behalf of libmicrohttpd: with epoll one descriptor that stands for all of them, elsewhere
 * each connection's. */
#ifndef EMULATOR_DESCRIPTORS_H
#define EMULATOR_DESCRIPTORS_H

#include <poll.h>
#include <stddef.h>

struct MHD_Daemon;

/* For MHD_start_daemon. */
unsigned descriptors_flag(void);

/* How many there can be. */
size_t descriptors_most(void);

/* Writes those of now into `polled`, which has room for so many, and gives their number. */
size_t descriptors_get(struct MHD_Daemon *daemon, struct pollfd *polled);

#endif
