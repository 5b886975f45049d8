"""Asks a Keyseal server whether a license key is valid, and believes only what a key that you trust has signed.

Needs Python 3.8 and `cryptography` (pip install cryptography).

    python3 check_license.py URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem [GLOBAL_KEY.pem]

Exit code 0: valid. 1: refused. 2: nothing that can be trusted was answered.
"""

import base64
import http.client
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

TOLERANCE = 300  # seconds between the server's clock and this one


class NotTrustworthy(Exception):
    """Nothing that can be trusted was answered: neither a yes nor a no."""


def check_license(url, api_key, license_key, identifier, public_keys):
    """Gives the code and the message that the server signed: 200 is valid, everything else is a refusal.

    public_keys: PEM texts. The first is the key that signs for your product, and no other makes a license valid. A second one,
    the server's global key, is believed when it refuses: it signs what concerns no product, such as an unknown license key.
    """
    reply = parse(post(url.rstrip("/") + "/api/v1/verify", {
        "api_key": api_key, "license_key": license_key, "identifier": identifier,
    }))
    signed, signature = reply.get("response_base64"), reply.get("signature")
    if not isinstance(signed, str) or not isinstance(signature, str):
        raise NotTrustworthy("the answer is no signed envelope")

    # The signed bytes are the text of response_base64. They are decoded after they are verified, and "response" is never read.
    signer = next((i for i, pem in enumerate(public_keys) if verifies(pem, signed, signature)), None)
    if signer is None:
        raise NotTrustworthy("signed by no key that is trusted here")
    response = parse(base64.b64decode(signed))
    code, message, timestamp = str(response.get("code")), response.get("message"), response.get("timestamp")
    if not isinstance(message, str) or not isinstance(timestamp, int):
        raise NotTrustworthy("the signed text is no answer")

    # An old answer is signed as well as a new one.
    age = int(time.time()) - timestamp
    if abs(age) > TOLERANCE:
        raise NotTrustworthy(f"the answer is {age} seconds old")
    # The global key signs "valid" for products without a key of their own: no answer for this one.
    if code == "200" and signer != 0:
        raise NotTrustworthy("valid, but for another product")
    return code, message


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def post(url, fields):
    opener = urllib.request.build_opener(NoRedirects)
    try:
        with opener.open(url, urllib.parse.urlencode(fields).encode(), timeout=10) as answer:
            return answer.read(1_000_000)
    except urllib.error.HTTPError as answer:
        # 401 and 403 carry signed refusals where the server runs with --http-status documented.
        if answer.code not in (401, 403):
            raise NotTrustworthy(f"HTTP {answer.code}") from None
        return answer.read(1_000_000)
    except (OSError, http.client.HTTPException) as error:
        raise NotTrustworthy(f"no answer from {url}: {error}") from None


def parse(text):
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise NotTrustworthy("the answer is no JSON object")
    return value


def verifies(pem, signed, signature):
    key = serialization.load_pem_public_key(pem.encode())
    try:
        key.verify(base64.b64decode(signature, validate=True), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def main():
    if len(sys.argv) not in (6, 7):
        sys.exit(print(__doc__, file=sys.stderr) or 2)
    try:
        # In your product the keys are constants of the program: whoever can change them can sell your licenses.
        keys = [open(path, encoding="ascii").read() for path in sys.argv[5:]]
        code, message = check_license(*sys.argv[1:5], keys)
    except Exception as reason:  # Python's own code for what is not caught is 1, which means refused here
        print(f"not trustworthy: {reason}", file=sys.stderr)
        sys.exit(2)
    if code == "200":
        print("valid")
    else:
        print(f"refused: {code} {message}")
        sys.exit(1)


if __name__ == "__main__":
    main()
