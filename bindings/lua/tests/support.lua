-- What the tests share: one emulator per run, a brand of its own for each test, customers on the way.
local luaunit = require "luaunit"
local testing = require "capauth.testing"

local support = { DEVICE = "device-1", OTP = "012345" }

support.emulator = assert(testing.Emulator())

-- Where the interpreter and the sources are, for tests that run programs.
support.lua = os.getenv "CAPAUTH_LUA" or "lua5.4"
support.source = os.getenv "CAPAUTH_SOURCE" or "."

-- The operations by their methods: the names of the strings that each must have, in order.
support.operations = {}
for _, row in ipairs(require "capauth.operation_table") do support.operations[row.method] = row.arguments end

local SAMPLES = { otp = "123456", new_value = "919999999990", method = "GET", endpoint = "customer/get" }

-- Strings that will do for an operation.
function support.samples(method)
  local samples = {}
  for i, name in ipairs(support.operations[method]) do samples[i] = SAMPLES[name] or "Pass-" .. i end
  return samples
end

local count = 0

-- Every OTP is 012345, so that no test pays for reading the outbox; its zero must not get lost.
function support.brand(settings)
  count = count + 1
  local name = "LuaBrand" .. count
  local all = { FIXED_OTP = support.OTP }
  for key, value in pairs(settings or {}) do all[key] = value end
  support.emulator:brand(name, all)
  return name
end

function support.identity(brand, changes)
  local all = { brand = brand or support.brand(), mobile = "919999999993", device_id = support.DEVICE }
  for key, value in pairs(changes or {}) do all[key] = value end
  return all
end

function support.session(brand, changes, client)
  client = client or assert(support.emulator:client())
  return assert(client:session(support.identity(brand, changes)))
end

function support.sign_in(customer)
  assert(customer:generate_token())
  assert(customer:generate_otp())
  assert(customer:validate_otp(support.OTP))
  return customer
end

function support.signed_in(brand, changes, client)
  return support.sign_in(support.session(brand, changes, client))
end

-- Where the Lua files of capauth are that run, the generated ones too.
support.folder = debug.getinfo(require("capauth").Client, "S").source:match "^@(.*)client%.lua$"

-- Lets calls move on until the emulator has got a request of that kind, like "POST /auth/v1/otp/generate".
function support.poll_until_arrival(client, brand, request)
  repeat client:poll(0.01) until support.emulator:requests(brand)[request]
end

function support.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

function support.write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

-- What a shell command prints, and whether it exited with 0.
function support.run(command)
  local pipe = assert(io.popen(command .. " 2>&1; echo \" $?\"", "r"))
  local text, code = pipe:read("*a"):match "^(.*) (%d+)\n$"
  pipe:close()
  return text, tonumber(code)
end

-- How many this process has open, with the pipe by which we ask.
function support.descriptors()
  return tonumber((support.run "ls /proc/$PPID/fd | wc -l"))
end

-- One more may be the other end of that pipe, about to be closed; a client has three.
function support.assert_no_more_descriptors(before)
  local now = support.descriptors()
  luaunit.assertTrue(now <= before + 1, ("%d descriptors, before %d"):format(now, before))
end

-- Runs Lua code in a fresh interpreter of the same kind.
function support.script(code, arguments, environment)
  local path = os.tmpname()
  support.write(path, code)
  local text, status = support.run(("%s %s %s %s"):format(environment or "", support.lua, path, arguments or ""))
  os.remove(path)
  return text, status
end

return support
