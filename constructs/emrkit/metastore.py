"""A Hive metastore outside the cluster: an Aurora or RDS database made here, or one that exists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from aws_cdk import CfnResource
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from emrkit_model.fields import read
from emrkit_model.metastores import ExternalMetastore
from emrkit_model.secret_references import SecretField, secret_reference
from emrkit_model.security.key_arns import check_key
from emrkit_model.values import refuse

from .acknowledgements import Acknowledgement, Judge, acknowledge
from .annotations import warn
from .arguments import check_network
from .metastore_checks import check_engine, check_key_stays
from .metastore_database import MYSQL, DatabaseSettings, build_aurora, build_instance
from .network.group_rules import NOWHERE, Ports, allow_group

if TYPE_CHECKING:
    from emrkit_model.fields import KeyLike, SecretLike

    from .network import Network

__all__ = ["HiveMetastore", "HiveMetastoreReference"]

_NO_ROTATION = (
    "nodes read the password when they start: a rotation that nobody follows with new nodes would cut off running "
    "clusters; the secret has the form that rotation functions take, so that it can be turned on with that in mind"
)


class HiveMetastoreReference(Construct):
    """A Hive metastore that exists: what a cluster needs to know of it, and its door opened for the cluster's nodes.

    Made by `HiveMetastore.from_attributes`.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        value: ExternalMetastore,
        network: Network | None = None,
        security_group: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        self.value: ExternalMetastore = value
        """What a cluster's `metastore` is."""
        self.prerequisites: list[CfnResource] = []
        """What must be there before nodes connect, and what no reference of the cluster waits for."""
        if network is None or security_group is None:
            return
        for name, source in (
            ("FromPrimary", network.security_groups.primary),
            ("FromCore", network.security_groups.core),
        ):
            rule = allow_group(
                self,
                name,
                group=security_group,
                peer=source,
                ports=Ports.tcp(value.port),
                description="EMR nodes to the Hive metastore",
            )
            self.prerequisites.append(rule)


class HiveMetastore(HiveMetastoreReference):
    """A MySQL database for table definitions that outlive clusters: Aurora Serverless v2, or RDS in two zones.

    In the network's private subnets, reached by the cluster's nodes alone and over TLS alone, encrypted with the key,
    backed up, and protected from deletion; when it is deleted after all, a snapshot stays. The administrator's name and
    a generated password lie in `secret`, a JSON secret in the form that rotation functions take; `password` holds the
    bare password, which is all that EMR can read. Neither the template nor DescribeCluster shows it. After a rotation
    write the new password into `password` too and start new nodes.
    CloudWatch gets the logs that the parameter group switches on: errors, statements from two seconds on, and of Aurora
    also the audit of connections, definitions and grants. The general log is exported and stays off: it would hold
    every statement.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hive-metastore-external.html

    Args:
        network: Whose subnets it lies in, and whose groups it admits; at least two zones.
        key: The KMS key of the database, its backups and its secrets. It has to outlive them: a key of this app that
            goes with its stack is a warning.
        engine: `aurora-serverless` or `rds`.
        database: The schema.
        username: The administrator, as whom Hive signs in.
        minimum_capacity: Aurora: capacity units that are always there, from 0.5.
        maximum_capacity: Aurora: capacity units at most.
        readers: Aurora: further instances, which take over when the writer fails.
        instance_class: RDS: the class of the instance.
        storage_gib: RDS: GiB at the start; it grows to ten times as much.
        backup_days: How long backups are kept, 1 to 35 days.
        deletion_protected: Refuses deletion until it is switched off.
        engine_version: Default: the newest that was tried.
        ca_file: Where the nodes have RDS's certificates, see `ExternalMetastore.ca_file`.
        pool_size: Connections of each metastore process. Default: Hive's own.

    Raises:
        InvalidModel: `network` is no network (E-CLUS-110), the key no key (E-ENC-040), the engine unknown (E-META-041).

    Example:
        ```python
        store = emr.HiveMetastore(self, "Metastore", network=network, key=foundation.key)
        emr.Cluster(self, "Etl", metastore=store, network=network, **rest)
        ```
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        network: Network,
        key: KeyLike,
        engine: Literal["aurora-serverless", "rds"] = "aurora-serverless",
        database: str = "hive",
        username: str = "hive",
        minimum_capacity: float = 0.5,
        maximum_capacity: float = 4,
        readers: int = 1,
        instance_class: str = "db.m7g.large",
        storage_gib: int = 50,
        backup_days: int = 14,
        deletion_protected: bool = True,
        engine_version: str | None = None,
        ca_file: str | None = None,
        pool_size: int | None = None,
    ) -> None:
        refuse([*check_network(network), *check_key(key, "key"), *check_engine(engine)])
        Construct.__init__(self, scope, id)
        warn(self, check_key_stays(key))
        self.prerequisites = []
        key_arn = read(key)
        self._key_arn = key_arn
        self._make_secrets(username)
        group = self._make_group(network)
        self.security_group_id: str = group.attr_group_id
        """The group of the database."""
        subnets = rds.CfnDBSubnetGroup(
            self,
            "Subnets",
            db_subnet_group_description="Hive metastore: private subnets",
            subnet_ids=list(network.subnet_ids),
        )
        settings = DatabaseSettings(
            schema=database,
            username=username,
            password=secret_reference(SecretField(self.secret_arn, "password")),
            subnet_group=subnets.ref,
            security_group=self.security_group_id,
            key_arn=key_arn,
            backup_days=backup_days,
            deletion_protected=deletion_protected,
            engine_version=engine_version,
        )
        if engine == "rds":
            made = build_instance(self, settings, instance_class=instance_class, storage_gib=storage_gib)
        else:
            made = build_aurora(self, settings, minimum=minimum_capacity, maximum=maximum_capacity, readers=readers)
        self.prerequisites += made.instances
        self._attach(made.identity, made.type)
        self.value = ExternalMetastore(
            host=made.host,
            port=MYSQL,
            database=database,
            username=username,
            password=self.password_arn,
            password_kms_key=key,
            ca_file=ca_file,
            pool_size=pool_size,
        )

    @staticmethod
    def from_attributes(
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        host: str,
        password: SecretLike,
        port: int = MYSQL,
        database: str = "hive",
        username: str = "hive",
        password_key: str | None = None,
        password_kms_key: KeyLike | None = None,
        tls: bool = True,
        ca_file: str | None = None,
        pool_size: int | None = None,
        network: Network | None = None,
        security_group: str | None = None,
    ) -> HiveMetastoreReference:
        """A database that exists; with `network` and `security_group` its group admits the network's nodes.

        Args:
            scope: Where.
            id: Its name in the tree.
            host: The database's address.
            password: The secret with the password: object or ARN.
            port: Its port.
            database: The schema.
            username: As whom Hive signs in.
            password_key: The key of the password in a JSON secret; DescribeCluster then shows the password.
            password_kms_key: The KMS key of the secret.
            tls: Whether connections are encrypted.
            ca_file: Where the nodes have the authority's certificates.
            pool_size: Connections of each metastore process. Default: Hive's own.
            network: Whose nodes may connect.
            security_group: The group of the database.

        Example:
            ```python
            emr.HiveMetastore.from_attributes(self, "Metastore", host="db.example.com", password=secret)
            ```
        """
        refuse([] if network is None else check_network(network))
        value = ExternalMetastore(
            host=host,
            port=port,
            database=database,
            username=username,
            password=password,
            password_key=password_key,
            password_kms_key=password_kms_key,
            tls=tls,
            ca_file=ca_file,
            pool_size=pool_size,
        )
        return HiveMetastoreReference(scope, id, value=value, network=network, security_group=security_group)

    def _make_secrets(self, username: str) -> None:
        secret = secretsmanager.CfnSecret(
            self,
            "Secret",
            description="Hive metastore: administrator",
            kms_key_id=self._key_arn,
            generate_secret_string={
                "secretStringTemplate": json.dumps({"username": username}),
                "generateStringKey": "password",
                "passwordLength": 32,
                "excludePunctuation": True,
            },
        )
        self.secret_arn: str = secret.ref
        """ARN of the JSON secret: username, password, and where the database is."""
        password = secretsmanager.CfnSecret(
            self,
            "Password",
            description="Hive metastore: the password alone, as EMR reads it",
            kms_key_id=self._key_arn,
            secret_string=secret_reference(SecretField(self.secret_arn, "password")),
        )
        self.password_arn: str = password.ref
        """ARN of the secret that is the bare password."""
        for made in (secret, password):
            acknowledge(made, Acknowledgement(Judge.AWS_SOLUTIONS, "AwsSolutions-SMG4", _NO_ROTATION))

    def _make_group(self, network: Network) -> ec2.CfnSecurityGroup:
        groups = network.security_groups
        admitted = (("the primary node", groups.primary), ("core and task nodes", groups.core))
        return ec2.CfnSecurityGroup(
            self,
            "Group",
            group_description="Hive metastore: MySQL from the nodes of EMR clusters",
            vpc_id=network.vpc_id,
            security_group_ingress=[
                {
                    "ipProtocol": "tcp",
                    "fromPort": MYSQL,
                    "toPort": MYSQL,
                    "sourceSecurityGroupId": source,
                    "description": f"from {what}",
                }
                for what, source in admitted
            ],
            security_group_egress=[NOWHERE],
        )

    def _attach(self, target: str, kind: str) -> None:
        """Engine, host and port go into the JSON secret, as rotation functions want them."""
        secretsmanager.CfnSecretTargetAttachment(
            self, "Attachment", secret_id=self.secret_arn, target_id=target, target_type=kind
        )
