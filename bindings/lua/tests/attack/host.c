/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program with Lua states of its own, for what no script can do to itself:
 *
 *   host memory SCRIPT FIRST STEP ARGUMENT   runs it again and again; the FIRSTth allocation of Lua's fails, then that
 *                                            STEP later, until it meets none. The script gives the function that is
 *                                            attacked: Lua itself leaves files open where loading them fails
 *   host states SCRIPT COUNT THREADS ARGUMENT  so many states, one after the other in each of so many threads
 *
 * Prints how often the script ran. Afterwards as many descriptors are open as before, and no more memory is in use.
 */
#include <dirent.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static const char *script, *argument;
static long states_per_thread;

/* ---- What is left ---- */

static int descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    while (folder && readdir(folder)) /* NOLINT(concurrency-mt-unsafe): there is one thread */
        count++;
    if (folder)
        closedir(folder);
    return count;
}

/* Leaks of one object in a tenth of the runs are more than this; what libraries keep for ever is less. */
static bool is_left(int descriptors_before, size_t bytes_before, long runs)
{
    size_t bytes = mallinfo2().uordblks, most = bytes_before + 131072 + (size_t)runs * 16;

    if (descriptors() <= descriptors_before && bytes <= most)
        return false;
    fprintf(stderr, "%ld runs: %d descriptors, before %d; %zu bytes, before %zu\n", runs, descriptors(),
            descriptors_before, bytes, bytes_before);
    return true;
}

/* ---- States ---- */

/* Lua from 5.2 on collects its garbage and tries once more. */
enum { TRIES = LUA_VERSION_NUM >= 502 ? 2 : 1 };

/* The allocation that fails, and its tries; 0: none does. How many there were. */
static _Thread_local long nth, so_far;

static bool fails(const void *block, size_t old_size, size_t size)
{
    if (block && size <= old_size)
        return false;
    so_far++;
    return nth && so_far >= nth && so_far < nth + TRIES;
}

static void *allocate(void *unused, void *block, size_t old_size, size_t size)
{
    (void)unused;
    if (!size) {
        free(block);
        return NULL;
    }
    return fails(block, old_size, size) ? NULL : realloc(block, size);
}

/* Pushes the function that the script gives. */
static int load_script(lua_State *L)
{
    luaL_openlibs(L);
    if (luaL_loadfile(L, script))
        return lua_error(L);
    lua_pushstring(L, argument);
    lua_call(L, 1, 1);
    return 1;
}

/* Calls what is on the top; if it fails, says why. */
static bool call(lua_State *L, int results)
{
    if (!lua_pcall(L, 0, results, 0))
        return true;
    if (!nth)
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    return false;
}

static bool load(lua_State *L)
{
    lua_pushcfunction(L, load_script);
    return call(L, 1);
}

/* The whole life of a state, in which one allocation fails, or none; gives whether there was such a one. */
static bool live_without_memory(long failing)
{
    lua_State *L = lua_newstate(allocate, NULL);

    if (!L) {
        printf("0\n"); /* LuaJIT has an allocator of its own */
        exit(0); /* NOLINT(concurrency-mt-unsafe) */
    }
    if (!load(L))
        exit(1); /* NOLINT(concurrency-mt-unsafe) */
    nth = failing;
    so_far = 0;
    if (!call(L, 0) && !nth)
        exit(1); /* NOLINT(concurrency-mt-unsafe) */
    failing = nth && so_far >= nth;
    nth = 0;
    lua_close(L);
    return failing;
}

static int attack_memory(long first, long step)
{
    int before;
    size_t bytes;
    long runs = 0;

    live_without_memory(0);
    for (long failing = first; live_without_memory(failing); failing += 7 * step)
        continue; /* what libraries keep for ever is there now */
    before = descriptors();
    bytes = mallinfo2().uordblks;
    for (long failing = first; live_without_memory(failing); failing += step)
        runs++;
    printf("%ld\n", runs);
    return is_left(before, bytes, runs);
}

static void *live_and_die(void *failed)
{
    for (long i = 0; i < states_per_thread; i++) {
        lua_State *L = luaL_newstate();

        if (!L || !load(L) || !call(L, 0))
            *(bool *)failed = true;
        if (L)
            lua_close(L);
    }
    return NULL;
}

enum { MOST_THREADS = 16 };

static bool live_in_threads(int count)
{
    pthread_t threads[MOST_THREADS];
    bool failed[MOST_THREADS] = {false}, any = false;

    for (int i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, live_and_die, &failed[i]))
            abort();
    }
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        any = any || failed[i];
    }
    return any;
}

static int attack_states(long count, int threads)
{
    int before;
    size_t bytes;
    bool failed;

    states_per_thread = 1;
    failed = live_in_threads(threads);
    before = descriptors();
    bytes = mallinfo2().uordblks;
    states_per_thread = count;
    failed = live_in_threads(threads) || failed;
    printf("%ld\n", count * threads);
    return failed || is_left(before, bytes, count * threads);
}

int main(int count, char **arguments)
{
    long numbers[2];

    if (count != 6)
        return 2;
    script = arguments[2];
    argument = arguments[5];
    for (int i = 0; i < 2; i++)
        numbers[i] = strtol(arguments[3 + i], NULL, 10);
    if (!strcmp(arguments[1], "memory"))
        return attack_memory(numbers[0], numbers[1]);
    if (numbers[1] > MOST_THREADS)
        return 2;
    return attack_states(numbers[0], (int)numbers[1]);
}
