---@meta _

---`require "capauth.redis"`: customers in Redis, for a fleet of workers.
---@class capauth.redis
local redis = {}

---The options of a store.
---@class capauth.redis.StoreOptions
---Default: "capauth:". No braces and no control characters.
---@field prefix? string
---0.1 to 3600 seconds. Default: 10.
---@field lock_seconds? number
---In seconds, at most 100 years. Default: math.huge, for ever.
---@field ttl? number
---What a text goes through before it is stored.
---@field encrypt? fun(text: string): string
---The reverse of `encrypt`.
---@field decrypt? fun(text: string): string
---What became of each token, for metrics.
---@field metrics? fun(event: capauth.redis.StoreEvent)
---Base URLs that customers were stored with before the client's changed.
---@field earlier_origins? string[]
---Default: that of ngx or of luasocket.
---@field sleep? fun(seconds: number)
---Default: that of ngx or of luasocket.
---@field gettime? fun(): number

---What became of a token: what `metrics` gets.
---@class capauth.redis.StoreEvent
---A token that was valid; one that another worker brought; one that we brought; our regeneration that failed; another
---worker's that did.
---@field kind "hit"|"wait"|"regeneration"|"failure"|"shared_failure"
---How long it took.
---@field seconds number
---The name of the error, like "DEADLINE".
---@field error? string

---@param redis table A connected client of lua-redis or lua-resty-redis.
---@param client capauth.Client
---@param options? capauth.redis.StoreOptions
---@return capauth.redis.Store store
function redis.new(redis, client, options) end

---What the store itself cannot do. Its category is "store".
---@class capauth.redis.Failure
---Nothing is stored; it was deleted; a newer state is stored; a newer capauth stored it; Redis gave no answer.
---@field kind "missing"|"deleted"|"stale"|"version"|"redis"
---What tells it from a capauth.Error.
---@field category "store"
---The kind in upper case.
---@field name string
---One sentence.
---@field message string
---There is no number for it.
---@field code 0
---Whether trying later can help.
---@field retryable boolean

---Customers in Redis.
---@class capauth.redis.Store
local Store = {}

---The name of a customer in Redis.
---@param key string
---@return string name
function Store:name(key) end

---Stores a session. The first time it replaces what there is, a new sign-in.
---@param key string
---@param session capauth.Session
---@param ttl? number In seconds. Default: the store's.
---@return true? ok
---@return capauth.redis.Failure|capauth.Error|nil err stale: a newer state is stored.
function Store:save(key, session, ttl) end

---Starts the customer's time to live again, with another one if given.
---@param key string
---@param ttl? number In seconds.
---@return true? ok
---@return capauth.redis.Failure? err
function Store:touch(key, ttl) end

---Deletes what is stored of these customers. It does not sign them out.
---@param ... string Keys.
---@return true? ok
---@return capauth.redis.Failure? err
function Store:delete(...) end

---Whether something is stored for this customer.
---@param key string
---@return boolean? exists
---@return capauth.redis.Failure? err
function Store:exists(key) end

---The customer of this key; if they are signed in, with a token that is valid for `margin` more seconds.
---@param key string
---@param margin? number In seconds. Default: the client's refresh margin.
---@return capauth.redis.Customer? customer
---@return capauth.redis.Failure|capauth.Error|nil err missing or deleted: nothing is stored.
function Store:session(key, margin) end

---A session whose operations run under the customer's lock, and are stored before they return. `start_` forms, reload,
---pause_refresh and on_change give an error.
---@class capauth.redis.Customer: capauth.Session
