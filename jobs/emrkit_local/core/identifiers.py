"""Ids in EMR's forms: random ones for what is created, derived ones for what a cluster implies."""

from __future__ import annotations

import hashlib
import secrets
import string

_ALPHABET = string.ascii_uppercase + string.digits


def new_id(prefix: str) -> str:
    """`j-…`, `s-…`, `if-…`, `ig-…` with 13 upper-case letters and digits. Example: `new_id("j")`."""
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _ in range(13))


def derived_id(prefix: str, *seed: object) -> str:
    """The same form as `new_id`, but always the same for the same seed."""
    value = int.from_bytes(_digest(*seed))
    letters: list[str] = []
    for _ in range(13):
        value, rest = divmod(value, len(_ALPHABET))
        letters.append(_ALPHABET[rest])
    return f"{prefix}-" + "".join(letters)


def ec2_instance_id(*seed: object) -> str:
    """`i-` and 17 hexadecimal digits, derived from the seed."""
    return "i-" + _digest(*seed).hex()[:17]


def private_address(*seed: object) -> str:
    """An address in 10.0.0.0/8, derived from the seed."""
    a, b, c = _digest(*seed)[:3]
    return f"10.{a}.{b}.{c % 250 + 4}"


def private_dns_name(address: str, region: str) -> str:
    """The name that EC2 gives an address in this Region."""
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{address.replace('.', '-')}.{domain}"


def _digest(*seed: object) -> bytes:
    return hashlib.sha256("/".join(str(s) for s in seed).encode()).digest()
