-- SPDX-License-Identifier: Apache-2.0
-- libcurl_by_hand.lua COUNT [MODULE]: libcurl by hand-written glue, and cjson; one customer after the other.
local cjson = require "cjson"
local curl = require(arg[2] or "curl_by_hand")
local measure = require "measure"

measure.run(function()
  measure.sign_in(function(path, request)
    return cjson.decode(curl.post(measure.url .. path, cjson.encode(request)))
  end)
end)
