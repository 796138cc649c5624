import redis

import capauth
from capauth.redis import SessionStore

KEY = "customer-1"  # yours: the name of your own session, for instance


def sign_in(client, store):
    customer = client.session(brand="DocDemo", mobile="919999998101", device_id="device-1")
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(input("OTP: "))
    store.save(KEY, customer)


with capauth.Client(base_url="http://127.0.0.1:8080") as client, redis.Redis(port=6379) as database:
    store = SessionStore(database, client)
    if not store.exists(KEY):
        sign_in(client, store)
    with store.session(KEY) as customer:  # in any worker; when the token has expired, one of all gets a new one
        reply = customer.gateway("GET", "customer/get")
        print("the gateway said", reply.http_status, "to", customer.role)
