-- SPDX-License-Identifier: Apache-2.0
-- An emulator of the Auth Engine for your own tests, on a free port of this machine, over TLS.
--
-- Plain Lua can neither stop a program that it started, nor speak TLS. So a POSIX shell runs the emulator, for as long
-- as a pipe to this process is open: it ends with us, however we end. And the program `curl` sends the requests of the
-- control interface. Only this file needs them, capauth itself does not.
--
-- A request that the control interface refuses is a mistake in a test, and raises.
local capauth = require "capauth"
local json = require "capauth.json"
local values = require "capauth.values"

---@class capauth.testing
local testing = {}
local class = "capauth.testing.Emulator"
local methods = {}
local meta = { __index = methods, __metatable = class }

-- One word for the shell, whatever characters it has.
local function quoted(text)
  return "'" .. text:gsub("'", [['\'']]) .. "'"
end

local function output_of(command)
  local pipe = assert(io.popen(command, "r"))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

-- The emulator's standard output is a fifo, from which we read its two lines; `cat` returns when our end of the pipe
-- closes. An interrupt from the terminal goes to the shell too, which must outlive us.
local runner = [[
trap '' INT HUP
folder=%s
%s --ca-file "$folder/ca.pem" </dev/null >"$folder/output" 2>"$folder/errors" &
emulator=$!
cat >/dev/null
kill "$emulator" 2>/dev/null
wait "$emulator" 2>/dev/null
rm -rf "$folder"
]]

local function command_of(options)
  local program = options.program or os.getenv "CAPAUTH_EMULATOR" or "capauth-emulator"
  local words = { program, "--listen", "127.0.0.1:0", "--tls" }
  if options.brands then
    words[#words + 1] = "--brands"
    words[#words + 1] = options.brands
  end
  for i, word in ipairs(words) do words[i] = quoted(word) end
  return table.concat(words, " ")
end

local function read_line(output, prefix)
  local line = output:read "*l"
  return line and line:match("^" .. prefix .. " (.+)$")
end

-- testing.Emulator { brands = PATH of a brand file, program = PATH }, both optional; or nil and the program's errors.
function testing.Emulator(options)
  options = values.options(options, { brands = true, program = true }, "Emulator")
  local folder = output_of("mktemp -d"):match "^(.-)\n"
  if not folder or folder == "" then return nil, "capauth: cannot make a temporary folder" end
  local output_path = folder .. "/output"
  os.execute("mkfifo " .. quoted(output_path))
  local pipe = assert(io.popen(runner:format(quoted(folder), command_of(options)), "w"))
  local output = assert(io.open(output_path, "r"))
  local url = read_line(output, "listening on")
  local ca_file = url and read_line(output, "ca file")
  if not ca_file then
    local errors = io.open(folder .. "/errors", "r")
    local text = errors and errors:read "*a" or ""
    if errors then errors:close() end
    output:close()
    pipe:close()
    return nil, "capauth: the emulator did not start: " .. text
  end
  return setmetatable({ true, _pipe = pipe, _output = output, _url = url, _ca_file = ca_file }, meta)
end

-- One that runs already, and that close() leaves running.
function testing.attach(url, ca_file)
  values.check(url, "string", "url", "attach")
  values.check(ca_file, "string", "ca_file", "attach")
  return setmetatable({ true, _url = url, _ca_file = ca_file }, meta)
end

function meta.__tostring(self) return ("%s(%s)"):format(class, self._url) end
function meta.__close(self) self:close() end

-- Stops it, and waits until it is gone. Without this, it goes when this process ends.
function methods:close()
  values.object(self, class)
  if not self._pipe then return end
  self._pipe:close()
  self._output:close()
  self._pipe, self._output = nil, nil
end

function methods:url() return self._url end
function methods:ca_file() return self._ca_file end

-- A client for it; `options` are those of capauth.Client.
function methods:client(options)
  local all = { base_url = self._url, ca_file = self._ca_file }
  for name, value in pairs(options or {}) do all[name] = value end
  return capauth.Client(all)
end

-- ---- The control interface, /_emulator/ ----------------------------------------------------------------------------

local function encoded(text)
  return (text:gsub("[^A-Za-z0-9%-_.~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function path_of(first, ...)
  local parts = { first }
  for _, part in ipairs { ... } do parts[#parts + 1] = encoded(part) end
  return table.concat(parts, "/")
end

local function query_of(fields)
  local parts = {}
  for name, value in pairs(fields) do parts[#parts + 1] = name .. "=" .. encoded(value) end
  return #parts > 0 and "?" .. table.concat(parts, "&") or ""
end

local function control(self, method, path, body)
  values.object(self, class)
  local words = {
    "curl", "-q", "--silent", "--show-error", "--max-time", "30", "--noproxy", "*", "--cacert", self._ca_file,
    "--request", method, "--header", "Content-Type: application/json", "--write-out", "\n%{http_code}",
    self._url .. "/_emulator/" .. path,
  }
  if body then
    words[#words + 1] = "--data-binary"
    words[#words + 1] = "@-"
  end
  for i, word in ipairs(words) do words[i] = quoted(word) end
  local command = ("printf %%s %s | %s 2>&1"):format(quoted(body and json.encode(body) or ""), table.concat(words, " "))
  local reply, status = output_of(command):match "^(.*)\n(%d+)\n?$"
  if status ~= "200" then
    local answer = reply and ("%s %s"):format(status, reply) or "no answer (is curl installed?)"
    error(("capauth: the emulator's %s %s: %s"):format(method, path, answer), 3)
  end
  local ok, value = json.decode(reply)
  return ok and value
end

-- The messages sent so far, newest first: { otp =, to =, brand =, identifierValue =, sentAtMs =, ... }
function methods:outbox(brand, identifier)
  return control(self, "GET", "outbox" .. query_of { brand = brand, identifier = identifier }).messages
end

-- The newest OTP that went to this customer; nil when there is none.
function methods:otp(identifier, brand)
  local newest = self:outbox(brand, values.check(identifier, "string", "identifier", "otp"))[1]
  return newest and newest.otp
end

-- Moves the clock on, or only that of one brand; gives its new time.
function methods:advance(seconds, brand)
  return control(self, "POST", "clock", { advanceSeconds = seconds, brand = brand }).now
end

-- Has the clock stand still, save when it is advanced; false lets it run again.
function methods:hold_clock(held)
  control(self, "POST", "clock", { held = held ~= false })
end

-- Makes or changes a brand: the settings by the emulator's names.
function methods:brand(name, settings)
  control(self, "PUT", path_of("brands", name), settings or {})
end

-- A customer who is there already: customer("DocDemo", "MOBILE", "919999999993", { password = "..." })
function methods:customer(brand, identifier_type, value, settings)
  control(self, "PUT", path_of("customers", brand, identifier_type, value), settings or {})
end

-- What the gateway answers at an endpoint: { status = 200, body = { ... } }
function methods:gateway(brand, endpoint, reply)
  control(self, "PUT", path_of("gateway", brand) .. "/" .. endpoint, reply)
end

-- The next requests go wrong: { path = "/auth/v1/otp/generate", count = 1, reset = "after" }
function methods:fault(fault)
  control(self, "POST", "faults", fault)
end

-- How many requests arrived, by "METHOD path".
function methods:requests(brand)
  return control(self, "GET", "requests" .. query_of { brand = brand }).counts
end

-- Clears what happened, of one brand or of all.
function methods:reset(brand)
  control(self, "POST", "reset" .. query_of { brand = brand })
end

return testing
