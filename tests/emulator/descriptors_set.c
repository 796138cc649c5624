/* Where there is no epoll, libmicrohttpd tells its descriptors as sets for select(2). */
#include "descriptors.h"

#include <microhttpd.h>
#include <sys/select.h>

unsigned descriptors_flag(void)
{
    return 0;
}

size_t descriptors_most(void)
{
    return FD_SETSIZE;
}

size_t descriptors_get(struct MHD_Daemon *daemon, struct pollfd *polled)
{
    fd_set readable, writable, broken;
    MHD_socket highest = -1;
    size_t count = 0;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_ZERO(&broken);
    if (MHD_get_fdset(daemon, &readable, &writable, &broken, &highest) != MHD_YES)
        return 0;
    for (int fd = 0; fd <= highest; fd++) {
        int events = (FD_ISSET(fd, &readable) ? POLLIN : 0) | (FD_ISSET(fd, &writable) ? POLLOUT : 0);
        if (events || FD_ISSET(fd, &broken))
            polled[count++] = (struct pollfd){.fd = fd, .events = (short)events};
    }
    return count;
}
