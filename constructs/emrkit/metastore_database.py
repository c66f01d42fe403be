"""The database of a Hive metastore: Aurora Serverless v2, or RDS in two zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aws_cdk import CfnDeletionPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct

from .acknowledgements import Acknowledgement, Judge, acknowledge
from .pseudo_parameters import Aws

__all__ = ["MYSQL", "Database", "DatabaseSettings", "build_aurora", "build_instance"]

MYSQL = 3306
_AURORA = "8.0.mysql_aurora.3.10.4"
_MYSQL = "8.4.9"
_PORT = "the port is MySQL's own, which Hive's documentation and every client expect; the group admits the nodes alone"
_BACKTRACK = "Aurora takes no backtrack for Serverless v2; backups go back to any second of their retention"
_AUDIT = "errors and slow queries are written and exported; MySQL's audit is an option group that few need for Hive"
_MONITORING = "AWS's own policy for RDS's monitoring agent: it writes one log group, and AWS keeps it up to date"
_MONITORING_POLICY = "service-role/AmazonRDSEnhancedMonitoringRole"
_LOGS = ("error", "general", "slowquery")
# Judges ask for every export. The general log holds each statement with its values, so it is exported and stays off.
_WRITTEN = {"slow_query_log": "1", "long_query_time": "2", "log_output": "FILE"}
_AUDITED = {"server_audit_logging": "1", "server_audit_events": "CONNECT,QUERY_DCL,QUERY_DDL"}
_INSTANCE: dict[str, Any] = {"publicly_accessible": False, "auto_minor_version_upgrade": True}


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """What both kinds of database are told."""

    schema: str
    username: str
    password: str
    """A reference to the password, never the password."""
    subnet_group: str
    security_group: str
    key_arn: str
    backup_days: int
    deletion_protected: bool
    engine_version: str | None
    """Default: the newest that was tried."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database that was made: its address, what refers to it, and the instances that nodes wait for."""

    host: str
    identity: str
    type: str
    """Its CloudFormation type."""
    instances: tuple[rds.CfnDBInstance, ...] = ()


def build_aurora(
    scope: Construct, settings: DatabaseSettings, *, minimum: float, maximum: float, readers: int
) -> Database:
    """Aurora Serverless v2 with a writer and readers, between two numbers of capacity units."""
    cluster = rds.CfnDBCluster(
        scope,
        "Database",
        engine="aurora-mysql",
        engine_version=settings.engine_version or _AURORA,
        database_name=settings.schema,
        port=MYSQL,
        vpc_security_group_ids=[settings.security_group],
        db_cluster_parameter_group_name=_parameters(
            scope,
            rds.CfnDBClusterParameterGroup,
            "aurora-mysql8.0",
            {"require_secure_transport": "ON", **_WRITTEN, **_AUDITED},
        ),
        serverless_v2_scaling_configuration={"minCapacity": minimum, "maxCapacity": maximum},
        enable_cloudwatch_logs_exports=["audit", *_LOGS],
        **_shared(settings),
    )
    _keep_snapshot(cluster)
    monitoring = _monitor(scope)
    instances = tuple(
        rds.CfnDBInstance(
            scope,
            name,
            engine="aurora-mysql",
            db_instance_class="db.serverless",
            db_cluster_identifier=cluster.ref,
            **_INSTANCE,
            **monitoring,
        )
        for name in ("Writer", *(f"Reader{number}" for number in range(1, 1 + readers)))
    )
    acknowledge(
        cluster,
        Acknowledgement(Judge.AWS_SOLUTIONS, "AwsSolutions-RDS11", _PORT),
        Acknowledgement(Judge.AWS_SOLUTIONS, "AwsSolutions-RDS14", _BACKTRACK),
    )
    return Database(cluster.attr_endpoint_address, cluster.ref, "AWS::RDS::DBCluster", instances)


def build_instance(scope: Construct, settings: DatabaseSettings, *, instance_class: str, storage_gib: int) -> Database:
    """RDS for MySQL in two zones; the storage grows to ten times what it starts with."""
    version = settings.engine_version or _MYSQL
    family = f"mysql{'.'.join(version.split('.')[:2])}"
    instance = rds.CfnDBInstance(
        scope,
        "Database",
        engine="mysql",
        engine_version=version,
        db_instance_class=instance_class,
        db_name=settings.schema,
        port=str(MYSQL),
        vpc_security_groups=[settings.security_group],
        db_parameter_group_name=_parameters(
            scope, rds.CfnDBParameterGroup, family, {"require_secure_transport": "1", **_WRITTEN}
        ),
        storage_type="gp3",
        allocated_storage=str(storage_gib),
        max_allocated_storage=storage_gib * 10,
        enable_cloudwatch_logs_exports=list(_LOGS),
        multi_az=True,
        **_INSTANCE,
        **_monitor(scope),
        **_shared(settings),
    )
    _keep_snapshot(instance)
    acknowledge(
        instance,
        Acknowledgement(Judge.AWS_SOLUTIONS, "AwsSolutions-RDS11", _PORT),
        Acknowledgement(Judge.CONTROL_TOWER, "rds_instance_no_default_ports_check", _PORT),
    )
    # On the whole app: this judge reports the rule without saying for which resource.
    whole = Acknowledgement(Judge.CONTROL_TOWER, "rds_instance_logging_enabled_check", _AUDIT)
    acknowledge(scope.node.root, whole)
    return Database(instance.attr_endpoint_address, instance.ref, "AWS::RDS::DBInstance")


def _shared(settings: DatabaseSettings) -> dict[str, Any]:
    """The properties that both kinds have under one name."""
    return {
        "db_subnet_group_name": settings.subnet_group,
        "kms_key_id": settings.key_arn,
        "storage_encrypted": True,
        "backup_retention_period": settings.backup_days,
        "deletion_protection": settings.deletion_protected,
        "enable_iam_database_authentication": True,
        "master_username": settings.username,
        "master_user_password": settings.password,
        "copy_tags_to_snapshot": True,
    }


def _parameters(
    scope: Construct,
    kind: type[rds.CfnDBClusterParameterGroup] | type[rds.CfnDBParameterGroup],
    family: str,
    parameters: dict[str, str],
) -> str:
    """The parameter group: no connections without TLS (the kinds write `on` differently), and logs that are written.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Auditing.html
    """
    return kind(scope, "Parameters", description="Hive metastore: TLS only", family=family, parameters=parameters).ref


def _monitor(scope: Construct) -> dict[str, Any]:
    """Metrics of the operating system every minute, and the role that RDS's agent writes them as."""
    role = iam.CfnRole(
        scope,
        "Monitoring",
        assume_role_policy_document={
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "monitoring.rds.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        },
        managed_policy_arns=[f"arn:{Aws.PARTITION}:iam::aws:policy/{_MONITORING_POLICY}"],
    )
    finding = f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{_MONITORING_POLICY}]"
    acknowledge(role, Acknowledgement(Judge.AWS_SOLUTIONS, finding, _MONITORING))
    return {"monitoring_interval": 60, "monitoring_role_arn": role.attr_arn}


def _keep_snapshot(resource: rds.CfnDBCluster | rds.CfnDBInstance) -> None:
    resource.cfn_options.deletion_policy = CfnDeletionPolicy.SNAPSHOT
    resource.cfn_options.update_replace_policy = CfnDeletionPolicy.SNAPSHOT
