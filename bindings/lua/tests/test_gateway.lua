-- Gateway calls: what HTTP answered is a reply, whatever it said.
local lu = require "luaunit"
local capauth = require "capauth"
local support = require "support"

TestGateway = {}

function TestGateway:setUp()
  self.brand = support.brand()
  self.customer = support.signed_in(self.brand)
end

function TestGateway:test_get_with_a_query()
  local reply = assert(self.customer:gateway("GET", "customer/get", { query = { mlp = "true" } }))
  lu.assertEquals(reply.http_status, 200)
  lu.assertTrue(reply.ok)
  lu.assertEquals(reply.code, 200)
  local body = assert(reply:json())
  lu.assertEquals(body.customers.customer[1].mobile, "919999999993")
  lu.assertEquals(reply:raise_for_refusal(), reply)
  lu.assertStrContains(tostring(reply), "200")
end

function TestGateway:test_post_of_a_table_and_of_text()
  support.emulator:gateway(self.brand, "customer/update", { status = 200, body = { done = true } })
  for _, body in ipairs { { name = "Test", tags = { "a", "b" } }, '{"name":"Test"}' } do
    local reply = assert(self.customer:gateway("POST", "customer/update", { body = body }))
    lu.assertEquals(reply:json(), { done = true })
  end
end

function TestGateway:test_refusal_is_a_reply()
  support.emulator:gateway(self.brand, "points/history", {
    status = 200, body = { errors = { { status = false, code = 600, message = "no points" } } },
  })
  local reply = assert(self.customer:gateway("GET", "points/history"))
  lu.assertFalse(reply.ok)
  lu.assertEquals(reply.code, 600)
  lu.assertEquals(reply.message, "no points")
  local nothing, err = reply:raise_for_refusal()
  lu.assertNil(nothing)
  lu.assertEquals(err.kind, "refused")
  lu.assertEquals(err.server_code, 600)
  lu.assertStrContains(tostring(err), "no points")
end

function TestGateway:test_refusal_has_the_kind_of_its_code()
  for _, row in ipairs {
    { 429, nil, "rate_limited" }, { 200, 1515, "unknown_customer" }, { 200, 1534, "rate_limited" },
    { 503, nil, "service" }, { 403, nil, "refused" },
  } do
    local body = row[2] and { status = { success = false, code = row[2], message = "no" } } or { none = true }
    support.emulator:gateway(self.brand, "shop", { status = row[1], body = body })
    local reply = assert(self.customer:gateway("POST", "shop", { body = "{}" }))
    local nothing, err = reply:raise_for_refusal()
    lu.assertNil(nothing)
    lu.assertEquals(err.kind, row[3])
    lu.assertEquals(err.code, reply.refusal)
    lu.assertEquals(err.http_status, row[1])
  end
end

function TestGateway:test_refusal_tells_wait_and_request_id()
  support.emulator:fault {
    brand = self.brand, path = "/mobile/v2/api/shop", count = 1, status = 503, body = "busy",
    headers = { ["Retry-After"] = "90", ["X-Amz-Cf-Id"] = "cdn-id" },
  }
  local _, err = assert(self.customer:gateway("POST", "shop", { body = "{}" })):raise_for_refusal()
  lu.assertEquals(err.retry_after, 90)
  lu.assertEquals(err.request_id, "cdn-id")
  lu.assertTrue(err.retryable)
  lu.assertTrue(err.maybe_sent)
end

-- The emulator takes a VIEW token at such endpoints only.
function TestGateway:test_view_token_will_do_where_asked_for()
  local customer = support.session(self.brand)
  assert(customer:generate_token())
  for _, endpoint in ipairs { "stores", "/stores/near" } do
    support.emulator:gateway(self.brand, endpoint, { view = true, body = { at = endpoint } })
    local _, err = customer:gateway("GET", endpoint)
    lu.assertEquals(err.kind, "sign_in_required")
    local reply = assert(customer:gateway("GET", endpoint, { view = true }))
    lu.assertTrue(reply.ok)
    lu.assertEquals(reply:json(), { at = endpoint })
  end
  support.emulator:gateway(self.brand, "/private", { body = {} })
  local _, err = customer:gateway("GET", "/private", { view = true })
  lu.assertEquals({ err.kind, err.http_status }, { "sign_in_required", 401 }) -- it was sent
end

function TestGateway:test_endpoint_with_a_slash_is_a_path_of_the_host()
  support.emulator:gateway(self.brand, "/stores", { body = { at = "host" } })
  support.emulator:gateway(self.brand, "stores", { body = { at = "gateway" } })
  for endpoint, place in pairs { ["/stores"] = "host", stores = "gateway" } do
    lu.assertEquals(assert(self.customer:gateway("GET", endpoint, { query = { a = "b" } })):json(), { at = place })
  end
  local counts = support.emulator:requests(self.brand)
  lu.assertEquals({ counts["GET /stores"], counts["GET /mobile/v2/api/stores"] }, { 1, 1 })
end

function TestGateway:test_pause_leaves_the_token_alone()
  local customer, before = self.customer, self.customer:token()
  support.emulator:fault {
    path = "/mobile/v2/api/customer/get", brand = self.brand, count = 2, status = 401, body = "no",
  }
  assert(customer:pause_refresh(3600))
  lu.assertEquals(select(2, customer:gateway("GET", "customer/get")).kind, "token_expired")
  lu.assertEquals(select(2, customer:pause_refresh(-1)).kind, "invalid_argument")
  lu.assertEquals(customer:token(), before)
  assert(customer:pause_refresh(0))
  lu.assertTrue(assert(customer:gateway("GET", "customer/get")).ok)
  lu.assertNotEquals(customer:token(), before)
end

function TestGateway:test_unknown_endpoint_is_a_reply()
  local reply = assert(self.customer:gateway("GET", "no/such"))
  lu.assertEquals(reply.http_status, 404)
  lu.assertFalse(reply.ok)
end

function TestGateway:test_body_that_is_not_json()
  support.emulator:gateway(self.brand, "plain", { status = 200, body = "plain" })
  support.emulator:fault { path = "/mobile/v2/api/plain", status = 200, body = "<html>" }
  local reply = assert(self.customer:gateway("GET", "plain"))
  lu.assertEquals(reply.body, "<html>")
  local value, err = reply:json()
  lu.assertNil(value)
  lu.assertEquals(err.kind, "protocol")
  lu.assertStrContains(err.message, "it is not JSON")
end

function TestGateway:test_body_that_lua_cannot_hold_says_why()
  support.emulator:gateway(self.brand, "odd", { status = 200, body = {} })
  support.emulator:fault { path = "/mobile/v2/api/odd", brand = self.brand, status = 200, body = [[{"a\u0000b":1}]] }
  local value, err = assert(self.customer:gateway("GET", "odd")):json()
  lu.assertNil(value)
  lu.assertEquals(err.kind, "protocol")
  lu.assertStrContains(err.message, "a name in it has a NUL")
end

function TestGateway:test_expired_token_is_regenerated_by_itself()
  local emulator = assert(require "capauth.testing".Emulator())
  emulator:brand("Own", { FIXED_OTP = support.OTP })
  local customer = assert(assert(emulator:client()):session(support.identity "Own"))
  support.sign_in(customer)
  emulator:advance(3600)
  local reply = assert(customer:gateway("GET", "customer/get"))
  lu.assertEquals(reply.http_status, 200)
  lu.assertEquals(emulator:requests "Own"["POST /auth/v1/token/regenerate"], 1)
  emulator:close()
end

function TestGateway:test_external_session_can_do_nothing_else()
  support.emulator:gateway(self.brand, "points/history", { status = 200, body = { points = 7 } })
  local client = assert(support.emulator:client())
  local session = assert(client:external_session(self.brand, "access-token", "id-token"))
  lu.assertEquals(session:flow(), "external")
  lu.assertEquals(assert(session:gateway("GET", "points/history")):json(), { points = 7 })
  local _, err = session:generate_token()
  lu.assertEquals(err.name, "UNSUPPORTED")
end

function TestGateway:test_null_is_a_value()
  local sent = { a = capauth.null, b = { 1, capauth.null, 3 } }
  support.emulator:gateway(self.brand, "null", { status = 200, body = sent })
  local body = assert(self.customer:gateway("GET", "null")):json()
  lu.assertEquals(body.a, capauth.null)
  lu.assertEquals(#body.b, 3)
  lu.assertEquals(body.b[2], capauth.null)
end

function TestGateway:test_started_call_gives_the_reply()
  local call = self.customer:start_gateway("GET", "customer/get", { repeatable = true, margin = 1, timeout = 10 })
  lu.assertEquals(assert(call:wait()).http_status, 200)
  lu.assertTrue(rawequal(call:result(), call:result()))
end
