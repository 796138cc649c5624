-- Sessions kept as text, taken up again at any step.
local lu = require "luaunit"
local capauth = require "capauth"
local support = require "support"

TestExport = {}

function TestExport:setUp()
  self.brand = support.brand()
  self.client = assert(support.emulator:client())
  self.customer = support.session(self.brand, nil, self.client)
end

local function restarted(session)
  return assert(assert(support.emulator:client()):restore(assert(session:export())))
end

function TestExport:test_goes_on_at_every_step()
  local customer = restarted(self.customer)
  assert(customer:generate_token())
  customer = restarted(customer)
  lu.assertEquals(customer:next_step(), "otp_generate")
  assert(customer:generate_otp())
  customer = restarted(customer)
  lu.assertEquals(customer:next_step(), "otp_validate")
  assert(customer:validate_otp(support.OTP))
  customer = restarted(customer)
  lu.assertTrue(customer:signed_in())
  lu.assertEquals(customer:identifier(), "919999999993")
  assert(customer:regenerate_token())
end

function TestExport:test_also_while_a_call_is_in_flight()
  local call = self.customer:start_generate_token()
  lu.assertEquals(restarted(self.customer):next_step(), "token_generate")
  assert(call:wait())
end

function TestExport:test_another_process_finishes_the_sign_in()
  assert(self.customer:generate_token())
  assert(self.customer:generate_otp())
  local path = os.tmpname()
  support.write(path, assert(self.customer:export()))
  local text, code = support.script([[
    local capauth = require "capauth"
    local client = assert(capauth.Client { base_url = arg[1], ca_file = arg[2] })
    local customer = assert(client:restore(assert(io.open(arg[3])):read "*a"))
    assert(customer:validate_otp(arg[4]))
    print(customer:signed_in())
  ]], ("%s %s %s %s"):format(support.emulator:url(), support.emulator:ca_file(), path, support.OTP))
  os.remove(path)
  lu.assertEquals({ text, code }, { "true\n", 0 })
end

function TestExport:test_reload_takes_a_siblings_token()
  support.sign_in(self.customer)
  local sibling = restarted(self.customer)
  support.emulator:advance(1)
  assert(sibling:regenerate_token())
  lu.assertNotEquals(self.customer:token(), sibling:token())
  lu.assertTrue(assert(self.customer:reload(sibling:export())))
  lu.assertEquals(self.customer:token(), sibling:token())
end

function TestExport:test_reload_says_what_is_wrong_with_its_text()
  local _, err = self.customer:validate_otp "123456"
  lu.assertEquals(err.kind, "wrong_step")
  _, err = self.customer:reload "no JSON"
  lu.assertStrContains(tostring(err), "the export is not JSON")
end

function TestExport:test_reload_refuses_another_brand()
  local other = support.session(support.brand(), nil, self.client)
  local ok, err = self.customer:reload(other:export())
  lu.assertNil(ok)
  lu.assertEquals(err.kind, "invalid_argument")
end

function TestExport:test_origins_compare_without_case_and_default_port()
  local function client(url) return assert(capauth.Client { base_url = url }) end
  local text = assert(support.session(self.brand, nil, client "https://auth.brand.example"):export())
  for _, url in ipairs { "https://auth.brand.example:443", "HTTPS://Auth.Brand.Example/" } do
    lu.assertEquals(assert(client(url):restore(text)):export(), text)
  end
end

function TestExport:test_restore_refuses_another_origin()
  local elsewhere = assert(capauth.Client { base_url = "https://auth.brand.example" })
  local session, err = elsewhere:restore(self.customer:export())
  lu.assertNil(session)
  lu.assertEquals(err.kind, "invalid_argument")
  lu.assertStrContains(tostring(err), "origin")
end
