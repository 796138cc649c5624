"""Certificates as the emulator does not make them, by the program openssl."""

import pathlib
import ssl
import subprocess

CONFIGURATION = """
[ca]
default_ca = this
[this]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""
KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl(*arguments, given=None):
    done = subprocess.run(["openssl", *map(str, arguments)], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class Certificate:
    def __init__(self, file, key):
        self.file, self.key = file, key

    def server(self, **settings):
        """What a server needs to show it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        for name, value in settings.items():
            setattr(context, name, value)
        return context

    def pin(self):
        """Its public key, as curl writes it."""
        public = openssl("x509", "-in", self.file, "-pubkey", "-noout")
        digest = openssl("dgst", "-sha256", "-binary", given=openssl("pkey", "-pubin", "-outform", "der", given=public))
        return "sha256//" + openssl("base64", given=digest).decode().strip()


class Authority:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.file = self.folder / "ca.pem"
        (self.folder / "index").touch()
        (self.folder / "serial").write_text("01\n")
        (self.folder / "configuration").write_text(CONFIGURATION.format(folder=self.folder))
        self.self_signed("ca", "basicConstraints=critical,CA:true")

    def self_signed(self, name, extension="subjectAltName=IP:127.0.0.1"):
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        openssl("req", "-x509", *KEY, "-subj", f"/CN={name}", "-addext", extension, "-days", 2,
                "-keyout", made.key, "-out", made.file)  # fmt: skip
        return made

    def issue(self, name, host="IP:127.0.0.1", begin="20200101000000Z", end="20491231000000Z"):
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request = self.folder / f"{name}.csr"
        openssl("req", "-new", *KEY, "-subj", f"/CN={name}", "-addext", f"subjectAltName={host}",
                "-keyout", made.key, "-out", request)  # fmt: skip
        openssl("ca", "-batch", "-notext", "-config", self.folder / "configuration", "-in", request, "-out", made.file,
                "-startdate", begin, "-enddate", end)  # fmt: skip
        return made
