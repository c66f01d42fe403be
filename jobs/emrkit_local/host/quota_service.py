"""Service Quotas on the wire: the quotas that EMR runs into, as large accounts have them.

`RequestServiceQuotaIncrease` grants at once, in either direction, so that a small account can be played.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

__all__ = ["QUOTAS", "Quota", "QuotaService"]

_CONTENT_TYPE = "application/x-amz-json-1.1"
_NAMES = {"ec2": "Amazon Elastic Compute Cloud (Amazon EC2)", "elasticmapreduce": "Amazon EMR"}


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota: the service's code, its own code and name, the value here."""

    service: str
    code: str
    name: str
    value: float


# Names and codes as Service Quotas has them; https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-resource-limits.html
QUOTAS: tuple[Quota, ...] = (
    Quota("ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 2000.0),
    Quota("ec2", "L-DB2E81BA", "Running On-Demand G and VT instances", 256.0),
    Quota("ec2", "L-417A185B", "Running On-Demand P instances", 256.0),
    Quota("ec2", "L-34B43A08", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 2000.0),
    Quota("ec2", "L-3819A6DF", "All G and VT Spot Instance Requests", 256.0),
    Quota("ec2", "L-7212CCBC", "All P Spot Instance Requests", 256.0),
    Quota("ec2", "L-85EED4F7", "All DL Spot Instance Requests", 256.0),
    Quota("ec2", "L-88CF9481", "All F Spot Instance Requests", 256.0),
    Quota("ec2", "L-B5D1601B", "All Inf Spot Instance Requests", 256.0),
    Quota("ec2", "L-E3A00192", "All X Spot Instance Requests", 256.0),
    Quota(
        "elasticmapreduce",
        "L-ACTIVECLUSTERS",
        "The maximum number of active clusters that can be run at the same time",
        500.0,
    ),
)
"""What an account starts with. The code of EMR's own quota is local EMR's invention: no page gives it."""


class QuotaService:
    """Answers ListServiceQuotas, GetServiceQuota, their defaults, and RequestServiceQuotaIncrease."""

    def __init__(self) -> None:
        self._changed: dict[tuple[str, str, str], float] = {}

    async def answer(self, target: str, body: bytes, account: str, region: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a request with this `X-Amz-Target`."""
        headers = {"Content-Type": _CONTENT_TYPE, "x-amzn-RequestId": str(uuid.uuid4())}
        try:
            given: object = json.loads(body or b"{}")
        except ValueError:
            given = None
        request = cast("Mapping[str, object]", given) if isinstance(given, dict) else {}
        status, document = self._answer(target.rpartition(".")[2], request, account, region)
        return status, headers, json.dumps(document).encode()

    def _answer(
        self, operation: str, request: Mapping[str, object], account: str, region: str
    ) -> tuple[int, Mapping[str, object]]:
        service, code = str(request.get("ServiceCode", "")), str(request.get("QuotaCode", ""))
        known = [quota for quota in QUOTAS if quota.service == service]
        mine = next((quota for quota in known if quota.code == code), None)
        if operation in ("ListServiceQuotas", "ListAWSDefaultServiceQuotas"):
            defaults = operation.startswith("ListAWS")
            return 200, {"Quotas": [self._show(quota, account, region, defaults=defaults) for quota in known]}
        if operation in ("GetServiceQuota", "GetAWSDefaultServiceQuota", "RequestServiceQuotaIncrease"):
            if mine is None:
                return 400, _error("NoSuchResourceException", f"local EMR has no quota {code} of service {service}")
            if operation == "RequestServiceQuotaIncrease":
                value = float(cast("float", request.get("DesiredValue", mine.value)))
                self._changed[account, region, mine.code] = value
                return 200, {
                    "RequestedQuota": {
                        "Id": uuid.uuid4().hex,
                        "ServiceCode": service,
                        "QuotaCode": code,
                        "QuotaName": mine.name,
                        "DesiredValue": value,
                        "Status": "APPROVED",
                    }
                }
            defaults = operation == "GetAWSDefaultServiceQuota"
            return 200, {"Quota": self._show(mine, account, region, defaults=defaults)}
        return 501, _error("NotImplemented", f"local EMR does not implement servicequotas:{operation}")

    def _show(self, quota: Quota, account: str, region: str, *, defaults: bool) -> Mapping[str, object]:
        value = quota.value if defaults else self._changed.get((account, region, quota.code), quota.value)
        return {
            "ServiceCode": quota.service,
            "ServiceName": _NAMES[quota.service],
            "QuotaArn": f"arn:aws:servicequotas:{region}:{account}:{quota.service}/{quota.code}",
            "QuotaCode": quota.code,
            "QuotaName": quota.name,
            "Value": value,
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }


def _error(code: str, message: str) -> Mapping[str, object]:
    return {"__type": code, "message": message, "Message": message}
