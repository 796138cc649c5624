-- SPDX-License-Identifier: Apache-2.0
-- First in, first out. The application's debug hooks may raise between any two steps, so whatever leaves a queue does
-- so only after it was dealt with: then an error loses nothing, at worst something is dealt with twice.
local queue = {}

-- `mode` as of a weak table: what only the queue knows may then be collected.
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

local function leave(self, at)
  if self.first ~= at then return end -- `visit` came here again, and was faster
  self[at] = nil
  self.first = at + 1
end

-- Calls visit(item) for each of those that are in it now.
function queue.drain(self, visit)
  local last = self.last
  while self.first <= last do
    local at = self.first
    if self[at] then visit(self[at]) end
    leave(self, at)
  end
end

-- The first for which accept(item) is true; those before it leave too.
function queue.take(self, accept)
  while not queue.is_empty(self) do
    local at = self.first
    local item = self[at]
    leave(self, at)
    if item and accept(item) then return item end
  end
end

return queue
