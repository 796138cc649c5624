-- A Lua without memory, and states that come and go, in a program that makes its own.
local lu = require "luaunit"
local figure = require "attack.figure"
local support = require "support"

TestOwnStates = {}

local folder = support.source .. "/bindings/lua/tests/attack/"

-- An export of somebody who is signed in, with {URL} for where.
local function export()
  local text = support.read(support.source .. "/tests/exports/signed_in_mobile.json")
  return (text:gsub('"origin":"[^"]*"', '"origin":"{URL}"'))
end

local function host(mode, script, first, second)
  local program = os.getenv "CAPAUTH_LUA_HOST"
  local command = ("%s %s %s%s %d %d '%s'"):format(program, mode, folder, script, first, second, export())
  local text, status = support.run(command)
  lu.assertEquals(status, 0, text)
  return tonumber(text:match "(%d+)")
end

-- Every third place in the short form, beginning with one that the seed chooses.
local function fails_everywhere(script)
  local step = figure.seconds > 0 and 1 or 3
  local runs = host("memory", script, 1 + figure.seed % step, step)
  lu.assertTrue(runs > 20)
  figure.allocations = figure.allocations + runs
end

function TestOwnStates:test_every_allocation_of_a_life_may_fail()
  fails_everywhere "life.lua"
end

function TestOwnStates:test_every_allocation_of_loading_may_fail()
  fails_everywhere "load.lua"
end

function TestOwnStates:test_states_come_and_go_in_threads()
  figure.situations = figure.situations + host("states", "life.lua", 20 + 10 * figure.seconds, 4)
end
