---@meta _

---`require "capauth.testing"`: an emulator of the Auth Engine for your own tests. It needs a POSIX shell and `curl`.
---What the emulator refuses raises an error.
---@class capauth.testing
local testing = {}

---The options of testing.Emulator.
---@class capauth.testing.EmulatorOptions
---The path of a brand file.
---@field brands? string
---Default: the variable CAPAUTH_EMULATOR, else "capauth-emulator" of the PATH.
---@field program? string

---Starts an emulator on a free port of this machine, over TLS. It ends with this process at the latest.
---@param options? capauth.testing.EmulatorOptions
---@return capauth.testing.Emulator? emulator
---@return string? message The program's errors.
function testing.Emulator(options) end

---An emulator that runs already, and that close() leaves running.
---@param url string
---@param ca_file string
---@return capauth.testing.Emulator emulator
function testing.attach(url, ca_file) end

---What the emulator would have sent to a customer.
---@class capauth.testing.Message
---Whose customer it is for.
---@field brand string
---Like "MOBILE".
---@field identifierType string
---Who signs in.
---@field identifierValue string
---Where it went.
---@field to string
---Like "SMS".
---@field channel string
---The OTP, a text.
---@field otp string
---When, in Unix milliseconds on the emulator's clock.
---@field sentAtMs integer

---@class capauth.testing.Emulator
local Emulator = {}

---Stops it, and waits until it is gone.
function Emulator:close() end

---What to give a client as base_url.
---@return string url
function Emulator:url() end

---The PEM file of its certificate authority: what to give a client as ca_file.
---@return string path
function Emulator:ca_file() end

---A client for it.
---@param options? capauth.ClientOptions
---@return capauth.Client? client
---@return capauth.Error? err
function Emulator:client(options) end

---The messages sent so far, newest first.
---@param brand? string
---@param identifier? string
---@return capauth.testing.Message[] messages
function Emulator:outbox(brand, identifier) end

---The newest OTP that went to this customer; nil when there is none.
---@param identifier string
---@param brand? string
---@return string? otp
function Emulator:otp(identifier, brand) end

---Moves the clock, with `brand` that of this brand alone.
---@param seconds integer
---@param brand? string
---@return integer now In seconds since 1970.
function Emulator:advance(seconds, brand) end

---Has the clock stand still until it is moved; false: it goes on.
---@param held? boolean
function Emulator:hold_clock(held) end

---Makes or changes a brand.
---@param name string
---@param settings? table<string, any> By the emulator's names.
function Emulator:brand(name, settings) end

---A customer who is there already.
---@param brand string
---@param identifier_type string
---@param value string
---@param settings? table<string, any> By the emulator's names, like `password`.
function Emulator:customer(brand, identifier_type, value, settings) end

---What the gateway answers at an endpoint.
---@param brand string
---@param endpoint string
---@param reply { status: integer?, body: any, view: boolean? }
function Emulator:gateway(brand, endpoint, reply) end

---The next requests go wrong: { path = "/auth/v1/otp/generate", count = 1, reset = "after" }
---@param fault table<string, any> By the emulator's names.
function Emulator:fault(fault) end

---How many requests arrived, by "METHOD path".
---@param brand? string
---@return table<string, integer> counts
function Emulator:requests(brand) end

---Clears what happened, of one brand or of all.
---@param brand? string
function Emulator:reset(brand) end
