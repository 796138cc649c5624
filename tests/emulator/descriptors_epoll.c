#include "descriptors.h"

#include <microhttpd.h>

unsigned descriptors_flag(void)
{
    return MHD_USE_EPOLL;
}

size_t descriptors_most(void)
{
    return 1;
}

size_t descriptors_get(struct MHD_Daemon *daemon, struct pollfd *polled)
{
    int fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    *polled = (struct pollfd){.fd = fd, .events = POLLIN};
    return 1;
}
