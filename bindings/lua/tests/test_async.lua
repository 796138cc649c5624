-- Calls that are started, polled, awaited; and coroutines.
local lu = require "luaunit"
local capauth = require "capauth"
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

function TestAsync:test_wait_with_and_without_a_limit()
  support.emulator:fault { path = "/auth/v1/token/generate", brand = self.brand, delayMs = 300 }
  local call = self.customer:start_generate_token()
  local pending, err = call:wait(0)
  lu.assertNil(pending)
  lu.assertEquals(err.name, "PENDING")
  lu.assertNil((call:wait(0.01)))
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

function TestAsync:test_a_step_that_was_cancelled_leaves_room_for_the_next()
  support.emulator:fault { path = "/auth/v1/token/generate", brand = self.brand, delayMs = 20000 }
  local call = self.customer:start_generate_token()
  call:wait(0.05)
  call:cancel()
  lu.assertTrue(assert(self.customer:start_generate_token():wait()))
end

function TestAsync:test_second_step_is_busy()
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

function TestAsync:test_forgotten_call_goes_on()
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

-- Interrupts the program that ends in `wait`, and gives what it said. On a busy machine the signal may come before Lua
-- catches any, which ends it without a word: then later.
local function interrupted(self, wait)
  for _, seconds in ipairs { 0.5, 2, 8 } do
    local text, code = support.script(([[
      local capauth = require "capauth"
      local client = assert(capauth.Client { base_url = arg[1], ca_file = arg[2] })
      local customer = assert(client:session { brand = arg[3], mobile = "9199", device_id = "d" })
      %s
    ]]):format(wait), ("%s %s %s"):format(support.emulator:url(), support.emulator:ca_file(), self.brand),
      "timeout --foreground -s INT " .. seconds) -- one signal only: the second would end Lua without a word
    if text ~= "" then return text, code end
  end
  return "", 0
end

function TestAsync:test_interrupt_ends_a_wait()
  support.emulator:fault { path = "/auth/v1/token/generate", brand = self.brand, count = 9, delayMs = 60000 }
  for _, wait in ipairs { "customer:generate_token()", "customer:start_generate_token() client:poll(-1)" } do
    local text, code = interrupted(self, wait)
    lu.assertStrContains(text, "interrupted!")
    lu.assertNotEquals(code, 0)
  end
  support.emulator:reset(self.brand)
end

function TestAsync:test_descriptor_is_one()
  local fd = assert(self.client:fd())
  lu.assertTrue(fd >= 0)
  lu.assertEquals(self.client:fd(), fd)
end

-- ---- Coroutines ----------------------------------------------------------------------------------------------------

TestCoroutines = { setUp = TestAsync.setUp }

function TestCoroutines:test_operations_yield_inside_spawn()
  local steps = {}
  local task = self.client:spawn(function(name)
    steps[#steps + 1] = name
    assert(self.customer:generate_token())
    steps[#steps + 1] = "token"
    assert(self.customer:generate_otp())
    steps[#steps + 1] = "otp"
    return assert(self.customer:validate_otp(support.OTP)), "second"
  end, "began")
  lu.assertEquals(steps, { "began" })
  lu.assertFalse(task:done())
  lu.assertEquals(select(2, task:result()).name, "PENDING")
  while not task:done() do assert(self.client:poll(-1)) end
  lu.assertEquals(steps, { "began", "token", "otp" })
  lu.assertEquals({ task:result() }, { true, "second" })
  lu.assertTrue(self.customer:signed_in())
end

function TestCoroutines:test_thousand_sign_ins_at_once()
  local client = assert(support.emulator:client { max_connections = 64, timeout = 120 })
  local signed_in = 0
  for i = 1, 1000 do
    client:spawn(function()
      local customer = assert(client:session(support.identity(self.brand, { mobile = ("9199%06d"):format(i) })))
      support.sign_in(customer)
      lu.assertEquals(assert(customer:gateway("GET", "customer/get")).http_status, 200)
      signed_in = signed_in + 1
    end)
  end
  while signed_in < 1000 and assert(client:poll(30)) > 0 do end
  lu.assertEquals(signed_in, 1000)
  lu.assertNil(next(client._in_flight))
end

function TestCoroutines:test_coroutines_of_a_host_are_never_yielded_from()
  local host = coroutine.wrap(function()
    assert(self.customer:generate_token())
    return "returned"
  end)
  lu.assertEquals(host(), "returned")
end

function TestCoroutines:test_coroutine_inside_a_spawned_one_is_the_hosts_too()
  local yielded = 0
  local task = self.client:spawn(function()
    local inner = coroutine.wrap(function()
      assert(self.customer:generate_token())
      coroutine.yield()
      return "end"
    end)
    inner()
    yielded = yielded + 1
    return inner()
  end)
  lu.assertTrue(task:done())
  lu.assertEquals(task:result(), "end")
end

function TestCoroutines:test_bare_yield_goes_on_with_the_next_poll()
  local turns = 0
  local task = self.client:spawn(function()
    for _ = 1, 3 do
      turns = turns + 1
      coroutine.yield()
    end
  end)
  lu.assertEquals(turns, 1)
  self.client:poll(-1)
  lu.assertEquals(turns, 2)
  self.client:poll()
  self.client:poll()
  lu.assertTrue(task:done())
end

function TestCoroutines:test_await_yields_to_a_scheduler_of_the_host()
  local call = self.customer:start_generate_token()
  local host = coroutine.create(function() return capauth.await(call) end)
  local _, waiting_for = coroutine.resume(host)
  lu.assertEquals(waiting_for, call)
  while not call:done() do self.client:poll(-1) end
  local _, ok = coroutine.resume(host)
  lu.assertTrue(ok)
end

function TestCoroutines:test_await_asks_the_host_to_wait()
  local call = self.customer:start_generate_token()
  local asked = 0
  local ok = capauth.await(call, function(fd)
    lu.assertEquals(fd, self.client:fd())
    asked = asked + 1
  end)
  lu.assertTrue(ok)
  lu.assertTrue(asked > 0)
end

function TestCoroutines:test_await_outside_of_coroutines_waits()
  lu.assertTrue(capauth.await(self.customer:start_generate_token()))
end

function TestCoroutines:test_failure_is_reported_and_stops_nobody_else()
  local reports = {}
  capauth.on_error(function(message) reports[#reports + 1] = message end)
  local failed = self.client:spawn(function()
    capauth.assert(self.customer:validate_otp "123456")
  end)
  local other = self.client:spawn(function()
    return assert(self.customer:generate_token())
  end)
  while not other:done() do self.client:poll(-1) end
  capauth.on_error(nil)
  lu.assertEquals(select(2, failed:result()).kind, "wrong_step")
  lu.assertTrue(other:result())
  lu.assertEquals(#reports, 1)
  lu.assertStrContains(reports[1], "a spawned function failed")
  lu.assertStrContains(reports[1], "WRONG_STEP")
end

function TestCoroutines:test_two_wait_for_one_call()
  local call = self.customer:start_generate_token()
  local first = self.client:spawn(function() return call:wait() end)
  local second = self.client:spawn(function() return capauth.await(call) end)
  while not (first:done() and second:done()) do self.client:poll(-1) end
  lu.assertTrue(first:result())
  lu.assertTrue(second:result())
end

function TestCoroutines:test_close_lets_those_who_wait_go_on()
  local task = self.client:spawn(function() return self.customer:generate_token() end)
  assert(self.client:close())
  lu.assertTrue(task:done())
  lu.assertEquals(select(2, task:result()).kind, "cancelled")
end

function TestCoroutines:test_so_does_the_close_of_a_session()
  local task = self.client:spawn(function() return self.customer:generate_token() end)
  assert(self.customer:close())
  while not task:done() do self.client:poll(-1) end
  lu.assertEquals(select(2, task:result()).kind, "cancelled")
end

function TestCoroutines:test_blocking_wait_does_not_starve_them()
  local other = support.session(self.brand, { mobile = "919999999991" }, self.client)
  local task = self.client:spawn(function() return other:generate_token() end)
  assert(self.customer:generate_token())
  while not task:done() do self.client:poll(-1) end
  lu.assertTrue(task:result())
end
