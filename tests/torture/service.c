/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "service.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void run_emulator(int output, const char *ca_file)
{
    const char *program = getenv("CAPAUTH_EMULATOR");
    const char *const arguments[] = {
        program,     "--listen", "127.0.0.1:0", "--quiet", "--brands", TORTURE_BRANDS, *ca_file ? "--tls" : NULL,
        "--ca-file", ca_file,    NULL};

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(output, STDOUT_FILENO);
    if (program)
        execv(program, (char *const *)(uintptr_t)arguments);
    fputs("the emulator cannot be run; is CAPAUTH_EMULATOR set?\n", stderr);
    _exit(127);
}

/* "listening on URL", and "ca file PATH" where there is one. */
static bool read_announcement(struct service *service)
{
    char text[1024] = "";
    size_t used = 0;
    const char *line;
    ssize_t got;

    while ((got = read(service->output, text + used, sizeof text - 1 - used)) > 0) {
        used += (size_t)got;
        text[used] = '\0';
        line = strstr(text, "listening on ");
        if (line && strchr(line, '\n') && (!*service->ca_file || strstr(text, "ca file ")))
            return sscanf(line, "listening on %63s", service->url) == 1 &&
                   sscanf(strrchr(service->url, ':'), ":%d", &service->port) == 1;
    }
    return false;
}

bool service_start(struct service *service, bool tls)
{
    int ends[2];

    memset(service, 0, sizeof *service);
    if (tls) {
        strcpy(service->ca_file, "/tmp/capauth-torture-XXXXXX");
        if (!mkdtemp(service->ca_file))
            return false;
        strcat(service->ca_file, "/ca.pem");
    }
    if (pipe2(ends, O_CLOEXEC))
        return false;
    service->process = fork();
    if (service->process == 0)
        run_emulator(ends[1], service->ca_file);
    close(ends[1]);
    service->output = ends[0];
    return service->process > 0 && read_announcement(service);
}

void service_stop(struct service *service)
{
    char key[80];

    kill(service->process, SIGTERM);
    waitpid(service->process, NULL, 0);
    close(service->output);
    if (!*service->ca_file)
        return;
    snprintf(key, sizeof key, "%s.key", service->ca_file);
    unlink(service->ca_file);
    unlink(key);
    *strrchr(key, '/') = '\0';
    (void)rmdir(key);
}

/* ---- Control calls ---- */

static int connect_to(const struct service *service)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)service->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address)) {
        close(fd);
        return -1;
    }
    return fd;
}

const char *service_control(const struct service *service, const char *method, const char *what, const char *body)
{
    static char text[1 << 16];
    int fd = connect_to(service);
    size_t used = 0;
    ssize_t got;
    int length = snprintf(text, sizeof text,
                          "%s /_emulator/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                          "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                          method, what, body ? strlen(body) : 0, body ? body : "");

    if (fd < 0 || write(fd, text, (size_t)length) != length) {
        close(fd);
        return NULL;
    }
    while (used < sizeof text - 1 && (got = read(fd, text + used, sizeof text - 1 - used)) > 0)
        used += (size_t)got;
    text[used] = '\0';
    close(fd);
    return strncmp(text, "HTTP/1.1 200", 12) ? NULL : text;
}

int service_requests(const struct service *service, const char *brand, const char *request)
{
    char what[128];
    const char *answer;
    int all = 0;

    snprintf(what, sizeof what, "requests?brand=%s", brand);
    answer = service_control(service, "GET", what, NULL);
    while (answer && (answer = strstr(answer, request))) {
        answer = strchr(answer, '"');
        all += answer ? (int)strtol(answer + 2, NULL, 10) : 0;
    }
    return all;
}
