import capauth
from capauth.testing import Emulator

OTHER_KEY = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def attempt(what, **options):
    with capauth.Client(**options) as client:
        try:
            client.prepare()  # connects, and sends nothing
            print(f"{what}: connected")
        except capauth.TlsError as error:  # says why, and which store was used; do not repeat it
            print(f"{what}: {error.message}")


with Emulator() as emulator:  # a server with an authority of its own
    attempt("the system's authorities", base_url=emulator.url)
    attempt("its own authority", base_url=emulator.url, ca_file=emulator.ca_file)
    attempt("and a pin of another key", base_url=emulator.url, ca_file=emulator.ca_file, pinned_keys=OTHER_KEY)
