/* SPDX-License-Identifier: Apache-2.0 */
/* load LIBRARY: loads the Java wrapper's native library, with every name that it needs, where no Java is at hand. */
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char **arguments)
{
    void *library = count == 2 ? dlopen(arguments[1], RTLD_NOW) : NULL;

    if (!library || !dlsym(library, "Java_io_capauth_NativeJNI_version")) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    printf("loaded %s\n", arguments[1]);
    return 0;
}
