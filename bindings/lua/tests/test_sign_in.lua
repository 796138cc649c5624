-- The flows of the protocol, end to end.
local lu = require "luaunit"
local support = require "support"

TestSignIn = {}

function TestSignIn:test_otp_signs_in_step_by_step()
  local customer = support.session()
  lu.assertEquals(customer:next_step(), "token_generate")
  lu.assertTrue(assert(customer:generate_token()))
  lu.assertEquals(customer:next_step(), "otp_generate")
  lu.assertTrue(assert(customer:generate_otp()))
  lu.assertEquals(customer:next_step(), "otp_validate")
  lu.assertFalse(customer:signed_in())
  lu.assertTrue(assert(customer:validate_otp(support.OTP)))
  lu.assertEquals(customer:next_step(), "done")
  lu.assertTrue(customer:signed_in())
  lu.assertEquals(customer:role(), "USER")
  lu.assertStrMatches(customer:customer_id(), "%d+")
  lu.assertIsNumber(customer:expires_at())
  local left = customer:expires_in()
  lu.assertTrue(left > 800 and left <= 900, left)
  lu.assertIsString(customer:token())
  lu.assertIsString(customer:key())
end

function TestSignIn:test_who_it_is_can_be_asked()
  local customer = support.session("DocDemo")
  lu.assertEquals(customer:brand(), "DocDemo")
  lu.assertEquals(customer:identifier(), "919999999993")
  lu.assertEquals(customer:identifier_type(), "mobile")
  lu.assertEquals(customer:device_id(), support.DEVICE)
  lu.assertEquals(customer:flow(), "mobile")
end

function TestSignIn:test_before_the_sign_in_there_is_nothing()
  local customer = support.session()
  for _, getter in ipairs {
    "token", "key", "role", "customer_id", "expires_at", "expires_in", "app_registered", "registered_for_password",
  } do
    lu.assertNil(customer[getter](customer), getter)
  end
end

function TestSignIn:test_wrong_otp_leaves_the_step_open()
  local customer = support.session()
  assert(customer:generate_token())
  assert(customer:generate_otp())
  local ok, err = customer:validate_otp "999999"
  lu.assertNil(ok)
  lu.assertEquals(err.code, 1506)
  lu.assertEquals(err.kind, "invalid_otp")
  lu.assertEquals(customer:next_step(), "otp_validate")
  lu.assertEquals(customer:otp().wrong_answers, 1)
  lu.assertTrue(assert(customer:validate_otp(support.OTP)))
end

function TestSignIn:test_otp_tells_what_is_known_of_it()
  local customer = support.session()
  lu.assertEquals(customer:otp(), { wrong_answers = 0 })
  assert(customer:generate_token())
  assert(customer:generate_otp())
  local otp = customer:otp()
  lu.assertIsNumber(otp.sent_at)
  lu.assertStrContains(otp.destination, "*")
  lu.assertNotStrContains(otp.destination, "919999999993")
end

function TestSignIn:test_otp_can_be_sent_again()
  local customer = support.session()
  assert(customer:generate_token())
  assert(customer:generate_otp())
  assert(customer:generate_otp())
  assert(customer:validate_otp(support.OTP))
end

function TestSignIn:test_otp_by_another_channel()
  local customer = support.session(support.brand { CONF_FALLBACK_CHANNELS = "SMS,WHATSAPP" })
  assert(customer:generate_token())
  assert(customer:generate_otp { fallback_channel = "WHATSAPP" })
  lu.assertEquals(customer:otp().channel, "WHATSAPP")
end

function TestSignIn:test_payload_hash_is_carried()
  local emulator = support.emulator
  local customer = support.session(support.brand { CONF_ENABLE_ENCRYPTION = true })
  assert(customer:generate_token())
  local _, err = customer:generate_otp()
  lu.assertEquals(err.code, 5004)
  local now = emulator:advance(0)
  assert(customer:generate_otp { payload_hash = "c2VhbGVk", payload_timestamp = now })
end

function TestSignIn:test_web_has_neither_device_nor_key()
  local client = assert(support.emulator:client())
  local customer = assert(client:session { brand = support.brand(), email = "t@example.com", flow = "web" })
  support.sign_in(customer)
  lu.assertTrue(customer:signed_in())
  lu.assertEquals(customer:flow(), "web")
  lu.assertNil(customer:key())
  lu.assertTrue(assert(customer:regenerate_token()))
end

function TestSignIn:test_username_gets_its_otp_at_a_contact()
  local client = assert(support.emulator:client())
  local customer = assert(client:session {
    brand = support.brand(), username = "tester", contact_mobile = "919999999994", device_id = support.DEVICE,
  })
  support.sign_in(customer)
  lu.assertEquals(customer:identifier_type(), "username")
end

function TestSignIn:test_external_id_where_the_brand_has_it()
  local brand = support.brand { CONF_EXTERNAL_ID_LOGIN_ENABLED = true }
  support.emulator:customer(brand, "EXTERNALID", "ext-1", { identifiers = { MOBILE = "919999999995" } })
  local client = assert(support.emulator:client())
  local customer = assert(client:session { brand = brand, external_id = "ext-1", device_id = support.DEVICE })
  support.sign_in(customer)
  lu.assertEquals(customer:identifier_type(), "external_id")
end

function TestSignIn:test_regenerate_gives_another_token()
  local customer = support.signed_in()
  support.emulator:advance(1)
  local before = customer:token()
  assert(customer:regenerate_token())
  lu.assertNotEquals(customer:token(), before)
  lu.assertTrue(customer:signed_in())
end

function TestSignIn:test_ensure_token_gives_the_token()
  local customer = support.signed_in()
  lu.assertEquals(assert(customer:ensure_token()), customer:token())
  support.emulator:advance(1)
  local before = customer:token()
  local token = assert(customer:ensure_token { margin = 86400 })
  lu.assertNotEquals(token, before)
  lu.assertEquals(token, customer:token())
end

function TestSignIn:test_ensure_token_without_a_sign_in_says_so_each_time()
  local customer = support.session()
  for _ = 1, 2 do
    local token, err = customer:ensure_token()
    lu.assertNil(token)
    lu.assertEquals(err.kind, "sign_in_required")
    lu.assertEquals(err.name, "SIGN_IN_REQUIRED")
    lu.assertFalse(err.retryable)
    lu.assertEquals(err.next_step, "token_generate")
  end
end

function TestSignIn:test_sign_out_clears_everything()
  local customer = support.signed_in()
  lu.assertTrue(assert(customer:sign_out()))
  lu.assertFalse(customer:signed_in())
  lu.assertNil(customer:token())
  lu.assertNil(customer:key())
end

function TestSignIn:test_expire_token_is_for_mfa_only()
  local ok, err = support.signed_in():expire_token()
  lu.assertNil(ok)
  lu.assertEquals(err.name, "UNSUPPORTED")
  lu.assertEquals(err.kind, "usage")
end

function TestSignIn:test_identifier_changes()
  local customer = support.signed_in()
  assert(customer:update_identifier "919999999990")
  assert(customer:regenerate_token())
  lu.assertEquals(customer:identifier(), "919999999990")
end

function TestSignIn:test_wrong_step_says_what_comes_first()
  local ok, err = support.session():validate_otp "123456"
  lu.assertNil(ok)
  lu.assertEquals(err.kind, "wrong_step")
  lu.assertEquals(err.operation, "otp_validate")
  lu.assertEquals(err.next_step, "token_generate")
end

-- ---- Passwords -----------------------------------------------------------------------------------------------------

TestPassword = {}

local function password_brand(settings)
  local all = { PASSWORD_ENABLED = true }
  for key, value in pairs(settings or {}) do all[key] = value end
  return support.brand(all)
end

local function customer_with_password(brand)
  support.emulator:customer(brand, "MOBILE", "919999999993", { password = "Right-1" })
  return support.session(brand)
end

function TestPassword:test_first_time_it_comes_with_token_generate()
  local customer = support.session(password_brand())
  local _, err = customer:generate_token()
  lu.assertEquals(err.kind, "password_required")
  lu.assertEquals(customer:next_step(), "password_create")
  assert(customer:generate_token { password = "First-1" })
  assert(customer:generate_otp())
  assert(customer:validate_otp(support.OTP))
  lu.assertTrue(customer:registered_for_password())
end

function TestPassword:test_has_a_tab_and_the_device_id_512_bytes()
  local brand, changes = password_brand(), { device_id = ("d"):rep(512) }
  support.emulator:customer(brand, "MOBILE", "919999999993", { password = "Tab\tRight-1\127" })
  local customer = support.session(brand, changes)
  assert(customer:generate_token())
  assert(customer:validate_password "Tab\tRight-1\127")
  lu.assertTrue(customer:signed_in())
  changes.device_id = ("d"):rep(513)
  local session, err = assert(support.emulator:client()):session(support.identity(brand, changes))
  lu.assertNil(session)
  lu.assertStrContains(tostring(err), "longer than 512 bytes")
end

function TestPassword:test_wrong_one_then_the_right_one()
  local customer = customer_with_password(password_brand())
  assert(customer:generate_token())
  lu.assertEquals(customer:next_step(), "password_validate")
  local _, err = customer:validate_password "Wrong-1"
  lu.assertEquals(err.kind, "invalid_password")
  assert(customer:validate_password "Right-1")
  lu.assertTrue(customer:signed_in())
end

function TestPassword:test_change()
  local customer = customer_with_password(password_brand())
  assert(customer:generate_token())
  assert(customer:validate_password "Right-1")
  local _, err = customer:change_password("Right-1", "Right-1")
  lu.assertEquals(err.kind, "password_rules")
  assert(customer:change_password("Right-1", "Other-2"))
  assert(customer:sign_out())
  assert(customer:generate_token())
  assert(customer:validate_password "Other-2")
end

function TestPassword:test_forgotten_one_is_replaced_by_otp()
  local brand = password_brand()
  local customer = customer_with_password(brand)
  assert(customer:generate_token())
  assert(customer:forget_password "Other-2")
  lu.assertEquals(customer:next_step(), "otp_generate")
  assert(customer:generate_otp())
  assert(customer:validate_otp(support.OTP))
  local again = support.session(brand)
  assert(again:generate_token())
  assert(again:validate_password "Other-2")
end

function TestPassword:test_otp_instead_of_it()
  local customer = customer_with_password(password_brand())
  support.sign_in(customer)
  lu.assertTrue(customer:signed_in())
end

-- ---- The second factor ---------------------------------------------------------------------------------------------

-- Instructions of Lua's interpreter that fn(...) takes.
local function instructions_of(fn, ...)
  local count = 0
  debug.sethook(function() count = count + 1 end, "", 1)
  fn(...)
  debug.sethook()
  return count
end

-- The rest of a sign-in is the core's: Lua's part is held by count, since it is paid for by each operation.
function TestSignIn:test_lua_has_little_to_do()
  if rawget(_G, "jit") then return end -- compiled code counts nothing
  local client = assert(support.emulator:client())
  support.signed_in(nil, nil, client)
  local brand = support.brand()
  local count = instructions_of(support.signed_in, brand, nil, client)
  lu.assertTrue(count > 100 and count < 900, count)
end

TestSecondFactor = {}

local function answer(session, factor, password)
  assert(session:generate_token())
  if factor == "password" then
    assert(session:validate_password(password))
  else
    assert(session:generate_otp())
    assert(session:validate_otp(support.OTP))
  end
end

local function first_factor(first)
  local brand = support.brand {
    PASSWORD_ENABLED = first == "password", IS_MFA_ENABLED = true, IS_MFA_PASSWORD_ENABLED = true,
  }
  support.emulator:customer(brand, "MOBILE", "919999999993", {
    password = first == "password" and "Right-1" or nil, mfa = true, mfaPassword = "Mfa-1",
  })
  local customer = support.session(brand)
  answer(customer, first, "Right-1")
  return customer
end

local function both(first, second)
  local customer = first_factor(first)
  lu.assertEquals(customer:next_step(), "second_factor")
  lu.assertFalse(customer:signed_in())
  local done = assert(customer:second_factor())
  assert(customer:close())
  lu.assertEquals(done:flow(), "mfa")
  answer(done, second, "Mfa-1")
  lu.assertTrue(done:signed_in())
  lu.assertEquals(done:next_step(), "done")
  return done
end

function TestSecondFactor:test_otp_then_otp() both("otp", "otp") end
function TestSecondFactor:test_otp_then_password() both("otp", "password") end
function TestSecondFactor:test_password_then_otp() both("password", "otp") end
function TestSecondFactor:test_password_then_password() both("password", "password") end

function TestSecondFactor:test_another_identifier()
  local second = assert(first_factor "otp":second_factor { email = "t@example.com" })
  lu.assertEquals(second:identifier_type(), "email")
  answer(second, "otp")
  lu.assertTrue(second:signed_in())
end

function TestSecondFactor:test_expired_token_leaves_the_key()
  local customer = both("otp", "otp")
  assert(customer:expire_token())
  lu.assertNil(customer:token())
  lu.assertIsString(customer:key())
  assert(customer:regenerate_token())
  lu.assertTrue(customer:signed_in())
end

function TestSecondFactor:test_needs_a_first_one()
  local second, err = support.session():second_factor()
  lu.assertNil(second)
  lu.assertEquals(err.kind, "wrong_step")
  lu.assertStrContains(err.message, "second_factor: an earlier step is missing")
end

function TestSecondFactor:test_two_identifiers_are_refused()
  local second, err = first_factor "otp":second_factor { email = "t@example.com", mobile = "919999999993" }
  lu.assertNil(second)
  lu.assertEquals(err.kind, "invalid_argument")
end
