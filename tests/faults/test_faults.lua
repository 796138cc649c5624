-- Runs the cells of tests/faults, all of one fault at once; its README.md says what the words mean.
local lu = require "luaunit"
local capauth = require "capauth"
local json = require "capauth.json"

local PATIENCE_S = 40

TestFaults = {}

local function read(path)
  local file = assert(io.open(assert(path, "run it by tests/with_faults"), "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local decoded, cells = json.decode(read(os.getenv "CAPAUTH_FAULTS"))
assert(decoded, cells)
local cells_run = 0

-- The operations by their methods: the names of the strings that each must have, in order.
local required = { prepare = {} }
for _, row in ipairs(require "capauth.operation_table") do required[row.method] = row.arguments end

-- How often the servers were asked. The control server disturbs idle connections before it answers.
local function requests_by_cell()
  local client = assert(capauth.Client { base_url = cells.control })
  local anybody = assert(client:external_session("Faults", "A", "I"))
  local counts = assert(assert(anybody:gateway("GET", "/requests")):json())
  client:close()
  return counts
end

-- ---- Beginning -----------------------------------------------------------------------------------------------------

-- By Lua's names: times are seconds.
local function client_of(settings)
  local options = {}
  for name, value in pairs(settings) do
    local stem = name:match "^(.*)_ms$"
    options[stem or name] = stem and value / 1000 or value
  end
  return assert(capauth.Client(options))
end

local function begin(row, kept)
  local cell = { row = row, client = client_of(row.client) }
  cell.session = assert(cell.client:restore(row.session))
  if kept then
    local other = assert(cell.client:session { brand = "Faults", mobile = "919999999970", device_id = "device-1" })
    assert(other:generate_token())
  end
  return cell
end

local function start(cell)
  local method, given, options = cell.row.method, {}, {}
  if method == "prepare" then
    cell.call = assert(cell.client:start_prepare())
    return
  end
  for name, value in pairs(cell.row.arguments) do options[name] = value end
  if cell.row.timeout_ms > 0 then options.timeout = cell.row.timeout_ms / 1000 end
  for i, name in ipairs(required[method]) do given[i], options[name] = options[name], nil end
  given[#required[method] + 1] = options
  cell.call = assert(cell.session["start_" .. method](cell.session, (table.unpack or unpack)(given)))
end

-- Until all are done; waits where the first is that is not.
local function drive(all)
  local limit, waits_for = os.time() + PATIENCE_S
  repeat
    waits_for = nil
    for _, cell in ipairs(all) do
      assert(cell.client:poll(0))
      if not cell.call:done() then waits_for = waits_for or cell.client end
    end
    if waits_for then assert(waits_for:poll(0.002)) end
    assert(os.time() < limit, "it never ends")
  until not waits_for
end

-- ---- Comparing -----------------------------------------------------------------------------------------------------

-- "UnknownOutcomeError" is the kind "unknown_outcome" here.
local function kind_of(class)
  local words = class:gsub("Error$", ""):gsub("%u", function(letter) return "_" .. letter:lower() end):gsub("^_", "")
  return words == "" and "error" or words
end

local function of_error(err)
  return {
    code = err.name, class = err.kind, maybe_sent = err.maybe_sent, retryable = err.retryable,
    http_status = err.http_status, retry_after = err.retry_after or 0,
  }
end

local function of_reply(reply)
  local good, err = reply:raise_for_refusal()
  local told = good and { refusal = "OK", http_status = reply.http_status } or of_error(err)
  if not good then told.refusal = told.code end
  told.code, told.ok = "OK", reply.ok
  return told
end

local function told_by(cell)
  local result, err = cell.call:result()
  if err then return of_error(err) end
  return cell.row.method == "gateway" and of_reply(result) or { code = "OK" }
end

local function compare(cell, requests)
  local told, session = told_by(cell), cell.session
  told.next_step, told.signed_in, told.identifier = session:next_step(), session:signed_in(), session:identifier()
  told.token, told.key, told.requests = session:token() or "", session:key() or "", requests
  for name, value in pairs(cell.row.expected) do
    local expected = name == "class" and kind_of(value) or value
    lu.assertEquals(told[name], expected, ("%s of %s: %s"):format(name, cell.row.name, tostring(cell.call)))
  end
end

local function meets_every_operation(fault)
  local all = {}
  for i, row in ipairs(fault.cells) do all[i] = begin(row, fault.kept) end
  local before = requests_by_cell()
  for _, cell in ipairs(all) do start(cell) end
  drive(all)
  local after = requests_by_cell()
  for _, cell in ipairs(all) do
    compare(cell, after[cell.row.name] - before[cell.row.name])
    cell.client:close()
    cells_run = cells_run + 1
  end
end

for number, fault in ipairs(cells.faults) do
  TestFaults[("test_%03d %s"):format(number, fault.name)] = function() meets_every_operation(fault) end
end

local failed = lu.LuaUnit.run()
local file = assert(io.open(assert(os.getenv "CAPAUTH_FAULTS_RUN"), "w"))
file:write(("%d\n"):format(cells_run))
file:close()
os.exit(failed)
