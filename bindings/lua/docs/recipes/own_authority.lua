local capauth = require "capauth"
local testing = require "capauth.testing"

local OTHER_KEY = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

local function attempt(what, options)
  local client = capauth.assert(capauth.Client(options))
  local ok, err = client:prepare() -- connects, and sends nothing
  print(what .. ": " .. (ok and "connected" or err.message)) -- says why, and which store was used; do not repeat it
  client:close()
end

local emulator = capauth.assert(testing.Emulator()) -- a server with an authority of its own
local url, ca_file = emulator:url(), emulator:ca_file()
attempt("the system's authorities", { base_url = url })
attempt("its own authority", { base_url = url, ca_file = ca_file })
attempt("and a pin of another key", { base_url = url, ca_file = ca_file, pinned_keys = OTHER_KEY })
emulator:close()
