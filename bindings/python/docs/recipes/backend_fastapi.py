import contextlib
import secrets

import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

import capauth.aio


class Customer(BaseModel):
    mobile: str


class Code(BaseModel):
    session: str
    otp: str


@contextlib.asynccontextmanager
async def lifespan(app):
    async with capauth.aio.Client(base_url="http://127.0.0.1:8080") as client:  # one for each running loop
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)
exports = {}  # for one process; for several: the server's session store, or capauth.redis


@app.post("/begin")
async def begin(who: Customer):
    customer = app.state.client.session(brand="DocDemo", mobile=who.mobile, flow="web")
    await customer.generate_token()
    await customer.generate_otp()
    session = secrets.token_urlsafe()
    exports[session] = customer.export()
    return {"session": session}


@app.post("/validate")
async def validate(code: Code):
    customer = app.state.client.restore(exports[code.session])
    try:
        await customer.validate_otp(code.otp)
    except capauth.InvalidOtpError as error:
        raise HTTPException(401, error.name) from None
    finally:
        exports[code.session] = customer.export()
    return {"role": customer.role}


@app.get("/me")
async def me(session: str):
    customer = app.state.client.restore(exports[session])
    try:
        reply = await customer.gateway("GET", "customer/get")
    except capauth.SignInRequiredError as error:
        raise HTTPException(401, error.name) from None
    exports[session] = customer.export()
    return reply.json()


if __name__ == "__main__":
    uvicorn.run(app, port=8000)
