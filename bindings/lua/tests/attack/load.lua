-- Loads the C module alone: for a Lua without memory.
return function()
  local core = require "capauth.core"
  local code, client = core.client_new()
  assert(code == 0 and client)
end
