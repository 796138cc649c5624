local capauth = require "capauth"

local function by_otp(customer)
  capauth.assert(customer:generate_token())
  capauth.assert(customer:generate_otp())
  io.write "OTP: "
  capauth.assert(customer:validate_otp(io.read()))
end

local client = capauth.assert(capauth.Client { base_url = "http://127.0.0.1:8080" })
local first = capauth.assert(client:session { brand = "TwoFactors", mobile = "919999991002", device_id = "device-1" })
by_otp(first)
print("after the first factor: " .. first:role() .. " " .. first:next_step())

local customer = first
if first:next_step() == "second_factor" then
  customer = capauth.assert(first:second_factor()) -- a session in its own right; with { email = ... } another identity
  by_otp(customer)
  first:close() -- from here on only the second counts: keep and export that one
end
print("signed in as " .. customer:role() .. " in the flow " .. customer:flow())
