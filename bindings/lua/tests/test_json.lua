-- Tables become JSON, JSON becomes tables.
local lu = require "luaunit"
local json = require "capauth.json"
local support = require "support"

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

function TestJson:test_numbers_are_written_as_short_as_they_read_back()
  for text, value in pairs {
    ["19.99"] = 19.99, ["0.1"] = 0.1, ["-2.5"] = -2.5, ["1e+300"] = 1e300, ["5e-324"] = 5e-324, ["1e-07"] = 1e-7,
    ["0.3333333333333333"] = 1 / 3, ["0.30000000000000004"] = 0.1 + 0.2, ["9.3e+18"] = 9.3e18,
    ["1.7976931348623157e+308"] = 1.7976931348623157e308,
  } do
    lu.assertEquals(json.encode(value), text)
    lu.assertEquals(select(2, json.decode(text)), value)
  end
end

-- Runs code with `json` in a program under German rules, in that charset.
local function in_german(charset, code)
  local folder = support.run("mktemp -d"):match "^[^\n]+"
  support.run(("localedef -i de_DE -f %s %s/test_DE"):format(charset, folder))
  local text, status = support.script([[
    local json = require "capauth.json"
    assert(os.setlocale "test_DE", "no such locale")
  ]] .. code, nil, "LOCPATH=" .. folder)
  support.run("rm -r " .. folder)
  lu.assertEquals(status, 0, text)
  return text
end

function TestJson:test_decimal_point_is_not_the_locales()
  lu.assertEquals(in_german("UTF-8", [[
    assert(select(2, json.decode "19.99") == 1999 / 100)
    io.write(json.encode { 1999 / 100, 1e300, 15e-11 })
  ]]), "[19.99,1e+300,1.5e-10]")
end

-- There, the bytes 128 to 159 are control characters.
function TestJson:test_characters_survive_an_8_bit_locale()
  lu.assertEquals(in_german("ISO-8859-1", [[io.write(json.encode "\195\132\226\130\172\127")]]),
    '"\195\132\226\130\172\\u007f"')
end

-- As Lua reads such numerals itself.
function TestJson:test_integers_beyond_64_bits_are_floats()
  for text, value in pairs {
    ["9223372036854775808"] = 2 ^ 63, ["18446744073709551615"] = 2 ^ 64, ["-9223372036854775808"] = -2 ^ 63,
    ["10000000000000000000"] = 1e19, ["18446744073709551616"] = 2 ^ 64, ["36893488147419103232"] = 2 ^ 65,
    ["-9223372036854777856"] = -2 ^ 63 - 2048, ["100000000000000000000000"] = 1e23,
    ["-100000000000000000000000"] = -1e23,
  } do
    lu.assertEquals(select(2, json.decode(text)), value, text)
    lu.assertEquals(select(2, json.decode(('{"a":[1, %s ],"%s":"%s"}'):format(text, text, text))),
      { a = { 1, value }, [text] = text })
  end
  for _, text in ipairs { "18446744073709551616x", "1 100000000000000000000", "--9e99" } do
    lu.assertFalse((json.decode(text)), text)
  end
  if math.type then
    lu.assertEquals(math.type((select(2, json.decode "9223372036854775807"))), "integer")
    lu.assertEquals(math.type((select(2, json.decode "-9223372036854775808"))), "integer")
    lu.assertEquals(math.type((select(2, json.decode "9223372036854775808"))), "float")
    lu.assertEquals(math.type((select(2, json.decode "-9223372036854775809"))), "float")
  end
end

function TestJson:test_nul_in_text_stays()
  lu.assertEquals(select(2, json.decode '["a\\u0000b"]'), { "a\0b" })
end

-- The reader would end it there, and two members become one.
function TestJson:test_names_with_a_nul_are_refused()
  for _, text in ipairs { [[{"a\u0000b":1,"a":2}]], [=[[{"c":{"\\\u0000" : 1}}]]=], [[{"\u0000":1}]] } do
    lu.assertEquals({ json.decode(text) }, { false, "a name in it has a NUL" }, text)
  end
  local _, value = json.decode [[{"a\\u0000":"\u0000:", "b":["\u0000"]}]]
  lu.assertEquals(value, { ["a\\u0000"] = "\0:", b = { "\0" } })
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
    ("["):rep(40) .. ("]"):rep(40), "NaN", "[Infinity]", "{\"a\":-Infinity}", "{'a':1}", "'a'",
  } do
    lu.assertFalse((json.decode(text)), text)
  end
  for _, text in ipairs { " 1 ", "[]", "null", '"a"', "\n{}\n" } do lu.assertTrue((json.decode(text)), text) end
end
