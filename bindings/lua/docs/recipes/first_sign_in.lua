local capauth = require "capauth"

local client = capauth.assert(capauth.Client { base_url = "http://127.0.0.1:8080" })
local customer = capauth.assert(client:session {
  brand = "DocDemo", mobile = "919999999992", device_id = "device-1",
})
capauth.assert(customer:generate_token())          -- begins a sign-in
capauth.assert(customer:generate_otp())            -- sends the OTP to the customer's phone
while not customer:signed_in() do
  io.write "OTP: "
  local ok, err = customer:validate_otp(io.read() or os.exit(1))
  if not ok then print(err) end                    -- err.kind is "invalid_otp": ask again
  if not ok and err.kind ~= "invalid_otp" then os.exit(1) end
end
print("signed in as " .. customer:role() .. " until " .. os.date("%c", customer:expires_at()))
print(capauth.assert(customer:gateway("GET", "customer/get")).body)
