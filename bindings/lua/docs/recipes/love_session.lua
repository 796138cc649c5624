-- main.lua of a game. love.filesystem writes to a folder of its own, once t.identity in conf.lua names the game.
local capauth = require "capauth"

local client, customer, entered
local message, typed = "", ""

local function save(changed) assert(love.filesystem.write("session", assert(changed:export()))) end

-- The customer who was signed in when the game last ran; nil: nobody.
local function restored()
  local text = love.filesystem.read "session"
  local known = text and client:restore(text) -- nil for a file that a crash cut short
  return known and known:signed_in() and known
end

local function ask(question)
  message, entered = question, nil
  repeat coroutine.yield() until entered -- goes on in the next frame
  return entered
end

local function sign_in()
  assert(customer:generate_token())
  assert(customer:generate_otp())
  assert(customer:validate_otp(ask "OTP: "))
  message = "signed in as " .. customer:role()
end

function love.load()
  client = assert(capauth.Client { base_url = "http://127.0.0.1:8080" })
  customer = restored()
  if customer then message = "welcome back, " .. customer:role() end
  customer = customer or assert(client:session { brand = "DocDemo", mobile = "919999992012", device_id = "device-1" })
  customer:on_change(save) -- also in the midst of a sign-in
  if not customer:signed_in() then client:spawn(sign_in) end
end

function love.update() client:poll() end
function love.draw() love.graphics.print(message .. typed) end
function love.textinput(text) typed = typed .. text end
function love.keypressed(key)
  if key == "return" then entered, typed = typed, "" end
end
