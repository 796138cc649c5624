local capauth = require "capauth"

local FILE = "session.lua.json" -- as secret as a password: keep it where only its owner reads

local function save(customer)
  local text = capauth.assert(customer:export())
  local file = assert(io.open(FILE, "w"))
  file:write(text)
  file:close()
end

local function load()
  local file = io.open(FILE)
  local text = file and file:read "*a"
  if file then file:close() end
  return text
end

local client = capauth.assert(capauth.Client { base_url = "http://127.0.0.1:8080" })

local function sign_in()
  local customer = capauth.assert(client:session { brand = "DocDemo", mobile = "919999992002", device_id = "device-1" })
  customer:on_change(save) -- also in the midst of a sign-in
  capauth.assert(customer:generate_token())
  capauth.assert(customer:generate_otp())
  io.write "OTP: "
  capauth.assert(customer:validate_otp(io.read()))
  return customer
end

-- The customer who was signed in when this program last ran; nil: nobody.
local function restored()
  local text = load()
  local customer = text and client:restore(text) -- nil for a file that a crash cut short
  if not customer or not customer:signed_in() then return nil end
  customer:on_change(save)
  return customer
end

local customer = restored() or sign_in()
local reply, err = customer:gateway("GET", "customer/get") -- with a valid token, regenerated when needed
if not reply and err.kind == "sign_in_required" then -- the key was refused: only the customer can help
  print "Please sign in again."
  customer = sign_in()
  reply, err = customer:gateway("GET", "customer/get")
end
print("signed in, and the gateway said " .. capauth.assert(reply, err).http_status)
