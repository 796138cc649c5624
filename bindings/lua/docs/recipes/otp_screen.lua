local capauth = require "capauth"

local RESEND_AFTER = 30 -- seconds for which "send another" stays grey

-- Sends a code, and gives the moment from which another may be sent.
local function send(customer)
  local ok, err = customer:generate_otp()
  if ok then
    print("A code was sent to " .. customer:otp().destination)
  elseif err.kind == "unknown_outcome" then
    print "A code may be on its way." -- the reply was lost: wait for it before you send another
  elseif err.kind == "rate_limited" then
    print "No more codes for now."
    return os.time() + (err.retry_after or RESEND_AFTER)
  else
    capauth.assert(nil, err)
  end
  return os.time() + RESEND_AFTER
end

local function validate(customer, typed)
  local ok, err = customer:validate_otp(typed)
  if ok then return end
  if err.kind == "invalid_otp" then
    print "That was not it. Please try again." -- the step is still open
  elseif err.kind == "too_many_attempts" or err.kind == "sign_in_expired" then
    print "We have to begin again."
    capauth.assert(customer:generate_token())
    send(customer)
  else
    capauth.assert(nil, err)
  end
end

local client = capauth.assert(capauth.Client { base_url = "http://127.0.0.1:8080" })
local customer = capauth.assert(client:session { brand = "DocDemo", mobile = "919999990002", device_id = "device-1" })
capauth.assert(customer:generate_token())
local again_at = send(customer)
while not customer:signed_in() do
  io.write "Code, or r for another: "
  local typed = io.read() or os.exit(1)
  local wait = again_at - os.time()
  if typed ~= "r" then
    validate(customer, typed)
  elseif wait > 0 then
    print(("Another in %d seconds."):format(wait)) -- the countdown
  else
    again_at = send(customer)
  end
end
print("signed in as " .. customer:role())
