---@meta _

---What `trace` of capauth.ClientOptions gets.
---@class capauth.TraceEvent
---Which of the two.
---@field event capauth.TraceKind
---The same at the start and at the end of a call.
---@field call_id integer
---Like "otp_validate".
---@field operation string
---At the end: 0, or the number of the error.
---@field result integer
---At the end: 0 where HTTP gave no answer.
---@field http_status integer
---At the end: how often the request was sent.
---@field attempts integer
---At the end: in seconds.
---@field duration number

---Who the customer is. One of mobile, email, username and external_id is needed.
---@class capauth.Identity
---A mobile number, as the brand writes it: "919999999993".
---@field mobile? string
---An email address.
---@field email? string
---A user name; give a contact, too, where the OTP goes.
---@field username? string
---An id of another system, where the brand takes them.
---@field external_id? string
---Where the OTP goes, for a username or an external_id.
---@field contact_mobile? string
---Where the OTP goes, for a username or an external_id.
---@field contact_email? string
---Needed unless the flow is "web"; at most 512 bytes. The others have at most 256.
---@field device_id? string

---The options of client:session().
---@class capauth.SessionOptions: capauth.Identity
---Whose customer it is.
---@field brand string
---Default: "mobile".
---@field flow? "mobile"|"web"

---Configuration and connections, shared by the sessions made from it. Belongs to one Lua state.
---@class capauth.Client
local Client = {}

---A customer of a brand on a device.
---@param options capauth.SessionOptions
---@return capauth.Session? session
---@return capauth.Error? err invalid_argument or closed.
function Client:session(options) end

---The session of a text that session:export() gave.
---@param text string
---@return capauth.Session? session
---@return capauth.Error? err invalid_argument: no export, or one of another origin; closed.
function Client:restore(text) end

---Of a customer whom the brand's OpenID provider signed in. Its only operation is gateway.
---@param brand string
---@param access_token string
---@param id_token string
---@return capauth.Session? session
---@return capauth.Error? err invalid_argument or closed.
function Client:external_session(brand, access_token, id_token) end

---Lets calls move on, then resumes spawned functions. Waits until a call finishes.
---@param seconds? number At most so long. Default: 0, does what can be done now. Negative: without limit.
---@return integer? finished How many calls finished.
---@return capauth.Error? err closed, or usage (REENTRANT) in one of your functions.
function Client:poll(seconds) end

---A descriptor to watch for reading in an event loop of your own; then call poll(0).
---@return integer? fd
---@return capauth.Error? err usage (UNSUPPORTED) where the system has none.
function Client:fd() end

---A call that finished, each only once; nil when there is none. Calls that somebody waits for, and those with a
---callback, are not among them.
---@return capauth.Call? call
function Client:next_done() end

---Runs fn(...) as a coroutine in which operations yield; poll() resumes it.
---@param fn fun(...): ...
---@param ... any
---@return capauth.Task task
function Client:spawn(fn, ...) end

---Loads the CA store and connects now, so that the first operation need not. The connection is kept.
---@param callback? fun(ok: true?, err: capauth.Error?) Gets the result.
---@return capauth.Call call
function Client:start_prepare(callback) end

---The same, and waits; in a spawned function it yields.
---@return true? ok
---@return capauth.Error? err network, tls, deadline, cancelled, closed, or usage (REENTRANT) in one of your functions.
function Client:prepare() end

---The timeout in force.
---@return number seconds
function Client:timeout() end

---The refresh margin in force.
---@return number seconds
function Client:refresh_margin() end

---Cancels what is in flight, closes the connections, and signs nobody out. Getters and export of its sessions still
---work. May be called again.
---@return true? ok
---@return capauth.Error? err
function Client:close() end
