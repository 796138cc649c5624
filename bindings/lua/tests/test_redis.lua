-- capauth.redis with a Redis that the test starts, where lua-redis and luasocket are there for this Lua.
local lu = require "luaunit"
local support = require "support"

local server = require "redis_server"
if not server then return end

local redis = require "redis"
local socket = require "socket"
local stores = require "capauth.redis"
local sha256 = require "capauth.sha256"
local protocol = require "capauth.redis_protocol"

local REGENERATE = "/auth/v1/token/regenerate"
local KEY = "cookie-with-secret"

local function connect() return redis.connect("127.0.0.1", server.port) end

TestRedis = {}

function TestRedis:setUp()
  if not server.pid then server.start() end
  self.database = connect()
  self.database:flushall()
  self.brand = support.brand()
  self.client = assert(support.emulator:client())
  self.store = stores.new(connect(), self.client)
  self.other = stores.new(connect(), assert(support.emulator:client()))
end

function TestRedis:regenerations()
  return support.emulator:requests(self.brand)["POST " .. REGENERATE] or 0
end

function TestRedis:signed_in() return support.signed_in(self.brand, nil, self.client) end

-- Has the stored token be older, by Redis's clock.
function TestRedis:age(left)
  local now = self.database:time()
  local expires = now[1] * 1e6 + now[2] + left * 1e6
  self.database:hset(self.store:name(KEY), "expires", ("%.0f"):format(expires))
  self.database:hset(self.store:name(KEY), "stored", ("%.0f"):format(expires - 900e6))
end

function TestRedis:test_names_are_those_of_the_other_languages()
  lu.assertEquals(sha256 "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  lu.assertEquals(sha256(("a"):rep(64)), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb")
  lu.assertEquals(self.store:name "abc", "capauth:" .. sha256 "abc")
end

function TestRedis:test_what_is_saved_comes_back()
  local session = self:signed_in()
  assert(self.store:save(KEY, session))
  local customer = assert(self.other:session(KEY))
  lu.assertEquals(customer:token(), session:token())
  lu.assertEquals(customer:export(), session:export())
  lu.assertTrue(assert(customer:gateway("GET", "customer/get")).ok)
  lu.assertEquals(self:regenerations(), 0)
end

function TestRedis:test_operations_of_a_customer_name_what_is_wrong_where()
  assert(self.store:save(KEY, self:signed_in()))
  local customer = assert(self.store:session(KEY))
  for message, fn in pairs {
    ["gateway: margin must be a number, not string"] = function() customer:gateway("GET", "a", { margin = "5" }) end,
    ["gateway: the options must be a table, not number"] = function() customer:gateway("GET", "a", 5) end,
    ["ensure_token: margin must be a number, not string"] = function() customer:ensure_token { margin = "5" } end,
    ["validate_otp: timeout must be a number, not string"] = function()
      customer:validate_otp("1", { timeout = "5" })
    end,
    ["sign_out: the options must be a table, not number"] = function() customer:sign_out(5) end,
  } do
    lu.assertErrorMsgContains(message, fn)
  end
end

function TestRedis:test_what_is_not_stored_is_told_apart()
  local customer, err = self.store:session "never"
  lu.assertNil(customer)
  lu.assertEquals(err.kind, "missing")
  assert(self.store:save(KEY, self:signed_in()))
  lu.assertTrue(self.store:exists(KEY))
  assert(self.store:delete(KEY, "never"))
  lu.assertFalse(self.store:exists(KEY))
  customer, err = self.store:session(KEY)
  lu.assertNil(customer)
  lu.assertEquals(err.kind, "deleted")
end

function TestRedis:test_token_is_regenerated_once_and_stored()
  local session = self:signed_in()
  assert(self.store:save(KEY, session))
  self:age(10)
  local first, second = assert(self.store:session(KEY)), assert(self.other:session(KEY))
  lu.assertNotEquals(first:token(), session:token())
  lu.assertEquals(second:token(), first:token())
  lu.assertEquals(self:regenerations(), 1)
end

function TestRedis:test_refused_token_is_regenerated()
  local session = self:signed_in()
  assert(self.store:save(KEY, session))
  local first, second = assert(self.store:session(KEY)), assert(self.other:session(KEY))
  support.emulator:advance(3600)
  lu.assertTrue(assert(first:gateway("GET", "customer/get")).ok)
  lu.assertTrue(assert(second:gateway("GET", "customer/get")).ok)
  lu.assertEquals(second:token(), first:token())
  lu.assertEquals(self:regenerations(), 1)
end

function TestRedis:test_failure_of_the_service_is_shared()
  assert(self.store:save(KEY, self:signed_in()))
  local first, second = assert(self.store:session(KEY)), assert(self.other:session(KEY))
  support.emulator:fault({ path = REGENERATE, brand = self.brand, count = 9, status = 429, body = "",
    headers = { ["Retry-After"] = "30" } })
  local ok, err = first:regenerate_token()
  lu.assertNil(ok)
  lu.assertEquals(err.kind, "rate_limited")
  local shared
  ok, shared = second:regenerate_token()
  lu.assertNil(ok)
  lu.assertEquals({ shared.name, shared.kind, shared.http_status, shared.message },
    { err.name, err.kind, err.http_status, err.message })
  lu.assertTrue(shared.retry_after > 20 and shared.retry_after <= 30)
  lu.assertEquals(self:regenerations(), 1)
end

function TestRedis:test_failure_of_one_host_stays_its_own()
  assert(self.store:save(KEY, self:signed_in()))
  local now = socket.gettime() -- stands still, so that it holds back for ever
  local client = assert(support.emulator:client { max_retries = 0 })
  local broken = stores.new(connect(), client, { gettime = function() return now end, sleep = socket.sleep })
  local customer = assert(broken:session(KEY))
  support.emulator:fault({ path = REGENERATE, brand = self.brand, count = 1, reset = "before" })
  for _ = 1, 3 do
    local ok, err = customer:regenerate_token()
    lu.assertNil(ok)
    lu.assertEquals(err.kind, "network")
  end
  lu.assertEquals(self:regenerations(), 1)
  assert(assert(self.other:session(KEY)):regenerate_token())
end

function TestRedis:test_sign_in_goes_from_worker_to_worker()
  local session = support.session(self.brand, nil, self.client)
  assert(self.store:save(KEY, session))
  local first = assert(self.store:session(KEY))
  assert(first:generate_token())
  assert(first:generate_otp())
  local second = assert(self.other:session(KEY))
  local ok, err = second:validate_otp "x"
  lu.assertNil(ok)
  lu.assertEquals(err.kind, "invalid_otp")
  assert(second:validate_otp(support.OTP))
  lu.assertTrue(assert(self.store:session(KEY)):signed_in())
end

function TestRedis:test_stale_session_is_not_stored()
  local session = self:signed_in()
  assert(self.store:save(KEY, session))
  assert(assert(self.other:session(KEY)):regenerate_token())
  local ok, err = self.store:save(KEY, session)
  lu.assertNil(ok)
  lu.assertEquals(err.kind, "stale")
end

function TestRedis:test_time_to_live_is_kept()
  local session = self:signed_in()
  assert(self.store:save(KEY, session, 500))
  assert(self.store:save(KEY, session))
  local left = self.database:ttl(self.store:name(KEY))
  lu.assertTrue(left > 400 and left <= 500)
  assert(self.store:touch(KEY, math.huge))
  lu.assertEquals(self.database:ttl(self.store:name(KEY)), -1)
  lu.assertErrorMsgContains("ttl must be", function() self.store:save(KEY, session, 0) end)
end

function TestRedis:test_texts_go_through_the_cipher()
  local sealed = stores.new(connect(), self.client, { encrypt = string.reverse, decrypt = string.reverse })
  assert(sealed:save(KEY, self:signed_in()))
  local customer = assert(sealed:session(KEY))
  assert(customer:regenerate_token())
  lu.assertEquals(self.database:hget(sealed:name(KEY), "text"), customer:export():reverse())
  lu.assertEquals(assert(sealed:session(KEY)):token(), customer:token())
end

function TestRedis:test_customers_of_an_earlier_origin_move_with_the_client()
  assert(self.store:save(KEY, self:signed_in()))
  local earlier = support.emulator:url()
  local client = assert(support.emulator:client { base_url = earlier:gsub("127.0.0.1", "localhost") })
  local customer, err = stores.new(connect(), client):session(KEY)
  lu.assertNil(customer)
  lu.assertStrContains(err.message, "another origin")
  local moving = stores.new(connect(), client, { earlier_origins = { earlier .. "/" } })
  customer = assert(moving:session(KEY))
  lu.assertTrue(assert(customer:gateway("GET", "customer/get")).ok)
  assert(customer:regenerate_token())
  local again = assert(stores.new(connect(), client):session(KEY)) -- what is stored now is of the new origin
  lu.assertEquals(again:token(), customer:token())
  lu.assertErrorMsgContains("each of earlier_origins must be a string", stores.new, {}, client,
    { earlier_origins = { 1 } })
end

function TestRedis:test_metrics_tell_what_became_of_each_token()
  local told = {}
  local function metrics(event) told[#told + 1] = event.kind .. " " .. tostring(event.error) end
  local counted = stores.new(connect(), self.client, { metrics = metrics })
  assert(counted:save(KEY, self:signed_in()))
  support.emulator:fault({ path = REGENERATE, brand = self.brand, count = 1, status = 429, body = "",
    headers = { ["Retry-After"] = "30" } })
  local customer, other = assert(counted:session(KEY)), assert(self.other:session(KEY))
  lu.assertNil((customer:regenerate_token()))
  lu.assertNil((customer:regenerate_token()))
  self.database:hdel(counted:name(KEY), "failure", "failed") -- its 30 seconds are over
  assert(other:regenerate_token())
  assert(customer:regenerate_token())
  assert(customer:regenerate_token())
  lu.assertEquals(told, { "hit nil", "failure RATE_LIMITED", "shared_failure RATE_LIMITED", "wait nil",
    "regeneration nil" })
end

function TestRedis:test_metrics_that_fail_break_nothing()
  local reported
  local capauth = require "capauth"
  capauth.on_error(function(message) reported = message end)
  local counted = stores.new(connect(), self.client, { metrics = function() error "on purpose" end })
  assert(counted:save(KEY, self:signed_in()))
  lu.assertTrue(assert(counted:session(KEY)):signed_in())
  capauth.on_error(nil)
  lu.assertStrContains(reported, "metrics failed")
end

function TestRedis:test_answers_to_other_questions_are_not_believed()
  assert(self.store:save(KEY, self:signed_in()))
  local answers = {}
  local mixed = { script = function(_, ...) return self.database:script(...) end }
  for _, command in ipairs { "hmget", "evalsha" } do
    mixed[command] = function(_, ...)
      table.insert(answers, { self.database[command](self.database, ...) })
      return answers[#answers - 1] and answers[#answers - 1][1] or { "capauth:somebody", "1", "1", "{}", "", "" }
    end
  end
  local store = stores.new(mixed, self.client)
  for _ = 1, 3 do
    local customer, err = store:session(KEY)
    lu.assertNil(customer)
    lu.assertEquals(err.kind, "redis")
    lu.assertStrContains(tostring(err), "other questions")
  end
end

function TestRedis:test_what_goes_around_the_lock_is_refused()
  assert(self.store:save(KEY, self:signed_in()))
  local customer = assert(self.store:session(KEY))
  for _, name in ipairs { "reload", "pause_refresh", "on_change", "start_regenerate_token" } do
    local ok, err = customer[name](customer, "x")
    lu.assertNil(ok)
    lu.assertEquals(err.kind, "usage")
  end
end

function TestRedis:test_nothing_secret_is_printed()
  local session = self:signed_in()
  assert(self.store:save(KEY, session))
  for _, text in ipairs { tostring(self.store), tostring(assert(self.store:session(KEY))) } do
    for _, secret in ipairs { KEY, session:token(), session:key() } do lu.assertNotStrContains(text, secret) end
  end
end

function TestRedis:test_redis_that_is_away_is_an_error_of_redis()
  local away = stores.new({ script = function() error "connection refused" end }, self.client)
  local customer, err = away:session(KEY)
  lu.assertNil(customer)
  lu.assertEquals(err.kind, "redis")
  lu.assertTrue(protocol.is_own(err) == false)
end

function TestRedis:test_zz_the_server_is_stopped() server.stop() end
