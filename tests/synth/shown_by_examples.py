"""What each example is there to show: pieces that a resource of a type must hold, as compact JSON."""

from __future__ import annotations

from emrkit_model.newest_release import newest_release

__all__ = ["SHOWN"]

CLUSTER, SECURITY, ROLE = "AWS::EMR::Cluster", "AWS::EMR::SecurityConfiguration", "AWS::IAM::Role"
GROUP, FLEET, STEP = "AWS::EMR::InstanceGroupConfig", "AWS::EMR::InstanceFleetConfig", "AWS::EMR::Step"
SUBNET, RULE, ENDPOINT = "AWS::EC2::Subnet", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::VPCEndpoint"
MACHINE = "AWS::StepFunctions::StateMachine"
GLUE = "AWSGlueDataCatalogHiveClientFactory"
PASSWORD = '"EMR.secret@javax.jdo.option.ConnectionPassword":'

SHOWN: dict[str, tuple[tuple[str, str], ...]] = {
    "access_policies": (
        ("AWS::IAM::ManagedPolicy", '"elasticmapreduce:AddJobFlowSteps"'),
        ("AWS::IAM::ManagedPolicy", '"elasticmapreduce:TerminateJobFlows"'),
        ("AWS::IAM::ManagedPolicy", '"sts:AssumeRole"'),
    ),
    "automatic_scaling": (
        (CLUSTER, '"MetricName":"YARNMemoryAvailablePercentage"'),
        (CLUSTER, '"Value":"${emr.clusterId}"'),
        (ROLE, "application-autoscaling.amazonaws.com"),
    ),
    "bootstrap_and_steps": ((CLUSTER, '"Args":["pyarrow==18.1.0"]'), (STEP, '"Jar":"command-runner.jar"')),
    "consistent_view": ((CLUSTER, '"fs.s3.consistent":"true"'), (ROLE, '"dynamodb:')),
    "emrfs_roles": ((SECURITY, '"IdentifierType":"Prefix"'), ("AWS::IAM::Policy", '"sts:AssumeRole"')),
    "encryption": ((SECURITY, '"EnableAtRestEncryption":true'), (SECURITY, '"EnableEbsEncryption":true')),
    "escape_hatch": ((CLUSTER, '"AdditionalInfo":'),),
    "existing_roles": ((CLUSTER, ":role/emr-service"), (CLUSTER, '"JobFlowRole":"emr-nodes"')),
    "external_metastore": (
        ("AWS::RDS::DBCluster", '"StorageEncrypted":true'),
        ("AWS::SecretsManager::Secret", '"GenerateSecretString":'),
        (CLUSTER, PASSWORD),
    ),
    "first_cluster": ((CLUSTER, '"MaximumCapacityUnits":100'), (CLUSTER, '"IdleTimeout":3600')),
    "fleets_and_spot": (
        (CLUSTER, '"UsageStrategy":"use-capacity-reservations-first"'),
        (CLUSTER, '"AllocationStrategy":"capacity-optimized-prioritized"'),
    ),
    "flink": ((CLUSTER, '"Classification":"flink-conf"'),),
    "glue_catalog": ((CLUSTER, GLUE), (ROLE, '"glue:GetTable"')),
    "guardrails_packs": ((CLUSTER, '"SecurityConfiguration":'),),
    "hadoop_settings": ((CLUSTER, '"Classification":"hdfs-site"'), (CLUSTER, '"Classification":"yarn-site"')),
    "hbase": ((CLUSTER, '"Classification":"hbase-site"'),),
    "hbase_on_s3": (
        (CLUSTER, '"hbase.emr.storageMode":"s3"'),
        (CLUSTER, '"hbase.emr.readreplica.enabled":"true"'),
    ),
    "hbase_wal": (("AWS::EMR::WALWorkspace", '"WALWorkspaceName":'), (CLUSTER, '"hbase.emr.wal')),
    "hdfs_replication": ((CLUSTER, '"dfs.replication":"2"'), (CLUSTER, '"MaximumCoreCapacityUnits":4')),
    "hive_and_tez": ((CLUSTER, '"Classification":"hive-site"'), (CLUSTER, '"Classification":"tez-site"')),
    "imported_metastore": ((CLUSTER, f'{PASSWORD}"arn:aws:secretsmanager:'),),
    "instance_groups": ((CLUSTER, '"BidPrice":"0.30"'), (CLUSTER, '"Ec2SubnetId":')),
    "kerberos": ((SECURITY, '"Provider":"ClusterDedicatedKdc"'), (CLUSTER, "{{resolve:secretsmanager:")),
    "kerberos_cross_realm": (
        (SECURITY, '"CrossRealmTrustConfiguration":'),
        (CLUSTER, '"CrossRealmTrustPrincipalPassword":'),
    ),
    "kerberos_external": ((SECURITY, '"AdIntegrationConfiguration":'), (CLUSTER, '"ADDomainJoinUser":"emr-joiner"')),
    "lake_formation": ((SECURITY, '"LakeFormationConfiguration":'),),
    "ldap": ((SECURITY, '"LDAPConfiguration":'),),
    "managed_scaling": ((CLUSTER, '"MaximumOnDemandCapacityUnits":20'),),
    "network_custom_groups": ((CLUSTER, '"EmrManagedMasterSecurityGroup":"sg-'),),
    "network_existing_vpc": ((CLUSTER, '"Ec2SubnetIds":["subnet-'), (RULE, '"FromPort":8443')),
    "network_isolated": ((ENDPOINT, '"PrivateDnsEnabled":true'), ("AWS::EC2::SecurityGroupEgress", '"FromPort":443')),
    "network_private": (
        ("AWS::EC2::NetworkAclEntry", '"RuleAction":"allow"'),
        ("AWS::EC2::DHCPOptions", '"AmazonProvidedDNS"'),
        (SUBNET, '"Key":"for-use-with-amazon-emr-managed-policies","Value":"true"'),
    ),
    "network_public": ((SUBNET, '"MapPublicIpOnLaunch":true'),),
    "network_spark8": ((ENDPOINT, "emr-service-cell01"),),
    "newest_release": ((CLUSTER, f'"ReleaseLabel":"{newest_release("7")}"'), (CLUSTER, '"ReleaseLabel":"emr-7.13.0"')),
    "notebooks": ((CLUSTER, '"Name":"JupyterHub"'), (CLUSTER, '"Name":"Livy"')),
    "partitions": ((ROLE, '"AWS::Partition"'),),
    "permissions_boundary": ((ROLE, '"PermissionsBoundary":'), (ROLE, '"Path":"/')),
    "pipeline_notifications": (
        ("AWS::Events::Rule", '"status":["FAILED","TIMED_OUT","ABORTED"]'),
        (ROLE, '"Action":"sns:Publish"'),
        (ROLE, '["kms:Decrypt","kms:GenerateDataKey"]'),
    ),
    "pipeline_overrides": (
        (MACHINE, "chosen.spot %}"),
        (MACHINE, '\\"most\\":{\\"allowed\\":[20,40,80]}'),
        (MACHINE, '\\"idle_seconds\\":600'),
    ),
    "pipeline_refuses": ((MACHINE, ":states:::aws-sdk:emr:listClusters"), (ROLE, '"elasticmapreduce:ListClusters"')),
    "ranger": ((SECURITY, '"RangerConfiguration":'),),
    "roles_and_grants": ((ROLE, '"s3:GetObject"'), (ROLE, '"iam:PassedToService"')),
    "runtime_roles": ((ROLE, '"sts:TagSession"'), (SECURITY, '"EnableApplicationScopedIAMRole":true')),
    "runtime_roles_security": ((SECURITY, '"PropagateSourceIdentity":true'),),
    "session_manager": (
        (ROLE, '"ssmmessages:OpenDataChannel"'),
        (ENDPOINT, ".ssmmessages"),
        (CLUSTER, '"/clusters/etl/"'),
    ),
    "sizing": ((CLUSTER, '"TaskInstanceFleets":'),),
    "spark_settings": ((CLUSTER, '"Classification":"spark-defaults"'), (CLUSTER, "KryoSerializer")),
    "tags_and_owner": (("AWS::S3::Bucket", '"Key":"cost-center","Value":"4711"'),),
    "task_capacity": ((FLEET, '"InstanceFleetType":"TASK"'), (GROUP, '"InstanceRole":"TASK"')),
    "three_primaries": ((CLUSTER, '"PlacementStrategy":"SPREAD"'), (CLUSTER, '"InstanceCount":3')),
    "trino": ((CLUSTER, '"Name":"Trino"'),),
}
