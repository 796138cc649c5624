-- SPDX-License-Identifier: Apache-2.0
-- What the programs in Lua share: the service in the environment, a sign-in step by step, and how it is measured.
local measure = {
  url = assert(os.getenv "CAPAUTH_BENCH_URL", "start this by tests/bench/run"),
  ca_file = os.getenv "CAPAUTH_BENCH_CA_FILE",
  brand = "Bench",
  otp = "012345",
}

-- Customers nobody has seen before.
local next_customer = 0
function measure.mobile()
  next_customer = next_customer + 1
  return ("9199%08d"):format(next_customer)
end

-- By a peer: `post(path, request)` gives the reply, both as tables.
function measure.sign_in(post)
  local request = {
    identifierType = "MOBILE", identifierValue = measure.mobile(), brand = measure.brand, deviceId = "device-1",
  }
  local session = post("/auth/v1/token/generate", request)
  assert(session.status.success)
  request.sessionId = session.user.sessionId
  assert(post("/auth/v1/otp/generate", request).status.success)
  request.otp = measure.otp
  local signed_in = post("/auth/v1/otp/validate", request)
  assert(signed_in.status.success and #signed_in.auth.token > 0)
end

-- Rate from outside, since Lua has no clock finer than a second; CPU here, after one that connects.
function measure.run(work)
  local count = tonumber(arg[1]) or 500
  work()
  local start = os.clock()
  for _ = 1, count do work() end
  print(('{"cpu_us": %.2f}'):format((os.clock() - start) * 1e6 / math.max(1, count)))
end

return measure
