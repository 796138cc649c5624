-- The emulator that an application's own tests start.
local lu = require "luaunit"
local testing = require "capauth.testing"
local support = require "support"

TestTesting = {}

function TestTesting:test_sign_in_with_the_otp_from_the_outbox()
  local emulator = support.emulator
  emulator:brand "Outbox"
  local client = assert(emulator:client { timeout = 5 })
  local customer = assert(client:session { brand = "Outbox", mobile = "919999999981", device_id = "d" })
  assert(customer:generate_token())
  lu.assertNil(emulator:otp "919999999981")
  assert(customer:generate_otp())
  local otp = emulator:otp("919999999981", "Outbox")
  lu.assertStrMatches(otp, "%d%d%d%d%d%d")
  lu.assertEquals(emulator:outbox("Outbox")[1].otp, otp)
  assert(customer:validate_otp(otp))
  lu.assertEquals(emulator:requests("Outbox")["POST /auth/v1/otp/validate"], 1)
  emulator:reset "Outbox"
  lu.assertEquals(emulator:requests "Outbox", {})
end

function TestTesting:test_clock_expires_tokens_without_sleeping()
  local emulator = assert(testing.Emulator())
  local client = assert(emulator:client())
  local customer = assert(client:session { brand = "DocDemo", mobile = "919999999981", device_id = "d" })
  assert(customer:generate_token())
  emulator:advance(24 * 3600)
  local _, err = customer:generate_otp()
  lu.assertEquals(err.kind, "sign_in_expired")
  emulator:close()
  emulator:close()
end

function TestTesting:test_clock_of_one_brand_and_a_clock_that_is_held()
  local emulator = assert(testing.Emulator())
  emulator:hold_clock()
  local before = emulator:advance(0)
  lu.assertEquals(emulator:advance(900), before + 900)
  lu.assertEquals(emulator:advance(60, "DocDemo"), before + 960)
  lu.assertEquals(emulator:advance(0), before + 900)
  emulator:hold_clock(false)
  emulator:close()
end

function TestTesting:test_customer_has_a_profile()
  local brand = support.brand()
  local settings = { customerId = "77", firstname = "Ada", loyalty_points = 12 }
  support.emulator:customer(brand, "MOBILE", support.identity(brand).mobile, settings)
  local reply = assert(support.signed_in(brand):gateway("GET", "customer/get"))
  local found = reply:json().customers.customer[1]
  lu.assertEquals({ found.user_id, found.firstname, found.loyalty_points }, { 77, "Ada", 12 })
end

function TestTesting:test_mistakes_raise()
  lu.assertErrorMsgContains("NO_SUCH_SETTING", support.emulator.brand, support.emulator, "B", { NO_SUCH_SETTING = 1 })
  lu.assertErrorMsgContains("400", support.emulator.customer, support.emulator, "NoSuchBrand", "MOBILE", "1")
  lu.assertErrorMsgContains("expected", support.emulator.close, {})
end

function TestTesting:test_names_with_anything_in_them_are_safe()
  local name = "it's \"here\"; $(exit 1) `x` \\ & /?#%\n"
  lu.assertErrorMsgContains("is no brand name", support.emulator.brand, support.emulator, name)
  lu.assertEquals(support.emulator:outbox(nil, name), {})
  local brand = support.brand()
  support.emulator:gateway(brand, "echo", { status = 200, body = { text = name } })
  local reply = assert(support.signed_in(brand):gateway("GET", "echo"))
  lu.assertEquals(reply:json().text, name)
end

function TestTesting:test_program_that_is_none()
  local emulator, message = testing.Emulator { program = "/no/such/program" }
  lu.assertNil(emulator)
  lu.assertStrContains(message, "did not start")
end

local function goes_away(url)
  local command = [[timeout 60 sh -c "while curl -qks --noproxy '*' -o /dev/null %s; do :; done"]]
  local _, code = support.run(command:format(url))
  return code == 0
end

-- However the process ends, its emulator does too.
function TestTesting:test_emulator_ends_with_its_process()
  for _, ending in ipairs { "", "os.exit(3)", "error 'x'", "emulator:close()", "os.execute('kill -9 $PPID')" } do
    local text = support.script(([[
      local emulator = assert(require "capauth.testing".Emulator())
      print(emulator:url())
      io.stdout:flush()
      %s
    ]]):format(ending))
    local url = text:match "https://%S+"
    lu.assertIsString(url, text)
    lu.assertTrue(goes_away(url), ending)
  end
end
