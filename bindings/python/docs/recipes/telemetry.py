import datetime

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

import capauth

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))  # yours sends them elsewhere
tracer = provider.get_tracer("capauth")


def nanoseconds(time):
    return int(time.timestamp() * 1e9)


def trace(event):
    """A span for each call. It is told of when the call has ended."""
    if event.kind == "start":
        return
    began = event.time - datetime.timedelta(seconds=event.duration)
    span = tracer.start_span(event.operation, kind=SpanKind.CLIENT, start_time=nanoseconds(began))
    span.set_attribute("http.response.status_code", event.http_status)
    span.set_attribute("capauth.requests", event.attempts)
    if event.result:
        span.set_attribute("error.type", event.name)
        span.set_status(StatusCode.ERROR)
    span.end(nanoseconds(event.time))


with capauth.Client(base_url="http://127.0.0.1:8080", trace=trace) as client:
    customer = client.session(brand="DocDemo", mobile="919999997011", device_id="device-1")
    customer.generate_token()
    customer.generate_otp()
    customer.validate_otp(input("OTP: "))
