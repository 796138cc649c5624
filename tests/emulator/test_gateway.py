"""Gateway calls: who is let in, and what is answered."""

import base64
import json

import pytest


@pytest.fixture(scope="module")
def brand(emulator):
    return emulator.brand()


@pytest.fixture(scope="module")
def customer(brand):
    return brand.customer().sign_in()


def documented(**customer):
    """The reply of customer/get as the reference has it, and live clients read it."""
    nothing = dict.fromkeys(
        ("mobile", "email", "external_id", "firstname", "lastname", "current_slab", "registered_on")
    )
    zeros = dict.fromkeys(("loyalty_points", "lifetime_points", "lifetime_purchases"), 0)
    status = {"success": "true", "code": 200, "message": "Success", "total": "1", "success_count": "1"}
    return {"status": status, "customers": {"customer": [{**nothing, **zeros, **customer}]}}


@pytest.mark.parametrize("prefix", ["/mobile/v2/api/", "/v2/api/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_customer_get_answers_from_the_customer(brand, prefix, method):
    customer = brand.customer()
    customer_id = int(f"4048647{len(prefix + method)}")
    brand.put_customer(customer.value, customerId=str(customer_id), identifiers={"EMAIL": prefix + method})
    reply = customer.sign_in().gateway("customer/get?mlp=true", method, prefix)
    assert reply.http_status == 200
    assert reply.json == documented(user_id=customer_id, mobile=customer.value, email=prefix + method)
    brand.put_customer(customer.value)


def test_customer_get_has_what_put_customers_said(brand):
    customer = brand.customer()
    profile = {
        "firstname": "Tom",
        "lastname": "Sawyer",
        "loyalty_points": 120,
        "lifetime_points": 1200.5,
        "lifetime_purchases": 9,
        "current_slab": "Gold",
        "registered_on": "2026-01-31 10:20:30",
    }
    brand.put_customer(customer.value, customerId="0042", identifiers={"EXTERNALID": "x-1"}, **profile)
    reply = customer.sign_in().gateway().json
    assert reply == documented(user_id=42, mobile=customer.value, external_id="x-1", **profile)
    for member, value in (("firstname", 1), ("loyalty_points", "1"), ("registered_on", True)):
        refused = brand.emulator.send("PUT", f"/_emulator/customers/{brand.name}/MOBILE/910", {member: value})
        assert refused.http_status == 400 and member in refused.json["error"]


def test_a_view_token_is_good_where_the_endpoint_says_so(brand):
    stores = "/store-locator/v1/brand/nearbystores"
    control = brand.emulator.control
    control("PUT", f"gateway/{brand.name}/{stores}", {"body": {"stores": []}, "view": True})
    control("PUT", f"gateway/{brand.name}/offers/all", {"body": {"offers": []}, "view": True})
    control("PUT", f"gateway/{brand.name}/points/mine", {"body": {"points": 1}})
    customer = brand.customer()
    customer.token = customer.generate().token
    assert customer.gateway("offers/all").json == {"offers": []}
    assert customer.gateway(stores, prefix="").json == {"stores": []}
    for endpoint in ("customer/get", "points/mine", "unknown"):
        assert customer.gateway(endpoint).http_status == 401
    for wrong in ({"cap_identifier_value": "910"}, {"cap_device_id": "other"}, {"cap_brand": "DocDemo"}):
        assert customer.gateway("offers/all", **wrong).http_status == 401
    customer.sign_in()
    assert customer.gateway(stores, prefix="").http_status == customer.gateway("points/mine").http_status == 200
    assert customer.gateway(stores, prefix="", cap_authorization=customer.key).http_status == 401
    assert customer.gateway("/store-locator/v1/other", prefix="").http_status == 404


@pytest.mark.parametrize("path", ["/auth/v1/token/generate", "/_emulator/clock", "/mobile/v2/api/x", "/v2/api/x"])
def test_no_endpoint_can_stand_where_others_are(brand, path):
    refused = brand.emulator.send("PUT", f"/_emulator/gateway/{brand.name}/{path}", {})
    assert refused.http_status == 400 and path in refused.json["error"]


def test_pii_delete_removes_the_login_too(brand):
    customer = brand.customer().sign_in()
    assert customer.gateway("PII/delete", "GET").http_status == 404
    assert customer.gateway("PII/delete", "POST").json["status"]["success"] == "true"
    assert customer.gateway().http_status == 401
    assert customer.regenerate().code == 1525
    assert customer.sign_in().gateway().http_status == 200
    control = brand.emulator.control
    control("PUT", f"gateway/{brand.name}/PII/delete", {"status": 500, "body": "not today"})
    assert customer.gateway("PII/delete", "POST").http_status == 500
    assert customer.gateway().http_status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"cap_authorization": None},
        {"cap_authorization": "a.b.c"},
        {"cap_brand": None},
        {"cap_brand": "DocDemo"},
        {"cap_brand": "Unheard-of"},
        {"cap_device_id": "device-2"},
        {"cap_device_id": None},
        {"cap_identifier_value": "910"},
        {"cap_identifier_type": "EMAIL"},
        {"cap_identifier_type": None},
        {"cap_identifier_type": None, "cap_identifier_value": None},
        {"cap_identifier_type": None, "cap_identifier_value": None, "cap_mobile": "910"},
        {"cap_mobile": "910"},
    ],
)
@pytest.mark.parametrize("endpoint", ["customer/get", "un/known"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_headers_that_differ_are_401(customer, changes, endpoint, method):
    reply = customer.gateway(endpoint, method, **changes)
    assert reply.http_status == 401
    assert reply.json["status"]["success"] is False and reply.json["status"]["code"] == 401


def test_older_header_alone(customer):
    reply = customer.gateway(cap_identifier_type=None, cap_identifier_value=None, cap_mobile=customer.value)
    assert reply.http_status == 200


def test_brand_header_without_regard_to_case(customer):
    assert customer.gateway(cap_brand=customer.brand.name.upper()).http_status == 200


def test_web_tokens_need_no_device(brand):
    assert brand.customer("web").sign_in().gateway().http_status == 200


def test_tokens_that_are_not_in_force_are_401(own_emulator):
    brand = own_emulator.brand(IS_MFA_ENABLED=True)
    customer = brand.customer().sign_in()
    view = customer.generate().token
    brand.put_customer("913", mfa=True)
    pending = brand.customer(value="913").sign_in()
    assert customer.gateway(cap_authorization=view).http_status == 401
    assert customer.gateway(cap_authorization=customer.key).http_status == 401
    assert customer.gateway(cap_authorization=customer.token[:-2] + "xx").http_status == 401
    assert pending.gateway().http_status == 401
    own_emulator.advance(minutes=14)
    assert customer.gateway().http_status == 200
    own_emulator.advance(minutes=1)
    assert customer.gateway().http_status == 401


def test_unknown_endpoint_is_404_in_the_gateways_error_shape(customer):
    reply = customer.gateway("points/history")
    assert reply.http_status == 404
    assert reply.json["errors"][0]["status"] is False and reply.json["errors"][0]["code"] == 600
    assert "warnings" in reply.json


def test_configured_replies(emulator):
    brand = emulator.brand()
    customer = brand.customer().sign_in()

    def put(endpoint, **members):
        emulator.control("PUT", f"gateway/{brand.name}/{endpoint}", members)

    put("points/history", status=201, body={"points": [1, "zwölf/"]})
    reply = customer.gateway("points/history")
    assert (reply.http_status, reply.json) == (201, {"points": [1, "zwölf/"]})
    put("points/history", body="<html>as it is</html>")
    reply = customer.gateway("points/history", "POST")
    assert (reply.http_status, reply.body) == (200, b"<html>as it is</html>")
    put("customer/get", status=200, body={"status": {"code": 302}})
    assert customer.gateway().json == {"status": {"code": 302}}
    put("customer/get")
    assert customer.gateway().json == {}


def test_external_identity(emulator, brand, customer):
    claims = base64.urlsafe_b64encode(json.dumps({"phone_number": customer.value}).encode()).decode().rstrip("=")
    known = {"Authorization": "Bearer access", "X-CAP-EXTERNAL-OAUTH-ID-TOKEN": f"e30.{claims}.x"}
    known["cap_brand"] = brand.name

    def get(**changes):
        headers = {name: value for name, value in {**known, **changes}.items() if value is not None}
        return emulator.send("GET", "/mobile/v2/api/customer/get", headers=headers)

    assert get().json["customers"]["customer"][0]["mobile"] == customer.value
    for id_token in ("id-token", "a.b.c", "a..c", "e30.!!!!.x", "e30.W10.x"):
        assert get(**{"X-CAP-EXTERNAL-OAUTH-ID-TOKEN": id_token}).http_status == 200
    assert get(**{"X-CAP-EXTERNAL-OAUTH-ID-TOKEN": None}).http_status == 401
    assert get(Authorization="Basic YTpi").http_status == 401
    assert get(Authorization="Bearer ").http_status == 401
    assert get(cap_brand="Unheard-of").http_status == 401
    assert get(cap_brand=None).http_status == 401
