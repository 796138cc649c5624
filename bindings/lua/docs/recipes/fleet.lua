local capauth = require "capauth"
local redis = require "redis" -- lua-redis; in OpenResty resty.redis

local KEY = "customer-1" -- yours: the name of your own session, for instance

local client = capauth.assert(capauth.Client { base_url = "http://127.0.0.1:8080" })
local store = require "capauth.redis".new(redis.connect("127.0.0.1", 6379), client)

local function sign_in()
  local customer = capauth.assert(client:session { brand = "DocDemo", mobile = "919999998102", device_id = "device-1" })
  capauth.assert(customer:generate_token())
  capauth.assert(customer:generate_otp())
  io.write "OTP: "
  capauth.assert(customer:validate_otp(io.read()))
  capauth.assert(store:save(KEY, customer))
end

if not capauth.assert(store:exists(KEY)) then sign_in() end
local customer = capauth.assert(store:session(KEY)) -- in any worker
local reply = capauth.assert(customer:gateway("GET", "customer/get")) -- when the token has expired, one gets a new one
print("the gateway said " .. reply.http_status .. " to " .. customer:role())
