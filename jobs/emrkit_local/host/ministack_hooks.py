"""Every hook of ministack that `ministack` uses, and the check that this ministack has them.

ministack publishes no extension points, so its exact version is pinned, and one that lacks a hook is refused by the
hook's name. Its modules are imported when they are first needed.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType

__all__ = ["AT_START", "HOOKS", "PINNED", "HookMissing", "load"]

PINNED = "1.5.33"
HOOKS: Mapping[str, str] = {
    "app": """
        app SERVICE_HANDLERS SERVICE_REGISTRY SERVICE_NAME_ALIASES _build_persistence_save_dict _state_map _get_module
        call_service_handler_sync _request_account_scope
    """,
    "core.responses": """
        get_account_id get_region set_request_account_id set_request_region AccountScopedDict
        AccountRegionScopedDict
    """,
    "core.persistence": "_json_default _json_object_hook",
    "core.router": "extract_access_key_id extract_region _is_aws_service_name",
    "core.iam_evaluator": "_resolve_managed_policy_document",
    "services.s3": """
        _buckets _persist_object _persist_delete_marker _delete_persisted_object _delete_persisted_bucket
        _read_body _collect_list_entries _object_meta_from_record _key_history_meta _load_persisted_history
        get_state load_persisted_state S3_PERSIST DATA_DIR _put_bucket_encryption _delete_bucket_encryption
        _put_bucket_lifecycle _delete_bucket_lifecycle _bucket_tags _object_versions
        _resolve_sse_write_headers
    """,
    "services.cloudformation": "_stacks _stack_events _exports _change_sets",
    "services.cloudformation.provisioners": "_RESOURCE_HANDLERS _replace_resource _physical_name _STACK_TAG_PROPERTY",
    "services.cloudformation.engine": "_resolve_dynamic_references",
    "services.cloudformation.stacks": "_runs_on_worker_thread _add_event _stack_region_context",
    "services.stepfunctions": """
        _SERVICE_DISPATCH _AWS_SDK_SERVICE_MAP _ExecutionError _executions _execute_task
        _invoke_resource_with_timeout _state_machines _fail_execution
    """,
    "services.iam": "_IAM_HANDLERS _roles _users",
    "services.eventbridge": "_put_events",
    "services.ec2": "_ACTION_MAP _subnets _vpcs _network_acls _dhcp_options _tags",
}
# Checked when the emulator starts: cheap to import. The others when they are first used.
AT_START = ("app", "core.responses", "core.persistence", "core.router", "services.s3")


class HookMissing(RuntimeError):  # noqa: N818 - says what happened
    """This ministack is not the one the adapter was written for."""


def load(name: str) -> ModuleType:
    """A module of ministack with all hooks we use in it; `HookMissing` names what it lacks."""
    try:
        found = importlib.import_module(f"ministack.{name}")
    except ImportError as error:
        raise HookMissing(f"ministack {PINNED} is needed, and its module {name} cannot be imported: {error}") from error
    missing = [h for h in HOOKS.get(name, "").split() if not hasattr(found, h)]
    if missing:
        lacking = ", ".join(missing)
        raise HookMissing(f"this ministack does not fit (pinned: {PINNED}): its module {name} lacks {lacking}")
    return found
