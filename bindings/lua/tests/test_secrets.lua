-- Nothing that people print tells a secret.
local lu = require "luaunit"
local support = require "support"

TestSecrets = {}

local function told_by(run)
  local told = {}
  local function tell(...)
    for i = 1, select("#", ...) do told[#told + 1] = tostring((select(i, ...))) end
  end
  local client = assert(support.emulator:client {
    log = tell,
    trace = function(event) for name, value in pairs(event) do tell(name, value) end end,
  })
  run(client, tell)
  return table.concat(told, "\n")
end

local function tell_error(tell, err)
  tell(err)
  for name, value in pairs(err) do tell(name, value) end
end

function TestSecrets:test_no_secret_in_any_text()
  local brand = support.brand { PASSWORD_ENABLED = true }
  support.emulator:customer(brand, "MOBILE", "919999999993", { password = "Canary-Pass-1" })
  local secrets = { "Canary", support.OTP, "777777", "919999999993" }
  local text = told_by(function(client, tell)
    local customer = support.session(brand, nil, client)
    assert(customer:generate_token())
    tell_error(tell, select(2, customer:validate_password "Canary-Wrong-2"))
    assert(customer:generate_otp())
    tell_error(tell, select(2, customer:validate_otp "777777"))
    tell_error(tell, select(2, customer:validate_otp "Canary\n"))
    tell_error(tell, select(2, customer:validate_otp "Canary\0"))
    local call = customer:start_validate_otp(support.OTP)
    tell(call)
    assert(call:wait())
    secrets[#secrets + 1] = customer:token()
    secrets[#secrets + 1] = customer:key()
    tell(call, customer, client, client:spawn(function() end))
    tell(assert(customer:gateway("GET", "customer/get")))
    tell_error(tell, select(2, customer:change_password("Canary-Wrong-2", "Canary-3")))
    tell_error(tell, select(2, client:restore(customer:export() .. "Canary")))
  end)
  for _, secret in ipairs(secrets) do lu.assertNotStrContains(text, secret) end
  lu.assertStrContains(text, "otp_validate")
end

function TestSecrets:test_raised_messages_do_not_quote_values()
  local customer = support.session()
  for _, fn in ipairs {
    function() customer:validate_otp(777777) end,
    function() customer:generate_token { password = 777777 } end,
    function() customer:change_password("x", 777777) end,
  } do
    local _, message = pcall(fn)
    lu.assertNotStrContains(message, "777777")
  end
end
