-- Functions of the application: log, trace, on_change.
local lu = require "luaunit"
local capauth = require "capauth"
local support = require "support"

TestCallbacks = {}

local function reports_of(fn)
  local reports = {}
  capauth.on_error(function(message) reports[#reports + 1] = message end)
  local ok, problem = pcall(fn)
  capauth.on_error(nil)
  assert(ok, problem)
  return reports
end

function TestCallbacks:test_log_tells_level_and_message()
  local lines = {}
  local client = assert(support.emulator:client { log = function(level, message)
    lines[#lines + 1] = level .. " " .. message
  end })
  support.signed_in(nil, nil, client)
  local text = table.concat(lines, "\n")
  lu.assertStrContains(text, "otp_validate")
  for _, line in ipairs(lines) do
    local level = line:match "^%a+"
    lu.assertTrue(level == "debug" or level == "info" or level == "warning" or level == "error", line)
  end
end

function TestCallbacks:test_log_has_a_level_below_which_no_line_is_written()
  local lines = {}
  local function log(level) lines[#lines + 1] = level end
  local function sign_in(level)
    support.signed_in(nil, nil, assert(support.emulator:client { log = log, log_level = level }))
  end
  sign_in "debug"
  local all = #lines
  lu.assertItemsEquals({ [lines[1]] = true }, { debug = true })
  lines = {}
  sign_in "info"
  lu.assertTrue(#lines > 0 and #lines < all)
  for _, level in ipairs(lines) do lu.assertNotEquals(level, "debug") end
  lines = {}
  sign_in "error"
  lu.assertEquals(lines, {})
  local client, err = support.emulator:client { log_level = "loud" }
  lu.assertNil(client)
  lu.assertEquals({ err.name, err.argument }, { "INVALID_ARGUMENT", "log_level" })
  lu.assertErrorMsgContains("log_level must be a string", support.emulator.client, support.emulator, { log_level = 1 })
end

function TestCallbacks:test_trace_tells_start_and_end_of_each_call()
  local events = {}
  local client = assert(support.emulator:client { trace = function(event) events[#events + 1] = event end })
  assert(support.session(nil, nil, client):generate_token())
  lu.assertEquals(#events, 2)
  lu.assertEquals({ events[1].event, events[2].event }, { "start", "end" })
  lu.assertEquals(events[1].call_id, events[2].call_id)
  lu.assertEquals(events[2].operation, "token_generate")
  lu.assertEquals({ events[2].result, events[2].http_status, events[2].attempts }, { 0, 200, 1 })
  lu.assertTrue(events[2].duration >= 0)
end

function TestCallbacks:test_on_change_tells_the_session_when_tokens_change()
  local seen = {}
  local customer = support.session()
  assert(customer:on_change(function(session) seen[#seen + 1] = session end))
  support.sign_in(customer)
  lu.assertTrue(#seen >= 1)
  for _, session in ipairs(seen) do lu.assertTrue(rawequal(session, customer)) end
  local before = #seen
  assert(customer:sign_out())
  lu.assertTrue(#seen > before)
  before = #seen
  assert(customer:on_change(nil))
  support.sign_in(customer)
  lu.assertEquals(#seen, before)
end

-- Where the queue had no memory for a change, it does not know whose it was.
function TestCallbacks:test_a_change_of_nobody_known_is_told_to_all()
  local core = require "capauth.core"
  local events_next = core.events_next
  local client = assert(support.emulator:client())
  local told = {}
  for number = 1, 2 do
    assert(support.session(nil, nil, client):on_change(function() told[#told + 1] = number end))
  end
  core.events_next = function()
    core.events_next = events_next
    return "change"
  end
  client:poll(0)
  core.events_next = events_next
  table.sort(told)
  lu.assertEquals(told, { 1, 2 })
end

function TestCallbacks:test_each_session_has_its_own()
  local client = assert(support.emulator:client())
  local brand = support.brand()
  local counts = { 0, 0 }
  for i = 1, 2 do
    local customer = support.session(brand, { mobile = "91999999999" .. i }, client)
    assert(customer:on_change(function(session)
      lu.assertEquals(session, customer)
      counts[i] = counts[i] + 1
    end))
    support.sign_in(customer)
    lu.assertTrue(counts[i] > 0)
  end
end

function TestCallbacks:test_failure_is_reported_and_the_operation_succeeds()
  local reports = reports_of(function()
    local client = assert(support.emulator:client { trace = function() error "broken" end })
    local customer = support.session(nil, nil, client)
    assert(customer:on_change(function() error { code = 5 } end))
    support.sign_in(customer)
    lu.assertTrue(customer:signed_in())
  end)
  local text = table.concat(reports, "\n")
  lu.assertStrContains(text, "trace failed")
  lu.assertStrContains(text, "broken")
  lu.assertStrContains(text, "on_change failed")
end

function TestCallbacks:test_failure_goes_to_stderr_when_nobody_asked()
  local text, code = support.script([[
    local capauth = require "capauth"
    local client = assert(capauth.Client { base_url = arg[1], ca_file = arg[2], trace = function() error "broken" end })
    local customer = assert(client:session { brand = "DocDemo", mobile = "9199", device_id = "d" })
    assert(customer:generate_token())
  ]], support.emulator:url() .. " " .. support.emulator:ca_file())
  lu.assertEquals(code, 0)
  lu.assertStrContains(text, "capauth: trace failed: ")
  lu.assertStrContains(text, "broken")
end

function TestCallbacks:test_no_callback_may_yield()
  local reports = reports_of(function()
    local customer = support.session()
    assert(customer:on_change(function() coroutine.yield() end))
    coroutine.wrap(function() support.sign_in(customer) end)()
    lu.assertTrue(customer:signed_in())
  end)
  lu.assertStrContains(reports[1], "must not yield")
end

function TestCallbacks:test_no_callback_may_wait_but_it_may_start_and_look()
  local client = assert(support.emulator:client())
  local customer = support.session(nil, nil, client)
  local seen = {}
  assert(customer:on_change(function(session)
    if seen.export or not session:signed_in() then return end
    seen.export = session:export()
    seen.operation = select(2, session:regenerate_token())
    seen.poll = select(2, client:poll())
    seen.prepare = select(2, client:prepare())
    seen.call = session:start_regenerate_token()
    seen.wait = select(2, seen.call:wait())
  end))
  support.sign_in(customer)
  lu.assertIsString(seen.export)
  for _, what in ipairs { "operation", "poll", "prepare", "wait" } do
    lu.assertEquals(seen[what].name, "REENTRANT", what)
  end
  lu.assertTrue(seen.call:wait())
end

-- Of which 5.1 makes no coroutine.
function TestCallbacks:test_they_may_be_c_functions()
  local reports = reports_of(function()
    local client = assert(support.emulator:client { log = type, trace = type })
    support.signed_in(nil, nil, client)
    lu.assertTrue(client:spawn(rawequal, 1, 1):result())
  end)
  lu.assertEquals(reports, {})
end

function TestCallbacks:test_they_run_while_polling_too()
  local lines = 0
  local client = assert(support.emulator:client { log = function() lines = lines + 1 end })
  local call = support.session(nil, nil, client):start_generate_token()
  while not call:done() do client:poll() end
  client:poll()
  lu.assertTrue(lines > 0)
end

function TestCallbacks:test_callback_may_close_everything()
  local client = assert(support.emulator:client())
  local customer = support.session(nil, nil, client)
  assert(customer:on_change(function(session)
    session:close()
    client:close()
    collectgarbage()
  end))
  assert(customer:generate_token())
  local ok, err = customer:generate_otp()
  if ok then ok, err = customer:validate_otp(support.OTP) end
  if ok then ok, err = customer:regenerate_token() end
  lu.assertNil(ok)
  lu.assertEquals(err.kind, "closed")
end
