-- A sign-in by OTP in LÖVE. Nothing blocks a frame: certificates are loaded while the game loads, inside client:spawn
-- operations yield, and client:poll() resumes.
-- `pack`, beside this file, makes a .love of it.
require "native"
local capauth = require "capauth"

local client, entered
local message, typed = "Connecting ...", ""

local function ask(question)
  message, entered = question, nil
  repeat coroutine.yield() until entered -- goes on in the next frame
  return entered
end

-- true, or nil and why: no network, too many wrong OTPs, ...
local function sign_in(customer)
  local ok, err = customer:generate_token()
  if ok then ok, err = customer:generate_otp() end
  if ok then ok, err = customer:validate_otp(ask "OTP: ") end
  while not ok and err.kind == "invalid_otp" do ok, err = customer:validate_otp(ask(err.message .. ", OTP: ")) end
  return ok, err
end

local function play()
  local customer = assert(client:session { brand = "DocDemo", mobile = "919999999993", device_id = "device-1" })
  repeat
    local ok, err = sign_in(customer)
    if not ok then ask(err.message .. ". Return tries again. ") end
  until ok
  message = "Welcome, customer " .. customer:customer_id()
end

function love.load()
  client = assert(capauth.Client { base_url = os.getenv "CAPAUTH_URL", ca_file = os.getenv "CAPAUTH_CA_FILE" })
  client:start_prepare(function() client:spawn(play) end)
end

function love.update() client:poll() end
function love.draw() love.graphics.print(message .. typed) end
function love.textinput(text) typed = typed .. text end
function love.keypressed(key)
  if key == "return" then entered, typed = typed, "" end
end
