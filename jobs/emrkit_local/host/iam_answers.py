"""`SimulatePrincipalPolicy` and `SimulateCustomPolicy` over the emulator's IAM, in place of its own, which looks at
neither context values nor more than one resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from .iam_simulation import Decision, UnsupportedCondition, decide
from .ministack import Emulator, Response
from .query_answers import Form, numbered, read_list, read_text, xml_response

__all__ = ["take_linked_names", "take_linked_role", "take_simulation"]

_FAILED = 400
_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"


def take_simulation(emulator: Emulator) -> None:
    """Answer both actions ourselves."""

    def principal(form: Form) -> Response:
        arn = read_text(form, "PolicySourceArn")
        found = emulator.identity_policies(arn)
        if found is None:
            return _error("NoSuchEntity", f"there is no user, group or role {arn}", 404)
        extra = {f"input-{n}": text for n, text in enumerate(read_list(form, "PolicyInputList.member"), 1)}
        return _answer("SimulatePrincipalPolicy", {**found, **extra}, form)

    def custom(form: Form) -> Response:
        policies = {f"input-{n}": text for n, text in enumerate(read_list(form, "PolicyInputList.member"), 1)}
        return _answer("SimulateCustomPolicy", policies, form)

    emulator.take_iam_action("SimulatePrincipalPolicy", principal)
    emulator.take_iam_action("SimulateCustomPolicy", custom)


_LINKED_ROLE = "AWSServiceRoleForEMRCleanup"


def take_linked_role(emulator: Emulator) -> None:
    """`GetRole` knows EMR's service-linked role, which EMR makes with the first cluster of an account."""
    own = emulator.iam_action("GetRole")

    def get(form: Form) -> Response:
        answer = own(form)
        if answer[0] < _FAILED or read_text(form, "RoleName") != _LINKED_ROLE:
            return answer
        path = "/aws-service-role/elasticmapreduce.amazonaws.com/"
        role = (
            f"<Path>{path}</Path><RoleName>{_LINKED_ROLE}</RoleName><RoleId>AROALOCALEMRCLEANUP00</RoleId>"
            f"<Arn>arn:aws:iam::{emulator.account()}:role{path}{_LINKED_ROLE}</Arn>"
            "<CreateDate>2020-01-01T00:00:00Z</CreateDate><MaxSessionDuration>3600</MaxSessionDuration>"
        )
        inside = f"<GetRoleResult><Role>{role}</Role></GetRoleResult>{_META}"
        return xml_response(200, f"<GetRoleResponse xmlns='{_NAMESPACE}'>{inside}</GetRoleResponse>")

    emulator.take_iam_action("GetRole", get)


_LINKED_NAMES = {"elasticmapreduce.amazonaws.com": _LINKED_ROLE, "emrwal.amazonaws.com": "AWSServiceRoleForEMRWAL"}


def take_linked_names(emulator: Emulator) -> None:
    """EMR's service-linked roles get the names that EMR gives them; the emulator makes one of the service's."""
    own, find = emulator.iam_action("CreateServiceLinkedRole"), emulator.iam_action("GetRole")

    def create(form: Form) -> Response:
        service = read_text(form, "AWSServiceName")
        name = _LINKED_NAMES.get(service)
        if name is None:
            return own(form)
        if find({"RoleName": [name]})[0] < _FAILED:
            return _error("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
        status, headers, body = own(form)
        made = f"AWSServiceRoleFor{service.partition('.')[0].capitalize()}"
        if status < _FAILED:
            emulator.rename_role(made, name)
        return status, headers, body.replace(made.encode(), name.encode())

    emulator.take_iam_action("CreateServiceLinkedRole", create)


def _context(form: Form) -> dict[str, list[str]]:
    return {
        read_text(form, name): read_list(form, name.replace(".ContextKeyName", ".ContextKeyValues.member"))
        for name in numbered(form, "ContextEntries.member", ".ContextKeyName")
    }


def _answer(action: str, policies: Mapping[str, object], form: Form) -> Response:
    actions, context = read_list(form, "ActionNames.member"), _context(form)
    resources = read_list(form, "ResourceArns.member") or ["*"]
    if not actions:
        return _error("ValidationError", "ActionNames must name at least one action", 400)
    try:
        results = [(a, r, decide(policies, a, r, context)) for a in actions for r in resources]
    except (UnsupportedCondition, ValueError) as error:
        return _error("PolicyEvaluation", str(error), 500)
    members = "".join(_member(a, r, d) for a, r, d in results)
    inside = f"<EvaluationResults>{members}</EvaluationResults><IsTruncated>false</IsTruncated>"
    return xml_response(
        200,
        f"<{action}Response xmlns='{_NAMESPACE}'><{action}Result>{inside}</{action}Result>{_META}</{action}Response>",
    )


def _member(action: str, resource: str, decision: Decision) -> str:
    matched = _list(f"<SourcePolicyId>{escape(n)}</SourcePolicyId>" for n in decision.matched)
    missing = _list(escape(k) for k in decision.missing)
    return (
        f"<member><EvalActionName>{escape(action)}</EvalActionName>"
        f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
        f"<EvalDecision>{decision.outcome}</EvalDecision>"
        f"<MatchedStatements>{matched}</MatchedStatements><MissingContextValues>{missing}</MissingContextValues></member>"
    )


def _list(items: Iterable[str]) -> str:
    return "".join(f"<member>{i}</member>" for i in items)


_META = "<ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>"


def _error(code: str, message: str, status: int) -> Response:
    inside = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return xml_response(status, f"<ErrorResponse xmlns='{_NAMESPACE}'>{inside}</ErrorResponse>")
