-- Half a sign-in, in Lua: `begin` asks for an OTP, prints the export and waits; `finish` goes on from its text.
local capauth = require "capauth"

local client = assert(capauth.Client { base_url = os.getenv "CAPAUTH_URL", ca_file = os.getenv "CAPAUTH_CA_FILE" })
local parts = {}

function parts.begin()
  local customer = assert(client:session {
    brand = "DocDemo", mobile = os.getenv "HANDOVER_MOBILE", device_id = "device-1",
  })
  assert(customer:generate_token())
  assert(customer:generate_otp())
  print(assert(customer:export()))
  io.stdout:flush()
  io.read() -- nothing comes: Lua has no other way to sleep
end

function parts.finish()
  local customer = assert(client:restore(io.read()))
  assert(customer:validate_otp(os.getenv "HANDOVER_OTP"))
  print(customer:role() .. " " .. tostring(customer:signed_in()))
end

parts[arg[1]]()
