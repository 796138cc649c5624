-- Ctrl-C ends whatever waits for the network.
local lu = require "luaunit"
local support = require "support"

local has_socket, socket = pcall(require, "socket")
if not has_socket then return end

TestInterrupts = {}

local PROGRAM = [[
  local capauth = require "capauth"
  local client = assert(capauth.Client { base_url = arg[1], timeout = 600, connect_timeout = 600 })
  local customer = assert(client:session { brand = "DocDemo", mobile = "9199", device_id = "d" })
  %s
]]

-- Interrupts the program once it waits for a server that takes connections and never answers. Gives what it printed,
-- its status last; what does not end is killed after a minute.
local function interrupted(wait)
  local server = assert(socket.bind("127.0.0.1", 0))
  local _, port = server:getsockname()
  local file = os.tmpname()
  support.write(file, PROGRAM:format(wait))
  local command = ("%s %s https://127.0.0.1:%s"):format(support.lua, file, port)
  local pipe = assert(io.popen("sh -c 'echo $$; exec timeout --foreground 60 " .. command .. "' 2>&1; echo $?"))
  local pid = pipe:read "*l"
  local connection = assert(server:accept())
  assert(connection:receive(1)) -- it has begun its handshake, and waits
  support.run("kill -INT " .. pid)
  local text = pipe:read "*a"
  pipe:close()
  connection:close()
  server:close()
  os.remove(file)
  return text
end

local function ends(wait)
  local text = interrupted(wait)
  lu.assertStrContains(text, "interrupted!")
  lu.assertStrMatches(text, ".*\n1\n")
end

function TestInterrupts:test_operation_ends()
  ends "customer:generate_token()"
end

function TestInterrupts:test_poll_ends()
  ends "customer:start_generate_token() client:poll(-1)"
end

function TestInterrupts:test_prepare_ends()
  ends "client:prepare()"
end
