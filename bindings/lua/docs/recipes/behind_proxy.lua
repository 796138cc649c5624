local capauth = require "capauth"

local client = capauth.assert(capauth.Client {
  base_url = "https://auth.brand.example",
  proxy = "http://user:password@127.0.0.1:3128", -- learns the host's name, and nothing else
  ca_file = "ca.pem", -- the only authority that is trusted then
  pinned_keys = io.lines "pin"(), -- two, in a real app: "sha256//...;sha256//..."
})
local customer = capauth.assert(client:session { brand = "DocDemo", mobile = "919999993012", device_id = "device-1" })
capauth.assert(customer:generate_token())
capauth.assert(customer:generate_otp())
io.write "OTP: "
capauth.assert(customer:validate_otp(io.read()))
print("signed in as " .. customer:role() .. " through the proxy")
