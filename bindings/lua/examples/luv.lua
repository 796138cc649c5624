-- capauth in an event loop of your own, here libuv's by luv: the client's descriptor becomes readable whenever there
-- is something to do. With cqueues the same is:
--   cq:wrap(function() while true do cqueues.poll { pollfd = client:fd(), events = "r" } client:poll(0) end end)
local capauth = require "capauth"
local uv = require "luv"

local client = assert(capauth.Client { base_url = os.getenv "CAPAUTH_URL", ca_file = os.getenv "CAPAUTH_CA_FILE" })
local watcher = uv.new_poll(assert(client:fd()))
watcher:start("r", function() client:poll(0) end)

local running = 3
for i = 1, running do
  client:spawn(function()
    local customer = assert(client:session { brand = "DocDemo", mobile = "91999999998" .. i, device_id = "device-1" })
    assert(customer:generate_token())
    assert(customer:generate_otp())
    print(customer:identifier(), customer:next_step())
    running = running - 1
    if running == 0 then watcher:close() end
  end)
end

uv.run()
