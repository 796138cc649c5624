-- A sign-in by OTP in LÖVE. Nothing blocks a frame: inside client:spawn operations yield, and client:poll() resumes.
-- For LÖVE, put the folder capauth (its Lua files and its core.so for Lua 5.1) beside this file.
local capauth = require "capauth"

local client, entered
local message, typed = "Connecting ...", ""

local function ask(question)
  message, entered = question, nil
  repeat coroutine.yield() until entered -- goes on in the next frame
  return entered
end

local function sign_in()
  local customer = assert(client:session { brand = "DocDemo", mobile = "919999999993", device_id = "device-1" })
  assert(customer:generate_token())
  assert(customer:generate_otp())
  local ok, err = customer:validate_otp(ask "OTP: ")
  while not ok do ok, err = customer:validate_otp(ask(err.message .. ", OTP: ")) end
  message = "Welcome, customer " .. customer:customer_id()
end

function love.load()
  client = assert(capauth.Client { base_url = os.getenv "CAPAUTH_URL", ca_file = os.getenv "CAPAUTH_CA_FILE" })
  client:spawn(sign_in)
end

function love.update() client:poll() end
function love.draw() love.graphics.print(message .. typed) end
function love.textinput(text) typed = typed .. text end
function love.keypressed(key)
  if key == "return" then entered, typed = typed, "" end
end
