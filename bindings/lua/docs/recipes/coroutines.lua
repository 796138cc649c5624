local capauth = require "capauth"

local client = capauth.assert(capauth.Client { base_url = "http://127.0.0.1:8080" })

-- A plain function: where it would wait, it yields, and the next poll resumes it.
local function sign_in()
  local customer = capauth.assert(client:session { brand = "DocDemo", mobile = "919999994012", device_id = "device-1" })
  capauth.assert(customer:generate_token())
  capauth.assert(customer:generate_otp())
  io.write "OTP: "
  capauth.assert(customer:validate_otp(io.read()))
  return customer
end

local task = client:spawn(sign_in)
local frames = 0
while not task:done() do
  client:poll(1 / 60) -- in a game: client:poll() once in each frame
  frames = frames + 1
end
local customer = capauth.assert(task:result())
print("signed in as " .. customer:role() .. " after at least one frame: " .. tostring(frames > 0))
