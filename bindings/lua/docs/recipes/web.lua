local capauth = require "capauth"

local client = capauth.assert(capauth.Client { base_url = "http://127.0.0.1:8080" })
-- No device:
local customer = capauth.assert(client:session { brand = "DocDemo", mobile = "919999993002", flow = "web" })
capauth.assert(customer:generate_token())
capauth.assert(customer:generate_otp())
io.write "OTP: "
capauth.assert(customer:validate_otp(io.read()))
print("signed in as " .. customer:role() .. " with a key: " .. tostring(customer:key() ~= nil))

capauth.assert(customer:regenerate_token()) -- of the token itself, even of one that has expired: web has no key
print(("a new token, valid for %.0f seconds"):format(customer:expires_in()))
