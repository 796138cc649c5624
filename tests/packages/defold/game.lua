-- A game's script: signs a customer in over frames, none of which waits.
local capauth = require "capauth.capauth"

local client, task
local frames = 0
local game = {}

local function sign_in()
  local customer = capauth.assert(client:session { brand = "DocDemo", mobile = "919999990007", device_id = "defold" })
  capauth.assert(customer:generate_token())
  capauth.assert(customer:generate_otp())
  capauth.assert(customer:validate_otp "483920")
  local reply = capauth.assert(customer:gateway("GET", "customer/get"))
  print(("role %s, HTTP %d, %d frames"):format(customer:role(), reply.http_status, frames))
  return true
end

function game.init()
  client = capauth.assert(capauth.Client {
    base_url = os.getenv "CAPAUTH_DEMO_URL", ca_file = os.getenv "CAPAUTH_DEMO_CA_FILE",
  })
  print("inside: " .. capauth.diagnose(client):match "inside: (.-)\n")
  task = client:spawn(sign_in)
end

function game.update()
  frames = frames + 1
  client:poll(0)
  if task:done() then capauth.assert(task:result()) end
  return task:done()
end

return game
