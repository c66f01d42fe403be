"""Where tables are known: the AWS Glue Data Catalog, or a Hive metastore in a MySQL database outside the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, cast

from pydantic import PlainValidator, WithJsonSchema

from emrkit_facts import releases
from emrkit_facts import storage as facts
from emrkit_facts.iam import catalog_actions

from .configurations import Configuration
from .contributions import Contribution, Contributor
from .diagnostics import Diagnostic
from .fields import Count, Flag, Items, KeyLike, SecretLike, Text, read, words
from .findings import error, warning
from .permissions import Place, Statement
from .secret_references import SecretField, secret_reference
from .tokens import is_token
from .values import build

__all__ = ["ExternalMetastore", "GlueCatalog", "Metastore"]

_ACCOUNT = re.compile(r"^\d{12}$")
_SECRET_ARN = re.compile(r"^arn:[\w-]+:secretsmanager:.+$")
_ENGINES = ("hive", "hcatalog", "spark", "presto", "prestosql", "trino")


class GlueCatalog(Contributor):
    """The AWS Glue Data Catalog as the metastore of every application of the cluster that can use it.

    Hive and HCatalog, Spark, Presto and Trino each get the classification that their release has for it; the nodes get
    the Glue actions they need, on the databases named here and nothing else. In a file: `metastore: glue`, or a map.
    Releases from 5.8.0 (Presto 5.10.0, Trino 6.1.0, another account's catalog 5.16.0).
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hive-metastore-glue.html

    >>> catalog = GlueCatalog()
    >>> [c.classification for _, c in catalog.configurations("emr-7.10.0", frozenset({"spark", "trino"}))]
    ['spark-hive-site', 'trino-connector-hive']
    """

    AREA: ClassVar[str] = "META"

    catalog_id: Text | None = None
    """The account whose catalog it is, twelve digits. Default: the cluster's own."""
    databases: Items[Text] = ()
    """The databases that the nodes may use, `*` at the end of a name allowed. Default: all of the catalog."""
    access: Annotated[str, words("read", "read-write")] = "read-write"
    """What the nodes may do with them."""
    key: KeyLike | None = None
    """The KMS key that the catalog is encrypted with. Default: none of yours."""

    def problems(self) -> Iterator[Diagnostic]:
        """An account number where one is given; names of databases, not ARNs."""
        if self.catalog_id is not None and not is_token(self.catalog_id) and not _ACCOUNT.match(self.catalog_id):
            yield error(
                "META-010",
                "catalog_id is not the number of an account",
                "catalog_id",
                got=self.catalog_id,
                allowed="twelve digits, in a file in quotes",
                reason=facts.fact("glue", "page"),
            )
        for i, name in enumerate(() if is_token(self.databases) else self.databases):
            if not is_token(name) and not re.match(r"^[^/:*\s]+\*?$|^\*$", name):
                yield error(
                    "META-011",
                    f"'{name}' is not the name of a database",
                    "databases",
                    i,
                    got=name,
                    allowed="a name, or the beginning of one with * at its end",
                    reason=facts.fact("glue", "page"),
                )

    def configurations(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:
        """The classification of each application that reads its metastore from Glue; unknown ones: Hive and Spark."""
        label = releases.newest() if is_token(release) else release
        told: set[str] = set()
        for engine in _ENGINES:
            if engine not in (applications or ("hive", "spark")):
                continue
            setting = facts.glue_setting(engine, label)
            if setting is None or setting.classification in told:
                continue
            told.add(setting.classification)
            yield (), Configuration.of(setting.classification, setting.properties)
            if self.catalog_id is not None and setting.catalog_key is not None:
                yield (
                    ("catalog_id",),
                    Configuration.of(setting.classification, {setting.catalog_key: self.catalog_id}),
                )

    def node_statements(self, place: Place) -> tuple[Statement, ...]:
        """What the nodes need: Glue's actions on catalog, databases, tables and functions; use of the key."""
        start = f"arn:{place.partition}:glue:{place.region}:{self.catalog_id or place.account}:"
        names = ["*"] if is_token(self.databases) else list(self.databases) or ["*"]
        # Spark and Hive ask for `default` and `global_temp` whatever they are told to do.
        asked = [] if "*" in names else [n for n in ("default", "global_temp") if n not in names]
        statements: list[Statement] = [
            {
                "Effect": "Allow",
                "Action": list(catalog_actions("manage" if self.access == "read-write" else "read")),
                "Resource": [f"{start}catalog", *(f"{start}{arn}" for name in names for arn in _resources(name))],
            }
        ]
        if asked:
            statements.append(
                {
                    "Effect": "Allow",
                    "Action": ["glue:GetDatabase", "glue:GetTables", "glue:GetTable"],
                    "Resource": [
                        f"{start}catalog",
                        *(f"{start}{kind}" for n in asked for kind in (f"database/{n}", f"table/{n}/*")),
                    ],
                }
            )
        if self.key is not None:
            statements.append(
                {"Effect": "Allow", "Action": list(facts.catalog_key_actions()), "Resource": read(self.key)}
            )
        return tuple(statements)


def _resources(database: str) -> tuple[str, ...]:
    if database == "*":
        return ("database/*", "table/*", "userDefinedFunction/*")
    return (f"database/{database}", f"table/{database}/*", f"userDefinedFunction/{database}/*")


class ExternalMetastore(Contributor):
    """A Hive metastore in a MySQL database (RDS or Aurora) that outlives clusters and that several may share.

    The password is named, never written: EMR takes the ARN of a Secrets Manager secret in place of the value
    (`EMR.secret@`), reads it with the service role when nodes start, and shows the ARN alone in DescribeCluster. EMR
    takes the whole secret as the value, so it must hold the bare password. With `password_key`, for a JSON secret,
    CloudFormation (or the CLI, in memory) looks the password up instead, and DescribeCluster shows it.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hive-metastore-external.html

    >>> arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hive-AbCdEf"
    >>> store = ExternalMetastore(host="db.example.com", password=arn)
    >>> properties = {k: v for _, c in store.configurations("emr-7.10.0", None) for k, v in c.properties.items()}
    >>> properties["EMR.secret@javax.jdo.option.ConnectionPassword"] == arn
    True
    """

    AREA: ClassVar[str] = "META"

    host: Text
    """The database's address."""
    port: Count = 3306
    """The database's port."""
    database: Text = "hive"
    """The name of the schema; Hive makes it when it is not there."""
    username: Text = "hive"
    """The database user."""
    password: SecretLike
    """The secret with the password: an object with `secret_arn`, its ARN, or a `SecretField`."""
    password_key: Text | None = None
    """The key of the password in a secret that holds JSON. Default: the secret is the password itself."""
    password_kms_key: KeyLike | None = None
    """The KMS key of the secret; the service role may then decrypt with it. Default: none of yours."""
    tls: Flag = True
    """Whether connections are encrypted."""
    ca_file: Text | None = None
    """Where the nodes have the authority's certificates (a bootstrap action puts RDS's bundle there). Default: the
    connection is encrypted, and the database's certificate is not checked."""
    pool_size: Count | None = None
    """Connections that each metastore process holds. Default: Hive's own."""

    def problems(self) -> Iterator[Diagnostic]:
        """A password by reference only; a port; certificates for TLS alone."""
        password = self.password
        if isinstance(password, str) and not is_token(password) and not _SECRET_ARN.match(password):
            dynamic = password.startswith("{{resolve:")
            yield error(
                "META-012",
                "the metastore's password must be the ARN of a secret",
                "password",
                got="a dynamic reference" if dynamic else "text (not shown)",
                allowed="the ARN of a Secrets Manager secret; for JSON also password_key",
                reason=facts.fact("secrets", "page"),
                hint="name the secret's ARN: EMR reads it itself, and template and API never hold the password",
            )
        if self._field is not None:
            yield warning(
                "META-013",
                "with password_key the password stands in the cluster's configuration",
                "password_key",
                reason=f"EMR takes a whole secret, not a part of one; DescribeCluster then shows the password to "
                f"everybody who may call it ({facts.fact('secrets', 'page')})",
                hint="keep the bare password in a secret of its own, and leave password_key out",
            )
        if not is_token(self.port) and not 1 <= self.port <= 65_535:
            yield error("META-014", f"{self.port} is not a port", "port", got=self.port, allowed="1 to 65535")
        if self.ca_file is not None and not is_token(self.tls) and not self.tls:
            yield error(
                "META-015",
                "ca_file has no use without TLS",
                "ca_file",
                got=self.ca_file,
                reason=facts.fact("external_metastore", "tls_page"),
                hint="set tls: true",
            )
        if not is_token(self.tls) and not self.tls:
            yield warning(
                "META-016",
                "the connection to the metastore is not encrypted",
                "tls",
                got=False,
                reason="the password and every table's description cross the network readable",
                hint="leave tls at its default",
            )
        elif self.tls is True and self.ca_file is None:
            yield warning(
                "META-017",
                "nobody checks whose certificate the metastore's database shows",
                "ca_file",
                reason="the connection is encrypted, to whoever answers at the address "
                f"({facts.fact('external_metastore', 'tls_page')})",
                hint="let a bootstrap action put the authority's certificates on the nodes, and name the file: ca_file",
            )

    @property
    def _field(self) -> str | None:
        """The entry of a JSON secret that is the password; None for a secret that is the password itself."""
        return self.password.field if isinstance(self.password, SecretField) else self.password_key

    def connection_url(self) -> str:
        """The JDBC address.

        >>> ExternalMetastore(host="db", password="arn:aws:secretsmanager:x").connection_url()
        'jdbc:mysql://db:3306/hive?createDatabaseIfNotExist=true&useSSL=true&trustServerCertificate=true'
        """
        said = "createDatabaseIfNotExist=true"
        if self.tls:
            said += "&useSSL=true&" + (
                f"serverSslCert={self.ca_file}" if self.ca_file else "trustServerCertificate=true"
            )
        return f"{facts.fact('external_metastore', 'scheme')}://{self.host}:{self.port}/{self.database}?{said}"

    def configurations(
        self,
        release: str,  # noqa: ARG002 - the same on every release
        applications: frozenset[str] | None,  # noqa: ARG002 - the question is the same for every contributor
    ) -> Iterator[Contribution]:
        """`hive-site`: address, driver, user and the reference to the password."""
        name = facts.fact("external_metastore", "classification")
        key = "javax.jdo.option.ConnectionPassword"
        if self._field is None:
            said = {facts.fact("secrets", "annotation") + key: read(self.password)}
        else:
            said = {key: secret_reference(SecretField(read(self.password), self._field))}
        yield (
            (),
            Configuration.of(
                name,
                {
                    "javax.jdo.option.ConnectionURL": self.connection_url(),
                    "javax.jdo.option.ConnectionDriverName": facts.fact("external_metastore", "driver"),
                },
            ),
        )
        yield ("username",), Configuration.of(name, {"javax.jdo.option.ConnectionUserName": self.username})
        yield ("password",), Configuration.of(name, said)
        if self.pool_size is not None:
            yield (
                ("pool_size",),
                Configuration.of(name, {"datanucleus.connectionPool.maxPoolSize": self.pool_size}),
            )

    def service_statements(self) -> tuple[Statement, ...]:
        """What the service role needs to read the password when nodes start; nothing with `password_key`."""
        if self._field is not None:
            return ()
        statements: list[Statement] = [
            {
                "Effect": "Allow",
                "Action": list(facts.texts("secrets", "service_role_actions")),
                "Resource": read(self.password),
            }
        ]
        if self.password_kms_key is not None:
            statements.append({"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": read(self.password_kms_key)})
        return tuple(statements)


def _read_metastore(value: object) -> object:
    if value is None or isinstance(value, (GlueCatalog, ExternalMetastore)):
        return value
    if isinstance(value, str) and value.lower() == "glue":
        return GlueCatalog()
    if isinstance(value, Mapping):
        data = dict(cast("Mapping[str, object]", value))
        external = "host" in data or not data.keys() & set(GlueCatalog.model_fields)
        return build(lambda: ExternalMetastore.parse(data) if external else GlueCatalog.parse(data))
    raise ValueError("must be `glue`, the parts of a Glue catalog, or host and password of a Hive metastore")


class _MetastoreSchema(WithJsonSchema):
    """The word, or the schema of either kind."""

    def __init__(self) -> None:
        super().__init__({})

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> Any:
        from .schema import value_schema

        return {
            "anyOf": [{"const": "glue"}, value_schema(GlueCatalog), value_schema(ExternalMetastore), {"type": "null"}]
        }


Metastore = Annotated[GlueCatalog | ExternalMetastore | None, PlainValidator(_read_metastore), _MetastoreSchema()]
"""A metastore: a value of either kind; in a file `glue`, or a map."""
