"""Tokens (RFC 7519), signed messages (RFC 7515) and keys (RFC 7517) with PyJWT and cryptography.

Nobody imports this package at start-up: `simulator.signing` loads it with the first token or signature.
"""

from .keys import make_key, public_jwks
from .messages import kid_of, open_compact, sign_compact, sign_detached, verify_compact, verify_detached
from .public_keys import read_public_keys
from .tokens import check_token, issue_token

__all__ = [
    "check_token", "issue_token", "kid_of", "make_key", "open_compact", "public_jwks", "read_public_keys",
    "sign_compact", "sign_detached", "verify_compact", "verify_detached",
]
