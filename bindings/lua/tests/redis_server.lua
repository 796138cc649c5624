-- A Redis that a test starts, where lua-redis and luasocket are there for this Lua; else false.
local support = require "support"

local has_redis, redis = pcall(require, "redis")
local has_socket, socket = pcall(require, "socket")
local _, status = support.run "command -v redis-server"
if not (has_redis and has_socket and status == 0) then return false end

local server = {}

-- Below the ports from which connections are made, of which others take any at any moment.
local function free_port()
  local port, probe
  repeat
    port = 20000 + math.floor(socket.gettime() * 1e6) % 12768
    probe = socket.bind("127.0.0.1", port)
  until probe
  probe:close()
  return port
end

function server.start()
  server.port = free_port()
  local command = "redis-server --bind 127.0.0.1 --port %d --save '' >/dev/null 2>&1 & echo $!"
  server.pid = support.run(command:format(server.port)):match "%d+"
  local give_up = socket.gettime() + 30
  while not pcall(redis.connect, "127.0.0.1", server.port) do
    assert(socket.gettime() < give_up, "redis-server does not start")
    socket.sleep(0.01)
  end
end

function server.stop()
  os.execute("kill -9 " .. server.pid)
  server.pid = nil
end

return server
