-- SPDX-License-Identifier: Apache-2.0
-- Checks what callers pass, and turns it into what the core takes. A wrong type is the program's fault and raises;
-- anything else that is wrong with a value is told as nil and an error.
local core = require "capauth.core"
local errors = require "capauth.errors"

local values = {}

local INT_MAX = 2147483647
local MAX_EXACT = 9007199254740992 -- 2^53: above it, numbers without a fraction are no longer all there

-- Raises at the line that called us, however deep we are when we notice.
local function misuse(message)
  local level = 2
  if debug and debug.getinfo then
    local frame = debug.getinfo(level, "S")
    while frame and frame.source:find "capauth[/\\][%w_]+%.lua$" do
      level = level + 1
      frame = debug.getinfo(level, "S")
    end
  end
  error("capauth: " .. message, level)
end
values.misuse = misuse

-- The type's name for a message; nil is nothing, and a table may say that it is one of ours.
local function type_name(value)
  local class = getmetatable(value)
  return type(value) == "table" and type(class) == "string" and class or type(value)
end

function values.check(value, wanted, name)
  if type(value) ~= wanted then misuse(("%s must be a %s, not %s"):format(name, wanted, type_name(value))) end
  return value
end

-- The receiver of a method: an object that we made of that class, not just any table.
function values.object(self, class)
  if type(self) ~= "table" or getmetatable(self) ~= class or not rawget(self, "_handle") then
    misuse(("%s expected, got %s (call methods with a colon)"):format(class, type_name(self)))
  end
  return self._handle
end

-- Text is text: a number would lose the zero of 012345.
function values.text(value, name)
  if type(value) ~= "string" then misuse(("%s must be text, not %s"):format(name, type_name(value))) end
  local fault = core.text_fault(value)
  if fault then return nil, errors.invalid(name, ("%s has %s"):format(name, fault)) end
  return value
end

-- Several at once, the types of all before the contents of any.
function values.texts(list, names)
  local problem
  for i, name in ipairs(names) do
    local ok, err = values.text(list[i], name)
    if not ok then problem = problem or err end
  end
  if problem then return nil, problem end
  return true
end

function values.flag(value, name)
  return values.check(value, "boolean", name) and 1 or 0
end

-- Beyond what an int holds, the core refuses it in its own words: give it the nearest that it refuses too.
local function clamp(number, limit)
  if number ~= number then return -1 end
  return math.max(-limit, math.min(limit, number))
end

local function integer(number) -- 5.3 and later tell 3 from 3.0
  return math.tointeger and math.tointeger(number) or number
end

function values.integer(value, name)
  values.check(value, "number", name)
  if value == math.floor(value) or value ~= value then return integer(clamp(value, INT_MAX)) end
  misuse(name .. " must be a whole number")
end

-- Durations round up, so that the shortest wait is not none at all.
function values.milliseconds(seconds, name)
  values.check(seconds, "number", name)
  return integer(clamp(math.ceil(clamp(seconds * 1000, INT_MAX) - 1e-6), INT_MAX))
end

-- Points in time and differences of clocks, which need 64 bits and round to the nearest.
function values.timestamp(seconds, name)
  values.check(seconds, "number", name)
  return integer(math.floor(clamp(seconds * 1000, MAX_EXACT / 2) + 0.5))
end

function values.seconds(milliseconds) -- 0 is the core's "none"
  if milliseconds == 0 then return nil end
  if milliseconds % 1000 == 0 then return integer(milliseconds / 1000) end
  return milliseconds / 1000
end

function values.some_number(number) -- 0 is the core's "none"
  if number ~= 0 then return number end
end

function values.some(text) -- "" is the core's "none"
  if text ~= "" then return text end
end

-- { name = text } or { name = { text, text } } as a list of pairs, in an order that is the same each time.
function values.pairs_of_text(map, name)
  values.check(map, "table", name)
  local list = {}
  for key, value in pairs(map) do
    for _, item in ipairs(type(value) == "table" and value or { value }) do
      for _, part in ipairs { key, item } do
        local ok, err = values.text(part, name)
        if not ok then return nil, err end
      end
      list[#list + 1] = { key, item }
    end
  end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  return list
end

-- Options: one table, whose keys must all be known.
function values.options(given, known, what)
  if given == nil then return {} end
  values.check(given, "table", what)
  for key in pairs(given) do
    if not known[key] then misuse(("unknown option '%s' of %s"):format(tostring(key), what)) end
  end
  return given
end

-- Hands the options of `rows` ({ name, reader, setter }) to the core, in the order of the rows. `complaint` gives the
-- core's own words on what was wrong.
function values.apply(rows, given, handle, complaint)
  for _, row in ipairs(rows) do
    local name, reader, setter = row[1], row[2], row[3]
    if given[name] ~= nil then
      local value, err = values[reader](given[name], name)
      if value == nil then return nil, err end
      for _, item in ipairs(reader == "pairs_of_text" and value or { { value } }) do
        local code = core[setter](handle, (table.unpack or unpack)(item))
        if code ~= 0 then return nil, errors.of_code(code, complaint and complaint(handle), name) end
      end
    end
  end
  return true
end

function values.names(...)
  local known = {}
  for _, rows in ipairs { ... } do
    for _, row in ipairs(rows) do known[type(row) == "table" and row[1] or row] = true end
  end
  return known
end

return values
