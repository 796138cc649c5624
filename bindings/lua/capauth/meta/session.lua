---@meta _

---What is known of the OTP; a field is nil where it is not.
---@class capauth.Otp
---In seconds since 1970, by the server's clock.
---@field sent_at number?
---Masked.
---@field destination string?
---The fallback channel that it was asked for with.
---@field channel string?
---How many wrong ones were refused since.
---@field wrong_answers integer

---One customer of one brand on one device. The operations are in operations.lua: each waits for its result, and gives
---true, or what is said there, or nil and an error. Each `start_` form gives a call at once.
---@class capauth.Session
local Session = {}

---The access token; nil without one.
---@return string? token As secret as a password.
---@return capauth.Error? err
function Session:token() end

---What fresh tokens are made from; nil without one, and in the web flow.
---@return string? key What the token is regenerated with, as secret as a password.
---@return capauth.Error? err
function Session:key() end

---The token's role: "VIEW", "USER", "MFA_PENDING" or one of the brand's.
---@return string? role Of the token.
---@return capauth.Error? err
function Session:role() end

---The customer's id, a decimal text, as the token says; nil without a token.
---@return string? customer_id
---@return capauth.Error? err
function Session:customer_id() end

---The brand, as given.
---@return string? brand
---@return capauth.Error? err
function Session:brand() end

---Who the customer is, as given or last updated; nil in an external session.
---@return string? identifier
---@return capauth.Error? err
function Session:identifier() end

---The device, as given; nil in a web or external session.
---@return string? device_id
---@return capauth.Error? err
function Session:device_id() end

---What the identifier is; nil in an external session.
---@return capauth.IdentifierType? type
function Session:identifier_type() end

---The family of operations that the session uses.
---@return capauth.Flow flow
function Session:flow() end

---Whether there is a token of a customer who is signed in. That it expires does not end it.
---@return boolean signed_in
function Session:signed_in() end

---When the token expires, in seconds since 1970, by the server's clock; nil without a token.
---@return number? seconds
function Session:expires_at() end

---How long the token is still valid, by the server's clock; negative when it has expired, nil when it is not known.
---@return number? seconds
function Session:expires_in() end

---Whether the customer has used the app before; nil when the Auth Engine has not said so.
---@return boolean?
function Session:app_registered() end

---Whether the customer has a password; nil when the Auth Engine has not said so.
---@return boolean?
function Session:registered_for_password() end

---What to do next. It is advice: expect more values in later versions.
---@return capauth.Step|string step
function Session:next_step() end

---What is known of the OTP that was sent last.
---@return capauth.Otp otp
function Session:otp() end

---A session of its own for the second factor. Once it is "done", keep it and close this one.
---@param options? capauth.Identity What is not given is this session's.
---@return capauth.Session? session
---@return capauth.Error? err wrong_step, invalid_argument or closed.
function Session:second_factor(options) end

---@param fn? fun(session: capauth.Session) Runs after every change of the export; nil: no longer.
---@return true? ok
---@return capauth.Error? err closed.
function Session:on_change(fn) end

---The session as one text, as secret as its key, for client:restore().
---@return string? text
---@return capauth.Error? err
function Session:export() end

---Takes the state that another process exported.
---@param text string
---@return true? ok
---@return capauth.Error? err invalid_argument: no export, or one of another session; busy; closed.
function Session:reload(text) end

---For so long only regenerate_token gets a new token; what needs one meanwhile uses the one that there is, then gives
---TOKEN_EXPIRED.
---@param seconds number 0: no longer. At most 2147483.
---@return true? ok
---@return capauth.Error? err invalid_argument or closed.
function Session:pause_refresh(seconds) end

---Cancels what is in flight; does not sign out, and never uses the network. May be called again.
---@return true? ok
---@return capauth.Error? err
function Session:close() end
