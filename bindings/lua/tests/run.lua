-- All tests, under the Lua that runs this. Each file defines classes of luaunit, one method per condition.
local luaunit = require "luaunit"

_G.assert = require "capauth".assert -- says what went wrong in 5.1 and 5.2 too

for _, name in ipairs {
  "annotations", "arguments", "async", "callbacks", "complete", "coroutines", "errors", "export", "exports", "garbage",
  "gateway", "handles", "interrupts", "json", "love", "readme", "redis", "scenarios", "secrets", "sign_in", "tasks",
  "testing",
} do
  require("test_" .. name)
end

os.exit(luaunit.LuaUnit.run())
