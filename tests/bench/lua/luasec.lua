-- SPDX-License-Identifier: Apache-2.0
-- luasec.lua COUNT: LuaSec's ssl.https, which makes a new connection for each request, and cjson.
local cjson = require "cjson"
local https = require "ssl.https"
local ltn12 = require "ltn12"
local measure = require "measure"

measure.run(function()
  measure.sign_in(function(path, request)
    local body, parts = cjson.encode(request), {}
    assert(https.request {
      url = measure.url .. path, method = "POST", source = ltn12.source.string(body), sink = ltn12.sink.table(parts),
      headers = { ["Content-Type"] = "application/json", ["Content-Length"] = #body },
      protocol = "any", options = { "all", "no_sslv2", "no_sslv3", "no_tlsv1" }, verify = "peer",
      cafile = measure.ca_file,
    })
    return cjson.decode(table.concat(parts))
  end)
end)
