"""gunicorn --workers 2 --bind 127.0.0.1:8000 backend_flask:app"""

import secrets

import redis
from flask import Flask, request

import capauth
from capauth.redis import SessionStore

app = Flask(__name__)
client = capauth.Client(base_url="http://127.0.0.1:8080")  # of this worker, which imports this after the fork
customers = SessionStore(redis.Redis(port=6379), client)  # of all workers: any of them serves any customer


@app.post("/begin")
def begin():
    customer = client.session(brand="DocDemo", mobile=request.json["mobile"], flow="web")
    customer.generate_token()
    customer.generate_otp()
    session = secrets.token_urlsafe()
    customers.save(session, customer)
    return {"session": session}


@app.post("/validate")
def validate():
    with customers.session(request.json["session"]) as customer:
        customer.validate_otp(request.json["otp"])
        return {"role": customer.role}


@app.get("/me")
def me():
    with customers.session(request.args["session"]) as customer:
        return customer.gateway("GET", "customer/get").json()


@app.errorhandler(capauth.RefusedError)  # a wrong OTP, or nothing but a new sign-in helps
def refused(error):
    return {"detail": error.name}, 401


@app.errorhandler(KeyError)  # nobody is stored under that name, or not any more
def unknown(error):
    return {"detail": "NO_SESSION"}, 401
