-- The attacks, under the Lua that runs this: what they look for is a crash, which ends all. CAPAUTH_ATTACK_SEED chooses
-- the random parts, CAPAUTH_ATTACK_SECONDS makes them longer.
local luaunit = require "luaunit"

_G.assert = require "capauth".assert

for _, name in ipairs { "arguments", "callbacks", "ends", "long_texts", "memory" } do
  require("attack.test_" .. name)
end

local status = luaunit.LuaUnit.run()
if status == 0 then require "attack.figure".write() end
os.exit(status)
