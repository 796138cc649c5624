-- Plays tests/scenarios/scenarios.json; its README.md says what the words mean.
local lu = require "luaunit"
local json = require "capauth.json"
local testing = require "capauth.testing"
local support = require "support"

TestScenarios = {}

local SESSION_EXPECTATIONS = { "next_step", "role", "signed_in", "identifier", "registered_for_password" }
local ERROR_EXPECTATIONS = { "error", "maybe_sent" }
local REPLY_EXPECTATIONS = { "http_status", "ok", "code", "contains" }

-- ---- Words: each is taken once, and none may be left over ----------------------------------------------------------

local function copy(map)
  local twin = {}
  for name, value in pairs(map) do twin[name] = value end
  return twin
end

local function take(words, name)
  local value = words[name]
  words[name] = nil
  return value
end

local function take_some(words, names)
  local taken = {}
  for _, name in ipairs(names) do taken[name] = take(words, name) end
  return taken
end

local function take_all(words)
  local taken = copy(words)
  for name in pairs(taken) do words[name] = nil end
  return taken
end

local function none_left(words, where)
  lu.assertEquals(words, {}, "words that nobody knows" .. where)
end

-- Unlike assert, puts what went wrong into the report of the test.
local function must(value, err)
  if not value then error(tostring(err), 2) end
  return value
end

-- ---- Steps that are no operations ----------------------------------------------------------------------------------

local helpers = {}

function helpers.session(play, words)
  local given = take_all(words)
  given.brand = play.brand
  play.customer = must(play.client:session(given))
end

function helpers.second_factor(play, words)
  play.customer = must(play.customer:second_factor(take_all(words)))
end

function helpers.restore(play, words)
  local ok, exported = json.decode(must(play.customer:export()))
  lu.assertTrue(ok)
  for name, value in pairs(take(words, "set") or {}) do exported[name] = value end
  play.customer = must(play.client:restore(json.encode(exported)))
end

function helpers.settings(play, words)
  play.emulator:brand(play.brand, take(words, "settings"))
end

function helpers.customer(play, words)
  local kind, value = take(words, "identifierType"), take(words, "identifierValue")
  play.emulator:customer(play.brand, kind, value, take(words, "body"))
end

function helpers.reply(play, words)
  play.emulator:gateway(play.brand, take(words, "endpoint"), take(words, "body"))
end

function helpers.fault(play, words)
  local fault = copy(take(words, "members"))
  fault.brand, fault.path, fault.count = play.brand, take(words, "path"), take(words, "count")
  play.emulator:fault(fault)
end

function helpers.advance(play, words)
  play.emulator:advance(take(words, "seconds"))
end

function helpers.requests(play, words, where)
  local counts = play.emulator:requests(play.brand)
  lu.assertEquals(counts[take(words, "request")] or 0, take(words, "count"), where)
end

-- ---- Operations ----------------------------------------------------------------------------------------------------

local function sent_otp(play)
  return play.emulator:outbox(play.brand)[1].otp
end

-- Puts what the words with a $ stand for in their place. Lua's points in time are in seconds.
local function substitute(play, words)
  if words.otp == "$otp" then
    words.otp = sent_otp(play)
  elseif words.otp == "$wrong" then
    words.otp = sent_otp(play) == "000000" and "111111" or "000000"
  end
  if words.payload_timestamp then
    local late = words.payload_timestamp == "$late" and 3600 or 0
    words.payload_timestamp = play.emulator:advance(0) - late
  end
end

local function run_operation(play, op, words)
  local required = support.operations[op]
  local arguments = {}
  for i, name in ipairs(required) do arguments[i] = take(words, name) end
  arguments[#required + 1] = take_all(words)
  return play.customer[op](play.customer, (table.unpack or unpack)(arguments, 1, #required + 1))
end

local function check_reply(reply, expected, where)
  local contains = take(expected, "contains")
  if expected.code == 0 then expected.code = nil lu.assertNil(reply.code, "code" .. where) end
  for name, value in pairs(expected) do lu.assertEquals(reply[name], value, name .. where) end
  if contains then lu.assertStrContains(reply.body, contains, false, "contains" .. where) end
end

local function operation(play, op, words, where)
  lu.assertIsTable(support.operations[op], "unknown op" .. where)
  local expected = take_some(words, ERROR_EXPECTATIONS)
  local of_reply = op == "gateway" and take_some(words, REPLY_EXPECTATIONS) or {}
  substitute(play, words)
  local result, err = run_operation(play, op, words)
  lu.assertEquals(err and err.name, expected.error, tostring(err) .. where)
  if expected.maybe_sent ~= nil then lu.assertEquals(err.maybe_sent, expected.maybe_sent, "maybe_sent" .. where) end
  if not err then check_reply(result, of_reply, where) end
end

-- ---- Playing -------------------------------------------------------------------------------------------------------

local function run_step(play, words, where)
  local op = take(words, "op")
  local of_session = take_some(words, SESSION_EXPECTATIONS)
  local run = helpers[op]
  if run then
    run(play, words, where)
  else
    operation(play, op, words, where)
  end
  none_left(words, where)
  for name, value in pairs(of_session) do
    lu.assertEquals(play.customer[name](play.customer), value, name .. where)
  end
end

local clocked -- for the scenarios that move the clock

local function emulator_of(with_clock)
  if not with_clock then return support.emulator end
  clocked = clocked or assert(testing.Emulator())
  return clocked
end

local process = support.run("echo $PPID"):match "%d+"

local function play_scenario(number, scenario)
  local words = copy(scenario)
  local name = take(words, "name")
  local where = (" [%s]"):format(name)
  local play = { brand = ("ScenarioLua%sx%d"):format(process, number) }
  play.emulator = emulator_of(take(words, "clock"))
  play.client = assert(play.emulator:client())
  play.emulator:brand(play.brand, take(words, "brand"))
  local customer = copy(take(words, "customer") or {})
  if next(customer) then helpers.customer(play, customer) end
  none_left(customer, where)
  helpers.session(play, copy(take(words, "session")))
  for i, step in ipairs(take(words, "steps")) do
    run_step(play, copy(step), (" [%s: step %d, %s]"):format(name, i, step.op))
  end
  none_left(words, where)
  play.client:close()
end

local ok, scenarios = json.decode(support.read(support.source .. "/tests/scenarios/scenarios.json"))
assert(ok and #scenarios > 0, "scenarios.json cannot be read")
for number, scenario in ipairs(scenarios) do
  TestScenarios[("test_%03d %s"):format(number, scenario.name)] = function() play_scenario(number, scenario) end
end
