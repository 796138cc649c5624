-- Tables become JSON, JSON becomes tables.
local lu = require "luaunit"
local json = require "capauth.json"

TestJson = {}

local function round(value)
  local ok, back = json.decode(json.encode(value))
  lu.assertTrue(ok)
  return back
end

function TestJson:test_values_come_back()
  for _, value in ipairs {
    "text", true, false,
    'quotes " and \\ and / and \n\r\t\1\127', "h\195\169", 0, -1, 12345678901, 1.5, -2.25e-10, 1e300,
    { 1, 2, 3 }, { { {} } }, { a = { b = { "c", { d = 1 } } } },
  } do
    lu.assertEquals(round(value), value)
  end
  lu.assertEquals(round(json.null), json.null)
end

function TestJson:test_keys_come_in_order()
  lu.assertEquals(json.encode { b = 1, a = { true, json.null }, c = {} }, '{"a":[true,null],"b":1,"c":{}}')
end

function TestJson:test_integers_stay_integers()
  lu.assertEquals(json.encode(1760013480000), "1760013480000")
  lu.assertEquals(json.encode(3.0), "3")
  local _, value = json.decode "9007199254740993"
  if math.type then lu.assertEquals(("%d"):format(value), "9007199254740993") end
end

function TestJson:test_what_is_no_json_is_refused()
  for _, value in ipairs {
    print, 0 / 0, 1 / 0, { 1, nil, 3, [5] = 1 }, { [1] = 1, a = 2 }, coroutine.create(function() end),
  } do
    lu.assertErrorMsgContains("JSON", json.encode, value)
  end
  local circle = {}
  circle.self = circle
  lu.assertErrorMsgContains("too deep", json.encode, circle)
end

function TestJson:test_only_one_whole_text_is_read()
  for _, text in ipairs {
    "", " ", "{", "[1,]", "1 2", "nul", '"a', "[1] x", "\255", '"\255"', '{"a":1}\0', "{\"a\":1}\0{}",
    ("["):rep(40) .. ("]"):rep(40),
  } do
    lu.assertFalse((json.decode(text)), text)
  end
  for _, text in ipairs { " 1 ", "[]", "null", '"a"', "\n{}\n" } do lu.assertTrue((json.decode(text)), text) end
end
