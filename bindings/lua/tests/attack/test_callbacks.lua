-- Whatever an application's function does, no call is lost and nothing crashes.
local lu = require "luaunit"
local capauth = require "capauth"
local figure = require "attack.figure"
local support = require "support"

TestHostileCallbacks = {}

local function forever() return forever() + 1 end
local function die(value) return function() error(value) end end

local ACTIONS = {
  errors = die "mine",
  error_nil = die(nil),
  error_object = die(setmetatable({}, { __tostring = function() error "again" end })),
  error_that_is_no_text = die(setmetatable({}, { __tostring = function() return {} end })),
  error_of_ours = die(capauth.error(1506)),
  error_thread = function() error(coroutine.running() or 1) end,
  garbage = function() collectgarbage() collectgarbage "step" end,
  yield = function() coroutine.yield() end,
  recursion = function() forever() end,
  waits = function(held)
    for _, name in ipairs { "generate_otp", "ensure_token" } do
      local value, err = held.customer[name](held.customer)
      lu.assertTrue(not value and err.kind ~= nil)
    end
    held.client:poll(0.01)
    capauth.await(held.customer:start_ensure_token())
  end,
  starts = function(held)
    held.count = (held.count or 0) + 1
    if held.count < 20 then held.customer:start_ensure_token(function() end):cancel() end
  end,
  spawns = function(held)
    held.count = (held.count or 0) + 1
    if held.count < 20 then held.client:spawn(function() coroutine.yield() error "mine" end):cancel() end
  end,
  closes_session = function(held) held.customer:close() end,
  closes_client = function(held) held.client:close() end,
  replaces = function(held) held.customer:on_change(nil) held.customer:on_change(function() end) end,
  forgets = function(held) held.kept = nil collectgarbage() collectgarbage() end,
  hooks = function() debug.sethook(function() debug.sethook() error "hook" end, "", 1) end,
  handles_errors_badly = function() capauth.on_error(die "handler") error "mine" end,
  changes_libraries = function()
    local kept = { tostring, pcall, error }
    tostring, pcall, error = nil -- luacheck: ignore
    tostring, pcall, error = kept[1], kept[2], kept[3] -- luacheck: ignore
  end,
}

local PLACES = {}
function PLACES.log(held, action) return { log = function() action(held) end } end
function PLACES.trace(held, action) return { trace = function() action(held) end } end
function PLACES.on_change(held, action)
  return {}, function() held.customer:on_change(function() action(held) end) end
end
function PLACES.callback(held, action)
  return {}, function() held.kept = held.customer:start_ensure_token(function() action(held) end) end
end
function PLACES.spawn(held, action) return {}, function() held.client:spawn(action, held) end end

local function meet(place, action)
  figure.situations = figure.situations + 1
  local held = {}
  local options, begin = place(held, action)
  held.client = assert(support.emulator:client(options))
  held.customer = support.session("DocDemo", nil, held.client)
  if begin then pcall(begin) end
  pcall(held.customer.generate_token, held.customer)
  for _ = 1, 3 do pcall(held.client.poll, held.client, 0) end
  pcall(held.customer.generate_otp, held.customer)
  pcall(held.client.prepare, held.client)
  debug.sethook()
  capauth.on_error(function() end)
  lu.assertIsString(held.customer:export())
  pcall(held.client.close, held.client)
end

-- The short form meets a third of them, which the seed chooses.
local number = figure.seed
for _, place in ipairs { "log", "trace", "on_change", "callback", "spawn" } do
  local names = {}
  for name in pairs(ACTIONS) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    number = number + 1
    if number % 3 == 0 or figure.seconds > 0 then
      TestHostileCallbacks[("test_%s_that_%s"):format(place, name)] = function()
        capauth.on_error(function() end)
        meet(PLACES[place], ACTIONS[name])
        capauth.on_error(nil)
      end
    end
  end
end

-- A hook that raises anywhere in an operation: the session is as usable as before.
function TestHostileCallbacks:test_hooks_that_raise_at_any_moment()
  math.randomseed(figure.seed)
  local brand = support.brand()
  local client = assert(support.emulator:client())
  for _ = 1, math.max(40, 100 * figure.seconds) do
    figure.situations = figure.situations + 1
    local customer = support.session(brand, { mobile = "91" .. math.random(10 ^ 8) }, client)
    customer:on_change(function() end)
    local armed = true
    pcall(function()
      debug.sethook(function() debug.sethook() if armed then error "hook" end end, "", math.random(400))
      customer:generate_token()
      armed = false
    end)
    debug.sethook()
    for _ = 1, 100 do
      if customer:next_step() == "otp_generate" then break end
      client:poll(0.05)
      customer:generate_token()
    end
    client:poll(0)
    lu.assertEquals(customer:next_step(), "otp_generate")
  end
end
