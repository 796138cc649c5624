-- Arguments that no honest program gives, for every function of the flat module, every method of every object, and
-- every metamethod: an error or a result, and never a crash.
local lu = require "luaunit"
local capauth = require "capauth"
local core = require "capauth.core"
local figure = require "attack.figure"

TestHostileArguments = {}

local unpack = table.unpack or unpack
local NOBODY = "http://127.0.0.1:1" -- refuses at once

math.randomseed(figure.seed)

-- ---- What is honest, and what is not --------------------------------------------------------------------------------

local function handles()
  local _, client = core.client_new()
  core.client_set_base_url(client, NOBODY)
  core.client_set_max_retries(client, 0)
  local _, session = core.session_new(client, core.FLOW_MOBILE, "B")
  core.session_set_identifier(session, core.IDENTIFIER_MOBILE, "919999999993")
  core.session_set_device_id(session, "d")
  local _, options = core.options_new()
  local _, call = core.token_generate(session, nil)
  return {
    client = client, session = session, options = options, call = call, events = core.events_new(),
    object = core.adopt { session },
  }
end

local function objects()
  local client = assert(capauth.Client { base_url = NOBODY, max_retries = 0 })
  local session = assert(client:session { brand = "B", mobile = "919999999993", device_id = "d" })
  return {
    client, session, session:start_generate_token(), client:spawn(function() coroutine.yield() end),
    select(2, session:validate_otp "1"),
  }
end

-- A debug library can do this to any userdata.
local function with_metatable(thing, of)
  debug.setmetatable(thing, debug.getmetatable(of))
  return thing
end

local function freed(handle)
  local owned = type(handle) == "table" and handle[1] or handle
  debug.getmetatable(owned).__gc(owned)
  debug.getmetatable(owned).__gc(owned)
  return handle
end

local function trap() error "trapped" end
local TRAPS = { __index = trap, __newindex = trap, __call = trap, __tostring = trap, __len = trap, __eq = trap,
  __concat = trap, __pairs = trap, __lt = trap, __metatable = "capauth.Client" }

local function hostile(good)
  local other, spare = handles(), handles()
  local list = {
    true, false, 0, -1, 1.5, 0 / 0, 1 / 0, -1 / 0, 2 ^ 31, -2 ^ 31 - 1, 2 ^ 53, 2 ^ 63, -2 ^ 63, 1e300,
    "", "x", "12", "\0", "a\0b", "\255\254", "\127\r\n", ("x"):rep(100000), {}, { "x" }, { [1.5] = {} },
    { good.client, _client = {} }, setmetatable({}, TRAPS), setmetatable({}, { __index = good.client }),
    print, trap, coroutine.create(trap), io.stdout, core.null, string, debug.getmetatable(good.client) or {},
    with_metatable(io.tmpfile(), good.client), with_metatable(io.tmpfile(), good.session),
    with_metatable(spare.client, good.session), with_metatable(spare.call, good.client),
    { good.session }, { with_metatable(io.tmpfile(), good.session) }, { with_metatable(spare.events, good.session) },
  }
  for _, handle in pairs(other) do list[#list + 1] = freed(handle) end
  for _, handle in pairs(good) do list[#list + 1] = handle end
  for _, object in ipairs(objects()) do list[#list + 1] = object end
  if newproxy then list[#list + 1] = newproxy(true) end
  if math.mininteger then list[#list + 1] = math.mininteger end
  return list
end

-- ---- Calling --------------------------------------------------------------------------------------------------------

local function attack(fn, ...)
  figure.calls = figure.calls + 1
  return pcall(fn, ...)
end

local HONEST = { ["integer"] = 1, ["string"] = "x" }

-- Of which argument a function says what it wants, which is 1 where a method's object is wanted.
local function complaint(fn, arguments)
  local ok, message = pcall(fn, unpack(arguments, 1, 12))
  if ok then return nil end
  local position, wanted = tostring(message):match "argument (%d+): (.-) expected"
  if not position and tostring(message):find "capauth%.Session expected" then return 1, "object" end
  return tonumber(position), wanted
end

-- Arguments of the right types, found out from what a function says of wrong ones.
local function honest(fn, good)
  local arguments, count = {}, 0
  for i = 1, 12 do arguments[i] = true end
  for _ = 1, 12 do
    local position, wanted = complaint(fn, arguments)
    if not position or position <= count and arguments[position] ~= true then break end
    count = math.max(count, position)
    arguments[position] = good[wanted:match "capauth_(%a+)" or wanted] or HONEST[wanted:match "^%a+"] or "x"
  end
  return arguments, count
end

local WAITS = { call_wait = true, client_poll = true } -- for as long as they are told
local QUIET = { print_error = true }

function TestHostileArguments:test_flat_functions()
  for name, fn in pairs(core) do
    if type(fn) == "function" and not QUIET[name] then
      local good = handles()
      local values = hostile(good)
      local arguments, count = honest(fn, good)
      figure.functions = figure.functions + 1
      figure.values = #values
      for i = 0, count + 2 do attack(fn, unpack({}, 1, i)) end
      for position = 1, count do
        attack(fn, unpack(arguments, 1, position - 1), nil, unpack(arguments, position + 1, count))
        for _, value in ipairs(values) do
          if not (WAITS[name] and position == 2 and type(value) == "number") then
            local changed = { unpack(arguments, 1, count) }
            changed[position] = value
            attack(fn, unpack(changed, 1, count))
          end
        end
      end
      for _ = 1, WAITS[name] and 0 or 20 do
        local mixed = {}
        for i = 1, count do mixed[i] = values[math.random(#values)] end
        attack(fn, unpack(mixed, 1, count))
      end
      lu.assertEquals(core.client_timeout_ms(good.client), 20000, name)
    end
  end
end

local function metamethods(thing, found)
  found = found or {}
  for key, value in pairs(debug.getmetatable(thing) or {}) do
    if type(value) == "function" then found[tostring(key)] = value end
    if type(value) == "table" and value ~= thing then
      for inner, fn in pairs(value) do
        if type(fn) == "function" then found[tostring(key) .. "." .. tostring(inner)] = fn end
      end
    end
  end
  return found
end

function TestHostileArguments:test_metamethods_of_handles()
  local good = handles()
  local things = { good.client, good.session, good.call, good.options, good.events }
  for _, thing in ipairs(things) do
    for _, method in pairs(metamethods(thing)) do
      figure.functions = figure.functions + 1
      for _, value in ipairs(hostile(good)) do
        attack(method, value)
        attack(method, value, value)
        attack(method, value, "x", value)
      end
    end
  end
  for _, thing in ipairs(things) do lu.assertIsUserdata(thing) end
end

-- SWIG's have methods that free a handle as often as they are called.
function TestHostileArguments:test_no_class_is_within_reach()
  lu.assertNil(getmetatable(core))
  for name, value in pairs(core) do lu.assertFalse(type(value) == "table", name) end
end

function TestHostileArguments:test_methods()
  for index = 1, 5 do
    local class = objects()[index]
    for name in pairs(debug.getmetatable(class).__index or {}) do
      local good = handles()
      figure.functions = figure.functions + 1
      for _, value in ipairs(hostile(good)) do
        if not ((name == "poll" or name == "wait") and type(value) == "number") then
          local object = objects()[index]
          attack(object[name], object, value)
          attack(object[name], value)
          if index <= 2 then attack(object[name], object, { [value == value and value or 1] = value }) end
          attack(tostring, object)
        end
      end
    end
  end
end

function TestHostileArguments:test_objects_whose_insides_were_changed()
  for index = 1, 4 do
    for _, value in ipairs(hostile(handles())) do
      local object = objects()[index]
      for key in pairs(object) do
        local changed = objects()[index]
        rawset(changed, key, value)
        attack(tostring, changed)
        for name, method in pairs(debug.getmetatable(changed).__index) do
          if name ~= "wait" and name ~= "poll" and name ~= "prepare" then attack(method, changed) end
        end
        attack(function() return changed.poll and changed:poll(0) end)
      end
    end
  end
  collectgarbage()
end

function TestHostileArguments:test_module_functions()
  for name, fn in pairs(capauth) do
    if type(fn) == "function" and name ~= "assert" then
      figure.functions = figure.functions + 1
      for _, value in ipairs(hostile(handles())) do
        attack(fn, value)
        attack(fn, value, value)
        attack(fn, { cluster = value, base_url = value })
      end
    end
  end
  capauth.on_error(nil)
end
