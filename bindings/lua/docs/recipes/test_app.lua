local capauth = require "capauth"
local testing = require "capauth.testing"

local emulator = capauth.assert(testing.Emulator()) -- ends with this program at the latest
emulator:brand("MyBrand", { CONF_MAX_OTP_RETRY_COUNT = 2 })
local client = capauth.assert(emulator:client())

local function started(mobile)
  local customer = capauth.assert(client:session { brand = "MyBrand", mobile = mobile, device_id = "device-1" })
  capauth.assert(customer:generate_token())
  capauth.assert(customer:generate_otp())
  return customer
end

-- A token is regenerated when an hour has passed.
local customer = started "919999996002"
capauth.assert(customer:validate_otp(emulator:otp("919999996002", "MyBrand")))
local before = customer:token()
emulator:advance(3600) -- at once
capauth.assert(customer:gateway("GET", "customer/get"))
assert(customer:token() ~= before)

-- When the reply is lost, the code may be on its way.
local other = started "919999996012"
emulator:fault { path = "/auth/v1/otp/generate", brand = "MyBrand", reset = "after" }
local ok, err = other:generate_otp()
assert(not ok and err.kind == "unknown_outcome" and err.maybe_sent)
capauth.assert(other:validate_otp(emulator:otp("919999996012", "MyBrand"))) -- it was

-- The customer has three tries.
local third = started "919999996022"
for _, expected in ipairs { "invalid_otp", "invalid_otp", "too_many_attempts" } do
  assert(select(2, third:validate_otp "no code").kind == expected)
end
emulator:close()
print "all as it should be"
