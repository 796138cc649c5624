-- The annotations for editors (capauth/meta) name what there is, all of it, and nothing else.
local lu = require "luaunit"
local capauth = require "capauth"
local testing = require "capauth.testing"
local support = require "support"

TestAnnotations = {}

-- ---- Reading the annotations ---------------------------------------------------------------------------------------

local function class_in(classes, name)
  classes[name] = classes[name] or { functions = {}, fields = {} }
  return classes[name]
end

-- A function belongs to the class whose table was declared last by that name.
local function read_line(classes, owners, line)
  local class = line:match "^%-%-%-@class ([%w_.]+)"
  local field = line:match "^%-%-%-@field ([%w_]+)"
  local owner, mark, name, parameters = line:match "^function ([%w_]+)([.:])([%w_]+)%((.-)%) end$"
  if class then owners.class = class_in(classes, class) end
  if field then owners.class.fields[field] = true end
  if line:find "^local [%w_]+ = {}$" then owners[line:match "^local ([%w_]+)"] = owners.class end
  if owner then
    local all = mark == ":" and "self, " .. parameters or parameters
    owners[owner].functions[name] = all:gsub(", $", "")
  end
end

local function annotations()
  local classes = {}
  for name in support.run("ls " .. support.folder .. "meta"):gmatch "[^\n]+" do
    local owners = {}
    for line in support.read(support.folder .. "meta/" .. name):gmatch "[^\n]+" do read_line(classes, owners, line) end
  end
  return classes
end

-- ---- Comparing them ------------------------------------------------------------------------------------------------

local function names_of(map, is_public)
  local names = {}
  for name, value in pairs(map) do
    local shown = type(name) == "string" and not name:find "^_"
    if shown and (not is_public or is_public(value)) then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

local function is_function(value) return type(value) == "function" end

-- The parameters as they are declared; nil for those of a `...`, and in Lua 5.1, which cannot tell.
local function parameters_of(fn)
  local names = {}
  while debug.getlocal(fn, #names + 1) do names[#names + 1] = debug.getlocal(fn, #names + 1) end
  return table.concat(names, ", "), debug.getinfo(fn, "u").isvararg
end

local function compare(class, functions, what)
  lu.assertEquals(names_of(class.functions), names_of(functions, is_function), what)
  if not pcall(debug.getlocal, print, 1) then return end
  for name, annotated in pairs(class.functions) do
    local real, is_vararg = parameters_of(functions[name])
    if not is_vararg and debug.getinfo(functions[name], "S").what == "Lua" then
      lu.assertEquals(annotated, real, what .. "." .. name)
    end
  end
end

local function methods_of(object)
  return debug.getmetatable(object).__index
end

function TestAnnotations:setUp()
  self.classes = annotations()
  self.brand = support.brand()
  self.client = assert(support.emulator:client())
end

function TestAnnotations:test_modules()
  compare(self.classes["capauth"], capauth, "capauth")
  lu.assertEquals(self.classes["capauth"].fields, { null = true })
  lu.assertEquals(type(capauth.null), "userdata")
  compare(self.classes["capauth.testing"], testing, "capauth.testing")
  compare(self.classes["capauth.redis"], require "capauth.redis", "capauth.redis")
end

function TestAnnotations:test_methods()
  local customer = support.session(self.brand, nil, self.client)
  local call = customer:start_generate_token()
  assert(call:wait())
  local task = self.client:spawn(function() end)
  local reply = assert(support.signed_in(nil, nil, self.client):gateway("GET", "customer/get"))
  local store = require("capauth.redis").new({}, self.client, { sleep = print, gettime = os.time })
  for class, object in pairs {
    ["capauth.Client"] = self.client, ["capauth.Session"] = customer, ["capauth.Call"] = call, ["capauth.Task"] = task,
    ["capauth.Reply"] = reply, ["capauth.testing.Emulator"] = support.emulator, ["capauth.redis.Store"] = store,
  } do
    compare(self.classes[class], methods_of(object), class)
  end
end

-- The fields that at least one of these has.
local function fields_of(...)
  local fields = {}
  for _, object in ipairs { ... } do
    for name in pairs(object) do fields[name] = true end
  end
  return names_of(fields)
end

local function refusal(brand, customer)
  support.emulator:fault {
    path = "/auth/v1/otp/generate", brand = brand, status = 429, body = "<html>",
    headers = { ["Retry-After"] = "7", ["X-Amz-Cf-Id"] = "cdn-id" },
  }
  return select(2, customer:generate_otp())
end

function TestAnnotations:test_fields_of_errors()
  local customer = support.session(self.brand, nil, self.client)
  assert(customer:generate_token())
  local limited = refusal(self.brand, customer)
  assert(customer:generate_otp())
  local _, wrong = customer:validate_otp "000000"
  local _, invalid = customer:validate_otp ""
  lu.assertEquals(names_of(self.classes["capauth.Error"].fields), fields_of(limited, wrong, invalid))
end

function TestAnnotations:test_fields_of_replies()
  local customer = support.signed_in(self.brand, nil, self.client)
  local good = assert(customer:gateway("GET", "customer/get"))
  support.emulator:gateway(self.brand, "no", {
    status = 200, body = { status = { success = false, code = 500, message = "no" } },
  })
  local bad = assert(customer:gateway("GET", "no"))
  lu.assertEquals(names_of(self.classes["capauth.Reply"].fields), fields_of(good, bad))
end

function TestAnnotations:test_fields_of_other_tables()
  local events = {}
  local client = assert(support.emulator:client { trace = function(event) events[#events + 1] = event end })
  local brand = support.brand { CONF_FALLBACK_CHANNELS = "SMS,WHATSAPP" }
  local customer = support.session(brand, nil, client)
  assert(customer:generate_token())
  assert(customer:generate_otp { fallback_channel = "WHATSAPP" })
  lu.assertEquals(names_of(self.classes["capauth.TraceEvent"].fields), fields_of((table.unpack or unpack)(events)))
  lu.assertEquals(names_of(self.classes["capauth.Otp"].fields), fields_of(customer:otp()))
  local message = support.emulator:outbox(brand)[1]
  lu.assertEquals(names_of(self.classes["capauth.testing.Message"].fields), fields_of(message))
  local store = require("capauth.redis").new({ hmget = error }, client, { sleep = print, gettime = os.time })
  local _, failure = store:save("key", customer)
  lu.assertEquals(names_of(self.classes["capauth.redis.Failure"].fields), fields_of(failure))
end

-- ---- Options -------------------------------------------------------------------------------------------------------

-- A function is no value of any option but two, and no option that is unknown is told by its type.
local function is_known(run, name)
  local ok, message = pcall(run, { [name] = print })
  return ok or not tostring(message):find("unknown option", 1, true)
end

local function known_options(self, class, run)
  for name in pairs(self.classes[class].fields) do lu.assertTrue(is_known(run, name), class .. " " .. name) end
  lu.assertFalse(is_known(run, "no_such_option"))
end

function TestAnnotations:test_options_are_known()
  local customer = support.session(self.brand, nil, self.client)
  known_options(self, "capauth.ClientOptions", capauth.Client)
  known_options(self, "capauth.SessionOptions", function(options) self.client:session(options) end)
  known_options(self, "capauth.Identity", function(options) self.client:session(options) end)
  known_options(self, "capauth.CallOptions", function(options) customer:start_sign_out(options) end)
  known_options(self, "capauth.GenerateTokenOptions", function(options) customer:start_generate_token(options) end)
  known_options(self, "capauth.GenerateOtpOptions", function(options) customer:start_generate_otp(options) end)
  known_options(self, "capauth.EnsureTokenOptions", function(options) customer:start_ensure_token(options) end)
  known_options(self, "capauth.GatewayOptions", function(options) customer:start_gateway("GET", "a", options) end)
  known_options(self, "capauth.testing.EmulatorOptions", testing.Emulator)
  known_options(self, "capauth.redis.StoreOptions", function(options)
    require("capauth.redis").new({}, self.client, options)
  end)
end

-- The option's own words in the tables that the module reads, so that none is there without an annotation.
function TestAnnotations:test_known_options_are_annotated()
  local tables = require "capauth.option_table"
  local client = { "log", "log_level", "trace" }
  for _, row in ipairs(tables.client) do client[#client + 1] = row[1] end
  table.sort(client)
  lu.assertEquals(names_of(self.classes["capauth.ClientOptions"].fields), client)
  for _, operation in ipairs(require "capauth.operation_table") do
    local class = "capauth." .. ("_" .. operation.method):gsub("_(%a)", string.upper) .. "Options"
    local annotated = {}
    for _, name in ipairs { "capauth.CallOptions", class } do
      for field in pairs((self.classes[name] or { fields = {} }).fields) do annotated[field] = true end
    end
    table.sort(operation.options)
    lu.assertEquals(names_of(annotated), operation.options, operation.method)
  end
end
