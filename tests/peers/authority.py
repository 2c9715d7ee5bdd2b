"""A certificate authority that a case makes for itself, by openssl, and TLS clients."""
import ssl

# What the strictest of clients wants to see in a certificate.
EXTENSIONS = """
subjectAltName = DNS:localhost
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


class Authority:
    """`path` is its certificate, `server` a certificate and key in one file for localhost."""

    def __init__(self, stage):
        self.stage = stage
        self.openssl = stage.need("openssl")
        self.path = stage.new_path("authority")
        self.key = stage.new_path("key")
        self.request("authority", self.key, self.path, "-x509", "-days", "2",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.extensions = stage.write("extensions", EXTENSIONS)
        self.server = self.issue("localhost")

    def request(self, name, key, out, *options):
        """A new key, and a request for a certificate, or with -x509 the certificate."""
        self.stage.run(self.openssl, "req", "-nodes", "-newkey", "ec", "-pkeyopt",
                       "ec_paramgen_curve:prime256v1", "-subj", f"/CN={name}", "-keyout", key,
                       "-out", out, *options)

    def issue(self, name):
        """A certificate with its key, in one file."""
        request, both = self.stage.new_path("request"), self.stage.new_path("certificate")
        key = self.stage.new_path("key")
        self.request(name, key, request)
        self.stage.run(self.openssl, "x509", "-req", "-days", "2", "-extfile", self.extensions,
                       "-CA", self.path, "-CAkey", self.key, "-CAcreateserial",
                       "-in", request, "-out", both)
        both.write_text(both.read_text() + key.read_text())
        return both

    def connect(self, place, certificate=None):
        """A client of TLS, from an address that only it has."""
        return tls_client(tls_context(self, certificate), self.stage.connect(place, "127.0.0.5"))


def tls_context(authority, certificate=None, version=ssl.TLSVersion.TLSv1_3):
    """For clients that verify the server, and show the certificate if there is one."""
    context = ssl.create_default_context(cafile=authority.path)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.minimum_version = context.maximum_version = version
    if certificate:
        context.load_cert_chain(certificate)
    return context


def tls_client(context, connection, session=None):
    return context.wrap_socket(connection, server_hostname="localhost", session=session)
