"""Calls of the brand's endpoints: what they send, and what becomes of the answer."""

import pytest

import capauth
from capauth.testing import Emulator


def test_gateway_gets_and_posts(signed_in: capauth.Session, emulator: Emulator, mobile: str) -> None:
    query: dict[str, str | int] = {"mlp": "true", "n": 1, "yes": True}
    reply = signed_in.gateway("GET", "customer/get", query=query)
    assert reply.ok and reply.http_status == 200 and reply.code == 200 and reply.message == "Success"
    assert reply.json()["customers"]["customer"][0]["mobile"] == mobile
    assert mobile in reply.body and reply.content.decode() == reply.body
    reply.raise_for_refusal()
    emulator.gateway(signed_in.brand, "points/history", {"status": {"success": "true", "code": 200}})
    bodies: tuple[capauth.Json | str | None, ...] = ({"a": "é"}, [1], '{"a": 1}', None)
    for body in bodies:
        assert signed_in.gateway("POST", "points/history", body=body, repeatable=True).ok


def test_gateway_gives_a_refusal_as_a_reply(signed_in: capauth.Session, emulator: Emulator) -> None:
    emulator.gateway(
        signed_in.brand, "coupon/redeem", {"errors": [{"status": False, "code": 600, "message": "no coupon"}]}
    )
    reply = signed_in.gateway("POST", "coupon/redeem", body={})
    assert not reply.ok and reply.code == 600 and reply.message == "no coupon"
    with pytest.raises(capauth.RefusedError) as caught:
        reply.raise_for_refusal()
    assert caught.value.code == 600 and caught.value.operation == "gateway" and "no coupon" in str(caught.value)


def test_gateway_gives_what_is_no_json(signed_in: capauth.Session, emulator: Emulator) -> None:
    emulator.gateway(signed_in.brand, "page", "<html>", status=502)
    reply = signed_in.gateway("GET", "page")
    assert reply.http_status == 502 and reply.body == "<html>" and not reply.ok
    with pytest.raises(capauth.ServiceError):
        reply.raise_for_refusal()
    with pytest.raises(ValueError):
        reply.json()


@pytest.mark.parametrize(
    ("status", "code", "kind", "expected"),
    [
        (429, None, capauth.RateLimitedError, "RATE_LIMITED"),
        (200, 1515, capauth.UnknownCustomerError, "UNKNOWN_CUSTOMER"),
        (200, 1534, capauth.RateLimitedError, "OTP_LIMIT_REACHED"),
        (503, None, capauth.ServiceError, "SERVICE"),
        (403, None, capauth.RefusedError, "REFUSED"),
    ],
)
def test_refusal_of_the_gateway_has_the_class_of_its_code(
    signed_in: capauth.Session,
    emulator: Emulator,
    status: int,
    code: int | None,
    kind: type[capauth.Error],
    expected: str,
) -> None:
    body = {} if code is None else {"status": {"success": False, "code": code, "message": "no"}}
    emulator.gateway(signed_in.brand, "shop", body, status=status)
    reply = signed_in.gateway("POST", "shop", body={})
    assert reply.refusal and not reply.ok
    with pytest.raises(kind) as caught:
        reply.raise_for_refusal()
    assert caught.value.name == expected and caught.value.code == reply.refusal and caught.value.http_status == status


def test_gateway_needs_a_token(customer: capauth.Session) -> None:
    for _ in range(2):
        with pytest.raises(capauth.SignInRequiredError):
            customer.gateway("GET", "customer/get")


def test_view_token_will_do_where_asked_for(customer: capauth.Session, emulator: Emulator) -> None:
    customer.generate_token()
    assert customer.role == "VIEW"
    path = "/store-locator/v1/brand/nearbystores"
    emulator.gateway(customer.brand, path, {"stores": []}, view=True)
    emulator.gateway(customer.brand, "/private", {"stores": []})
    with pytest.raises(capauth.SignInRequiredError):
        customer.gateway("GET", path)
    assert customer.gateway("GET", path, view=True).json() == {"stores": []}
    with pytest.raises(capauth.SignInRequiredError):
        customer.gateway("GET", "/private", view=True)


def test_pause_leaves_a_refused_token_alone(signed_in: capauth.Session, emulator: Emulator) -> None:
    before = signed_in.token
    emulator.fault("/mobile/v2/api/customer/get", brand=signed_in.brand, count=2, status=401, body={})
    signed_in.pause_refresh(3600)
    with pytest.raises(capauth.TokenExpiredError):
        signed_in.gateway("GET", "customer/get")
    with pytest.raises(capauth.InvalidArgumentError):
        signed_in.pause_refresh(-1)
    assert signed_in.token == before
    signed_in.pause_refresh(0)
    assert signed_in.gateway("GET", "customer/get").ok
    assert signed_in.token != before


def test_external_session_has_only_the_gateway(client: capauth.Client, brand: str) -> None:
    customer = client.external_session(brand, "access", "id")
    assert customer.flow == "external"
    assert customer.gateway("GET", "customer/get").http_status in (200, 404)
    with pytest.raises(capauth.UsageError) as caught:
        customer.generate_token()
    assert caught.value.name == "UNSUPPORTED"


def test_headers_of_the_application_are_taken_and_reserved_ones_refused(signed_in: capauth.Session) -> None:
    assert signed_in.gateway("GET", "customer/get", headers={"X-Mine": "1"}).ok
    with pytest.raises(capauth.InvalidArgumentError) as caught:
        signed_in.gateway("GET", "customer/get", headers={"Host": "elsewhere"})
    assert caught.value.argument == "headers"
