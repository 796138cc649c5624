local capauth = require "capauth"

local client = capauth.assert(capauth.Client { base_url = "http://127.0.0.1:8080" })
client:start_prepare() -- connects while the game loads
local customer = capauth.assert(client:session { brand = "DocDemo", mobile = "919999994002", device_id = "device-1" })
local call = customer:start_generate_token()

-- What love.update would do: it never waits.
local function update()
  client:poll() -- does what can be done now, and returns
  if not call or not call:done() then return end
  capauth.assert(call:result())
  call = nil
  if customer:next_step() == "otp_generate" then
    call = customer:start_generate_otp()
  elseif customer:next_step() == "otp_validate" then
    io.write "OTP: " -- a game draws a field for it
    call = customer:start_validate_otp(io.read())
  end
end

local frames = 0
while not customer:signed_in() do
  update()
  frames = frames + 1
  os.execute "sleep 0.02" -- a game draws its frame here
end
print("signed in as " .. customer:role() .. " after at least one frame: " .. tostring(frames > 0))
