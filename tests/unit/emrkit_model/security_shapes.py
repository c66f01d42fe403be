"""Security configurations of every shape: what each part can say, said at least once."""

from __future__ import annotations

from collections.abc import Mapping

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:kept-AbCdEf"
ROLE = "arn:aws:iam::111122223333:role/analysts"
PROVIDER = {"jar": "s3://jars/keys.jar", "class_name": "com.example.S3Keys"}
DISK_PROVIDER = {"jar": "arn:aws:s3:::jars/keys.jar", "class_name": "com.example.DiskKeys"}
TLS: Mapping[str, object] = {"in_transit": {"kind": "emr-managed"}}
TRUST = {"realm": "AD.EXAMPLE.COM", "domain": "ad.example.com", "admin_server": "ad:749", "kdc_server": "ad:88"}
LDAP: Mapping[str, object] = {
    "server_url": "ldaps://ldap.example.com",
    "bind_certificate": SECRET,
    "access_filter": "(objectClass=person)",
    "user_search_base": "ou=people,dc=example,dc=com",
    "group_search_base": "ou=groups,dc=example,dc=com",
}
RANGER: Mapping[str, object] = {
    "admin_url": "https://ranger.example.com:6182",
    "admin_secret": SECRET,
    "plugins_role": ROLE,
    "other_services_role": ROLE,
    "plugins": [
        {"application": name, "client_secret": SECRET, "repository": f"amazonemr{name.lower()}"}
        for name in ("Spark", "Hive", "EMRFS-S3", "Trino")
    ],
}
DEDICATED: Mapping[str, object] = {"kind": "cluster-dedicated", "realm": "EC2.INTERNAL", "kdc_admin_password": SECRET}
EXTERNAL: Mapping[str, object] = {
    "kind": "external",
    "realm": "EC2.INTERNAL",
    "kdc_admin_password": SECRET,
    "admin_server": "kdc:749",
    "kdc_server": "kdc:88",
}
JOIN: Mapping[str, object] = {"join_user": "joiner", "join_password": SECRET}

SHAPES: Mapping[str, Mapping[str, object]] = {
    "metadata alone": {},
    "metadata of both versions": {"imds": {"version": 1, "hop_limit": 2}},
    "nothing is encrypted": {"encryption": {}},
    "SSE-S3": {"encryption": {"at_rest": {"s3_mode": "SSE-S3"}}},
    "SSE-KMS": {"encryption": {"at_rest": {"s3_mode": "SSE-KMS", "s3_key": KEY}}},
    "CSE-KMS": {"encryption": {"at_rest": {"s3_mode": "CSE-KMS", "s3_key": KEY}}},
    "CSE-Custom": {"encryption": {"at_rest": {"s3_mode": "CSE-Custom", "s3_provider": PROVIDER}}},
    "overrides of each mode": {
        "encryption": {
            "at_rest": {
                "s3_overrides": [
                    {"bucket": "one", "mode": "SSE-S3"},
                    {"bucket": "two", "mode": "SSE-KMS", "key": KEY},
                    {"bucket": "three", "mode": "CSE-KMS", "key": KEY},
                    {"bucket": "four", "mode": "CSE-Custom", "provider": PROVIDER},
                ]
            }
        }
    },
    "disks with native EBS encryption": {"encryption": {"at_rest": {"s3_mode": None, "disk_key": KEY}}},
    "disks with LUKS": {"encryption": {"at_rest": {"disk_key": KEY, "ebs": False}}},
    "disks with keys of a class": {
        "encryption": {
            "at_rest": {"s3_mode": "CSE-Custom", "s3_provider": PROVIDER, "disk_provider": DISK_PROVIDER},
        }
    },
    "everything with one key": {
        "encryption": {"at_rest": {"s3_mode": "SSE-KMS", "s3_key": KEY, "disk_key": KEY}, **TLS},
    },
    "certificates of EMR, all options": {
        "encryption": {
            "in_transit": {
                "kind": "emr-managed",
                "key": KEY,
                "secret_tags": {"team": "data"},
                "validity_days": 365,
                "wildcard_dns_suffix": "example.internal",
            }
        }
    },
    "certificates in a zip": {"encryption": {"in_transit": {"kind": "pem", "location": "s3://certificates/all.zip"}}},
    "certificates of a class": {
        "encryption": {
            "in_transit": {"kind": "custom", "location": "s3://jars/tls.jar", "class_name": "com.example.Tls"},
        }
    },
    "write-ahead log with the service's key": {"encryption": {"wal": {}}},
    "write-ahead log with a key": {"encryption": {"wal": {"key": KEY}}},
    "a KDC on the cluster": {"kerberos": {**DEDICATED, "ticket_lifetime": "10h"}},
    "a trust between realms": {"kerberos": {**DEDICATED, "trust": TRUST, "trust_password": SECRET, **JOIN}},
    "an external KDC": {"kerberos": EXTERNAL},
    "an external KDC with Active Directory": {
        "kerberos": {
            **EXTERNAL,
            "active_directory": {"realm": "AD.EXAMPLE.COM", "domain": "ad.example.com", "server": "dc.ad.example.com"},
            **JOIN,
        }
    },
    "LDAP": {"encryption": TLS, "ldap": LDAP},
    "LDAP with everything": {
        "encryption": TLS,
        "ldap": {
            **LDAP,
            "bind_credentials": SECRET,
            "ssh_login": True,
            "server_type": "ActiveDirectory",
            "ad_domain": "example.com",
        },
    },
    "Identity Center": {
        "encryption": TLS,
        "identity_center": {
            "instance": "arn:aws:sso:::instance/ssoins-1",
            "role": ROLE,
            "assignment_required": True,
            "assignment_key": "IdentityCenterApplicationAssigmentRequired",
        },
    },
    "role mappings of each kind": {
        "role_mappings": [
            {"role": ROLE, "kind": "User", "identifiers": ["ana"]},
            {"role": ROLE, "kind": "Group", "identifiers": ["bi"]},
            {"role": ROLE, "kind": "Prefix", "identifiers": ["s3://bucket/secret/"]},
        ]
    },
    "runtime roles": {"runtime_roles": {}},
    "runtime roles with the source identity": {"runtime_roles": {"propagate_source_identity": True}},
    "Lake Formation": {"encryption": TLS, "runtime_roles": {}, "lake_formation": {"enabled": True}},
    "Ranger with Kerberos": {
        "kerberos": DEDICATED,
        "ranger": {**RANGER, "audit_log_group": "arn:aws:logs:eu-west-1:111122223333:log-group:audit:*"},
    },
    "Ranger with LDAP": {"encryption": TLS, "ldap": LDAP, "ranger": RANGER},
}
