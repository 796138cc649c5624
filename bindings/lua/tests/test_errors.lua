-- Errors are tables with a code, names to branch on, and a sentence to read.
local lu = require "luaunit"
local capauth = require "capauth"
local core = require "capauth.core"
local errors = require "capauth.errors"
local rows = require "capauth.error_table"
local support = require "support"

TestErrors = {}

local function refused_by(options)
  local client = assert(capauth.Client(options))
  local customer = assert(client:session(support.identity "DocDemo"))
  local ok, err = customer:generate_token()
  lu.assertNil(ok)
  lu.assertEquals(err.operation, "token_generate")
  return err
end

function TestErrors:test_unknown_host()
  local err = refused_by { base_url = "https://no-such-host.invalid", timeout = 10, max_retries = 0 }
  lu.assertEquals({ err.name, err.kind, err.category }, { "RESOLVE", "network", "network" })
  lu.assertTrue(err.retryable)
  lu.assertFalse(err.maybe_sent)
  lu.assertEquals(err.http_status, 0)
end

function TestErrors:test_refused_connection()
  local err = refused_by { base_url = "https://127.0.0.1:1", max_retries = 0 }
  lu.assertEquals({ err.name, err.kind, err.category }, { "CONNECT", "network", "network" })
end

function TestErrors:test_certificate_of_another_authority()
  local other = assert(require "capauth.testing".Emulator())
  local err = refused_by { base_url = support.emulator:url(), ca_file = other:ca_file() }
  other:close()
  lu.assertEquals({ err.name, err.kind, err.category }, { "TLS", "tls", "network" })
  lu.assertFalse(err.retryable)
end

function TestErrors:test_wrong_otp()
  local customer = support.session()
  assert(customer:generate_token())
  assert(customer:generate_otp())
  local _, err = customer:validate_otp "999999"
  lu.assertEquals({ err.code, err.name, err.kind, err.category }, { 1506, "INVALID_OTP", "invalid_otp", "refused" })
  lu.assertEquals(err.operation, "otp_validate")
  lu.assertEquals(err.http_status, 200)
  lu.assertEquals(err.server_code, 1506)
  lu.assertEquals(err.next_step, "otp_validate")
  lu.assertTrue(err.maybe_sent)
  lu.assertNil(err.retry_after)
  lu.assertStrContains(tostring(err), "[INVALID_OTP 1506]")
end

function TestErrors:test_operation_has_one_name_whoever_refused_it()
  local customer = support.session()
  for name, run in pairs {
    otp_validate = function(options) return customer:validate_otp("1", options) end,
    sign_out = function(options) return customer:sign_out(options) end,
    gateway = function(options) return customer:gateway("GET", "a", options) end,
  } do
    local _, refused_by_lua = run { headers = { a = "\0" } }
    assert(customer:close())
    local _, refused_by_core = run {}
    lu.assertEquals({ refused_by_lua.operation, refused_by_core.operation }, { name, name })
    customer = support.session()
  end
end

function TestErrors:test_deadline()
  local brand = support.brand()
  support.emulator:fault { path = "/auth/v1/token/generate", brand = brand, delayMs = 60000 }
  local ok, err = support.session(brand):generate_token { timeout = 0.05 }
  lu.assertNil(ok)
  lu.assertEquals(err.kind, "deadline")
end

function TestErrors:test_unknown_outcome_is_not_a_network_error()
  local brand = support.brand()
  local customer = support.session(brand)
  assert(customer:generate_token())
  support.emulator:fault { path = "/auth/v1/otp/generate", brand = brand, reset = "after" }
  local ok, err = customer:generate_otp()
  lu.assertNil(ok)
  lu.assertEquals({ err.kind, err.category }, { "unknown_outcome", "unknown_outcome" })
  lu.assertTrue(err.maybe_sent)
  lu.assertEquals(support.emulator:requests(brand)["POST /auth/v1/otp/generate"], 1)
end

function TestErrors:test_service_tells_status_wait_and_request_id()
  local brand = support.brand()
  support.emulator:fault {
    path = "/auth/v1/otp/generate", brand = brand, status = 429, body = "<html>",
    headers = { ["Retry-After"] = "7", ["X-Amz-Cf-Id"] = "cdn-id" },
  }
  local customer = support.session(brand)
  assert(customer:generate_token())
  local _, err = customer:generate_otp()
  lu.assertEquals({ err.kind, err.category }, { "rate_limited", "refused" })
  lu.assertEquals(err.http_status, 429)
  lu.assertEquals(err.retry_after, 7)
  lu.assertEquals(err.request_id, "cdn-id")
end

-- Whatever number the Auth Engine sends: each code of the table arrives with its names.
function TestErrors:test_every_refusal_of_the_table_arrives()
  local brand = support.brand()
  local client = assert(support.emulator:client())
  for code, row in pairs(rows) do
    if code > 0 then
      support.emulator:fault {
        path = "/auth/v1/token/generate", brand = brand, status = 200,
        body = ('{"status":{"success":false,"code":%d,"message":"no"}}'):format(code),
      }
      local ok, err = support.session(brand, nil, client):generate_token()
      lu.assertNil(ok)
      lu.assertEquals({ err.code, err.name, err.kind, err.category }, { code, row.name, row.kind, row.category })
    end
  end
end

function TestErrors:test_table_says_what_the_core_says()
  for code, row in pairs(rows) do
    lu.assertEquals(row.name, core.error_name(code))
    lu.assertEquals(row.text, core.strerror(code))
    lu.assertEquals(row.retryable, core.error_retryable(code))
    lu.assertEquals(capauth.error(code).name, row.name)
  end
end

function TestErrors:test_table_is_that_of_the_header()
  local header = support.read(support.source .. "/core/include/capauth/capauth.h")
  local count = 0
  for name, code in header:match "errors: begin(.-)errors: end":gmatch "CAPAUTH_([%u_]+) = (%-?%d+)" do
    code = tonumber(code)
    if code ~= 0 then
      count = count + 1
      lu.assertEquals(rows[code].name, (name:gsub("^E_", "")))
      lu.assertEquals(core[name], code)
    end
  end
  lu.assertTrue(count > 50)
end

function TestErrors:test_numbers_nobody_knows()
  local err = capauth.error(4711)
  lu.assertEquals({ err.code, err.name, err.kind, err.category }, { 4711, "UNKNOWN", "refused", "refused" })
  lu.assertEquals(capauth.error(-9999).kind, "error")
end

function TestErrors:test_assert_raises_the_error_itself()
  local ok, err = pcall(capauth.assert, nil, errors.of_code(1506))
  lu.assertFalse(ok)
  lu.assertEquals({ capauth.assert(1, 2, 3) }, { 1, 2, 3 })
  lu.assertEquals(select("#", capauth.assert(1)), 1) -- file:write(capauth.assert(...)) takes no nil
  lu.assertEquals(err.kind, "invalid_otp")
  lu.assertEquals(type(err), "table")
end

function TestErrors:test_errors_join_other_text()
  local err = capauth.error(1506)
  lu.assertEquals("that was a " .. err, "that was a wrong OTP [INVALID_OTP 1506]")
  lu.assertEquals(err .. "!", "wrong OTP [INVALID_OTP 1506]!")
  lu.assertEquals(err .. err, tostring(err):rep(2))
end

-- The program lua5.1 shows nothing of an error that is no text; whoever catches it still gets the table.
function TestErrors:test_uncaught_errors_are_shown_by_every_lua()
  local text, code = support.script [[
    local capauth = require "capauth"
    local function fail() capauth.assert(nil, capauth.error(1506)) end
    assert(select(2, pcall(fail)).kind == "invalid_otp")
    assert(select(2, xpcall(fail, function(err) return err end)).kind == "invalid_otp")
    assert(select(2, coroutine.resume(coroutine.create(fail))).kind == "invalid_otp")
    fail()
  ]]
  lu.assertEquals(code, 1)
  lu.assertStrContains(text, "wrong OTP [INVALID_OTP 1506]")
end
