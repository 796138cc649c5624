---@meta _

---One operation in flight, then its result.
---@class capauth.Call
local Call = {}

---Whether it has finished. Never waits.
---@return boolean done
function Call:done() end

---The result: what the operation gives, or nil and an error. The same each time.
---@return any result
---@return capauth.Error? err PENDING (kind "error") while it is in flight.
function Call:result() end

---Waits for the result; in a spawned function it yields.
---@param seconds? number At most so long. Default, and negative: without limit.
---@return any result
---@return capauth.Error? err PENDING (kind "error") when the time is over; usage (REENTRANT) in one of your functions.
function Call:wait(seconds) end

---Ends it with CANCELLED, unless it is done.
---@return true ok
function Call:cancel() end

---A function that client:spawn() runs.
---@class capauth.Task
local Task = {}

---Whether the function has returned, failed, or was ended.
---@return boolean done
function Task:done() end

---What the function returned; nil and its error if it failed.
---@return any ...
function Task:result() end

---Waits for what the function returns, and polls the client meanwhile; in another spawned function it yields.
---@param seconds? number At most so long. Default, and negative: without limit.
---@return any ... nil and an error named PENDING when the time is over.
function Task:wait(seconds) end

---Ends the function where it waits, with CANCELLED, and cancels the call if no other task waits for it.
---@return true ok
function Task:cancel() end

---What HTTP answered to a gateway call.
---@class capauth.Reply
---As HTTP answered.
---@field http_status integer
---2xx, and no refusal in any known form.
---@field ok boolean
---The gateway's own.
---@field code integer?
---The gateway's own.
---@field message string?
---As it came.
---@field body string
---The code of the error that raise_for_refusal gives; nil when it is ok.
---@field refusal integer?
local Reply = {}

---The body as Lua values, its nulls as capauth.null.
---@return any value
---@return capauth.Error? err protocol: it is not JSON.
function Reply:json() end

---This reply; or nil and an error if the gateway refused.
---@return capauth.Reply? reply
---@return capauth.Error? err refused, or one of its kinds.
function Reply:raise_for_refusal() end
