"""Security configurations: named, immutable JSON documents whose grammar is checked when they are made.

Page: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import cast

from .context import Core, Scope
from .errors import invalid_request
from .paging import page
from .reading import Document, instant, present, text, word

_KIND = "security-configuration"
_BLOCKS = (
    "EncryptionConfiguration",
    "AuthenticationConfiguration",
    "AuthorizationConfiguration",
    "InstanceMetadataServiceConfiguration",
)


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
    blocks = cast("Document", document)
    problems = [f"unknown block {key!r}" for key in blocks if key not in _BLOCKS]
    if not blocks:
        problems.append("it is empty")
    for key, value in blocks.items():
        if key in _BLOCKS and not isinstance(value, dict):
            problems.append(f"{key} must be an object")
    for key, checker in _CHECKERS.items():
        if key in blocks and isinstance(blocks[key], dict):
            problems += checker(cast("Document", blocks[key]))
    return problems


def _check_encryption(block: Document) -> list[str]:
    problems: list[str] = []
    for key in ("EnableInTransitEncryption", "EnableAtRestEncryption"):
        if key not in block:
            problems.append(f"EncryptionConfiguration must say {key}")
        elif block[key] not in (True, False, "true", "false"):
            problems.append(f"{key} must be true or false")
    if _true(block, "EnableInTransitEncryption"):
        problems += _check_in_transit(_object(block, "InTransitEncryptionConfiguration"))
    if _true(block, "EnableAtRestEncryption"):
        problems += _check_at_rest(_object(block, "AtRestEncryptionConfiguration"))
    return problems


def _check_in_transit(block: Document) -> list[str]:
    problems: list[str] = []
    tls = _object(block, "TLSCertificateConfiguration")
    kind = _one_of(tls, "CertificateProviderType", ("EMR", "PEM", "Custom"), problems)
    if kind in ("PEM", "Custom"):
        _need(tls, "S3Object", problems, f"the {kind} certificate provider")
    if kind == "Custom":
        _need(tls, "CertificateProviderClass", problems, "the Custom certificate provider")
    return problems


def _check_at_rest(block: Document) -> list[str]:
    problems: list[str] = []
    s3, disk = _object(block, "S3EncryptionConfiguration"), _object(block, "LocalDiskEncryptionConfiguration")
    if not s3 and not disk:
        problems.append("at-rest encryption is on, so S3 or local disk encryption must be configured")
    if s3:
        problems += _check_s3(s3)
    if disk:
        kind = _one_of(disk, "EncryptionKeyProviderType", ("AwsKms", "Custom"), problems)
        if kind == "AwsKms":
            _need(disk, "AwsKmsKey", problems, "local disk encryption with AwsKms")
        if kind == "Custom":
            _need(disk, "S3Object", problems, "local disk encryption with Custom")
            _need(disk, "EncryptionKeyProviderClass", problems, "local disk encryption with Custom")
        if _true(disk, "EnableEbsEncryption") and kind == "Custom":
            problems.append("EnableEbsEncryption needs the key provider AwsKms")
    return problems


def _check_s3(s3: Document) -> list[str]:
    problems: list[str] = []
    mode = _one_of(s3, "EncryptionMode", ("SSE-S3", "SSE-KMS", "CSE-KMS", "CSE-Custom"), problems)
    if mode in ("SSE-KMS", "CSE-KMS"):
        _need(s3, "AwsKmsKey", problems, mode)
    if mode == "CSE-Custom":
        _need(s3, "S3Object", problems, mode)
        _need(s3, "EncryptionKeyProviderClass", problems, mode)
    return problems


def _check_authentication(block: Document) -> list[str]:
    problems: list[str] = []
    if "KerberosConfiguration" in block and "LDAPConfiguration" in block:
        problems.append("KerberosConfiguration and LDAPConfiguration are mutually exclusive")
    if "KerberosConfiguration" in block:
        kerberos = _object(block, "KerberosConfiguration")
        provider = _one_of(kerberos, "Provider", ("ClusterDedicatedKdc", "ExternalKdc"), problems)
        if provider:
            settings = f"{provider}Configuration"
            _need(kerberos, settings, problems, f"the provider {provider}")
            if provider == "ExternalKdc":
                for key in ("AdminServer", "KdcServer"):
                    _need(_object(kerberos, settings), key, problems, "an external KDC")
            trust = _object(_object(kerberos, settings), "CrossRealmTrustConfiguration")
            for key in ("Realm", "Domain", "AdminServer", "KdcServer") if trust else ():
                _need(trust, key, problems, "a cross-realm trust")
    if "LDAPConfiguration" in block:
        ldap = _object(block, "LDAPConfiguration")
        for key in ("LDAPServerURL", "BindCertificateARN", "LDAPAccessFilter", "LDAPUserSearchBase"):
            _need(ldap, key, problems, "LDAP")
    return problems


def _check_authorization(block: Document) -> list[str]:
    problems: list[str] = []
    known = ("EmrFsConfiguration", "IAMConfiguration", "LakeFormationConfiguration", "RangerConfiguration")
    problems += [f"unknown member AuthorizationConfiguration.{key}" for key in block if key not in known]
    mappings = _object(block, "EmrFsConfiguration").get("RoleMappings") or []
    for mapping in cast("list[Document]", mappings) if isinstance(mappings, list) else []:
        _need(mapping, "Role", problems, "a role mapping")
        _one_of(mapping, "IdentifierType", ("User", "Group", "Prefix"), problems)
        _need(mapping, "Identifiers", problems, "a role mapping")
    return problems


def _check_metadata_service(block: Document) -> list[str]:
    problems: list[str] = []
    if block.get("MinimumInstanceMetadataServiceVersion") not in (1, 2):
        problems.append("MinimumInstanceMetadataServiceVersion must be 1 or 2")
    limit = block.get("HttpPutResponseHopLimit")
    if limit is not None and (not isinstance(limit, int) or not 1 <= limit <= 64):
        problems.append("HttpPutResponseHopLimit must lie between 1 and 64")
    return problems


_CHECKERS: dict[str, Callable[[Document], list[str]]] = {
    "EncryptionConfiguration": _check_encryption,
    "AuthenticationConfiguration": _check_authentication,
    "AuthorizationConfiguration": _check_authorization,
    "InstanceMetadataServiceConfiguration": _check_metadata_service,
}


def _object(source: Document, key: str) -> Document:
    value = source.get(key)
    return cast("Document", value) if isinstance(value, dict) else {}


def _true(source: Document, key: str) -> bool:
    return source.get(key) in (True, "true")


def _need(source: Document, key: str, problems: list[str], who: str) -> None:
    if source.get(key) in (None, "") or (key == "Identifiers" and not source[key]):
        problems.append(f"{who} needs {key}")


def _one_of(source: Document, key: str, allowed: tuple[str, ...], problems: list[str]) -> str:
    value = source.get(key)
    if value not in allowed:
        problems.append(f"{key} must be one of {', '.join(allowed)}")
        return ""
    return str(value)


def _entry(core: Core, scope: Scope, name: str) -> Document | None:
    with core.state.lock:
        body = core.state.store.entries(_KIND, scope.key).get(name)
    return None if body is None else cast("Document", json.loads(body))


def _unknown(name: str) -> Exception:
    return invalid_request(f"Security configuration with name '{name}' does not exist.")
