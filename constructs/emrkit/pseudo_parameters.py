"""CloudFormation's pseudo parameters, read once: `aws_cdk.Aws` asks the kernel at every single mention."""

from __future__ import annotations

from functools import cached_property

from aws_cdk import Aws as _Aws

__all__ = ["Aws"]


class _Once:
    """`aws_cdk.Aws` with a memory; the tokens are the same for every stack and app."""

    @cached_property
    def ACCOUNT_ID(self) -> str:  # noqa: N802 - CDK's own names
        """The account of the stack."""
        return _Aws.ACCOUNT_ID

    @cached_property
    def PARTITION(self) -> str:  # noqa: N802
        """`aws`, `aws-cn`, `aws-us-gov`."""
        return _Aws.PARTITION

    @cached_property
    def REGION(self) -> str:  # noqa: N802
        """The region of the stack."""
        return _Aws.REGION

    @cached_property
    def URL_SUFFIX(self) -> str:  # noqa: N802
        """`amazonaws.com`, or what the partition has instead."""
        return _Aws.URL_SUFFIX

    @cached_property
    def STACK_NAME(self) -> str:  # noqa: N802
        """The stack's name."""
        return _Aws.STACK_NAME

    @cached_property
    def STACK_ID(self) -> str:  # noqa: N802
        """The stack's id."""
        return _Aws.STACK_ID

    @cached_property
    def NO_VALUE(self) -> str:  # noqa: N802
        """Takes a property away."""
        return _Aws.NO_VALUE


Aws = _Once()
