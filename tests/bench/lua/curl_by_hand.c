/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curl_by_hand.post(url, body) in Lua: the thinnest glue there can be to libcurl, less than lua-cURL, whose callbacks
 * are in Lua. It stands in where lua-cURL is not to be had. It is built a second time, as curl_by_hand_gnutls, for the
 * libcurl that Debian's lua-cURL takes.
 */
#include <curl/curl.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>
#include <string.h>

#ifndef LUAOPEN
#define LUAOPEN luaopen_curl_by_hand
#endif

int LUAOPEN(lua_State *L);

static CURL *curl;
static char reply[1 << 16];
static size_t length;

static size_t collect(char *bytes, size_t size, size_t count, void *data)
{
    (void)data;
    if (length + size * count > sizeof reply)
        return 0;
    memcpy(reply + length, bytes, size * count);
    length += size * count;
    return size * count;
}

static int post(lua_State *L)
{
    CURLcode code;

    length = 0;
    curl_easy_setopt(curl, CURLOPT_URL, luaL_checkstring(L, 1));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, luaL_checkstring(L, 2));
    if ((code = curl_easy_perform(curl)))
        return luaL_error(L, "%s", curl_easy_strerror(code));
    lua_pushlstring(L, reply, length);
    return 1;
}

int LUAOPEN(lua_State *L)
{
    curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("CAPAUTH_BENCH_CA_FILE"));
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, curl_slist_append(NULL, "Content-Type: application/json"));
    lua_newtable(L);
    lua_pushcfunction(L, post);
    lua_setfield(L, -2, "post");
    return 1;
}
