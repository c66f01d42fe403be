"""Security configurations as constructs: what stands in the template, what the roles get, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, SecretValue, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template

import emrkit as emr
from emrkit_facts import security_grammar
from emrkit_model.security import SecurityConfiguration as Value
from emrkit_model.values import InvalidModel
from tests import canaries
from tests.synth.assembly import flat
from tests.unit.emrkit_model.security_shapes import SHAPES

RELEASE = "emr-7.12.0"
PRIMARY = emr.InstanceFleet.on_demand("m5.xlarge")
ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:directory-AbCdEf"
ROLE = "arn:aws:iam::111122223333:role/analysts"
TRUST = emr.CrossRealmTrust(realm="AD", domain="ad.example.com", admin_server="ad", kdc_server="ad")


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(App(builtin_cloud_formation_validation=False, outdir=str(tmp_path / "assembly")), "Secure")


def resources(stack: Stack, kind: str) -> dict[str, Any]:
    return Template.from_stack(stack).find_resources(kind)


def document(stack: Stack) -> dict[str, Any]:
    ((_, found),) = resources(stack, "AWS::EMR::SecurityConfiguration").items()
    return found["Properties"]["SecurityConfiguration"]


def cluster(stack: Stack, security: emr.SecurityConfiguration, **more: Any) -> emr.Cluster:
    network = emr.Network(stack, "Network", flow_logs=False)
    return emr.Cluster(stack, "Etl", network=network, security=security, release=RELEASE, primary=PRIMARY, **more)


def statements(stack: Stack, role: str = "Nodes") -> list[dict[str, Any]]:
    return [
        statement
        for name, found in resources(stack, "AWS::IAM::Role").items()
        if role in name
        for policy in found["Properties"].get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
    ]


# ---- the document


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_reaches_the_template_as_the_model_wrote_it(stack: Stack, shape: str) -> None:
    """Empty objects too, which carry a meaning here: CloudFormation's own tools like to drop them."""
    value = Value.parse(SHAPES[shape])
    emr.SecurityConfiguration.from_model(stack, "Security", value)
    assert document(stack) == value.document()


def test_every_argument_reaches_the_document(stack: Stack) -> None:
    kerberos = emr.Kerberos.cluster_dedicated(realm="R")
    emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(in_transit=emr.InTransit.emr_managed()),
        kerberos=kerberos,
        identity_center=emr.IdentityCenter(),
        role_mappings=[emr.RoleMapping.groups(ROLE, "bi")],
        runtime_roles=emr.RuntimeRoles(),
        lake_formation=emr.LakeFormation(),
        imds=emr.Imds.v2_only(hop_limit=2),
        extra={"LaterConfiguration": {"A": 1}},
        name="company-wide",
    )
    found = document(stack)
    assert set(found["AuthenticationConfiguration"]) == {"KerberosConfiguration", "IdentityCenterConfiguration"}
    assert set(found["AuthorizationConfiguration"]) == {
        "EmrFsConfiguration",
        "IAMConfiguration",
        "LakeFormationConfiguration",
    }
    assert found["InstanceMetadataServiceConfiguration"]["HttpPutResponseHopLimit"] == 2
    assert found["LaterConfiguration"] == {"A": 1}
    ((_, made),) = resources(stack, "AWS::EMR::SecurityConfiguration").items()
    assert made["Properties"]["Name"] == "company-wide"


def test_keys_buckets_and_secrets_of_the_cdk_are_accepted_everywhere(stack: Stack) -> None:
    key, bucket = kms.Key(stack, "Key"), s3.Bucket(stack, "Bucket")
    secret = secretsmanager.Secret(stack, "Secret")
    emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(
            at_rest=emr.AtRest(
                s3_mode="SSE-KMS",
                s3_key=key,
                disk_key=key,
                s3_overrides=[emr.BucketEncryption(bucket=bucket, mode="SSE-KMS", key=key)],
            ),
            in_transit=emr.InTransit.pem(bucket.s3_url_for_object("certificates.zip")),
            wal=emr.WalEncryption(key=key),
        ),
        ldap=emr.Ldap(
            server_url="ldaps://ldap",
            bind_certificate=secret,
            bind_credentials=secret,
            access_filter="(a=b)",
            user_search_base="u",
            group_search_base="g",
        ),
    )
    found = document(stack)
    assert security_grammar.problems(found) == ()
    tls = found["EncryptionConfiguration"]["InTransitEncryptionConfiguration"]["TLSCertificateConfiguration"]
    assert flat(tls["S3Object"]).startswith("s3://<Bucket")
    assert "Ref" in found["AuthenticationConfiguration"]["LDAPConfiguration"]["BindCertificateARN"]


# ---- Kerberos


def test_a_password_that_nobody_gave_is_generated_and_only_referred_to(stack: Stack) -> None:
    security = emr.SecurityConfiguration(stack, "Security", kerberos=emr.Kerberos.cluster_dedicated(realm="R"))
    cluster(stack, security)
    ((name, secret),) = resources(stack, "AWS::SecretsManager::Secret").items()
    assert secret["Properties"]["GenerateSecretString"]["PasswordLength"] == 32
    ((_, found),) = resources(stack, "AWS::EMR::Cluster").items()
    password = flat(found["Properties"]["KerberosAttributes"]["KdcAdminPassword"])
    assert password == f"{{{{resolve:secretsmanager:<{name}>:SecretString:::}}}}"


def test_a_trust_and_a_domain_to_join_are_attributes_of_the_cluster_by_reference(stack: Stack) -> None:
    directory = secretsmanager.Secret.from_secret_complete_arn(stack, "Directory", ARN)
    kerberos = emr.Kerberos.cluster_dedicated(
        realm="R",
        kdc_admin_password=emr.SecretField(directory, "kdc"),
        trust=TRUST,
        trust_password=emr.SecretField(directory, "trust"),
        join_user="joiner",
        join_password=emr.SecretField(directory, "join"),
    )
    made = cluster(stack, emr.SecurityConfiguration(stack, "Security", kerberos=kerberos))
    ((_, found),) = resources(stack, "AWS::EMR::Cluster").items()

    def reference(field: str) -> str:
        return f"{{{{resolve:secretsmanager:{ARN}:SecretString:{field}::}}}}"

    assert found["Properties"]["KerberosAttributes"] == {
        "Realm": "R",
        "KdcAdminPassword": reference("kdc"),
        "CrossRealmTrustPrincipalPassword": reference("trust"),
        "ADDomainJoinUser": "joiner",
        "ADDomainJoinPassword": reference("join"),
    }
    contract = made.contract()
    assert contract.kerberos_secret == f"{ARN}#kdc"
    # A dynamic reference in the contract would be resolved by CloudFormation, and the contract is no secret.
    assert "{{resolve" not in contract.model_dump_json()


def test_a_cluster_with_kerberos_and_a_configuration_without_is_refused(stack: Stack) -> None:
    from emrkit_model.cluster import Cluster

    value = Cluster.parse(
        {
            "name": "etl",
            "release": RELEASE,
            "primary": {"on_demand": ["m5.xlarge"]},
            "kerberos": {"realm": "R", "kdc_admin_password": ARN},
        }
    )
    network, security = emr.Network(stack, "Network"), emr.SecurityConfiguration(stack, "Security")
    with pytest.raises(InvalidModel, match="E-SEC-041"):
        emr.Cluster.from_model(stack, "Etl", value, network=network, security=security)
    own = emr.SecurityConfiguration(stack, "Own", kerberos=value.kerberos)
    emr.Cluster.from_model(stack, "Same", value, network=network, security=own)


# ---- one that exists


def test_a_configuration_that_exists_is_named_and_nothing_is_made(stack: Stack) -> None:
    security = emr.SecurityConfiguration.from_security_configuration_name(
        stack, "Security", "company-wide", kerberos=emr.Kerberos(realm="R", kdc_admin_password=ARN)
    )
    cluster(stack, security)
    assert resources(stack, "AWS::EMR::SecurityConfiguration") == {}
    ((_, found),) = resources(stack, "AWS::EMR::Cluster").items()
    assert found["Properties"]["SecurityConfiguration"] == "company-wide"
    assert ARN in found["Properties"]["KerberosAttributes"]["KdcAdminPassword"]


def test_the_realm_of_one_that_exists_needs_its_password(stack: Stack) -> None:
    with pytest.raises(InvalidModel, match="E-SEC-040"):
        emr.SecurityConfiguration.from_security_configuration_name(
            stack, "Security", "company-wide", kerberos=emr.Kerberos(realm="R")
        )


# ---- what the roles get


def test_the_nodes_may_act_as_the_mapped_roles_also_as_one_of_this_stack(stack: Stack) -> None:
    roles = emr.Roles(stack, "Roles")
    mapped = iam.Role(stack, "Mapped", assumed_by=iam.ArnPrincipal(roles.instance_role_arn))
    security = emr.SecurityConfiguration(
        stack, "Security", role_mappings=[emr.RoleMapping.users(mapped, "ana"), emr.RoleMapping.users(ROLE, "ben")]
    )
    cluster(stack, security, roles=roles)
    ((_, policy),) = resources(stack, "AWS::IAM::Policy").items()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRole"
    first, second = statement["Resource"]
    assert flat(first).startswith("<Mapped")
    assert second == ROLE


def test_the_nodes_may_read_what_emr_reads_there(stack: Stack) -> None:
    security = emr.SecurityConfiguration(
        stack,
        "Security",
        encryption=emr.Encryption(in_transit=emr.InTransit.pem("s3://certificates/nodes.zip")),
        ldap=emr.Ldap(
            server_url="ldaps://ldap",
            bind_certificate=ARN,
            access_filter="(a=b)",
            user_search_base="u",
            group_search_base="g",
        ),
    )
    assert [s["Action"] for s in security.required_statements()] == [
        ["s3:GetObject"],
        "secretsmanager:GetSecretValue",
    ]
    cluster(stack, security, applications=[emr.Application.HIVE])
    found = {json.dumps(s["Action"]): s["Resource"] for s in statements(stack)}
    assert [flat(arn) for arn in found['["s3:GetObject"]']] == ["arn:<AWS::Partition>:s3:::certificates/nodes.zip"]
    assert found['"secretsmanager:GetSecretValue"'] == [ARN]


def test_a_key_that_the_cluster_does_not_name_is_granted_to_nodes_and_service(stack: Stack) -> None:
    disks, objects = kms.Key(stack, "Disks"), kms.Key(stack, "Objects")
    at_rest = emr.AtRest(s3_mode="SSE-KMS", s3_key=objects, disk_key=disks)
    security = emr.SecurityConfiguration(stack, "Security", encryption=emr.Encryption(at_rest=at_rest))
    cluster(stack, security)
    used = {flat(s["Resource"]) for s in statements(stack) if "kms:Decrypt" in s["Action"]}
    assert len(used) == 2
    assert any("Disks" in arn for arn in used)
    service = {flat(s["Resource"]) for s in statements(stack, "Service") if "kms:" in json.dumps(s["Action"])}
    assert len(service) == 1
    assert "Disks" in service.pop()


def test_the_key_of_the_cluster_is_granted_once(stack: Stack) -> None:
    key = kms.Key(stack, "Key")
    security = emr.SecurityConfiguration(stack, "Security", encryption=emr.Encryption.safe(key, RELEASE))
    assert security.required_statements(besides=key) == []
    cluster(stack, security, key=key)
    assert len([s for s in statements(stack) if "kms:Decrypt" in s["Action"]]) == 1


def test_ranger_s_roles_are_taken_on_with_tags(stack: Stack) -> None:
    ranger = emr.Ranger(
        admin_url="https://ranger:6182",
        admin_secret=ARN,
        plugins_role=ROLE,
        other_services_role=f"{ROLE}-services",
        plugins=[emr.RangerPlugin(application="Spark", client_secret=ARN, repository="r")],
    )
    kerberos = emr.Kerberos.cluster_dedicated(realm="R")
    cluster(stack, emr.SecurityConfiguration(stack, "Security", kerberos=kerberos, ranger=ranger))
    ((_, policy),) = resources(stack, "AWS::IAM::Policy").items()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert statement["Resource"] == [ROLE, f"{ROLE}-services"]


# ---- planted secrets


def _realm(**secrets: Any) -> emr.Kerberos:
    return emr.Kerberos.cluster_dedicated(realm="R", trust=TRUST, **secrets)


TRIES: dict[str, Callable[[Stack, str], object]] = {
    "text": lambda _, secret: _realm(kdc_admin_password=secret),
    "clear value": lambda _, secret: _realm(trust_password=SecretValue.unsafe_plain_text(secret)),
    "field of a text": lambda _, secret: _realm(trust_password=emr.SecretField(secret, "password")),
    "escape hatch": lambda stack, secret: emr.SecurityConfiguration(
        stack, "Security", extra={"AuthenticationConfiguration": {"Later": {"Password": secret}}}
    ),
}


@pytest.mark.parametrize("kind", TRIES)
def test_a_password_that_somebody_writes_into_an_app_is_refused_and_never_repeated(stack: Stack, kind: str) -> None:
    secret = canaries.plant(f"app-{kind}")
    with pytest.raises(InvalidModel) as refused:
        TRIES[kind](stack, secret)
    said = f"{refused.value}\n{refused.value.diagnostics!r}"
    assert canaries.leaks_in(said.encode()) == set()
    canaries.record(said)


def test_an_app_that_only_refers_to_secrets_leaves_none_in_its_assembly(stack: Stack, tmp_path: Path) -> None:
    """The vault's value is planted, the app has its name alone; template, metadata and assets are all read."""
    canaries.plant("value-in-the-vault")
    secret = secretsmanager.Secret.from_secret_name_v2(stack, "Kdc", "kdc/admin")
    kerberos = emr.Kerberos.cluster_dedicated(realm="R", kdc_admin_password=secret)
    cluster(stack, emr.SecurityConfiguration(stack, "Security", kerberos=kerberos))
    app = stack.node.root
    assert isinstance(app, App)
    folder = Path(app.synth().directory)
    assert (folder / "Secure.template.json").exists()
    assert canaries.scan(tmp_path) == []
