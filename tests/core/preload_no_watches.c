/* SPDX-License-Identifier: Apache-2.0 */
/* LD_PRELOAD: while there is a variable NO_WATCHES, epoll takes no more sockets, as when a user's watches are used up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <dlfcn.h>

typedef int control(int epoll_fd, int operation, int fd, struct epoll_event *event);

static int is_socket(int fd)
{
    int type;
    socklen_t size = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

__attribute__((visibility("default"))) int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
    control *next;
    void *symbol = dlsym(RTLD_NEXT, "epoll_ctl");

    if (operation == EPOLL_CTL_ADD && getenv("NO_WATCHES") && is_socket(fd)) {
        errno = ENOSPC;
        return -1;
    }
    memcpy(&next, &symbol, sizeof next);
    return next(epoll_fd, operation, fd, event);
}
