"""The only module that knows what ministack does: every hook we use, behind names of ours.

`ministack_hooks` says which hooks there are and refuses a ministack that lacks one. Nothing else in the package imports
`ministack`.
"""

# ministack ships no type information; what leaves this module is typed.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
from __future__ import annotations

import asyncio
import inspect
import json
import os
import sys
import threading
import uuid
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import cast

from .ministack_hooks import AT_START, HOOKS, HookMissing, load

__all__ = ["Emulator", "HookMissing", "Json", "Response", "TaskFailure", "TypeHandlers"]

Json = dict[str, object]
Asgi = Callable[[dict[str, object], Callable[[], Awaitable[Json]], Callable[[Json], Awaitable[None]]], Awaitable[None]]
Response = tuple[int, dict[str, str], bytes]
ServiceHandler = Callable[[str, str, dict[str, str], bytes, dict[str, list[str]]], Awaitable[Response]]
TypeHandlers = Mapping[str, Callable[..., object]]
"""A CloudFormation type: `create(logical_id, properties, stack_name) -> (physical_id, attributes)`,
`update(physical_id, old, new, stack_name) -> (physical_id, attributes)`, `delete(physical_id, properties)`."""
TaskHandler = Callable[[str, Json], object]

_ACCOUNT_DIGITS = 12
_DEFAULT_ACCOUNT = "000000000000"
_FAILED = 400


def _takes_logical_id(update: Callable[..., object]) -> bool:
    return "logical_id" in inspect.signature(update).parameters


def _before(handler: ServiceHandler, once: Callable[[], None]) -> ServiceHandler:
    async def taught(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        await asyncio.to_thread(once)
        return await handler(method, path, headers, body, query)

    return taught


class TaskFailure(Exception):  # noqa: N818 - an outcome
    """A state machine's task failed: the error's name as `Catch` and `Retry` see it, and the cause."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class Emulator:
    """The embedded emulator. `port` must be known before: ministack reads its settings when it is imported."""

    def __init__(self, port: int, folder: Path) -> None:
        os.environ.update(
            GATEWAY_PORT=str(port),
            BIND_HOST="127.0.0.1",
            MINISTACK_HOST="127.0.0.1",
            PERSIST_STATE="0",  # its own snapshots are only written on a clean stop; `persistence` does better
            S3_PERSIST="0",
            STATE_DIR=str(folder),
            SFTP_ENABLED="0",
            IOT_MTLS_ENABLED="0",
            LOG_LEVEL=os.environ.get("EMRKIT_LOG_LEVEL", "WARNING"),
        )
        self.port = port
        self._lessons: dict[str, Callable[[], None]] = {}
        self._teaching = threading.RLock()
        for name in AT_START:
            self.module(name)
        # Asked about signed services it has no handler for, to refuse them by name; its own answer reads the whole
        # catalogue of botocore on the event loop.
        self.patch("core.router", _is_aws_service_name=lambda _name: True)

    # Modules and hooks ----------------------------------------------------------------------------------------------

    def module(self, name: str) -> ModuleType:
        """A module of ministack with all hooks we use in it; `HookMissing` names what it lacks."""
        return load(name)

    def patch(self, module: str, **values: object) -> None:
        """Put ours in place of hooks (which `module` has checked)."""
        found = self.module(module)
        for name, value in values.items():
            setattr(found, name, value)

    def is_loaded(self, name: str) -> bool:
        """Whether a module was imported already, so that nothing is imported only to ask."""
        return f"ministack.{name}" in sys.modules

    def check(self) -> None:
        """Import every module we hook into and check its hooks (a second or two; for tests and `status`)."""
        for name in HOOKS:
            self.module(name)

    # Requests -------------------------------------------------------------------------------------------------------

    @property
    def asgi(self) -> Asgi:
        """ministack's own ASGI application."""
        return cast("Asgi", self.module("app").app)

    def take_service(self, name: str, handler: ServiceHandler) -> None:
        """Answer a service ourselves."""
        self.module("app").SERVICE_HANDLERS[name] = handler

    def call_service(self, name: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Call a service from a worker thread, in this thread's account and Region, past HTTP."""
        app = self.module("app")
        handler = app.SERVICE_HANDLERS[name]
        return cast("Response", app.call_service_handler_sync(handler, "POST", "/", dict(headers), body, {}, 60))

    def account(self) -> str:
        """The account of the request or worker thread that asks."""
        return str(self.module("core.responses").get_account_id())

    def account_of(self, access_key: str) -> str:
        """The account an access key belongs to: a 12-digit key is its account."""
        return access_key if len(access_key) == _ACCOUNT_DIGITS and access_key.isdigit() else _DEFAULT_ACCOUNT

    def region(self) -> str:
        """The Region of the request or worker thread that asks."""
        return str(self.module("core.responses").get_region())

    @contextmanager
    def scope(self, account: str, region: str) -> Generator[None]:
        """Act as an account in a Region (context variables of this thread or task)."""
        responses = self.module("core.responses")
        before = self.account(), self.region()
        responses.set_request_account_id(account)
        responses.set_request_region(region)
        try:
            yield
        finally:
            responses.set_request_account_id(before[0])
            responses.set_request_region(before[1])

    def put_event(self, source: str, detail_type: str, detail: Mapping[str, object]) -> None:
        """Put an event of an AWS service on the default bus of this account and Region."""
        entry = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail)}
        self.module("services.eventbridge")._put_events({"Entries": [entry]}, allow_aws_source=True)

    def when_used(self, service: str, teach: Callable[[], None]) -> None:
        """Call `teach` once, when the service's module is there: before its first request or in `teach_loaded`."""
        app = self.module("app")
        self._lessons[service] = teach
        for name, row in app.SERVICE_REGISTRY.items():
            if row["module"] == service:
                app.SERVICE_HANDLERS[name] = _before(app.SERVICE_HANDLERS[name], lambda: self._teach(service))

    def _teach(self, service: str) -> None:
        with self._teaching:
            if teach := self._lessons.get(service):
                teach()
                self._lessons.pop(service, None)
        self.teach_loaded()  # one service imports others

    def teach_loaded(self) -> None:
        """Teach every service whose module was imported meanwhile."""
        for service in list(self._lessons):
            if self.is_loaded(f"services.{service}"):
                self._teach(service)

    # Registration ---------------------------------------------------------------------------------------------------

    def add_types(self, types: Mapping[str, TypeHandlers], tagged: Iterable[str] = ()) -> None:
        """Teach CloudFormation types; all of them run on worker threads, never on the event loop.

        An `update` that takes five arguments is given the logical id as well. The handlers of `tagged` types find the
        stack's own tags and CloudFormation's among the `Tags` of their properties.
        """
        self.module("services.cloudformation.provisioners")._STACK_TAG_PROPERTY.update(
            dict.fromkeys(tagged, ("Tags", "list"))
        )
        known = self.module("services.cloudformation.provisioners")._RESOURCE_HANDLERS
        for name, handlers in types.items():
            wide = "update" in handlers and _takes_logical_id(handlers["update"])
            known[name] = {**handlers, **({"update_with_logical_id": True} if wide else {})}
        stacks = self.module("services.cloudformation.stacks")
        original = stacks._runs_on_worker_thread
        ours = frozenset(types)
        self.patch("services.cloudformation.stacks", _runs_on_worker_thread=lambda kind: kind in ours or original(kind))

    def type_handlers(self, name: str) -> TypeHandlers:
        """The emulator's own handlers of a CloudFormation type."""
        return cast("TypeHandlers", self.module("services.cloudformation.provisioners")._RESOURCE_HANDLERS[name])

    def replace_resource(
        self, kind: str, identity: str, old: Json, new: Json, stack: str, logical_id: str | None
    ) -> tuple[str, Mapping[str, object]]:
        """Create a resource anew; the stack deletes the former one when all else is done."""
        replace = self.module("services.cloudformation.provisioners")._replace_resource
        return cast("tuple[str, Mapping[str, object]]", replace(kind, identity, old, new, stack, logical_id))

    def generated_name(self, stack: str, logical_id: str) -> str:
        """A name for a resource that the template does not name; every call gives another."""
        made = self.module("services.cloudformation.provisioners")._physical_name(stack, logical_id, max_len=100)
        return f"{made}-{uuid.uuid4().hex[:8]}"

    def set_bucket(self, bucket: str, settings: Mapping[str, str | None], tags: Mapping[str, str]) -> None:
        """Put a bucket's XML documents (None: none) and its tags."""
        s3 = self.module("services.s3")
        for name, document in settings.items():
            if document is None:
                getattr(s3, f"_delete_{name}")(bucket)
                continue
            status, _headers, body = getattr(s3, f"_put_{name}")(bucket, document.encode())
            if status >= _FAILED:
                raise ValueError(f"{name} of {bucket}: {body!r}")
        if tags:
            s3._bucket_tags[bucket] = dict(tags)
        else:
            s3._bucket_tags.pop(bucket, None)

    def empty_bucket(self, bucket: str) -> None:
        """Delete every object and version of a bucket; harmless when it is gone."""
        s3 = self.module("services.s3")
        record = s3._buckets.get(bucket)
        if record is None:
            return
        for key in list(record["objects"]):
            record["objects"].pop(key, None)
        for found in [k for k in s3._object_versions if k[0] == bucket]:
            s3._object_versions.pop(found, None)

    def identity_policies(self, arn: str) -> dict[str, object] | None:
        """Documents of a role's or user's inline and attached policies by name; None: no such principal."""
        iam = self.module("services.iam")
        kind, _, path = arn.partition(":iam::")[2].partition(":")[2].partition("/")
        record = {"role": iam._roles, "user": iam._users}.get(kind, {}).get(path.rpartition("/")[2])
        if record is None or record.get("Arn", arn) != arn:
            return None
        found: dict[str, object] = dict(record.get("InlinePolicies") or {})
        resolve = self.module("core.iam_evaluator")._resolve_managed_policy_document
        for policy in record.get("AttachedPolicies") or []:
            name = policy if isinstance(policy, str) else policy["PolicyArn"]
            if document := resolve(name, self.account()):
                found[name] = document
        return found

    def known_types(self) -> frozenset[str]:
        """CloudFormation types that can be deployed."""
        return frozenset(self.module("services.cloudformation.provisioners")._RESOURCE_HANDLERS)

    def add_tasks(self, prefix: str, tasks: Mapping[str, TaskHandler], sdk: Mapping[str, Json]) -> None:
        """Teach state machines: `tasks` by action under the ARN prefix, `sdk` for `aws-sdk:<name>:*`."""
        machines = self.module("services.stepfunctions")

        def guarded(handler: TaskHandler) -> TaskHandler:
            def run(resource: str, request: Json) -> object:
                try:
                    return handler(resource, request)
                except TaskFailure as failure:
                    raise machines._ExecutionError(failure.error, failure.cause) from None

            return run

        # Found by prefix, in order: a longer action must come before a shorter one it starts with.
        for action in sorted(tasks, reverse=True):
            machines._SERVICE_DISPATCH[prefix + action] = guarded(tasks[action])
        machines._AWS_SDK_SERVICE_MAP.update(sdk)

    def around_tasks(self, wrapper: Callable[[str, float | None, Callable[[], object]], object]) -> None:
        """Call `wrapper(execution ARN, timeout, run)` in place of each task state's attempts."""
        machines = self.module("services.stepfunctions")
        execute = machines._execute_task

        def executing(state: Json, data: object, execution: Json | None, context: Json) -> object:
            arn = str((execution or {}).get("executionArn", ""))
            return wrapper(arn, None, lambda: execute(state, data, execution, context))

        with_timeout = machines._invoke_resource_with_timeout

        def timing(resource: str, data: Json, timeout: float) -> object:
            return wrapper("", float(timeout), lambda: with_timeout(resource, data, timeout))

        fail = machines._fail_execution

        def failing(execution: Json, error: str, cause: str) -> None:
            if execution["status"] == "RUNNING":  # a stopped execution stays stopped when its task notices
                fail(execution, error, cause)

        self.patch(
            "services.stepfunctions",
            _execute_task=executing,
            _invoke_resource_with_timeout=timing,
            _fail_execution=failing,
        )

    def execution_status(self, arn: str) -> str | None:
        """The status of a state machine's execution, in this thread's account and Region."""
        execution = self.module("services.stepfunctions")._executions.get(arn)
        return str(execution["status"]) if execution else None

    def executions(self) -> Iterator[Json]:
        """Every execution of every account and Region."""
        if self.is_loaded("services.stepfunctions"):
            yield from cast("list[Json]", list(self.scoped(self.module("services.stepfunctions")._executions).values()))

    def take_iam_action(self, name: str, handler: Callable[[Mapping[str, list[str]]], Response]) -> None:
        """Answer one action of IAM ourselves."""
        self.module("services.iam")._IAM_HANDLERS[name] = handler

    def iam_action(self, name: str) -> Callable[[Mapping[str, list[str]]], Response]:
        """IAM's own answer to an action."""
        return cast("Callable[[Mapping[str, list[str]]], Response]", self.module("services.iam")._IAM_HANDLERS[name])

    def rename_role(self, name: str, other: str) -> None:
        """Give a role another name, also in its ARN."""
        roles = self.module("services.iam")._roles
        record = roles.pop(name)
        roles[other] = {**record, "RoleName": other, "Arn": str(record["Arn"]).replace(name, other)}

    def ec2_action(self, name: str) -> Callable[[Mapping[str, list[str]]], Response]:
        """EC2's own answer to an action."""
        return cast("Callable[[Mapping[str, list[str]]], Response]", self.module("services.ec2")._ACTION_MAP[name])

    def ec2_records(self, kind: str) -> MutableMapping[str, Json]:
        """EC2's records of one kind (`vpcs`, `subnets`, `network_acls`, `dhcp_options`) of this account and Region."""
        return cast("MutableMapping[str, Json]", getattr(self.module("services.ec2"), f"_{kind}"))

    def ec2_tags(self, identity: str) -> dict[str, str]:
        """The tags of one of EC2's resources."""
        tags = self.module("services.ec2")._tags.get(identity) or ()
        return {str(tag["Key"]): str(tag.get("Value", "")) for tag in tags}

    def take_ec2_action(self, name: str, handler: Callable[[Mapping[str, list[str]]], Response]) -> None:
        """Answer one action of EC2 ourselves."""
        self.module("services.ec2")._ACTION_MAP[name] = handler

    def stacks(self) -> Iterator[tuple[str, str, Json]]:
        """(account, Region, record) of every stack, whatever its state."""
        stacks = self.scoped(self.module("services.cloudformation")._stacks)
        for (account, region, _name), record in list(stacks.items()):
            yield account, region, cast("Json", record)

    def stacks_if_used(self) -> Iterator[tuple[str, str, Json]]:
        """The same, without importing CloudFormation only to find none."""
        if self.is_loaded("services.cloudformation"):
            yield from self.stacks()

    def look_up_references(self, value: object) -> tuple[object, dict[str, object]]:
        """A value with every `{{resolve:…}}` in it looked up, and what each gave."""
        resolve = self.module("services.cloudformation.engine")._resolve_dynamic_references
        return cast("tuple[object, dict[str, object]]", resolve(value))

    def add_stack_event(self, record: Json, logical_id: str, kind: str, status: str, reason: str) -> None:
        """Record an event of a stack."""
        self.module("services.cloudformation.stacks")._add_event(
            record["StackId"], record["StackName"], logical_id, kind, status, reason
        )

    # State ----------------------------------------------------------------------------------------------------------

    def snapshots(self, service: str | None = None) -> Iterator[tuple[str, Callable[[], object]]]:
        """(key, a function that copies its state) of every service that was used, or of this one alone."""
        app = self.module("app")
        wanted = self._registered(service) if service else None
        for key, copy in cast("dict[str, Callable[[], object]]", app._build_persistence_save_dict()).items():
            if wanted is None or app._state_map[key] in wanted:
                yield key, copy

    def knows(self, service: str) -> bool:
        """Whether a service, named as in signatures, is emulated."""
        return bool(self._registered(service))

    def _registered(self, service: str) -> frozenset[str]:
        app = self.module("app")
        row = app.SERVICE_REGISTRY.get(app.SERVICE_NAME_ALIASES.get(service, service))
        return frozenset((row["module"], *row.get("sub_modules", ()))) if row else frozenset()

    def encode(self, state: object) -> str:
        """A service's state as JSON text."""
        return json.dumps(state, default=self.module("core.persistence")._json_default)

    def restore(self, service: str, text: str) -> None:
        """Give a service its state back; unknown services are left alone."""
        app = self.module("app")
        state = json.loads(text, object_hook=self.module("core.persistence")._json_object_hook)
        module = app._get_module(app._state_map[service])
        module.load_persisted_state(state)

    def scoped(self, store: object) -> MutableMapping[tuple[str, ...], object]:
        """The entries of one of its stores over all accounts and Regions."""
        return cast("MutableMapping[tuple[str, ...], object]", getattr(store, "_data"))  # noqa: B009 - it is theirs
