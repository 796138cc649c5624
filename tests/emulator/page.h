/* The page at / and /_emulator/: for people what the control calls are for tests. Its files are in page/, and built
 * into the program. */
#ifndef EMULATOR_PAGE_H
#define EMULATOR_PAGE_H

#include "emulator.h"
#include "http.h"

#include <stdbool.h>

/* A header that the page's own requests have. */
#define PAGE_HEADER "X-Emulator-Page"

/* Whether a request is for the page at /. */
bool page_is_asked_for(const struct http_request *request);
/* Whether GET /_emulator/ comes from a browser, not from a tool. */
bool page_is_wanted(const struct http_request *request);
/* The page, with what there is now: it can be read without JavaScript. */
void page_write(const struct emulator *emulator, struct http_reply *reply);
/* One of the page's files by its name under /_emulator/page/; false if it is none. */
bool page_write_file(const char *name, struct http_reply *reply);

#endif
