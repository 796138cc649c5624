-- Spawned functions: waiting, cancelling, and what their failures must not do to others.
local lu = require "luaunit"
local capauth = require "capauth"
local core = require "capauth.core"
local support = require "support"

TestTasks = {}

function TestTasks:setUp()
  self.brand = support.brand()
  self.client = assert(support.emulator:client())
  self.customer = support.session(self.brand, nil, self.client)
end

function TestTasks:tearDown()
  capauth.on_error(nil)
end

local function slow(self)
  support.emulator:fault { path = "/auth/v1/token/generate", brand = self.brand, count = 9, delayMs = 60000 }
end

-- ---- Waiting -------------------------------------------------------------------------------------------------------

function TestTasks:test_wait_gives_what_the_function_returned()
  local task = self.client:spawn(function() return self.customer:generate_token(), "second" end)
  lu.assertEquals({ task:wait() }, { true, "second" })
  lu.assertEquals({ task:wait(0) }, { true, "second" })
end

function TestTasks:test_wait_with_a_limit_gives_pending()
  slow(self)
  local task = self.client:spawn(function() return self.customer:generate_token() end)
  for _, limit in ipairs { 0, 0.02 } do
    local nothing, err = task:wait(limit)
    lu.assertNil(nothing)
    lu.assertEquals(err.name, "PENDING")
  end
end

function TestTasks:test_tasks_wait_for_each_other()
  local first = self.client:spawn(function() return self.customer:generate_token() and "first" end)
  local second = self.client:spawn(function() return first:wait() .. " then second" end)
  lu.assertEquals(second:wait(), "first then second")
end

function TestTasks:test_no_task_can_wait_for_itself()
  local task
  task = self.client:spawn(function()
    coroutine.yield()
    return pcall(task.wait, task)
  end)
  local ok, message = task:wait()
  lu.assertFalse(ok)
  lu.assertStrContains(message, "wait for itself")
end

function TestTasks:test_wait_in_a_callback_is_refused()
  local task = self.client:spawn(function() return self.customer:generate_token() end)
  local err
  self.customer:start_generate_otp(function() err = select(2, task:wait()) end)
  lu.assertTrue(task:wait())
  lu.assertEquals(err.name, "REENTRANT")
end

-- One that waited here would hold the other up: both wait a minute for their calls.
function TestTasks:test_wait_with_a_limit_yields_to_others()
  slow(self)
  local order = {}
  for i = 1, 2 do
    local customer = support.session(self.brand, { mobile = "919999999" .. i }, self.client)
    local call = customer:start_generate_token()
    self.client:spawn(function()
      order[#order + 1] = "begin " .. i
      local _, err = call:wait(0.05)
      order[#order + 1] = "end " .. i .. " " .. err.name
    end)
  end
  lu.assertEquals(order, { "begin 1", "begin 2" })
  while #order < 4 do lu.assertEquals(assert(self.client:poll(10)), 0) end
  table.sort(order)
  lu.assertEquals(order, { "begin 1", "begin 2", "end 1 PENDING", "end 2 PENDING" })
end

function TestTasks:test_wait_with_a_limit_gives_the_result_in_time()
  local call = self.customer:start_generate_token()
  local task = self.client:spawn(function() return call:wait(60) end)
  lu.assertTrue(task:wait())
  lu.assertNil(next(self.client._timers))
end

-- ---- Cancelling ----------------------------------------------------------------------------------------------------

function TestTasks:test_cancel_ends_the_task_and_its_call()
  slow(self)
  local went_on = false
  local task = self.client:spawn(function()
    self.customer:generate_token()
    went_on = true
  end)
  local other = self.client:spawn(function() return select(2, task:wait()) end)
  local _, call = next(self.client._in_flight)
  lu.assertTrue(task:cancel())
  lu.assertTrue(task:done())
  lu.assertEquals(select(2, task:result()).name, "CANCELLED")
  lu.assertEquals(other:wait().name, "CANCELLED")
  lu.assertEquals(select(2, call:wait()).name, "CANCELLED")
  lu.assertFalse(went_on)
  lu.assertTrue(task:cancel())
  support.emulator:reset(self.brand)
  lu.assertTrue(self.customer:generate_token()) -- the session is free again
end

function TestTasks:test_cancel_leaves_a_call_that_others_wait_for()
  local call = self.customer:start_generate_token()
  local first = self.client:spawn(function() return call:wait() end)
  local second = self.client:spawn(function() return call:wait() end)
  first:cancel()
  lu.assertTrue(second:wait())
end

function TestTasks:test_task_that_cancels_itself_ends_at_its_next_wait()
  local reached, task = {}, nil
  task = self.client:spawn(function()
    coroutine.yield()
    task:cancel()
    reached[1] = "cancelled"
    coroutine.yield()
    reached[2] = "went on"
  end)
  lu.assertEquals(select(2, task:wait()).name, "CANCELLED")
  self.client:poll(0)
  self.client:poll(0)
  lu.assertEquals(reached, { "cancelled" })
end

function TestTasks:test_cancelled_variables_are_closed_where_lua_can()
  if not coroutine.close then return lu.skip "this Lua has no variables that close" end
  local task, closed = assert(load [[
    local client, closed = ...
    local guard = setmetatable({}, { __close = function() closed[1] = true end })
    return client:spawn(function()
      local held <close> = guard
      coroutine.yield()
    end), closed
  ]])(self.client, {})
  task:cancel()
  lu.assertTrue(closed[1])
end

-- ---- Where nothing may yield ---------------------------------------------------------------------------------------

-- Lua cannot yield across its C functions (in 5.1 not across pcall either): that must be found before anything is sent.
function TestTasks:test_nothing_is_sent_where_nothing_can_yield()
  assert(self.customer:generate_token())
  capauth.on_error(function() end)
  local operations = {
    function() self.customer:generate_otp() end,
    function() self.customer:validate_otp "1" end,
    function() self.customer:generate_token() end,
    function() self.client:prepare() end,
    function() self.customer:gateway("GET", "customer/get") end,
  }
  local before = support.emulator:requests(self.brand)
  for i, operation in ipairs(operations) do
    local task = self.client:spawn(function() ("x"):gsub("x", operation) end)
    lu.assertTrue(task:done(), i)
    local nothing, problem = task:result()
    lu.assertNil(nothing)
    lu.assertStrContains(tostring(problem), "C")
    lu.assertNil(next(self.client._in_flight), i)
  end
  assert(self.client:prepare()) -- whatever had been sent would have arrived before
  lu.assertEquals(support.emulator:requests(self.brand), before)
end

function TestTasks:test_prepare_yields()
  local task = self.client:spawn(function() return self.client:prepare() end)
  lu.assertFalse(task:done())
  lu.assertTrue(task:wait())
end

-- ---- Failures ------------------------------------------------------------------------------------------------------

local TWO_TASKS = [[
  local capauth = require "capauth"
  local client = assert(capauth.Client { cluster = "EU" })
  local failed = client:spawn(function() coroutine.yield() error(problem) end)
  local other = client:spawn(function() coroutine.yield() return "went on" end)
  assert(client:poll())
  assert(other:result() == "went on")
  assert(failed:done() and failed:result() == nil)
]]

function TestTasks:test_failure_without_io_is_told_all_the_same()
  for _, missing in ipairs { "io = nil", "io.stderr = nil", "io = nil debug = nil" } do
    local text, code = support.script(missing .. " problem = 'broken'" .. TWO_TASKS)
    lu.assertEquals(code, 0, text)
    lu.assertStrContains(text, "capauth: a spawned function failed: ")
    lu.assertStrContains(text, "broken")
  end
end

function TestTasks:test_failure_that_cannot_be_shown_ends_nobody_else()
  for _, tostring_of in ipairs { "function() error 'no' end", "function() return {} end", "5", "coroutine.yield" } do
    local problem = ("problem = setmetatable({}, { __tostring = %s })"):format(tostring_of)
    local text, code = support.script(problem .. TWO_TASKS)
    lu.assertEquals(code, 0, text)
    lu.assertStrContains(text, "capauth: a spawned function failed: ")
  end
end

function TestTasks:test_failing_or_yielding_handlers_of_errors_end_nobody_else()
  for _, handler in ipairs { "error 'handler'", "coroutine.yield()", "client:poll(-1)" } do
    local set = ("require 'capauth'.on_error(function() %s end) problem = 'broken'"):format(handler)
    local text, code = support.script(set .. TWO_TASKS)
    lu.assertEquals(code, 0, text)
    lu.assertStrContains(text, "broken")
  end
end

-- As Ctrl-C does in the program lua: the error of a debug hook, here after so many instructions, wherever that is.
local function poll_with_an_error_after(client, instructions)
  return pcall(function()
    debug.sethook(function()
      debug.sethook()
      error("from the hook", 0)
    end, "", instructions)
    client:poll(-1)
    debug.sethook()
  end)
end

-- The same where it hurts most: fails(...) comes once, in place of `name` of the table.
local function failing_once(functions, name, fails, run)
  local original = functions[name]
  functions[name] = function(...)
    functions[name] = original
    return fails(original, ...)
  end
  local ok, problem = pcall(run)
  functions[name] = original
  lu.assertFalse(ok)
  lu.assertStrContains(problem, "from the hook")
end

function TestTasks:test_call_is_not_lost_between_the_core_and_lua()
  local task = self.client:spawn(function() return self.customer:generate_token() end)
  local function takes_and_fails(next_done, client)
    while next_done(client) ~= 1 do core.client_poll(client, 10) end
    error("from the hook", 0)
  end
  failing_once(core, "client_next_done", takes_and_fails, function() self.client:poll() end)
  lu.assertTrue(task:wait(10))
end

function TestTasks:test_event_is_not_lost_between_the_core_and_lua()
  local changes = 0
  assert(self.customer:on_change(function() changes = changes + 1 end))
  support.sign_in(self.customer)
  changes = 0
  local call = self.customer:start_sign_out()
  failing_once(coroutine, "create", function() error("from the hook", 0) end, function()
    while true do self.client:poll(-1) end
  end)
  assert(call:wait())
  assert(self.client:poll())
  lu.assertTrue(changes > 0)
end

function TestTasks:test_error_of_a_debug_hook_loses_nothing()
  capauth.on_error(function() end)
  local raised = 0
  for instructions = 1, 700, 9 do
    local told = 0
    local client = assert(support.emulator:client { log = function() told = told + 1 end, trace = function() end })
    local tasks, called_back = {}, 0
    for i = 1, 3 do
      local customer = support.session(self.brand, { mobile = "91999999" .. i }, client)
      tasks[i] = client:spawn(function()
        coroutine.yield()
        return customer:generate_token()
      end)
    end
    support.session(self.brand, { mobile = "919999994" }, client):start_generate_token(function()
      called_back = called_back + 1
    end)
    if not poll_with_an_error_after(client, instructions) then raised = raised + 1 end
    for _, task in ipairs(tasks) do
      local _, err = task:wait(10)
      lu.assertNotEquals(err and err.name, "PENDING", instructions)
    end
    while next(client._in_flight) do assert(client:poll(10)) end
    assert(client:poll()) -- not REENTRANT
    lu.assertTrue(called_back >= 1, instructions)
    lu.assertTrue(told > 0)
    client:close()
  end
  lu.assertTrue(raised > 10)
end
