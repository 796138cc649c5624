-- SPDX-License-Identifier: Apache-2.0
-- Signs the customers of a loyalty brand in, and keeps them signed in. README.md tells how to use it.
local core = require "capauth.core"
local Call = require "capauth.call"
local Client = require "capauth.client"
local errors = require "capauth.errors"
local events = require "capauth.events"
local json = require "capauth.json"
local values = require "capauth.values"

---@class capauth
local capauth = {
  Client = Client.new,
  await = Call.await,
  on_error = events.on_error,
  null = json.null,
  version = core.version,
}

-- What a support request needs: versions, the TLS library, the CA store and why it is that one.
function capauth.diagnose(client)
  local code, text = core.diagnose(client and values.object(client, Client.class))
  if code ~= 0 then return nil, errors.of_code(code) end
  return text
end

-- The version of each library at work, by its name: capauth, libcurl, json-c and the TLS library. Where the module
-- carries its libraries, also those, by the names and numbers of whoever packaged their sources.
function capauth.versions()
  local text, err = capauth.diagnose()
  if not text then return nil, err end
  local versions = {}
  for line in text:gmatch "[^\n]+" do
    local list = line:match "^inside: (.*)" or line:match "^[^,]*"
    for name, version in list:gmatch "([^ ,]+) ([^,]+)" do
      versions[name] = version
    end
  end
  return versions
end

-- An error of that number, for its name, kind, category and sentence: what a table of translations is made from.
function capauth.error(code)
  return errors.of_code(values.integer(code, "code", "error"))
end

-- The program lua5.1 prints nothing for an error that is not a string. So where nothing would catch it, a string is
-- raised.
local plain_5_1 = _VERSION == "Lua 5.1" and not rawget(_G, "jit") and debug and debug.getinfo

local function is_caught()
  if coroutine.running() then return true end
  local level = 3
  local frame = debug.getinfo(level, "f")
  while frame and frame.func ~= pcall and frame.func ~= xpcall do
    level = level + 1
    frame = debug.getinfo(level, "f")
  end
  return frame ~= nil
end

-- assert() of Lua 5.1 and 5.2 takes only a string as its message; this one raises the error itself everywhere.
function capauth.assert(value, ...)
  if value then return value, ... end
  local err = ...
  if err == nil then err = "assertion failed!" end
  if plain_5_1 and type(err) == "table" and not is_caught() then err = tostring(err) end
  error(err, 0)
end

return capauth
