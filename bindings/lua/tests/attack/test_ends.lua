-- A state that ends with calls in flight, in whatever order its things are collected.
local lu = require "luaunit"
local figure = require "attack.figure"
local support = require "support"

TestEnds = {}

local HEAD = [[
  local capauth = require "capauth"
  local function proxy(finalizer) -- what is collected in 5.1 is no table
    if not newproxy then return setmetatable({}, { __gc = finalizer }) end
    local made = newproxy(true)
    getmetatable(made).__gc = finalizer
    return made
  end
  local options = { base_url = arg[1], ca_file = arg[2], log = function() end, trace = function() end }
  local client = assert(capauth.Client(options))
  local customer = assert(client:session { brand = "DocDemo", mobile = "9199", device_id = "d" })
  local call = customer:start_generate_token()
  client:poll()
]]

local function ends(program, status)
  figure.situations = figure.situations + 1
  local arguments = support.emulator:url() .. " " .. support.emulator:ca_file()
  local text, code = support.script(HEAD .. program, arguments)
  lu.assertEquals(code, status or 0, text)
  return text
end

-- 5.1 knows but the first.
local EXITS = { "os.exit(0)" }
if _VERSION ~= "Lua 5.1" or jit then EXITS[2] = "os.exit(true, true)" end

function TestEnds:test_return() ends "" end
function TestEnds:test_exit() for _, way in ipairs(EXITS) do ends(way) end end
function TestEnds:test_failure() ends("error 'mine'", 1) end
function TestEnds:test_error_object() ends("error(setmetatable({}, { __tostring = function() error() end }))", 1) end

function TestEnds:test_exit_in_every_callback()
  for _, way in ipairs(EXITS) do
    ends("customer:on_change(function() " .. way .. " end) call:wait() error 'not reached'")
    ends("customer:start_generate_otp(function() " .. way .. " end) client:poll(5) error 'not reached'")
    ends("client:spawn(function() call:wait() " .. way .. " end) client:poll(5) client:poll(5) error 'not reached'")
    ends("options.log = function() " .. way .. " end capauth.Client(options):prepare() error 'not reached'")
    ends("options.trace = function() " .. way .. " end capauth.Client(options):prepare() error 'not reached'")
  end
end

-- What was made later is finalized first: the handles are gone when the application's own finalizer uses them.
function TestEnds:test_finalizer_that_uses_handles_which_were_collected_before_it()
  local text = ends [[
    local app = {}
    app.guard = proxy(function()
      io.write("finalizer ")
      for _ = 1, 2 do
        app.client:close() app.customer:close() app.call:cancel()
        app.customer:export() app.client:poll(0) app.call:result() app.customer:generate_token()
        app.client:session { brand = "DocDemo", mobile = "9199", device_id = "d" }
        tostring(app.customer)
      end
    end)
    app.client = assert(capauth.Client(options))
    app.customer = assert(app.client:session { brand = "DocDemo", mobile = "9199", device_id = "d" })
    app.call = app.customer:start_generate_token()
    app.client:poll()
    kept = app
  ]]
  lu.assertEquals(text, "finalizer ")
end

function TestEnds:test_finalizer_that_takes_handles_back_to_life()
  ends [[
    do
      local held = { client, customer, call }
      held.guard = proxy(function() back = held end)
    end
    client, customer, call = nil
    for _ = 1, 3 do collectgarbage() end
    for _, thing in ipairs(back or {}) do pcall(tostring, thing) end
    if back then pcall(back[1].close, back[1]) pcall(back[2].export, back[2]) pcall(back[3].wait, back[3]) end
  ]]
end

function TestEnds:test_finalizer_that_starts_calls_and_polls()
  ends [[
    for i = 1, 20 do
      _G["guard" .. i] = proxy(function()
        customer:start_ensure_token() client:poll(0) client:spawn(coroutine.yield)
      end)
    end
    for i = 1, 10 do _G["guard" .. i] = nil end
    collectgarbage() collectgarbage()
  ]]
end

function TestEnds:test_coroutines_that_were_left_in_the_middle()
  ends [[
    for i = 1, 50 do
      local thread = coroutine.create(function() capauth.await(customer:start_ensure_token()) error "not reached" end)
      coroutine.resume(thread)
      client:spawn(function() customer:start_ensure_token():wait() coroutine.yield() end)
      local wrapped = coroutine.wrap(function() coroutine.yield(client:spawn(function() coroutine.yield() end)) end)
      wrapped()
      if i % 10 == 0 then collectgarbage() end
    end
  ]]
end

function TestEnds:test_end_in_a_coroutine()
  for _, way in ipairs(EXITS) do
    ends("coroutine.wrap(function() client:spawn(function() " .. way .. " end) end)()")
  end
end

function TestEnds:test_thousands_of_handles_are_left()
  local count = 300 + 100 * figure.seconds
  ends(([[
    local function descriptors() return tonumber(io.popen("ls /proc/$PPID/fd | wc -l"):read "*n") end
    local before = descriptors()
    for i = 1, %d do
      local leaked = assert(capauth.Client(options))
      local session = assert(leaked:session { brand = "DocDemo", mobile = "91" .. i, device_id = "d" })
      session:on_change(function() return leaked, session end)
      leaked:spawn(function() session:start_ensure_token():wait() return leaked end)
      session:start_generate_token()
      if i %% 20 == 0 then leaked:poll(0) collectgarbage() end
    end
    leaked, session = nil
    if jit then jit.flush() end
    for _ = 1, 4 do collectgarbage() end
    local after = descriptors()
    assert(after <= before + 4, after)
  ]]):format(count))
end

function TestEnds:test_hot_loops()
  local loop = [[
    local core = require "capauth.core"
    local count = 0
    for i = 1, 20000 do
      local text = customer:brand()
      if text == "DocDemo" and call:done() ~= nil and client:timeout() > 1 then count = count + 1 end
      if not pcall(core.client_poll, i, 0) then count = count + 1 end
      if i % 100 == 0 then customer:start_ensure_token() client:poll(0) end
    end
    assert(count == 40000, count)
  ]]
  ends(loop)
  if jit then
    ends("jit.opt.start('hotloop=1', 'hotexit=1')" .. loop)
    ends("jit.off()" .. loop)
    ends("jit.opt.start('hotloop=1', 'hotexit=1') options.trace = function() jit.flush() jit.flush() end" .. loop)
  end
end
