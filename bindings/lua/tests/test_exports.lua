-- The pinned texts of tests/exports/ come back as they went in, or are refused.
local lu = require "luaunit"
local capauth = require "capauth"
local support = require "support"

TestExports = {}

local FOLDER = support.source .. "/tests/exports/"

function TestExports:setUp()
  self.client = assert(capauth.Client { base_url = "https://auth.brand.example" })
end

function TestExports:tearDown()
  self.client:close()
end

local function text_of(name)
  return (support.read(FOLDER .. name):gsub("\n$", ""))
end

-- Calls visit with the columns of each line.
local function each_row(name, pattern, visit)
  local rows = 0
  for line in support.read(FOLDER .. name):gmatch "[^\n]+" do
    visit(line:match(pattern))
    rows = rows + 1
  end
  lu.assertTrue(rows > 0)
end

function TestExports:test_each_state_comes_back()
  each_row("expected.tsv", "^([^\t]+)\t([^\t]+)\t([^\t]+)\t([^\t]+)$", function(name, next_step, signed_in, identifier)
    local text = text_of(name)
    local session = assert(self.client:restore(text))
    lu.assertEquals(session:next_step(), next_step, name)
    lu.assertEquals(session:signed_in(), signed_in == "1", name)
    lu.assertEquals(session:identifier() or "-", identifier, name)
    lu.assertEquals(session:export(), text, name)
  end)
end

function TestExports:test_what_is_no_export_is_refused()
  each_row("refused/expected.tsv", "^([^\t]+)\t([^\t]+)$", function(name, says)
    local session, err = self.client:restore(text_of("refused/" .. name))
    lu.assertNil(session, name)
    lu.assertEquals(err.name, "INVALID_ARGUMENT", name)
    lu.assertStrContains(err.message, says, false, false, name)
  end)
end
