-- SPDX-License-Identifier: Apache-2.0
-- JSON: read by json-c, which the core needs anyway, and written here, strictly.
local core = require "capauth.core"
local values = require "capauth.values"

local json = { null = core.null }

local DEPTH = 32 -- as deep as the core reads

-- true and the value, or false and what is wrong with the text.
json.decode = core.json_decode

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

-- By ranges, because what %c matches depends on the locale: it may match single bytes of a character.
local UNSAFE = "[^ !#-Z%[%]^-~\128-\255]"

local function text(value)
  return '"' .. value:gsub(UNSAFE, function(c) return escapes[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end

-- The shortest text that reads back the same: 19.99, not 19.989999999999998.
local function shortest(value)
  for digits = 1, 17 do
    local numeral = ("%." .. digits .. "g"):format(value)
    if tonumber(numeral) == value then return numeral end
  end
end

local function number(value)
  if value ~= value or math.abs(value) == math.huge then values.misuse "infinity and NaN cannot be JSON" end
  if value == math.floor(value) and math.abs(value) < 2 ^ 63 then return ("%.0f"):format(value) end
  return (shortest(value):gsub("[^%d+e-]+", ".")) -- whatever the locale's decimal point is
end
if math.type then -- 5.3 and later: integers keep their 64 bits
  local float = number
  number = function(value)
    return math.type(value) == "integer" and ("%d"):format(value) or float(value)
  end
end

local write

local function array(list, depth)
  local parts = {}
  for i, item in ipairs(list) do parts[i] = write(item, depth) end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function object(map, depth)
  local parts = {}
  for key, value in pairs(map) do
    if type(key) ~= "string" then values.misuse "JSON needs a list without holes, or only strings as keys" end
    parts[#parts + 1] = text(key) .. ":" .. write(value, depth)
  end
  table.sort(parts) -- the same text each time
  return "{" .. table.concat(parts, ",") .. "}"
end

-- By its keys, because # means nothing where there are holes.
local function is_list(map)
  local n = 0
  for _ in pairs(map) do n = n + 1 end
  for i = 1, n do
    if map[i] == nil then return false end
  end
  return n > 0
end

local writers = {
  string = text,
  number = number,
  boolean = tostring,
  table = function(value, depth)
    if depth == 0 then values.misuse "a table nested too deep, or inside itself, cannot be JSON" end
    return (is_list(value) and array or object)(value, depth - 1)
  end,
}

function write(value, depth)
  if value == json.null then return "null" end
  local writer = writers[type(value)]
  if not writer then values.misuse("a " .. type(value) .. " cannot be JSON") end
  return writer(value, depth)
end

-- A table whose keys are 1 to n is an array, any other (the empty one too) an object.
function json.encode(value)
  return write(value, DEPTH)
end

return json
