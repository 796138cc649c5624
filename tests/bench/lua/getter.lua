-- SPDX-License-Identifier: Apache-2.0
-- getter.lua capauth|by_hand: what session:signed_in() costs, in nanoseconds.
local session
if arg[1] == "capauth" then
  local client = assert(require("capauth").Client { base_url = "https://127.0.0.1:1" })
  session = assert(client:session { brand = "Bench", mobile = "919999999993", device_id = "device-1" })
else
  session = require("by_hand").session()
end

local COUNT = 2000000
local function calls()
  local start = os.clock()
  for _ = 1, COUNT do session:signed_in() end
  return (os.clock() - start) * 1e9 / COUNT
end

calls()
print(('{"ns": %.2f}'):format(math.min(calls(), calls(), calls())))
