"""Security configurations: named, immutable JSON documents whose grammar is checked when they are made.

Page: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html
"""

from __future__ import annotations

import json
from typing import cast

from emrkit_facts import security_grammar

from .context import Core, Scope
from .errors import invalid_request
from .paging import page
from .reading import Document, instant, present, text, word

_KIND = "security-configuration"


def create(core: Core, scope: Scope, request: Document) -> Document:
    """CreateSecurityConfiguration."""
    name, text_of = word(request, "Name"), word(request, "SecurityConfiguration")
    if not name.strip():
        raise invalid_request("The name of a security configuration must not be empty.")
    try:
        document: object = json.loads(text_of)
    except ValueError as error:
        raise invalid_request(f"The security configuration is not valid JSON: {error}.") from None
    if problems := check(document):
        raise invalid_request("The security configuration is not valid: " + "; ".join(problems) + ".")
    with core.state.lock:
        if name in core.state.store.entries(_KIND, scope.key):
            raise invalid_request(f"SecurityConfiguration with name '{name}' already exists.")
        now = core.state.clock.now()
        body = json.dumps({"CreationDateTime": now, "SecurityConfiguration": text_of})
        core.state.store.put_entry(_KIND, scope.key, name, body)
    return {"Name": name, "CreationDateTime": now}


def describe(core: Core, scope: Scope, request: Document) -> Document:
    """DescribeSecurityConfiguration."""
    name = word(request, "Name")
    entry = _entry(core, scope, name)
    if entry is None:
        raise _unknown(name)
    return {
        "Name": name,
        "SecurityConfiguration": word(entry, "SecurityConfiguration"),
        "CreationDateTime": instant(entry, "CreationDateTime") or 0.0,
    }


def delete(core: Core, scope: Scope, request: Document) -> Document:
    """DeleteSecurityConfiguration; running clusters keep what they were made with."""
    name = word(request, "Name")
    with core.state.lock:
        if name not in core.state.store.entries(_KIND, scope.key):
            raise _unknown(name)
        core.state.store.delete_entry(_KIND, scope.key, name)
    return {}


def list_all(core: Core, scope: Scope, request: Document) -> Document:
    """ListSecurityConfigurations."""
    with core.state.lock:
        found = core.state.store.entries(_KIND, scope.key)
    size = core.state.settings.page_size
    names, marker = page(list(found), lambda n: n, text(request, "Marker"), size, lambda _: True)
    listed = [{"Name": n, "CreationDateTime": json.loads(found[n])["CreationDateTime"]} for n in names]
    return present(SecurityConfigurations=listed, Marker=marker)


def find(core: Core, scope: Scope, name: str) -> Document | None:
    """The parsed document of this name, or None."""
    entry = _entry(core, scope, name)
    return None if entry is None else cast("Document", json.loads(word(entry, "SecurityConfiguration")))


def parts_in_force(document: Document) -> dict[str, str]:
    """What the document switches on, by a short key, in words."""
    encryption = _object(document, "EncryptionConfiguration")
    authentication = _object(document, "AuthenticationConfiguration")
    found: dict[str, str] = {}
    if _true(encryption, "EnableInTransitEncryption"):
        found["in-transit"] = "in-transit encryption"
    if _true(encryption, "EnableAtRestEncryption"):
        found["at-rest"] = "at-rest encryption"
    if "KerberosConfiguration" in authentication:
        found["kerberos"] = "Kerberos"
    if "LDAPConfiguration" in authentication:
        found["ldap"] = "LDAP"
    if "AuthorizationConfiguration" in document:
        found["authorization"] = "authorization"
    if "InstanceMetadataServiceConfiguration" in document:
        found["imds"] = "instance metadata service options"
    return found


def check(document: object) -> list[str]:
    """Every problem of a security configuration document; empty when EMR would take it."""
    if not isinstance(document, dict):
        return ["it must be a JSON object"]
    blocks = cast("Document", _plain(cast("Document", document)))
    problems = [f"unknown block {key!r}" for key in blocks if key not in security_grammar.blocks()]
    if not blocks:
        problems.append("it is empty")
    problems += [f"{key} must be an object" for key, value in blocks.items() if not isinstance(value, dict)]
    return [*problems, *security_grammar.problems(blocks)]


def _plain(node: object) -> object:
    """EMR also takes the words for true and false."""
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in cast("Document", node).items()}
    if isinstance(node, list):
        return [_plain(item) for item in cast("list[object]", node)]
    return {"true": True, "false": False}.get(node, node) if isinstance(node, str) else node


def _object(source: Document, key: str) -> Document:
    value = source.get(key)
    return cast("Document", value) if isinstance(value, dict) else {}


def _true(source: Document, key: str) -> bool:
    return source.get(key) in (True, "true")


def _entry(core: Core, scope: Scope, name: str) -> Document | None:
    with core.state.lock:
        body = core.state.store.entries(_KIND, scope.key).get(name)
    return None if body is None else cast("Document", json.loads(body))


def _unknown(name: str) -> Exception:
    return invalid_request(f"Security configuration with name '{name}' does not exist.")
