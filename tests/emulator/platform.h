/* What differs between operating systems. What the loop waits for is in descriptors.h. */
#ifndef EMULATOR_PLATFORM_H
#define EMULATOR_PLATFORM_H

#include <stdint.h>
#include <sys/socket.h>

/* errno's own sentence. Static. */
const char *platform_error(void);

/* NULL also where whoever started the program has fewer rights than it. */
const char *platform_environment(const char *name);

/* Nobody outside can guess it; the same as long as the process runs. */
uint64_t platform_random(void);

/* Both do not block, and are closed when a program is executed. */
int platform_socket(int family, int type);
int platform_accept(int listener, struct sockaddr_storage *address, socklen_t *size);

/* SIGTERM, SIGINT and SIGHUP as a descriptor: readable once one has come. -1, with errno, if there can be none. */
int platform_signals_open(void);
/* The next of them; 0: none. */
int platform_signals_take(int signals);

#endif
