-- SPDX-License-Identifier: Apache-2.0
-- lua_curl.lua COUNT: lua-cURL, of LuaRocks or the older one of Debian, and cjson; one customer after the other.
local cjson = require "cjson"
local measure = require "measure"

local parts = {}
local function collect(text)
  parts[#parts + 1] = text
  return #text
end

-- Gives `perform(url, body)`.
local function of_luarocks(curl)
  local easy = curl.easy {
    [curl.OPT_CAINFO] = measure.ca_file, [curl.OPT_PROXY] = "",
    [curl.OPT_HTTPHEADER] = { "Content-Type: application/json" }, [curl.OPT_WRITEFUNCTION] = collect,
  }
  return function(url, body)
    easy:setopt_url(url)
    easy:setopt_postfields(body)
    easy:perform()
  end
end

local function of_debian(curl)
  local easy = curl.easy_init()
  easy:setopt(curl.OPT_CAINFO, measure.ca_file)
  easy:setopt(curl.OPT_PROXY, "")
  easy:setopt(curl.OPT_HTTPHEADER, { "Content-Type: application/json" })
  easy:setopt(curl.OPT_WRITEFUNCTION, collect)
  return function(url, body)
    easy:setopt(curl.OPT_URL, url)
    easy:setopt(curl.OPT_POSTFIELDS, body)
    assert(easy:perform())
  end
end

local has_newer, newer = pcall(require, "lcurl")
local perform = has_newer and of_luarocks(newer) or of_debian(require "curl")

measure.run(function()
  measure.sign_in(function(path, request)
    parts = {}
    perform(measure.url .. path, cjson.encode(request))
    return cjson.decode(table.concat(parts))
  end)
end)
