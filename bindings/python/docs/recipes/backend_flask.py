import secrets

from flask import Flask, request

import capauth

app = Flask(__name__)
exports = {}  # for one process; for several: the server's session store, or capauth.redis
client = capauth.Client(base_url="http://127.0.0.1:8080")  # in each worker: with gunicorn, after the fork


@app.post("/begin")
def begin():
    customer = client.session(brand="DocDemo", mobile=request.json["mobile"], flow="web")
    customer.generate_token()
    customer.generate_otp()
    session = secrets.token_urlsafe()
    exports[session] = customer.export()
    return {"session": session}


@app.post("/validate")
def validate():
    session = request.json["session"]
    customer = client.restore(exports[session])
    try:
        customer.validate_otp(request.json["otp"])
    except capauth.InvalidOtpError as error:
        return {"detail": error.name}, 401
    finally:
        exports[session] = customer.export()
    return {"role": customer.role}


@app.get("/me")
def me():
    session = request.args["session"]
    customer = client.restore(exports[session])
    try:
        reply = customer.gateway("GET", "customer/get")
    except capauth.SignInRequiredError as error:
        return {"detail": error.name}, 401
    exports[session] = customer.export()
    return reply.json()


if __name__ == "__main__":
    app.run(port=8000)
