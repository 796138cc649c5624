-- SPDX-License-Identifier: Apache-2.0
-- SHA-256 as hexadecimal, in every Lua: the names of customers in Redis are hashes.

-- The one operation on bits that each Lua has in another place, or not at all.
local function find_band()
  for _, name in ipairs { "bit", "bit32" } do
    local found, library = pcall(require, name)
    if found then return function(a, b) return library.band(a, b) % 4294967296 end end
  end
  if load and pcall(load, "return 1 & 1") and load "return 1 & 1" then
    return load "return function(a, b) return math.tointeger(a) & math.tointeger(b) end" ()
  end
  return function(a, b)
    local result, place = 0, 1
    while a > 0 and b > 0 do
      if a % 2 == 1 and b % 2 == 1 then result = result + place end
      a, b, place = math.floor(a / 2), math.floor(b / 2), place * 2
    end
    return result
  end
end

local band = find_band()
local WORD = 4294967296

local function xor(a, b) return a + b - 2 * band(a, b) end

local function shift(x, n) return math.floor(x / 2 ^ n) end

local function rotate(x, n) return shift(x, n) + x % 2 ^ n * 2 ^ (32 - n) end

-- The first 32 bits of the fractions of the roots of the first primes.
local function fractions(count, power)
  local found, candidate = {}, 2
  while #found < count do
    local prime = true
    for divisor = 2, math.floor(candidate ^ 0.5) do
      if candidate % divisor == 0 then prime = false break end
    end
    if prime then
      local root = candidate ^ power
      found[#found + 1] = math.floor((root - math.floor(root)) * WORD)
    end
    candidate = candidate + 1
  end
  return found
end

local constants, start = fractions(64, 1 / 3), fractions(8, 1 / 2)

local function words_of(block)
  local w = {}
  for i = 1, 16 do
    local a, b, c, d = block:byte(i * 4 - 3, i * 4)
    w[i] = ((a * 256 + b) * 256 + c) * 256 + d
  end
  for i = 17, 64 do
    local x, y = w[i - 15], w[i - 2]
    local s0 = xor(xor(rotate(x, 7), rotate(x, 18)), shift(x, 3))
    local s1 = xor(xor(rotate(y, 17), rotate(y, 19)), shift(y, 10))
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) % WORD
  end
  return w
end

local function digest_block(state, block)
  local w = words_of(block)
  local a, b, c, d, e, f, g, h = (table.unpack or unpack)(state)
  for i = 1, 64 do
    local s1 = xor(xor(rotate(e, 6), rotate(e, 11)), rotate(e, 25))
    local choice = xor(band(e, f), band(WORD - 1 - e, g))
    local one = h + s1 + choice + constants[i] + w[i]
    local s0 = xor(xor(rotate(a, 2), rotate(a, 13)), rotate(a, 22))
    local majority = xor(xor(band(a, b), band(a, c)), band(b, c))
    a, b, c, d, e, f, g, h = (one + s0 + majority) % WORD, a, b, c, (d + one) % WORD, e, f, g
  end
  for i, value in ipairs { a, b, c, d, e, f, g, h } do state[i] = (state[i] + value) % WORD end
end

return function(text)
  local state = { (table.unpack or unpack)(start) }
  local bits = #text * 8
  local length = {}
  for i = 8, 1, -1 do
    length[i] = string.char(bits % 256)
    bits = math.floor(bits / 256)
  end
  text = text .. "\128" .. ("\0"):rep((55 - #text) % 64) .. table.concat(length)
  for i = 1, #text, 64 do digest_block(state, text:sub(i, i + 63)) end
  return (("%08x"):rep(8)):format((table.unpack or unpack)(state))
end
