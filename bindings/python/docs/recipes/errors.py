import capauth


def told(error):
    """What the customer reads. Key translations on error.name; show error.message to support alone."""
    match error:
        case capauth.InvalidOtpError():
            return "That was not the code. Please try again."
        case capauth.TooManyAttemptsError() | capauth.SignInExpiredError():
            return "Please start again."
        case capauth.SignInRequiredError():
            return "Please sign in again."
        case capauth.RateLimitedError():
            return "Too many codes. Please wait a little."
        case capauth.UnknownOutcomeError():
            return "The connection broke. A code may be on its way."
        case capauth.NetworkError() | capauth.DeadlineError():
            return "No connection. Please try again later."
    return "Please try again later." if error.retryable else f"That did not work ({error.name})."


def attempt(what):
    try:
        what()
    except capauth.UsageError:
        raise  # a mistake of the program: let it be seen
    except capauth.Error as error:
        print(f"{error.name}: {told(error)}")


with capauth.Client(base_url="http://127.0.0.1:8080", max_retries=0) as client:
    customer = client.session(brand="DocDemo", mobile="919999995001", device_id="device-1")
    customer.generate_token()
    customer.generate_otp()
    attempt(lambda: customer.validate_otp("000000"))
    attempt(lambda: customer.gateway("GET", "customer/get"))
    attempt(lambda: client.session(brand="NoSuchBrand", mobile="919999995001", device_id="d").generate_token())
with capauth.Client(base_url="http://127.0.0.1:1", max_retries=0) as client:  # where nobody listens
    attempt(lambda: client.session(brand="DocDemo", mobile="919999995001", device_id="d").generate_token())
