-- SPDX-License-Identifier: Apache-2.0
-- Checks arguments, and turns them into what the core takes. A wrong type is a mistake in the program and raises;
-- anything else that is wrong with a value gives nil and an error.
local core = require "capauth.core"
local errors = require "capauth.errors"

local values = {}

local INT_MAX = 2147483647
local MAX_EXACT = 9007199254740992 -- 2^53: above it, numbers without a fraction are no longer all there

-- Our own files, whose lines are never the caller's; an application may well live in a folder of the same name.
local own_folder = debug and debug.getinfo and debug.getinfo(1, "S").source:match "^(.*)values%.lua$"
local own_files = {}
for _, name in ipairs {
  "call", "client", "errors", "events", "init", "json", "operations", "queue", "redis", "redis_customer",
  "redis_protocol", "reply", "session", "sha256", "task", "testing", "values",
} do
  if own_folder then own_files[own_folder .. name .. ".lua"] = true end
end

-- Raises at the line that called us, however deep we are when we notice.
local function misuse(message)
  local level = 2
  if own_folder then
    local frame = debug.getinfo(level, "S")
    -- C functions and, in 5.1, tail calls have no line.
    while frame and (own_files[frame.source] or frame.what == "C" or frame.what == "tail") do
      level = level + 1
      frame = debug.getinfo(level, "S")
    end
  end
  error("capauth: " .. message, level)
end
values.misuse = misuse

-- The type's name for a message; of our own objects, that of the class.
local function type_name(value)
  local class = getmetatable(value)
  return type(value) == "table" and type(class) == "string" and class or type(value)
end

-- Here and below: `name` is the argument's, `what` the function's or nil, both as the caller knows them.
function values.check(value, wanted, name, what)
  if type(value) == wanted then return value end
  misuse(("%s%s must be a %s, not %s"):format(what and what .. ": " or "", name, wanted, type_name(value)))
end

local getmetatable = getmetatable

local function refuse_object(self, class)
  misuse(("%s expected, got %s (call methods with a colon)"):format(class, type_name(self)))
end

-- The handle in the object of a method, at [1]: one that we made of that class, not just any table.
function values.object(self, class)
  local handle = getmetatable(self) == class and self[1]
  if handle then return handle end
  refuse_object(self, class)
end

-- The core looks at sessions itself, so that their getters can be methods as they are.
core.refuse_by(function(value) refuse_object(value, "capauth.Session") end)

-- A string for the core. A number is none: 012345 would lose its zero.
function values.text(value, name, what)
  local fault = core.text_fault(value)
  if fault == false then misuse(("%s: %s must be a string, not %s"):format(what, name, type_name(value))) end
  if fault then return nil, errors.invalid(name, ("%s: %s %s"):format(what, name, fault)) end
  return value
end

-- Several at once, the types of all before the contents of any.
function values.texts(list, names, what)
  local problem
  for i, name in ipairs(names) do
    local ok, err = values.text(list[i], name, what)
    if not ok then problem = problem or err end
  end
  if problem then return nil, problem end
  return true
end

function values.flag(value, name, what)
  return values.check(value, "boolean", name, what) and 1 or 0
end

-- A number that no int holds becomes the nearest that one does: the core refuses that too, in its own words.
local function clamp(number, limit)
  if number ~= number then return -1 end
  return math.max(-limit, math.min(limit, number))
end

local function integer(number) -- 5.3 and later tell 3 from 3.0
  return math.tointeger and math.tointeger(number) or number
end

function values.integer(value, name, what)
  values.check(value, "number", name, what)
  if value == math.floor(value) or value ~= value then return integer(clamp(value, INT_MAX)) end
  misuse(("%s: %s must be a whole number, not %s"):format(what, name, tostring(value)))
end

-- Durations round up, so that the shortest wait is not none at all.
function values.milliseconds(seconds, name, what)
  values.check(seconds, "number", name, what)
  return integer(clamp(math.ceil(clamp(seconds * 1000, INT_MAX) - 1e-6), INT_MAX))
end

-- When so many seconds are over, on the clock of core.now_ms; nil, which is never, for none and for a negative number.
-- 0 is at once: a game polls so for each frame, and asks no clock.
function values.deadline(seconds, what)
  if seconds == 0 then return 0 end
  local limit = seconds == nil and -1 or values.milliseconds(seconds, "seconds", what)
  return limit >= 0 and core.now_ms() + limit or nil
end

-- Points in time and differences of clocks, which need 64 bits and round to the nearest.
function values.timestamp(seconds, name, what)
  values.check(seconds, "number", name, what)
  return integer(math.floor(clamp(seconds * 1000, MAX_EXACT / 2) + 0.5))
end

function values.seconds(milliseconds) -- 0 is the core's "none"
  if milliseconds == 0 then return nil end
  if milliseconds % 1000 == 0 then return integer(milliseconds / 1000) end
  return milliseconds / 1000
end

function values.number_or_nil(number) -- 0 is the core's "none"
  if number ~= 0 then return number end
end

function values.text_or_nil(text) -- "" is the core's "none"
  if text ~= "" then return text end
end

local LONGEST_SHOWN = 80

-- What a caller has called something, for a message: cut where it is long, between two characters.
local function shown(text)
  if #text <= LONGEST_SHOWN then return text end
  return text:sub(1, LONGEST_SHOWN):gsub("[\192-\255][\128-\191]*$", "") .. "..."
end

-- The value of that key in a table.
local function member(name, key) return ("%s[%q]"):format(name, shown(key)) end

local function check_key(key, name, what)
  if type(key) ~= "string" then
    misuse(("%s: the keys of %s must be strings, like { [\"a\"] = \"b\" }"):format(what, name))
  end
end

-- The names of a map in alphabetical order.
local function sorted_names(map, name, what)
  local names = {}
  for key in pairs(values.check(map, "table", name, what)) do
    check_key(key, name, what)
    names[#names + 1] = key
  end
  table.sort(names)
  return names
end

-- { name = text } or { name = { text, text } } as a list of pairs: by name, and those of one name as they were given.
function values.pairs_of_text(map, name, what)
  local list = {}
  for _, key in ipairs(sorted_names(map, name, what)) do
    local items = type(map[key]) == "table" and map[key] or { map[key] }
    for i = 1, values.length(items, member(name, key), what) do
      local ok, err = values.texts({ key, items[i] }, { name, member(name, key) }, what)
      if not ok then return nil, errors.invalid(name, err.message) end
      list[#list + 1] = { key, items[i] }
    end
  end
  return list
end

-- The length of a list, which may have no holes.
function values.length(list, name, what)
  local count = 0
  for _ in pairs(list) do count = count + 1 end
  for i = 1, count do
    if list[i] == nil then misuse(("%s: %s must be a string or a list of strings without holes"):format(what, name)) end
  end
  return count
end

local NONE = {}

-- Options: one table, whose keys must all be known.
function values.options(options, known, what)
  if options == nil then return NONE end
  values.check(options, "table", "the options", what)
  for key in pairs(options) do
    if not known[key] then misuse(("%s: unknown option '%s'"):format(what, shown(tostring(key)))) end
  end
  return options
end

local function plain(number) return type(number) == "number" and ("%.14g"):format(number) or tostring(number) end

-- The core's message on an argument in the caller's terms: its name, and seconds for milliseconds.
function values.explain(message, name, value, what)
  local of_milliseconds = message:match "^[%l_]+_ms is (.+)$"
  if of_milliseconds then
    local least, most = of_milliseconds:match "must be (%d+) to (%d+)"
    local range = least and ("; it must be %s to %s seconds"):format(plain(least / 1000), plain(most / 1000))
    local is = range and plain(value) .. range or of_milliseconds:gsub("^%-?%d+", plain(value))
    return ("%s: %s is %s"):format(what, name, is)
  end
  if not message:find(name, 1, true) then message = name .. ": " .. message end
  return what .. ": " .. message
end

-- The error of a setter of the core; `key` if the value is one of a table.
function values.refused(code, message, name, value, what, key)
  local subject = key and member(name, key) or name
  local explained = message and message ~= "" and values.explain(message, subject, value, what)
  return errors.of_code(code, explained or nil, name)
end

-- Sets the options of `rows` ({ name, reader, setter }) in the core, in the order of the rows. `error_message` gives
-- the core's own message on what was wrong.
function values.apply(rows, options, handle, error_message, what)
  for _, row in ipairs(rows) do
    local name, reader, setter = row[1], row[2], row[3]
    if options[name] ~= nil then
      local value, err = values[reader](options[name], name, what)
      if value == nil then return nil, err end
      local is_map = reader == "pairs_of_text"
      for _, item in ipairs(is_map and value or { { value } }) do
        local code = core[setter](handle, (table.unpack or unpack)(item))
        if code ~= 0 then
          return nil, values.refused(code, error_message(handle), name, options[name], what, is_map and item[1])
        end
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
