local capauth = require "capauth"

local client = capauth.assert(capauth.Client { base_url = "http://127.0.0.1:8080" })

local function new_session()
  return capauth.assert(client:session { brand = "DocDemoPassword", email = "ada@lua.example", device_id = "device-1" })
end

local function confirm_by_otp(customer)
  capauth.assert(customer:generate_otp())
  io.write "OTP: "
  capauth.assert(customer:validate_otp(io.read()))
end

-- The first time with a first password, which an OTP confirms; later with the password alone.
local function sign_in(password)
  local customer = new_session()
  local ok, err = customer:generate_token()
  if not ok and err.kind == "password_required" then -- next_step() is "password_create"
    capauth.assert(customer:generate_token { password = password })
    confirm_by_otp(customer)
    print "first time: the password counts from now on"
    return customer
  end
  capauth.assert(ok, err)
  capauth.assert(customer:validate_password(password)) -- "invalid_password" leaves the step open: ask again
  print "later: signed in by password"
  return customer
end

local function forgotten(new_password)
  local customer = new_session()
  capauth.assert(customer:generate_token())
  capauth.assert(customer:forget_password(new_password))
  confirm_by_otp(customer)
  print "forgotten: the new password counts"
end

sign_in "analytical-1"
local customer = sign_in "analytical-1"
capauth.assert(customer:change_password("analytical-1", "analytical-2")) -- "password_rules": show the brand's rule
print "changed, by who is signed in"
forgotten "analytical-3"
sign_in "analytical-3"
