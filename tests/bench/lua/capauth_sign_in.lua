-- SPDX-License-Identifier: Apache-2.0
-- capauth_sign_in.lua COUNT: capauth, one customer after the other.
local capauth = require "capauth"
local measure = require "measure"

local client = assert(capauth.Client { base_url = measure.url, ca_file = measure.ca_file })

measure.run(function()
  local session = assert(client:session { brand = measure.brand, mobile = measure.mobile(), device_id = "device-1" })
  assert(session:generate_token())
  assert(session:generate_otp())
  assert(session:validate_otp(measure.otp))
end)
