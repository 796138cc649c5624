/* SPDX-License-Identifier: Apache-2.0 */
/* LD_PRELOAD: the kernel says that the program has more rights than its caller, as of one that is setuid. */
#include <string.h>
#include <sys/auxv.h>

#include <dlfcn.h>

__attribute__((visibility("default"))) unsigned long getauxval(unsigned long type)
{
    unsigned long (*next)(unsigned long);
    void *symbol = dlsym(RTLD_NEXT, "getauxval");

    memcpy(&next, &symbol, sizeof next);
    return type == AT_SECURE ? 1 : next(type);
}
