-- Calls that are started, polled, awaited; and coroutines.
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

-- Refused by Lua, by the core, and by the core for being closed.
local function refused_calls(self, session)
  local first = session:start_generate_token()
  local calls = { session:start_validate_otp "", session:start_validate_otp "\0", session:start_generate_token() }
  return calls, first
end

function TestAsync:test_next_done_hands_out_calls_that_were_refused_at_once()
  local calls, first = refused_calls(self, self.customer)
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
  local calls = refused_calls(self, self.customer)
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
  local steps = {}
  local customer, client = self.customer, self.client
  customer:start_generate_token(function(ok)
    steps[#steps + 1] = ok
    customer:start_generate_otp(function(sent)
      steps[#steps + 1] = sent
      customer:start_validate_otp(support.OTP, function(valid) steps[#steps + 1] = valid end)
    end)
  end)
  while #steps < 3 do assert(client:poll(-1)) end
  lu.assertEquals(steps, { true, true, true })
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
  local called = {}
  for name, arguments in pairs {
    generate_token = {}, generate_otp = {}, validate_otp = { "1" }, validate_password = { "p" },
    change_password = { "p", "q" }, forget_password = { "p" }, regenerate_token = {}, ensure_token = {},
    expire_token = {}, update_identifier = { "2" }, gateway = { "GET", "a" }, sign_out = {},
  } do
    arguments[#arguments + 1] = function() called[#called + 1] = name end
    self.customer["start_" .. name](self.customer, (table.unpack or unpack)(arguments))
  end
  self.client:start_prepare(function(ok) called[#called + 1] = ok and "prepare" end)
  while #called < 13 do assert(self.client:poll(10)) end
  table.sort(called)
  lu.assertEquals(called, {
    "change_password", "ensure_token", "expire_token", "forget_password", "gateway", "generate_otp", "generate_token",
    "prepare", "regenerate_token", "sign_out", "update_identifier", "validate_otp", "validate_password",
  })
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

local KILLED = 137 -- the status that timeout gives

-- Interrupts the program that ends in `wait`, and gives what it said. On a busy machine the signal may come before Lua
-- catches any, which ends it without a word: then later. Nothing in it ends by itself in the minute after which it is
-- killed.
local function interrupted(self, wait)
  for _, seconds in ipairs { 0.5, 2, 8 } do
    local text, code = support.script(([[
      local capauth = require "capauth"
      local client = assert(capauth.Client { base_url = arg[1], ca_file = arg[2], timeout = 600 })
      local customer = assert(client:session { brand = arg[3], mobile = "9199", device_id = "d" })
      %s
    ]]):format(wait), ("%s %s %s"):format(support.emulator:url(), support.emulator:ca_file(), self.brand),
      "timeout --foreground -k 60 -s INT " .. seconds) -- one signal only: the second would end Lua without a word
    if text ~= "" or code == KILLED then return text, code end
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

-- An emulator that was stopped: its system takes connections, and nobody answers.
local STOPPED = [[
  folder=$(mktemp -d)
  "$CAPAUTH_EMULATOR" --listen 127.0.0.1:0 --tls --ca-file $folder/ca.pem >$folder/said 2>/dev/null &
  until grep -q "ca file" $folder/said 2>/dev/null; do sleep 0.05; done
  kill -STOP $!
  echo $! $folder $(sed -n "s/listening on //p" $folder/said)]]

function TestAsync:test_interrupt_ends_preparing()
  local pid, folder, url = support.run(STOPPED):match "^(%d+) (%S+) (%S+)"
  local text, code = interrupted(self,
    ("capauth.Client { base_url = '%s', timeout = 600, connect_timeout = 600 }:prepare()"):format(url))
  support.run(("kill -KILL %s; rm -r %s"):format(pid, folder))
  lu.assertStrContains(text, "interrupted!")
  lu.assertNotEquals(code, 0)
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

function TestAsync:test_step_that_was_given_up_leaves_the_session_free()
  support.emulator:fault { path = "/auth/v1/token/generate", brand = self.brand, delayMs = 60000 }
  local call = self.customer:start_generate_token()
  lu.assertNil((call:wait(0.05)))
  call:cancel()
  lu.assertTrue(self.customer:generate_token())
  support.emulator:fault { path = "/auth/v1/otp/generate", brand = self.brand, delayMs = 60000 }
  local ok, err = self.customer:generate_otp { timeout = 0.05 }
  lu.assertNil(ok)
  lu.assertEquals(err.kind, "unknown_outcome")
  lu.assertTrue(self.customer:generate_otp())
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

function TestCoroutines:test_await_needs_a_host_that_only_resumes()
  local call = self.customer:start_generate_token()
  local host = coroutine.create(function() return capauth.await(call) end)
  local before = core.now_ms()
  repeat
    assert(coroutine.resume(host))
    assert(core.now_ms() - before < 30000, "it never ended")
  until coroutine.status(host) == "dead"
  lu.assertTrue(call:result())
end

function TestCoroutines:test_await_in_a_callback_is_refused()
  local seen = {}
  local call
  self.customer:start_validate_otp("", function()
    seen[1] = select(2, capauth.await(call)).name
    seen[2] = select(2, capauth.await(call, function() error "asked" end)).name
  end)
  call = self.customer:start_generate_token()
  while #seen < 2 do assert(self.client:poll(-1)) end
  lu.assertEquals(seen, { "REENTRANT", "REENTRANT" })
  lu.assertTrue(call:wait())
end

-- As on systems without epoll.
function TestCoroutines:test_await_without_a_descriptor_says_so()
  local call = self.customer:start_generate_token()
  local client_fd = core.client_fd
  core.client_fd = function() return core.E_UNSUPPORTED end
  local ok, nothing, err = pcall(capauth.await, call, function() error "asked" end)
  core.client_fd = client_fd
  lu.assertTrue(ok, nothing)
  lu.assertNil(nothing)
  lu.assertEquals(err.name, "UNSUPPORTED")
end

function TestCoroutines:test_await_ends_when_the_client_closes()
  local call = self.customer:start_generate_token()
  local _, err = capauth.await(call, function() self.client:close() end)
  lu.assertEquals(err.name, "CANCELLED")
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
