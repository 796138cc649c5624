local capauth = require "capauth"

local timed = {}
local client = capauth.assert(capauth.Client {
  base_url = "http://127.0.0.1:8080",
  log = function(level, message) if level ~= "debug" then print(level, message) end end,
  trace = function(event) -- for metrics
    if event.event == "start" then return end
    timed[#timed + 1] = event.operation
    print(("%s: %d, HTTP %d, %d request(s)"):format(event.operation, event.result, event.http_status, event.attempts))
  end,
})
print(capauth.diagnose(client)) -- what a support request needs: versions, TLS, CA store
local customer = capauth.assert(client:session { brand = "DocDemo", mobile = "919999997002", device_id = "device-1" })
capauth.assert(customer:generate_token())
capauth.assert(customer:generate_otp())
io.write "OTP: "
capauth.assert(customer:validate_otp(io.read()))
print("operations timed: " .. #timed)
