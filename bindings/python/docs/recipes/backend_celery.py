"""celery --app backend_celery worker"""

import redis
from celery import Celery
from celery.signals import worker_process_init

import capauth
from capauth.redis import SessionStore

app = Celery("backend_celery", broker="redis://127.0.0.1:6379/0", backend="redis://127.0.0.1:6379/0")
customers = None


@worker_process_init.connect
def after_the_fork(**_):
    global customers
    client = capauth.Client(base_url="http://127.0.0.1:8080")  # one for each process
    customers = SessionStore(redis.Redis(port=6379), client)


@app.task(bind=True)
def profile(self, session):
    """`session` is the name under which the web backend has saved the customer."""
    try:
        with customers.session(session) as customer:
            return customer.gateway("GET", "customer/get").json()
    except capauth.Error as error:
        if error.retryable:  # only then does calling again do no harm
            raise self.retry(exc=error, countdown=error.retry_after or 1) from error
        raise
