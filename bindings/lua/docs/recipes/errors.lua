local capauth = require "capauth"

local TOLD = { -- by err.kind; key translations on err.name, and show err.message to support alone
  invalid_otp = "That was not the code. Please try again.",
  too_many_attempts = "Please start again.",
  sign_in_expired = "Please start again.",
  sign_in_required = "Please sign in again.",
  rate_limited = "Too many codes. Please wait a little.",
  unknown_outcome = "The connection broke. A code may be on its way.",
  network = "No connection. Please try again later.",
  deadline = "No connection. Please try again later.",
}

local function told(err)
  local otherwise = err.retryable and "Please try again later." or "That did not work (" .. err.name .. ")."
  return TOLD[err.kind] or otherwise
end

local function attempt(ok, err)
  if ok then return end
  if err.category == "usage" then capauth.assert(nil, err) end -- a mistake of the program: let it be seen
  print(err.name .. ": " .. told(err))
end

local client = capauth.assert(capauth.Client { base_url = "http://127.0.0.1:8080", max_retries = 0 })
local customer = capauth.assert(client:session { brand = "DocDemo", mobile = "919999995002", device_id = "device-1" })
capauth.assert(customer:generate_token())
capauth.assert(customer:generate_otp())
attempt(customer:validate_otp "000000")
attempt(customer:gateway("GET", "customer/get"))
local stranger = capauth.assert(client:session { brand = "NoSuchBrand", mobile = "919999995002", device_id = "d" })
attempt(stranger:generate_token())
local nowhere = capauth.assert(capauth.Client { base_url = "http://127.0.0.1:1", max_retries = 0 }) -- nobody listens
local alone = capauth.assert(nowhere:session { brand = "DocDemo", mobile = "919999995002", device_id = "d" })
attempt(alone:generate_token())
