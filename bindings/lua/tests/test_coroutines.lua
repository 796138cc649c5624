-- Functions that client:spawn runs, in which operations yield; and coroutines of a host.
local lu = require "luaunit"
local capauth = require "capauth"
local core = require "capauth.core"
local support = require "support"

TestCoroutines = {}

function TestCoroutines:setUp()
  self.brand = support.brand()
  self.client = assert(support.emulator:client())
  self.customer = support.session(self.brand, nil, self.client)
end

function TestCoroutines:test_operations_yield_inside_spawn()
  local reached = {}
  local task = self.client:spawn(function(name)
    reached[#reached + 1] = name
    assert(self.customer:generate_token())
    reached[#reached + 1] = "token"
    assert(self.customer:generate_otp())
    reached[#reached + 1] = "otp"
    return assert(self.customer:validate_otp(support.OTP)), "second"
  end, "began")
  lu.assertEquals(reached, { "began" })
  lu.assertFalse(task:done())
  lu.assertEquals(select(2, task:result()).name, "PENDING")
  while not task:done() do assert(self.client:poll(-1)) end
  lu.assertEquals(reached, { "began", "token", "otp" })
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
