-- What callers may get wrong: a wrong type raises, at the caller's line; anything else is nil and an error.
local lu = require "luaunit"
local capauth = require "capauth"
local support = require "support"

TestArguments = {}

local NOT_TEXT = { 12345, true, {}, print, coroutine.create(function() end), io.stdout }
local BAD_TEXT = { "", ("x"):rep(20000), "a\nb", "a\0b", "\1", "\255\254", "\237\160\128" }

local function raises(fn, ...)
  local ok, message = pcall(fn, ...)
  lu.assertFalse(ok)
  lu.assertIsString(message)
  lu.assertStrContains(message, "capauth: ")
  return message
end

local function invalid(argument, value, err)
  lu.assertNil(value)
  lu.assertIsTable(err)
  lu.assertEquals(err.kind, "invalid_argument", tostring(err))
  if argument then lu.assertEquals(err.argument, argument) end
end

function TestArguments:setUp()
  self.client = assert(support.emulator:client())
  self.brand = support.brand()
  self.customer = assert(self.client:session(support.identity(self.brand)))
end

function TestArguments:test_client_wants_cluster_or_base_url()
  invalid("cluster", capauth.Client {})
  invalid("cluster", capauth.Client())
  invalid("cluster", capauth.Client { cluster = "EU", base_url = "https://auth.brand.example" })
  for _, cluster in ipairs { "EU", "APAC", "APAC2" } do assert(capauth.Client { cluster = cluster }) end
end

function TestArguments:test_client_options_of_the_wrong_type()
  local texts = {
    "cluster", "base_url", "gateway_url", "ca_file", "ca_pem", "tls_min", "pinned_keys", "client_cert", "client_key",
    "proxy", "user_agent",
  }
  local numbers = { "timeout", "connect_timeout", "max_retries", "max_connections", "refresh_margin", "clock_offset" }
  local flags = { "http2", "auto_refresh", "allow_http", "cap_mobile" }
  local function wrong(name, value)
    local options = { base_url = "https://auth.brand.example" }
    if name == "cluster" then options.base_url = nil end
    options[name] = value
    lu.assertStrContains(raises(capauth.Client, options), name)
  end
  for _, name in ipairs(texts) do wrong(name, 5) end
  for _, name in ipairs(numbers) do wrong(name, "5") end
  for _, name in ipairs(flags) do wrong(name, 1) end
  for _, name in ipairs { "log", "trace" } do wrong(name, "print") end
  wrong("headers", "X: y")
  wrong("headers", { ["X-A"] = 5 })
  wrong("headers", { "X-A" })
  wrong("max_retries", 1.5)
end

function TestArguments:test_client_options_out_of_range()
  local nan = 0 / 0
  for name, list in pairs {
    cluster = { "", "MARS", "eu\n", "E\0U" },
    base_url = { "", "ftp://a.example", "http://auth.brand.example", "https://a\0.example", "no url" },
    timeout = { 0, -1, 1e9, 1e300, -1e300, math.huge, nan },
    connect_timeout = { 0, -1, math.huge },
    max_retries = { -1, 11, 1e300 },
    max_connections = { 0, 5000 },
    refresh_margin = { -1, math.huge },
    tls_min = { "1.0", "", "x" },
    pinned_keys = { "x" },
    headers = { { Host = "x" }, { ["X-A"] = "a\nb" }, { [""] = "a" }, { ["X-A"] = "a\0b" } },
    ca_file = { "", "a\0b" },
    user_agent = { "a\nb" },
  } do
    for _, value in ipairs(list) do
      local options = { base_url = "https://auth.brand.example" }
      if name == "cluster" then options.base_url = nil end
      options[name] = value
      invalid(name, capauth.Client(options))
    end
  end
end

function TestArguments:test_every_client_option_is_taken()
  capauth.assert(capauth.Client {
    base_url = "https://auth.brand.example", gateway_url = "https://gw.brand.example/mobile", timeout = 20,
    connect_timeout = 0.5, max_retries = 0, max_connections = 4, http2 = true, ca_file = support.emulator:ca_file(),
    tls_min = "1.3", pinned_keys = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    client_cert = support.emulator:ca_file(), client_key = support.emulator:ca_file(),
    proxy = "http://user:password@127.0.0.1:3128", user_agent = "tests/1",
    headers = { ["X-A"] = "a", ["X-B"] = { "b", "c" } }, refresh_margin = 0, auto_refresh = false, allow_http = true,
    clock_offset = -86400, cap_mobile = true, log = print, trace = print,
  })
  assert(capauth.Client { cluster = "EU", ca_pem = support.read(support.emulator:ca_file()) })
end

function TestArguments:test_unknown_options_are_named()
  lu.assertStrContains(raises(capauth.Client, { cluster = "EU", time_out = 5 }), "time_out")
  lu.assertStrContains(raises(self.client.session, self.client, { brand = "B", phone = "1" }), "phone")
  lu.assertStrContains(raises(self.customer.generate_token, self.customer, { pasword = "x" }), "pasword")
  lu.assertStrContains(raises(self.customer.start_gateway, self.customer, "GET", "a", { bdy = "x" }), "bdy")
  lu.assertStrContains(raises(self.customer.second_factor, self.customer, { brand = "B" }), "brand")
  lu.assertStrContains(raises(self.customer.generate_otp, self.customer, { password = "x" }), "password")
end

function TestArguments:test_wrong_types_raise_at_the_callers_line()
  local customer = self.customer
  local line = debug.getinfo(1, "l").currentline + 1
  local message = raises(function() return (customer:validate_otp(483920)) end)
  local expected = "test_arguments.lua:%d: capauth: validate_otp: otp must be a string, not number"
  lu.assertStrContains(message, expected:format(line))
end

-- Runs code as the file capauth/game.lua of some application, and gives what it printed.
local function run_in_a_folder_of_our_name(code)
  local folder = support.run("mktemp -d"):match "^[^\n]+"
  support.run("mkdir " .. folder .. "/capauth")
  support.write(folder .. "/capauth/game.lua", code)
  local text = support.run(support.lua .. " " .. folder .. "/capauth/game.lua")
  support.run("rm -r " .. folder)
  return text
end

function TestArguments:test_so_they_do_in_a_folder_named_capauth()
  lu.assertStrContains(run_in_a_folder_of_our_name [[
    local client = require "capauth".Client { cluster = "EU" }
    local customer = client:session { brand = "B", mobile = "1", device_id = "d" }
    print(select(2, pcall(function()
      local ok = customer:start_gateway("GET", 5)
    end)))
  ]], "capauth/game.lua:4: capauth: gateway: endpoint must be a string, not number")
end

function TestArguments:test_and_through_pcall_and_tail_calls()
  local customer = self.customer
  local line = debug.getinfo(1, "l").currentline + 1
  local _, message = pcall(customer.validate_otp, customer, 5)
  lu.assertStrContains(message, ("test_arguments.lua:%d: "):format(line))
  local function tail() return customer:validate_otp(5) end
  _, message = pcall(function() local value = tail() return value end)
  lu.assertStrMatches(message, ".*test_arguments.lua:%d+: capauth: .*")
end

function TestArguments:test_type_errors_name_function_and_argument()
  local client, customer = self.client, self.customer
  for message, fn in pairs {
    ["poll: seconds must be a number, not string"] = function() client:poll "1" end,
    ["spawn: fn must be a function, not nil"] = function() client:spawn() end,
    ["Client: timeout must be a number, not string"] = function() capauth.Client { cluster = "EU", timeout = "5" } end,
    ["Client: max_retries must be a whole number, not 1.5"] = function()
      capauth.Client { cluster = "EU", max_retries = 1.5 }
    end,
    ["session: mobile must be a string, not number"] = function() client:session { brand = "B", mobile = 91 } end,
    ["generate_token: timeout must be a number, not string"] = function()
      customer:start_generate_token { timeout = "5" }
    end,
    ["generate_token: unknown option 'pasword'"] = function() customer:generate_token { pasword = "x" } end,
    ["gateway: the keys of query must be strings"] = function() customer:gateway("GET", "a", { query = { "x" } }) end,
    ['gateway: query["a"] must be a string, not number'] = function()
      customer:gateway("GET", "a", { query = { a = { "x", 5 } } })
    end,
    ['gateway: query["a"] must be a string or a list of strings without holes'] = function()
      customer:gateway("GET", "a", { query = { a = { b = "x" } } })
    end,
    ["start_validate_otp: the callback must be a function, not string"] = function()
      customer:start_validate_otp("1", {}, "x")
    end,
    ["wait: seconds must be a number, not string"] = function() client:spawn(coroutine.yield):wait "1" end,
  } do
    lu.assertStrContains(raises(fn), message)
  end
end

function TestArguments:test_refusals_name_range_and_unit_in_our_words()
  local client, customer = self.client, self.customer
  local function refused(expected, value, err)
    lu.assertNil(value)
    lu.assertStrContains(tostring(err), expected)
    lu.assertNotStrContains(err.message, "_ms")
    lu.assertNotStrContains(err.message, "millisecond")
  end
  local function options(name, value) return { base_url = "https://auth.brand.example", [name] = value } end
  refused("Client: timeout is 0; it must be 0.001 to 86400 seconds", capauth.Client(options("timeout", 0)))
  refused("Client: connect_timeout is 1000000000; it", capauth.Client(options("connect_timeout", 1e9)))
  refused("Client: refresh_margin is -1; it must be 0 to", capauth.Client(options("refresh_margin", -1)))
  refused("Client: max_retries is 11; it must be 0 to 10", capauth.Client(options("max_retries", 11)))
  refused("Client: clock_offset is more than 100 years", capauth.Client(options("clock_offset", 1e300)))
  refused('Client: headers["Host"]: ', capauth.Client(options("headers", { Host = "x" })))
  refused("generate_token: timeout is -2.5; it must be 0.001 to", customer:generate_token { timeout = -2.5 })
  refused("ensure_token: margin is -1; it must be 0 to 86400 seconds", customer:ensure_token { margin = -1 })
  refused("generate_otp: payload_timestamp is -1", customer:generate_otp { payload_hash = "x", payload_timestamp = -1 })
  refused('gateway: query["a"]: ', customer:gateway("GET", "a", { query = { a = "\n" } }))
  refused("pause_refresh: seconds is -1; it must be 0 to", customer:pause_refresh(-1))
  refused("otp is empty", customer:validate_otp "")
  refused("session: mobile: identifier is empty", client:session { brand = "B", mobile = "", device_id = "d" })
  refused("external_session: access_token is empty", client:external_session("B", "", "x"))
  refused("restore: ", client:restore "x")
end

function TestArguments:test_repeated_values_keep_their_order()
  local values = require "capauth.values"
  local given = { b = { "3", "1", "2", "1" }, a = "z", c = { "y", "x" } }
  for _ = 1, 20 do
    lu.assertEquals(values.pairs_of_text(given, "query", "gateway"), {
      { "a", "z" }, { "b", "3" }, { "b", "1" }, { "b", "2" }, { "b", "1" }, { "c", "y" }, { "c", "x" },
    })
  end
end

function TestArguments:test_session_identity_of_the_wrong_type()
  for _, name in ipairs {
    "brand", "mobile", "email", "username", "external_id", "device_id", "contact_mobile", "flow",
  } do
    for _, value in ipairs(NOT_TEXT) do
      local identity = { brand = "B", mobile = name ~= "email" and "9199" or nil, device_id = "d" }
      if name == "email" or name == "username" or name == "external_id" then identity.mobile = nil end
      identity[name] = value
      raises(self.client.session, self.client, identity)
    end
  end
  raises(self.client.session, self.client)
  raises(self.client.session, self.client, { mobile = "9199" })
  raises(self.client.session, self.client, "DocDemo")
end

function TestArguments:test_session_identity_that_cannot_be()
  for _, name in ipairs { "brand", "mobile", "email", "username", "external_id", "device_id", "contact_email" } do
    for _, value in ipairs(BAD_TEXT) do
      local identity = { brand = "B", device_id = "d", [name] = value }
      if name == "brand" or name == "device_id" or name == "contact_email" then identity.username = "u" end
      invalid(name, self.client:session(identity))
    end
  end
  invalid("mobile", self.client:session { brand = "B", device_id = "d" })
  invalid("mobile", self.client:session { brand = "B", mobile = "1", email = "a@b.c", device_id = "d" })
  invalid("flow", self.client:session { brand = "B", mobile = "1", flow = "fax" })
end

function TestArguments:test_session_without_a_device_is_refused_in_time()
  local session, err = self.client:session { brand = "B", mobile = "9199" }
  if session then
    session, err = session:generate_token()
  end
  invalid("device_id", session, err)
end

-- What a password may be, and nothing else.
local CONTROLS = { ["a\nb"] = true, ["\1"] = true }

-- The gateway's strings are none that the Auth Engine gets.
local REQUIRED = {}
for name, arguments in pairs(support.operations) do
  if #arguments > 0 and name ~= "gateway" then REQUIRED[name] = arguments end
end

function TestArguments:test_required_texts_of_the_wrong_type()
  for name, arguments in pairs(REQUIRED) do
    for _, value in ipairs(NOT_TEXT) do
      local list = {}
      for i = 1, #arguments do list[i] = value end
      raises(self.customer[name], self.customer, (table.unpack or unpack)(list))
      raises(self.customer["start_" .. name], self.customer, (table.unpack or unpack)(list))
    end
    raises(self.customer[name], self.customer)
  end
  raises(self.customer.gateway, self.customer, 5, "customer/get")
  raises(self.customer.gateway, self.customer, "GET")
end

function TestArguments:test_required_texts_that_cannot_be()
  local customer = support.signed_in(self.brand, nil, self.client)
  local fresh = self.customer
  assert(fresh:generate_token())
  assert(fresh:generate_otp())
  for name, arguments in pairs(REQUIRED) do
    local session = (name == "change_password" or name == "update_identifier") and customer or fresh
    for _, value in ipairs(BAD_TEXT) do
      if not (CONTROLS[value] and name:find "password") then
        local list = { value, #arguments > 1 and "Good-1" or nil }
        invalid(arguments[1], session[name](session, (table.unpack or unpack)(list)))
        local call = session["start_" .. name](session, (table.unpack or unpack)(list))
        lu.assertTrue(call:done())
        invalid(arguments[1], call:result())
      end
    end
  end
  invalid("new_password", customer:change_password("Good-1", "a\0b"))
  for _, endpoint in ipairs { "", "a\0b", "a\nb" } do invalid("endpoint", customer:gateway("GET", endpoint)) end
  for _, method in ipairs { "", "PUT", "get\0" } do invalid("method", customer:gateway(method, "customer/get")) end
  invalid("body", customer:gateway("POST", "customer/update", { body = "a\0b" }))
end

function TestArguments:test_options_of_operations()
  local customer = self.customer
  raises(customer.generate_token, customer, "password")
  raises(customer.generate_token, customer, { password = 5 })
  raises(customer.generate_token, customer, { timeout = "5" })
  raises(customer.generate_otp, customer, { payload_hash = "x", payload_timestamp = "now" })
  raises(customer.gateway, customer, "GET", "a", { repeatable = 1 })
  raises(customer.gateway, customer, "GET", "a", { query = "a=b" })
  raises(customer.gateway, customer, "POST", "a", { body = { print } })
  raises(customer.gateway, customer, "POST", "a", { body = 5 })
  invalid("password", customer:generate_token { password = "a\0b" })
  invalid("timeout", customer:generate_token { timeout = 0 })
  invalid("timeout", customer:start_generate_token({ timeout = -1 }):result())
  invalid("headers", customer:generate_token { headers = { Host = "x" } })
  invalid("payload_hash", customer:generate_otp { payload_hash = "x" })
  invalid("payload_hash", customer:generate_otp { payload_timestamp = 1 })
  invalid("margin", customer:ensure_token { margin = -1 })
end

function TestArguments:test_nothing_was_sent_for_any_of_it()
  self:test_options_of_operations()
  lu.assertEquals(support.emulator:requests(self.brand), {})
end

function TestArguments:test_restore_and_reload()
  raises(self.client.restore, self.client)
  raises(self.customer.reload, self.customer, {})
  for _, text in ipairs { "", "{}", "x", "a\0b", '{"v":99}', ("["):rep(100) } do
    invalid(nil, self.client:restore(text))
    invalid(nil, self.customer:reload(text))
  end
end

function TestArguments:test_external_session()
  raises(self.client.external_session, self.client, "B")
  raises(self.client.external_session, self.client, "B", 1, 2)
  for _, text in ipairs { "", "a\0b", "a\nb", "\255" } do
    invalid(nil, self.client:external_session(text, "access", "id"))
    invalid(nil, self.client:external_session("B", text, "id"))
    invalid(nil, self.client:external_session("B", "access", text))
  end
end

function TestArguments:test_everything_else()
  raises(self.client.poll, self.client, "1")
  raises(self.client.spawn, self.client, "print")
  raises(self.customer.on_change, self.customer, 5)
  raises(self.customer:start_generate_token().wait, self.customer:start_generate_token(), "1")
  raises(capauth.await, 5)
  raises(capauth.await, {})
  raises(capauth.on_error, 5)
  raises(capauth.diagnose, 5)
  raises(capauth.error, "x")
end

-- Each message of capauth.redis names the function, too.
function TestArguments:test_stores_name_what_is_wrong_where()
  local stores = require "capauth.redis"
  local function make(options)
    local all = { sleep = print, gettime = os.time }
    for name, value in pairs(options or {}) do all[name] = value end
    return stores.new({}, self.client, all)
  end
  local store = make()
  for message, fn in pairs {
    ["redis.new: unknown option 'time'"] = function() make { time = 5 } end,
    ["redis.new: prefix must be a string, not number"] = function() make { prefix = 5 } end,
    ["redis.new: prefix must not have braces"] = function() make { prefix = "{a}" } end,
    ["redis.new: lock_seconds must be a number, not string"] = function() make { lock_seconds = "5" } end,
    ["redis.new: lock_seconds must be from 0.1 to 3600"] = function() make { lock_seconds = 0 } end,
    ["redis.new: ttl must be a number, not string"] = function() make { ttl = "5" } end,
    ["redis.new: ttl must be more than 0 seconds"] = function() make { ttl = 0 } end,
    ["redis.new: sleep must be a function, not number"] = function() make { sleep = 1 } end,
    ["redis.new: encrypt must be a function, not boolean"] = function() make { encrypt = true } end,
    ["save: key must be a string, not number"] = function() store:save(5, self.customer) end,
    ["save: ttl must be more than 0 seconds"] = function() store:save("key", self.customer, -1) end,
    ["touch: key must be a string, not nil"] = function() store:touch() end,
    ["touch: ttl must be a number, not string"] = function() store:touch("key", "5") end,
    ["delete: key must be a string, not number"] = function() store:delete(5) end,
    ["exists: key must be a string, not nil"] = function() store:exists() end,
    ["name: key must be a string, not nil"] = function() store:name() end,
    ["session: key must be a string, not nil"] = function() store:session() end,
    ["session: margin must be a number, not string"] = function() store:session("key", "5") end,
  } do
    lu.assertStrContains(raises(fn), message)
  end
end
