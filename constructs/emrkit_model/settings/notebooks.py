"""Where people sit: Hue, Zeppelin, JupyterHub, and Livy, which carries their code to Spark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from emrkit_model.configurations import Configuration
from emrkit_model.contributions import Contribution, export, under
from emrkit_model.fields import BucketLike, Count, Flag, KeyLike, Seconds, SecretLike, Text, read, words
from emrkit_model.tokens import is_token
from emrkit_model.values import Value

from .amounts import KeyedSettings

__all__ = ["HueDatabase", "HueSettings", "JupyterHubSettings", "LivySettings", "ZeppelinSettings"]


class HueDatabase(Value):
    """A MySQL database outside the cluster, for Hue's users and their queries.

    The password is a secret in Secrets Manager, which EMR reads on the nodes; the service role must be allowed to.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/hue-rds.html

    >>> HueDatabase(host="db", password="arn:aws:secretsmanager:eu-west-1:111122223333:secret:hue").port
    3306
    """

    AREA: ClassVar[str] = "CONF"

    host: Text
    """The host of the database."""
    password: SecretLike
    """The secret with the password, and nothing else in it."""
    password_kms_key: KeyLike | None = None
    """The customer's KMS key that encrypts the secret, if there is one."""
    name: Text = "hue"
    """The database."""
    user: Text = "hue"
    """Who signs in."""
    port: Count = 3306
    """The port of the database."""


class HueSettings(KeyedSettings):
    """`hue-ini`.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hue.html

    >>> settings = HueSettings(time_zone="Europe/Berlin")
    >>> [[dict(n.properties) for n in c.configurations] for _, c in settings.configurations("emr-7.12.0", None)]
    [[{'time_zone': 'Europe/Berlin'}]]
    """

    time_zone: Text | None = None
    """The time zone that Hue shows, such as `Europe/Berlin`. Default: Hue's, America/Los_Angeles."""
    idle_timeout: Seconds | None = None
    """Somebody who did nothing for so long signs in again. Default: never."""
    database: HueDatabase | None = None
    """A database that outlives the cluster. Default: one on the primary node."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("Hue",)

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:  # noqa: ARG002
        """Each field in its section of the file."""
        if self.time_zone is not None:
            yield ("time_zone",), _hue(Configuration.of("desktop", {"time_zone": self.time_zone}))
        if self.idle_timeout is not None:
            section = Configuration.of("auth", {"idle_session_timeout": self.idle_timeout})
            yield ("idle_timeout",), _hue(Configuration.of("desktop", None, section))
        if self.database is not None:
            given = self.database
            properties = {
                "engine": "mysql",
                "host": given.host,
                "port": given.port,
                "name": given.name,
                "user": given.user,
                "EMR.secret@password": read(given.password),
            }
            section = Configuration.of("database", properties)
            yield ("database",), _hue(Configuration.of("desktop", None, section))


def _hue(section: Configuration) -> Configuration:
    return Configuration.of("hue-ini", None, section)


class ZeppelinSettings(KeyedSettings):
    """`zeppelin-env`: where notes are kept.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-zeppelin.html and
    https://zeppelin.apache.org/docs/latest/setup/storage/notebook_storage.html

    >>> settings = ZeppelinSettings(anonymous=False)
    >>> [[dict(n.properties) for n in c.configurations] for _, c in settings.configurations("emr-7.12.0", None)]
    [[{'ZEPPELIN_ANONYMOUS_ALLOWED': 'false'}]]
    """

    bucket: BucketLike | None = None
    """The bucket that keeps the notes, below `<folder>/notebook/`. Default: none, they end with the cluster."""
    folder: Text = "zeppelin"
    """The folder in the bucket."""
    key: KeyLike | None = None
    """The KMS key that Zeppelin encrypts notes with. Default: the bucket's own encryption."""
    anonymous: Flag | None = None
    """Let in everybody who reaches the port. Default: true, Zeppelin's own."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("Zeppelin",)

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:  # noqa: ARG002
        """Variables of Zeppelin's environment."""
        if self.bucket is not None:
            variables = {
                "ZEPPELIN_NOTEBOOK_STORAGE": "org.apache.zeppelin.notebook.repo.S3NotebookRepo",
                "ZEPPELIN_NOTEBOOK_S3_BUCKET": read(self.bucket),
                "ZEPPELIN_NOTEBOOK_S3_USER": self.folder,
            }
            yield from export("bucket", "zeppelin-env", variables)
        if self.key is not None:
            yield from export("key", "zeppelin-env", {"ZEPPELIN_NOTEBOOK_S3_KMS_KEY_ID": read(self.key)})
        yield from export("anonymous", "zeppelin-env", {"ZEPPELIN_ANONYMOUS_ALLOWED": self.anonymous})


class JupyterHubSettings(KeyedSettings):
    """`jupyter-s3-conf`: notebooks that outlive the cluster.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-jupyterhub-s3.html

    >>> [dict(c.properties) for _, c in JupyterHubSettings(bucket="notes").configurations("emr-7.12.0", None)]
    [{'s3.persistence.enabled': 'true', 's3.persistence.bucket': 'notes'}]
    """

    bucket: BucketLike | None = None
    """The bucket that keeps notebooks, below `jupyter/<user>/`; the nodes need to read and write there."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("JupyterHub",)

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:  # noqa: ARG002
        """The switch and the bucket."""
        if self.bucket is not None:
            properties = {"s3.persistence.enabled": True, "s3.persistence.bucket": read(self.bucket)}
            yield from under("bucket", "jupyter-s3-conf", properties)


class LivySettings(KeyedSettings):
    """`livy-conf`: sessions of Spark that notebooks open.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-livy.html

    >>> [dict(c.properties) for _, c in LivySettings(session_timeout="2h").configurations("emr-7.12.0", None)]
    [{'livy.server.session.timeout': '7200s'}]
    """

    session_timeout: Seconds | None = None
    """A session that did nothing for so long ends. Default: Livy's, one hour."""
    impersonation: Flag | None = None
    """A session runs as the person who opened it. Default: EMR's."""
    deploy_mode: Annotated[str | None, words("cluster", "client")] = None
    """Where the driver of a session runs. Default: EMR's."""
    sessions: Count | None = None
    """Sessions that may be in the making at one time. Default: Livy's 100."""
    hive_tables: Flag | None = None
    """Sessions see Hive's tables. Default: EMR's."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("Livy", "JupyterHub", "JupyterEnterpriseGateway")
    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "impersonation": ("livy-conf", "livy.impersonation.enabled"),
        "deploy_mode": ("livy-conf", "livy.spark.deploy-mode"),
        "sessions": ("livy-conf", "livy.server.session.max-creation"),
        "hive_tables": ("livy-conf", "livy.repl.enable-hive-context"),
    }
    COUNTS: ClassVar[tuple[str, ...]] = ("sessions",)

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:  # noqa: ARG002
        """The time-out with its unit."""
        if self.session_timeout is not None:
            text = self.session_timeout if is_token(self.session_timeout) else f"{self.session_timeout}s"
            yield from under("session_timeout", "livy-conf", {"livy.server.session.timeout": text})
