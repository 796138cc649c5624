-- The life of a client without a network, with all that gives handles, texts and tables: for a Lua without memory, and
-- for states that come and go. Gets the text of an export, with {URL} in place of the origin's.
local text = ...
local capauth = require "capauth"
local core = require "capauth.core"

local URL = "http://127.0.0.1:1" -- refuses at once
local heard = 0
local function hear() heard = heard + 1 end

local function live()
  capauth.on_error(hear)
  local client = assert(capauth.Client {
    base_url = URL, max_retries = 0, timeout = 5, headers = { ["X-One"] = "1" }, log = hear, trace = hear,
  })
  local customer = assert(client:session { brand = "B", mobile = "919999999993", device_id = "d" })
  assert(customer:on_change(hear))
  assert(customer:export())
  local restored = assert(client:restore((text:gsub("{URL}", URL))))
  assert(restored:token() and restored:key() and restored:role() and restored:brand() and restored:otp())
  assert(restored:reload(assert(restored:export())))
  assert(capauth.diagnose(client))
  assert(not customer:generate_token { timeout = 1, headers = { ["X-Two"] = "2" } })
  local call = customer:start_generate_otp(hear)
  local task = client:spawn(function() return customer:generate_token() end)
  for _ = 1, 3 do client:poll(0) end
  local kept = { call:result() }
  assert(tostring(kept[2]) and tostring(call) and tostring(task) and tostring(customer) and tostring(client))
  assert(core.json_decode '{"a":[1,2.5,"x",null,{"b":true}]}')
  client:spawn(function() coroutine.yield() end)
  _G.forgotten = customer:start_ensure_token()
  client:next_done()
  client:close()
end

return live
