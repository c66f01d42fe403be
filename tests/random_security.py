"""Random security configurations, valid by construction on their release and beside their nodes and applications."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from tests.random_ground import ACCOUNT, NAMES, REGION, TEXTS, Ground, Plain, composite, keys, pick, role, secret

__all__ = ["encryptions", "kerberos", "security_configurations"]

_KEYED = ("SSE-KMS", "CSE-KMS")
_JARS = st.sampled_from(["s3://jars/keys.jar", "arn:aws:s3:::jars/keys.jar"])
_CENTER_KEYS = ("IdentityCenterApplicationAssigmentRequired", "IdentityCenterApplicationAssignmentRequired")
_ROLES = NAMES.map(role)


@cache
def _provider(name: str) -> st.SearchStrategy[Plain]:
    return st.fixed_dictionaries({"jar": _JARS, "class_name": st.just(f"com.example.{name}")})


@composite
def _override(draw: st.DrawFn) -> Plain:
    mode = draw(st.sampled_from(["SSE-S3", *_KEYED, "CSE-Custom"]))
    found: Plain = {"bucket": draw(NAMES.map(lambda name: f"bucket-{name}")), "mode": mode}
    if mode in _KEYED:
        found["key"] = draw(keys())
    elif mode == "CSE-Custom":
        found["provider"] = draw(_provider("OverrideKeys"))
    return found


@composite
def _at_rest(draw: st.DrawFn) -> Plain:
    disk = draw(st.sampled_from(["key", "key", "key", "provider", None]))
    modes = ["SSE-S3", *_KEYED, *_KEYED, *_KEYED, "CSE-Custom", *([None] if disk else [])]
    found: Plain = {"s3_mode": draw(st.sampled_from(modes))}
    if found["s3_mode"] in _KEYED:
        found["s3_key"] = draw(keys())
    elif found["s3_mode"] == "CSE-Custom":
        found["s3_provider"] = draw(_provider("S3Keys"))
    if found["s3_mode"] is not None and draw(st.booleans()):
        found["s3_overrides"] = draw(st.lists(_override(), max_size=3, unique_by=lambda item: item["bucket"]))
    if disk == "key":
        found |= {"disk_key": draw(keys()), **pick(draw, {"ebs": st.sampled_from([True, True, False])})}
    elif disk == "provider":
        found["disk_provider"] = draw(_provider("DiskKeys"))
    return found


@composite
def _in_transit(draw: st.DrawFn, ground: Ground) -> Plain:
    managed = ["emr-managed"] * 2 if ground.admits("emr-managed-tls") else []
    kind = draw(st.sampled_from(["pem", "custom", *managed]))
    if kind == "pem":
        return {"kind": kind, "location": "s3://certificates/bundle.zip"}
    if kind == "custom":
        return {"kind": kind, "location": "s3://certificates/bundle.jar", "class_name": "com.example.Certificates"}
    fields = {
        "key": keys(),
        "secret_tags": st.dictionaries(NAMES, TEXTS, min_size=1, max_size=2),
        "validity_days": st.integers(1, 7300),
        "wildcard_dns_suffix": st.just("example.com"),
        "kind": st.just(kind),
    }
    return pick(draw, fields)


@composite
def encryptions(draw: st.DrawFn, ground: Ground, *, in_transit: bool) -> Plain:
    """Encryption; with `in_transit` of traffic at any rate."""
    found: Plain = {}
    if draw(st.sampled_from([True, True, True, False])):
        found["at_rest"] = draw(_at_rest())
    if in_transit or draw(st.sampled_from([True, True, False])):
        found["in_transit"] = draw(_in_transit(ground))
    if ground.admits("emr-wal") and draw(st.booleans()):
        found["wal"] = pick(draw, {"key": keys()})
    return found


@composite
def kerberos(draw: st.DrawFn, ground: Ground) -> Plain:
    """A realm whose passwords are named; three primary nodes have no KDC among them."""
    kinds = ["external"] if ground.three else ["external", "cluster-dedicated"]
    kind = draw(st.sampled_from(kinds))
    found: Plain = {"kind": kind, "realm": "EC2.INTERNAL", "kdc_admin_password": draw(_passwords("kdc"))}
    found |= pick(draw, {"ticket_lifetime": st.integers(1, 48).map(lambda hours: hours * 3600)})
    directory = draw(st.booleans())
    if kind == "external":
        found |= {"admin_server": "kdc.example.com:749", "kdc_server": "kdc.example.com:88"}
        if directory:
            where = {"realm": st.just("AD.EXAMPLE.COM"), "domain": st.just("ad.example.com")}
            found["active_directory"] = pick(draw, {"server": st.just("dc.ad.example.com")}, **where)
    elif directory:
        found["trust"] = {
            "realm": "AD.EXAMPLE.COM",
            "domain": "ad.example.com",
            "admin_server": "ad.example.com:749",
            "kdc_server": "ad.example.com:88",
        }
        found["trust_password"] = draw(_passwords("trust"))
    if directory and draw(st.booleans()):
        found |= {
            "join_user": draw(st.one_of(st.just("joiner"), st.just(secret("joiner")))),
            "join_password": draw(_passwords("join")),
        }
    return found


@cache
def _passwords(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([secret(name), f"{{{{resolve:secretsmanager:{secret(name)}:SecretString:password::}}}}"])


@composite
def _ldap(draw: st.DrawFn) -> Plain:
    found: Plain = {
        "server_url": "ldaps://ldap.example.com",
        "bind_certificate": secret("ldap-certificate"),
        "access_filter": "(objectClass=person)",
        "user_search_base": "ou=people,dc=example,dc=com",
        "group_search_base": "ou=groups,dc=example,dc=com",
    }
    if draw(st.booleans()):
        found |= {"bind_credentials": secret("ldap-bind"), "ssh_login": draw(st.booleans())}
    if draw(st.booleans()):
        found |= {"server_type": "ActiveDirectory", "ad_domain": "ad.example.com"}
    return found


@composite
def _ranger(draw: st.DrawFn, ground: Ground) -> Plain:
    needed = [name for name in ("Spark", "Hive") if ground.has(name)]
    more = draw(st.lists(st.sampled_from(["Spark", "Hive", "EMRFS-S3", "Trino"]), min_size=1, unique=True))
    plugins = [
        {"application": name, "client_secret": secret(f"ranger-{name}"), "repository": f"amazonemr{name.lower()}"}
        for name in dict.fromkeys([*needed, *more])
    ]
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:ranger"
    return {
        "admin_url": "https://ranger.example.com:6182",
        "admin_secret": secret("ranger-admin"),
        "plugins_role": draw(_ROLES),
        "other_services_role": draw(_ROLES),
        "plugins": plugins,
        **pick(draw, {"audit_log_group": st.just(group)}),
    }


@composite
def _identity_center(draw: st.DrawFn) -> Plain:
    found: Plain = pick(draw, {"instance": st.just("arn:aws:sso:::instance/ssoins-1234567890abcdef"), "role": _ROLES})
    if draw(st.booleans()):
        found |= {"assignment_required": draw(st.booleans()), "assignment_key": draw(st.sampled_from(_CENTER_KEYS))}
    return found


@composite
def _mapping(draw: st.DrawFn) -> Plain:
    kind = draw(st.sampled_from(["User", "Group", "Prefix"]))
    names = NAMES.map(lambda name: f"s3://{name}/data") if kind == "Prefix" else NAMES
    identifiers = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    return {"role": draw(_ROLES), "kind": kind, "identifiers": identifiers}


@composite
def _imds(draw: st.DrawFn, ground: Ground) -> Plain:
    version = draw(st.sampled_from([1, 2, 2, 2] if ground.admits("imds-v2") else [1]))
    if version == 2 and draw(st.booleans()):
        return {}
    if version == 1 and draw(st.booleans()):
        return {"imds": None}
    return {"imds": {"version": version, **pick(draw, {"hop_limit": st.integers(1, 64)})}}


@composite
def security_configurations(draw: st.DrawFn, ground: Ground) -> Plain:
    """A security configuration in its parts, each where release, nodes and the other parts allow it."""
    found: Plain = {}
    who = draw(st.sampled_from([None, None, "kerberos", "ldap"]))
    if who == "kerberos":
        found["kerberos"] = draw(kerberos(ground))
    elif who == "ldap":
        found["ldap"] = draw(_ldap())
    agent = ground.has("AmazonCloudWatchAgent") and not ground.admits("runtime-roles-agent")
    alone = not ground.three and who != "ldap"
    if alone and not agent and ground.admits("runtime-roles") and draw(st.booleans()):
        found["runtime_roles"] = pick(draw, {"propagate_source_identity": st.booleans()})
    center = "identity-center-runtime-roles" if "runtime_roles" in found else "identity-center"
    if not ground.three and ground.admits(center) and draw(st.booleans()):
        found["identity_center"] = draw(_identity_center())
    if who != "ldap" and ("runtime_roles" in found or "identity_center" in found) and draw(st.booleans()):
        found["lake_formation"] = pick(draw, {"session_tag": TEXTS, "enabled": st.booleans()})
    if who is not None and draw(st.booleans()):
        found["ranger"] = draw(_ranger(ground))
    if ground.admits("role-mappings") and draw(st.booleans()):
        found["role_mappings"] = draw(st.lists(_mapping(), min_size=1, max_size=2))
    needed = who == "ldap" or "identity_center" in found
    if needed or draw(st.sampled_from([True, True, True, False])):
        found["encryption"] = draw(encryptions(ground, in_transit=needed))
    found |= draw(_imds(ground))
    extra = {"LaterConfiguration": {"EnableLater": True, "Names": ["a", "b"]}}
    return found | pick(draw, {"name": NAMES, "extra": st.just(extra)})
