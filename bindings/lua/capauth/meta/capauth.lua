---@meta _
-- Annotations for editors and language servers: what `require "capauth"` gives. tests/test_annotations.lua compares all
-- of this folder with the module. Unless it says otherwise, a function that can fail gives nil and a capauth.Error; a
-- wrong type raises an error.

---What `require "capauth"` gives.
---@class capauth
---JSON's null, in what reply:json() gives and in a `body`.
---@field null lightuserdata
local capauth = {}

---Makes a client: configuration and connections, shared by the sessions made from it.
---@param options capauth.ClientOptions
---@return capauth.Client? client
---@return capauth.Error? err invalid_argument, unsupported (UNSUPPORTED), or what the system refused (SYSTEM).
function capauth.Client(options) end

---In a coroutine, yields the call until it is done, and polls each time it is resumed. Outside of coroutines it waits.
---@param call capauth.Call
---@param wait_readable? fun(fd: integer) The host's way to wait for a descriptor; called instead of yielding.
---@return any result What call:result() gives.
---@return capauth.Error? err
function capauth.await(call, wait_readable) end

---Where the errors of your own functions go: of log, trace, on_change, callbacks, and spawned functions. By default it
---is stderr.
---@param handler? fun(message: string, problem: any) nil: the default again.
function capauth.on_error(handler) end

---An error of that number, with its names and its message.
---@param code integer
---@return capauth.Error err
function capauth.error(code) end

---Like assert(), but raises `err` as it is in every Lua.
---@generic T
---@param value T?
---@param ... any The error, if there is no value.
---@return T value
---@return any ...
function capauth.assert(value, ...) end

---What a support request needs: versions, the TLS library, the CA store and why it is that one.
---@param client? capauth.Client
---@return string? text
---@return capauth.Error? err
function capauth.diagnose(client) end

---The version of each library at work, by its name: capauth, libcurl, json-c and the TLS library. Where the module
---carries its libraries, also those, by the names and numbers of whoever packaged their sources.
---@return table<string, string>? versions
---@return capauth.Error? err
function capauth.versions() end

---The version of the library, like "1.0.0".
---@return string version
function capauth.version() end
