-- Signs one customer in by OTP, in Lua. `run` starts the emulator and says where it is.
local capauth = require "capauth"
local testing = require "capauth.testing"

local URL = assert(os.getenv "CAPAUTH_DEMO_URL", "CAPAUTH_DEMO_URL is not set: start me by `make demo`")
local CA_FILE = assert(os.getenv "CAPAUTH_DEMO_CA_FILE", "CAPAUTH_DEMO_CA_FILE is not set")
local MOBILE = "919999990003" -- the emulator signs up whom it has not seen

local function say(step, what)
  print(("%-17s %s"):format(step, what))
end

local function redacted(secret)
  return ("%s…(%d characters)"):format(secret:sub(1, 3), #secret)
end

-- The emulator keeps what it would have sent to the customer's telephone.
local telephone = testing.attach(URL, CA_FILE)

local client = assert(capauth.Client { base_url = URL, ca_file = CA_FILE })
local customer = assert(client:session { brand = "DocDemo", mobile = MOBILE, device_id = "demo-lua" })

assert(customer:generate_token())
say("token generate", "next: " .. customer:next_step())

assert(customer:generate_otp())
say("OTP generate", "sent to " .. customer:otp().destination)

assert(customer:validate_otp(telephone:otp(MOBILE)))
say("OTP validate", "token " .. redacted(customer:token()))

assert(customer:regenerate_token())
say("token regenerate", "token " .. redacted(customer:token()))

local reply = assert(customer:gateway("GET", "customer/get", { query = { mlp = "true" } }))
local found = assert(assert(reply:raise_for_refusal()):json()).customers.customer[1]
say("customer/get", ("HTTP %d, customer %s"):format(reply.http_status, found.user_id))

say("the token says", ("role %s, brand %s, expires %s"):format(
  customer:role(), customer:brand(), os.date("!%Y-%m-%d %H:%M:%S UTC", customer:expires_at())))

client:close()
