"""Ports of EMR's nodes and interfaces.

Pages: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-man-sec-groups.html and emr-web-interfaces.html
"""

from __future__ import annotations

__all__ = ["NODE_TO_SERVICE", "SERVICE_TO_NODE", "UI_PORTS"]

# From the service-access security group to primary, core and task nodes in a private subnet.
SERVICE_TO_NODE = 8443
# From the primary node to the service-access security group (5.30.0 and later); with custom groups you add it yourself.
NODE_TO_SERVICE = 9443
# Interfaces on the primary node; none of them is meant to be open to the world.
UI_PORTS = {
    "hdfs-namenode": 9870,
    "yarn-resource-manager": 8088,
    "yarn-node-manager": 8042,
    "spark-history-server": 18080,
    "mapreduce-history-server": 19888,
    "hive-server": 10000,
    "hive-metastore": 9083,
    "hbase": 16010,
    "livy": 8998,
    "hue": 8888,
    "jupyterhub": 9443,
    "zeppelin": 8890,
    "tez": 8080,
    "flink": 8082,
    "trino": 8889,
}
