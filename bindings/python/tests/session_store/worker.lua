-- Not a test: a worker of the fleet in test_fleet.py, as worker.py is:  worker.lua JOB
local capauth = require "capauth"
local json = require "capauth.json"
local redis = require "redis"
local socket = require "socket"
local stores = require "capauth.redis"

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local _, job = assert(json.decode(read(arg[1])))
local host, port = job.redis:match "^redis://([%d.]+):(%d+)$"
local client = assert(capauth.Client { base_url = job.base_url, ca_file = job.ca_file })

-- This client connects once, and Redis restarts at any moment: when this worker starts, too.
local function connect()
  while true do
    local connected, database = pcall(redis.connect, host, tonumber(port))
    if connected then return database end
    if not tostring(database):find "could not connect" then error(database) end
    socket.sleep(0.01)
  end
end

local function open()
  local options = { prefix = job.store.prefix, lock_seconds = job.store.lock_seconds }
  return stores.new(connect(), client, options)
end

local function visit(store, key)
  local customer, err = store:session(key)
  local reply
  if customer then reply, err = customer:gateway("GET", "customer/get") end
  return reply and reply.ok, err
end

local progress = assert(io.open(job.progress, "ab"))
progress:setvbuf "no"
local store = open()
for number = #read(job.progress) + 1, #job.keys do
  while true do
    local ok, err = visit(store, job.keys[number])
    if ok then break end
    if err.kind ~= "redis" then error(tostring(err)) end
    store = open()
  end
  progress:write "."
end
