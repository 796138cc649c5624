import time

import capauth

RESEND_AFTER = 30  # seconds for which "send another" stays grey


def send(customer):
    """Sends a code, and gives the moment from which another may be sent."""
    try:
        customer.generate_otp()
        print("A code was sent to", customer.otp.destination)
    except capauth.UnknownOutcomeError:
        print("A code may be on its way.")  # the reply was lost: wait for it before you send another
    except capauth.RateLimitedError as error:
        print("No more codes for now.")
        return time.monotonic() + (error.retry_after or RESEND_AFTER)
    return time.monotonic() + RESEND_AFTER


def validate(customer, typed):
    try:
        customer.validate_otp(typed)
    except capauth.InvalidOtpError:
        print("That was not it. Please try again.")  # the step is still open
    except (capauth.TooManyAttemptsError, capauth.SignInExpiredError):
        print("We have to begin again.")
        customer.generate_token()
        send(customer)


with capauth.Client(base_url="http://127.0.0.1:8080") as client:
    customer = client.session(brand="DocDemo", mobile="919999990001", device_id="device-1")
    customer.generate_token()
    again_at = send(customer)
    while not customer.signed_in:
        typed = input("Code, or r for another: ")
        wait = again_at - time.monotonic()
        if typed != "r":
            validate(customer, typed)
        elif wait > 0:
            print(f"Another in {wait:.0f} seconds.")  # the countdown
        else:
            again_at = send(customer)
    print("signed in as", customer.role)
