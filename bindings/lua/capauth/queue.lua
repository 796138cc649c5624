-- SPDX-License-Identifier: Apache-2.0
-- First in, first out. The application's debug hooks may raise anywhere, so an item leaves its queue only after it was
-- visited: then an error loses nothing; at worst an item is visited twice.
local queue = {}

-- `mode` is that of a weak table: an item that nobody else holds may then be collected.
function queue.new(mode)
  return setmetatable({ first = 1, last = 0 }, mode and { __mode = mode })
end

function queue.push(self, item)
  self[self.last + 1] = item
  self.last = self.last + 1
end

function queue.is_empty(self)
  return self.first > self.last
end

local function remove(self, at)
  if self.first ~= at then return end -- `visit` drained this queue itself
  self[at] = nil
  self.first = at + 1
end

-- Calls visit(item) for each of those that are in it now.
function queue.drain(self, visit)
  local last = self.last
  while self.first <= last do
    local at = self.first
    if self[at] then visit(self[at]) end
    remove(self, at)
  end
end

-- Removes and gives the first for which accept(item) is true; removes those before it too.
function queue.take(self, accept)
  while not queue.is_empty(self) do
    local at = self.first
    local item = self[at]
    remove(self, at)
    if item and accept(item) then return item end
  end
end

return queue
