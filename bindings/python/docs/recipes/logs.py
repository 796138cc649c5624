import collections
import logging

import capauth

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")  # the logger is called "capauth"

seconds = collections.Counter()


def trace(event):
    """For metrics: the same numbers go into a histogram, or an OpenTelemetry span that ends now."""
    if event.kind == "end":
        seconds[event.operation] += event.duration
        print(f"{event.operation}: {event.name or 'OK'}, HTTP {event.http_status}, {event.attempts} request(s)")


with capauth.Client(base_url="http://127.0.0.1:8080", trace=trace) as client:
    print(capauth.diagnose(client))  # what a support request needs: versions, TLS, CA store
    customer = client.session(brand="DocDemo", mobile="919999997001", device_id="device-1")
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(input("OTP: "))
print("operations timed:", len(seconds))
