-- SPDX-License-Identifier: Apache-2.0
-- Signs the customers of a loyalty brand in, and keeps them signed in. See bindings/lua/README.md.
local core = require "capauth.core"
local Call = require "capauth.call"
local Client = require "capauth.client"
local errors = require "capauth.errors"
local events = require "capauth.events"
local json = require "capauth.json"
local values = require "capauth.values"

local capauth = {
  Client = Client.new,
  await = Call.await,
  on_error = events.on_error,
  null = json.null,
  version = core.version,
}

-- What a support request needs: versions, TLS library, CA store and why that one.
function capauth.diagnose(client)
  local code, text = core.diagnose(client and values.object(client, Client.class))
  if code ~= 0 then return nil, errors.of_code(code) end
  return text
end

-- An error of that number, for its name, kind, category and sentence: what a table of translations is made from.
function capauth.error(code)
  return errors.of_code(values.integer(code, "code", "error"))
end

-- assert() of Lua 5.1 and 5.2 takes nothing but text as its message; this one raises the error itself everywhere.
function capauth.assert(value, err, ...)
  if not value then error(err == nil and "assertion failed!" or err, 0) end
  return value, err, ...
end

return capauth
