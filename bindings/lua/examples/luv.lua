-- capauth in an event loop of your own, here libuv's by luv: the client's descriptor becomes readable whenever there
-- is something to do. With cqueues the same is:
--   cq:wrap(function() while true do cqueues.poll { pollfd = client:fd(), events = "r" } client:poll(0) end end)
local capauth = require "capauth"
local uv = require "luv"

local client = assert(capauth.Client { base_url = os.getenv "CAPAUTH_URL", ca_file = os.getenv "CAPAUTH_CA_FILE" })
local watcher = uv.new_poll(assert(client:fd()))
watcher:start("r", function() client:poll(0) end)

local function send_otp(mobile)
  local customer = assert(client:session { brand = "DocDemo", mobile = mobile, device_id = "device-1" })
  assert(customer:generate_token())
  assert(customer:generate_otp())
  print(customer:identifier(), customer:next_step())
end

-- Loads the certificates before anybody waits for an answer, and keeps its connection for the first of them.
client:start_prepare(function(ready, err)
  if not ready then print(err) end
  local tasks = {}
  for i = 1, 3 do tasks[i] = client:spawn(send_otp, "91999999998" .. i) end
  client:spawn(function()
    for _, task in ipairs(tasks) do task:wait() end -- what failed was told on stderr
    watcher:close()
  end)
end)

uv.run()
