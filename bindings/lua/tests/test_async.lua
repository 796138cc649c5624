-- Calls that are started, polled, waited for, cancelled.
local lu = require "luaunit"
local capauth = require "capauth"
local core = require "capauth.core"
local support = require "support"

TestAsync = {}

function TestAsync:setUp()
  self.brand = support.brand()
  self.client = assert(support.emulator:client())
  self.customer = support.session(self.brand, nil, self.client)
end

function TestAsync:test_polling_as_a_game_does()
  local call = self.customer:start_generate_token()
  lu.assertFalse(call:done())
  local pending, err = call:result()
  lu.assertNil(pending)
  lu.assertEquals(err.name, "PENDING")
  while not call:done() do self.client:poll() end
  lu.assertTrue(call:result())
  lu.assertTrue(call:result())
  lu.assertEquals(self.customer:next_step(), "otp_generate")
end

function TestAsync:test_poll_waits_and_counts()
  lu.assertEquals(self.client:poll(), 0)
  lu.assertEquals(self.client:poll(0.01), 0)
  self.customer:start_generate_token()
  lu.assertEquals(self.client:poll(-1), 1)
end

function TestAsync:test_wait_with_a_limit_gives_pending()
  support.emulator:fault { path = "/auth/v1/token/generate", brand = self.brand, delayMs = 60000 }
  local call = self.customer:start_generate_token()
  for _, limit in ipairs { 0, 0.01 } do
    local pending, err = call:wait(limit)
    lu.assertNil(pending)
    lu.assertEquals(err.name, "PENDING")
  end
end

function TestAsync:test_wait_gives_the_result_each_time()
  local call = self.customer:start_generate_token()
  lu.assertTrue(call:wait())
  lu.assertTrue(call:wait(0))
end

function TestAsync:test_cancel()
  local call = self.customer:start_generate_token()
  lu.assertTrue(call:cancel())
  local ok, err = call:wait()
  lu.assertNil(ok)
  lu.assertEquals({ err.name, err.kind }, { "CANCELLED", "cancelled" })
  lu.assertTrue(call:cancel())
end

function TestAsync:test_operation_that_was_cancelled_leaves_the_session_free()
  support.emulator:fault { path = "/auth/v1/token/generate", brand = self.brand, delayMs = 60000 }
  local call = self.customer:start_generate_token()
  support.poll_until_arrival(self.client, self.brand, "POST /auth/v1/token/generate")
  call:cancel()
  lu.assertTrue(assert(self.customer:start_generate_token():wait()))
end

function TestAsync:test_operation_whose_outcome_is_unknown_leaves_the_session_free()
  assert(self.customer:generate_token())
  support.emulator:fault { path = "/auth/v1/otp/generate", brand = self.brand, reset = "after" }
  local ok, err = self.customer:generate_otp()
  lu.assertNil(ok)
  lu.assertEquals(err.kind, "unknown_outcome")
  lu.assertTrue(assert(self.customer:generate_otp()))
end

function TestAsync:test_second_operation_is_busy()
  local first = self.customer:start_generate_token()
  local second = self.customer:start_generate_token()
  lu.assertTrue(second:done())
  lu.assertEquals(select(2, second:result()).kind, "busy")
  lu.assertTrue(first:wait())
end

function TestAsync:test_next_done_hands_each_call_out_once()
  local calls = {}
  for i = 1, 5 do
    calls[i] = support.session(self.brand, { mobile = "9199" .. i }, self.client):start_generate_token()
  end
  local finished = 0
  while finished < 5 do finished = finished + assert(self.client:poll(-1)) end
  local seen = {}
  for _ = 1, 5 do
    local call = self.client:next_done()
    lu.assertTrue(call:done())
    lu.assertNil(seen[call])
    seen[call] = true
  end
  for i = 1, 5 do lu.assertTrue(seen[calls[i]]) end
  lu.assertNil(self.client:next_done())
end

-- Refused by Lua, by the core, and by the core for being closed.
local function refused_calls(session)
  local first = session:start_generate_token()
  local calls = { session:start_validate_otp "", session:start_validate_otp "\0", session:start_generate_token() }
  return calls, first
end

function TestAsync:test_next_done_hands_out_calls_that_were_refused_at_once()
  local calls, first = refused_calls(self.customer)
  for i, call in ipairs(calls) do
    lu.assertTrue(call:done())
    lu.assertTrue(rawequal(self.client:next_done(), call), i)
  end
  lu.assertNil(self.client:next_done())
  while not first:done() do self.client:poll(-1) end
  lu.assertTrue(rawequal(self.client:next_done(), first))
  lu.assertNil(self.client:next_done())
end

function TestAsync:test_poll_tells_of_them_at_once()
  support.emulator:fault { path = "/auth/v1/token/generate", brand = self.brand, count = 9, delayMs = 60000 }
  local calls = refused_calls(self.customer)
  lu.assertEquals(self.client:poll(-1), #calls)
  lu.assertEquals(self.client:poll(0), 0)
end

function TestAsync:test_what_was_waited_for_is_handed_out_no_more()
  self.customer:start_generate_token():wait()
  assert(self.customer:generate_otp())
  lu.assertNil(self.client:next_done())
  self.client:poll(0)
  lu.assertNil((self.customer:validate_otp ""))
  self.customer:start_validate_otp(""):wait()
  lu.assertEquals(self.client:poll(0), 0)
  lu.assertNil(self.client:next_done())
end

function TestAsync:test_wait_and_poll_do_not_count_late_clocks()
  local before = core.now_ms()
  lu.assertEquals(self.client:poll(0.05), 0)
  lu.assertTrue(core.now_ms() - before >= 50)
end

-- ---- Callbacks of calls --------------------------------------------------------------------------------------------

function TestAsync:test_callback_gets_the_result_once()
  local results = {}
  local function callback(...) results[#results + 1] = { n = select("#", ...), ... } end
  local call = self.customer:start_generate_token({ timeout = 10 }, callback)
  lu.assertEquals(results, {})
  while not call:done() do self.client:poll(-1) end
  self.client:poll()
  lu.assertEquals(results, { { n = 1, true } })
  lu.assertNil(self.client:next_done())
  self.customer:start_validate_otp("999999", callback)
  while #results < 2 do self.client:poll(-1) end
  lu.assertEquals({ results[2].n, results[2][2].name }, { 2, "OTP_NOT_GENERATED" })
end

function TestAsync:test_callback_of_a_refused_call_comes_with_the_next_poll()
  local err
  self.customer:start_validate_otp("", function(_, problem) err = problem end)
  lu.assertNil(err)
  lu.assertEquals(self.client:poll(30), 1)
  lu.assertEquals(err.argument, "otp")
end

function TestAsync:test_callback_comes_also_when_the_call_is_waited_for()
  local called = 0
  lu.assertTrue(self.customer:start_generate_token(function() called = called + 1 end):wait())
  self.client:poll()
  lu.assertEquals(called, 1)
end

function TestAsync:test_callbacks_start_what_comes_next()
  local reached = {}
  local customer, client = self.customer, self.client
  customer:start_generate_token(function(ok)
    reached[#reached + 1] = ok
    customer:start_generate_otp(function(sent)
      reached[#reached + 1] = sent
      customer:start_validate_otp(support.OTP, function(valid) reached[#reached + 1] = valid end)
    end)
  end)
  while #reached < 3 do assert(client:poll(-1)) end
  lu.assertEquals(reached, { true, true, true })
  lu.assertTrue(customer:signed_in())
end

-- It starts a call that is refused at once, each time it is called: that must not keep a poll for ever.
function TestAsync:test_callback_that_starts_itself_again_lets_poll_return()
  local turns = 0
  local function again()
    turns = turns + 1
    self.customer:start_validate_otp("", again)
  end
  again()
  for i = 1, 3 do
    assert(self.client:poll(0))
    lu.assertEquals(turns, i + 1)
  end
end

function TestAsync:test_every_started_operation_takes_a_callback()
  local called, wanted = {}, { "prepare" }
  for name in pairs(support.operations) do
    local arguments = support.samples(name)
    arguments[#arguments + 1] = function() called[#called + 1] = name end
    self.customer["start_" .. name](self.customer, (table.unpack or unpack)(arguments))
    wanted[#wanted + 1] = name
  end
  self.client:start_prepare(function(ok) called[#called + 1] = ok and "prepare" end)
  while #called < #wanted do assert(self.client:poll(10)) end
  table.sort(called)
  table.sort(wanted)
  lu.assertEquals(called, wanted)
end

function TestAsync:test_call_that_nobody_keeps_goes_on()
  self.customer:start_generate_token()
  collectgarbage()
  collectgarbage()
  while self.client:poll(-1) == 0 do end
  lu.assertEquals(self.customer:next_step(), "otp_generate")
  lu.assertNil(next(self.client._in_flight))
end

function TestAsync:test_finished_calls_are_not_kept()
  local weak = setmetatable({}, { __mode = "v" })
  weak[1] = self.customer:start_generate_token()
  while self.client:poll(-1) == 0 do end
  collectgarbage()
  collectgarbage()
  lu.assertNil(weak[1])
  lu.assertNil(self.client:next_done())
end

function TestAsync:test_started_prepare_is_a_call()
  local call = self.client:start_prepare()
  lu.assertTrue(call:wait())
  lu.assertStrContains(tostring(call), "prepare")
  local nobody = assert(capauth.Client { base_url = "https://127.0.0.1:1" })
  local ok, err = nobody:start_prepare():wait()
  lu.assertNil(ok)
  lu.assertEquals({ err.name, err.operation }, { "CONNECT", "prepare" })
end

function TestAsync:test_durations_in_force()
  lu.assertEquals({ self.client:timeout(), self.client:refresh_margin() }, { 20, 30 })
  local client = assert(support.emulator:client { timeout = 1.5, refresh_margin = 0 })
  lu.assertEquals({ client:timeout(), client:refresh_margin() }, { 1.5, 0 })
end

function TestAsync:test_descriptor_is_one()
  local fd = assert(self.client:fd())
  lu.assertTrue(fd >= 0)
  lu.assertEquals(self.client:fd(), fd)
end

-- A game polls for each frame.
function TestAsync:test_a_poll_with_nothing_to_do_leaves_no_garbage()
  local client = assert(support.emulator:client())
  client:poll(0)
  collectgarbage()
  collectgarbage "stop"
  local before = collectgarbage "count"
  for _ = 1, 1000 do client:poll(0) end
  local bytes = (collectgarbage "count" - before) * 1024 / 1000
  collectgarbage "restart"
  lu.assertTrue(bytes < 40, bytes) -- LuaJIT's compiler needs some
end
